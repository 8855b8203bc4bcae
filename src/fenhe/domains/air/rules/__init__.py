"""The rules of ambient air: pure functions from frames and an edition to frames."""
