"""Standards as dated data: editions, limits, breakpoints, rounding, with clause and confidence."""
