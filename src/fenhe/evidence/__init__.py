"""Who did what, when and why: an append-only ledger whose entries chain by SHA-256."""
