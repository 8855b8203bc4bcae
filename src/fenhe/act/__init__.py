"""Work that a city must do: statutory clocks, cases by written procedures, plans and targets."""
