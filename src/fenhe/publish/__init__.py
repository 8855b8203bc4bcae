"""Bulletins, sheets and public copies: immutable editions with a content hash."""
