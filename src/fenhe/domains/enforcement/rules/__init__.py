"""Rules of enforcement: thresholds, fines, draws, checks on laboratories. Pure."""
