"""Rectification items of inspections, from the plan to the close-out: procedures as data."""
