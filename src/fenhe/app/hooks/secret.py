"""Secrets of webhooks: shown once, encrypted at rest with a key derived from the platform's own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from cryptography.fernet import Fernet
from django.conf import settings


def fresh() -> tuple[str, str]:
    """The secret, and what is kept of it."""
    secret = f"whs_{secrets.token_urlsafe(32)}"
    return secret, _box().encrypt(secret.encode()).decode()


def opened(kept: str) -> str:
    return _box().decrypt(kept.encode()).decode()


def signature(secret: str, moment: int, body: bytes) -> str:
    """`t=<seconds>,v1=<HMAC-SHA256 of "<seconds>.<body>" in hex>`: the receiver compares it, and
    refuses an old moment."""
    mark = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={mark}"


def _box() -> Fernet:
    key = hashlib.sha256(b"fenhe.hooks:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
