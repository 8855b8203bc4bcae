"""Procedures as data: their shape, the checks every file must pass, the register of versions."""
