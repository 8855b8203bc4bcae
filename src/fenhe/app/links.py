"""Addresses of this platform that are handed to people outside a page."""

from __future__ import annotations

from fenhe.access import sign_in
from fenhe.access.models import Person
from fenhe.store.config import settings


def base_url() -> str:
    """What people type: `public_url`, else host and port."""
    config = settings()
    host = "127.0.0.1" if config.host in ("0.0.0.0", "::") else config.host  # noqa: S104 (compared)
    return (config.public_url or f"http://{host}:{config.port}").rstrip("/")


def sign_in_url(person: Person, base: str = "") -> str:
    """A link that signs this person in once; `base` where the server has just been told."""
    return f"{base or base_url()}/sign-in/{sign_in.make_link(person)}"
