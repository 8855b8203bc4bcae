"""One folder per domain, all of the same shape (domains/README.md). No domain imports another."""
