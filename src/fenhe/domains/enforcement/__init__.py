"""Penalty cases, orders to correct, supporting measures, criminal referral: procedures as data."""
