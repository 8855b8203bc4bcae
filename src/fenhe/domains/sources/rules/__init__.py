"""Assessments of automatic source data: pure functions, Polars frame to frame."""
