"""(readings, edition) -> verdicts with steps; which periods are dirty; engines local and Spark."""
