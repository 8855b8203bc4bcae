"""Composition root: discovery of domains, settings, command line, pages, workers, demo, doctor."""
