"""Connectors and imports: raw envelope kept, read through a profile, dry-run, then all or
nothing."""
