"""What `bench/air.py` times, each run in a process of its own so that memory is its own too."""
