"""Fenhe: the platform a city's ecology and environment bureau runs on.

The stages, in the order data pass them, and the one direction imports may take, are drawn in
ARCHITECTURE.md and enforced by the contracts in pyproject.toml.
"""

__version__ = "0.1.0"
