"""The check of HJ 212 (Annex A) and its relatives that turn up in the field.

Annex A moves the register right by eight *before* the byte is taken in, so that only its high byte
lives on: `h' = M(h ^ b)`, a linear map of one byte, and M taken eight times is the identity. A
segment can therefore be folded to eight bytes by XOR before a table is asked, which is what makes
`hj212` fast; `by_the_book` is the annex's own loop, kept as the witness.
"""

from __future__ import annotations

LOW_BYTES = frozenset({0x00, 0x01, 0x40, 0x41, 0x80, 0x81, 0xC0, 0xC1})
"""The only low bytes the check can end in; any other was made by a different algorithm."""


def _steps(register: int) -> int:
    for _ in range(8):
        register = (register >> 1) ^ 0xA001 if register & 1 else register >> 1
    return register


_TABLE = [_steps(index) for index in range(256)]
_M = bytes(value >> 8 for value in _TABLE)


def _powers() -> list[bytes]:
    powers = [_M]
    while len(powers) < 8:
        powers.append(powers[-1].translate(_M))
    return powers


_P = _powers()  # _P[k][b] is M taken k + 1 times on b; _P[7] is the identity
_FOLDS = [(1 << power, (1 << (1 << power)) - 1) for power in range(16, 5, -1)]


def hj212(segment: bytes) -> int:
    """The check of a data segment, as HJ 212-2017 and 2025 Annex A compute it."""
    size = len(segment)
    if size < 2:
        return _TABLE[0xFF ^ segment[0]] if size else 0xFFFF
    if size > 16_384:
        return by_the_book(segment)
    folded = int.from_bytes(segment, "big") >> 8 ^ 0xFF << 8 * (size - 2)
    length = folded.bit_length()
    for bits, mask in _FOLDS:
        if length > bits:
            folded = folded >> bits ^ folded & mask
    a, b, c, d, e, f, g, h = folded.to_bytes(8, "little")
    p = _P
    high = p[0][a] ^ p[1][b] ^ p[2][c] ^ p[3][d] ^ p[4][e] ^ p[5][f] ^ p[6][g] ^ h
    return _TABLE[high ^ segment[-1]]


def by_the_book(segment: bytes) -> int:
    register = 0xFFFF
    for byte in segment:
        register = _steps((register >> 8) ^ byte)
    return register


def _reflected(segment: bytes, register: int) -> int:
    table = _TABLE
    for byte in segment:
        register = (register >> 8) ^ table[(register ^ byte) & 0xFF]
    return register


def modbus(segment: bytes) -> int:
    return _reflected(segment, 0xFFFF)


def arc(segment: bytes) -> int:
    return _reflected(segment, 0)


def _swapped(value: int) -> int:
    return (value & 0xFF) << 8 | value >> 8


FOREIGN = {
    "modbus": modbus,
    "modbus_byteswapped": lambda segment: _swapped(modbus(segment)),
    "hj212_byteswapped": lambda segment: _swapped(hj212(segment)),
    "arc": arc,
}


def matches(segment: bytes, value: int) -> list[str]:
    """Which other algorithm gives this value; ["none"] when no known one does."""
    return [name for name, check in FOREIGN.items() if check(segment) == value] or ["none"]
