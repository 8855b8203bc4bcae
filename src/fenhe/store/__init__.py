"""The only place that opens files or configures databases: settings, the lake of readings, files
by content hash, and the outbox between stages."""
