"""Names for things: `new_id` sorts by the time it was made, `content_hash` names what is inside."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
import unicodedata


def new_id(milliseconds: int | None = None) -> str:
    """A UUID of version 7 (RFC 9562): 48 bits of time, then chance; text order is time order."""
    now = time.time_ns() // 1_000_000 if milliseconds is None else milliseconds
    chance = secrets.randbits(74)
    number = (now & (1 << 48) - 1) << 80 | 0x7 << 76 | (chance >> 62) << 64
    number |= 0b10 << 62 | chance & (1 << 62) - 1
    text = f"{number:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def canonical_json(content: object) -> bytes:
    """The one spelling of a JSON value: sorted keys, no spaces, UTF-8 in NFC; NaN is refused."""
    text = json.dumps(
        content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return unicodedata.normalize("NFC", text).encode()


def content_hash(content: object) -> str:
    """SHA-256 in hex: of bytes as they are, of anything else as canonical JSON."""
    raw = content if isinstance(content, bytes) else canonical_json(content)
    return hashlib.sha256(raw).hexdigest()
