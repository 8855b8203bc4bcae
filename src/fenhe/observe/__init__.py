"""Readings: append, current view, as-of view, latest, gaps and coverage, flags as history."""
