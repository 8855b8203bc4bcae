"""Work orders to teams in the field, from the alarm to the verified report: procedures as data."""
