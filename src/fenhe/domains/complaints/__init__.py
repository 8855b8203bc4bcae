"""Reports by the public, hotline items and petitions with their clocks: procedures as data."""
