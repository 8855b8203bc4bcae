"""SM4 of HJ 212-2025 A.2: ECB, no padding, whole blocks only, over the text inside CP.

The tail under sixteen bytes stays clear and the check is that of the plain segment. How cipher text
travels is not certain (the annex prints `{0xE4,…}`, the printed lengths say raw bytes): both forms
are read, and the two variants of the text form.
"""

from __future__ import annotations

import re
from typing import Literal

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4 as _SM4

Form = Literal["raw", "text"]

BLOCK = 16
EXAMPLE_KEY = b"0" * 16
"""Printed in the annex for its examples; nobody's secret."""

_TEXT = re.compile(rb"\{((?:0[xX][0-9A-Fa-f]{1,2},?\s*)+)\}(.*)", re.DOTALL)
_BYTE = re.compile(rb"0[xX]([0-9A-Fa-f]{1,2})")


def encrypt(plain: bytes, key: bytes, form: Form = "raw") -> bytes:
    whole = len(plain) - len(plain) % BLOCK
    cipher = Cipher(_SM4(key), modes.ECB()).encryptor()  # noqa: S305 (ECB is what 6.4.2 asks for)
    sealed = cipher.update(plain[:whole]) + cipher.finalize()
    if form == "text" and sealed:
        sealed = b"{" + b",".join(b"0x%02X" % byte for byte in sealed) + b"}"
    return sealed + plain[whole:]


def decrypt(sealed: bytes, key: bytes) -> bytes:
    """The plain text of raw bytes or of either text form."""
    sealed = wire_bytes(sealed)
    whole = len(sealed) - len(sealed) % BLOCK
    cipher = Cipher(_SM4(key), modes.ECB()).decryptor()  # noqa: S305
    return cipher.update(sealed[:whole]) + cipher.finalize() + sealed[whole:]


def wire_bytes(sealed: bytes) -> bytes:
    """Raw bytes as they are; a text form as the bytes it spells, its clear tail behind them."""
    text = _TEXT.fullmatch(sealed)
    if text is None:
        return sealed
    return bytes(int(digits, 16) for digits in _BYTE.findall(text[1])) + text[2]


def is_text_form(sealed: bytes) -> bool:
    return sealed.startswith(b"{0x") or sealed.startswith(b"{0X")
