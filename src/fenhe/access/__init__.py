"""People and organs, signing in, and the one gate: what may this person see or do."""
