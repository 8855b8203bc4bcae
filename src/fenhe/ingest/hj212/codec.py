"""The public face of the codec: lenient in, strict out.

`encode` writes what the standard prints: fields in its order, upper-case CRC, CR LF, UTF-8, no
frame over 1024 bytes; what cannot be said so is refused (`hj212.cannot-encode`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from fenhe.ingest.hj212.crc import hj212
from fenhe.ingest.hj212.framer import Framer
from fenhe.ingest.hj212.packet import CAP, MAX_SEGMENT, STRICT, Compat, Packet, decode_frame
from fenhe.kernel.errors import BadInput

__all__ = ["decode", "decode_frame", "encode", "encode_parts", "frame_of"]

VERSIONS = {"2005": 0, "2017": 1, "2025": 2}
ORDER = ("QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO", "RF")
_NAME = re.compile(r"[0-9A-Za-z]+(?:-[0-9A-Za-z]+)?").fullmatch
_VALUE = re.compile(r"[^\s;,=&#][^;,=&\r\n]*|", re.ASCII).fullmatch
_FIELD = re.compile(r"[^\s;,=&]+").fullmatch
_LOG = re.compile(r"//[^\r\n]*//").fullmatch

Factors = Mapping[str, Mapping[str, str]]


def decode(stream: bytes, compat: Compat = STRICT) -> list[Packet]:
    """Every frame in the bytes, noise between them passed over."""
    framer = Framer(cap=compat.cap)
    frames = framer.feed(stream) + framer.close()
    return [decode_frame(frame, compat) for frame in frames]


def flag(edition: str, *, needs_ack: bool = False, split: bool = False) -> int:
    return VERSIONS[edition] << 2 | split << 1 | needs_ack


def encode(
    header: Mapping[str, str],
    cp: Mapping[str, str] | None = None,
    factors: Factors | None = None,
    *,
    key: bytes | None = None,
    sm4_form: str = "raw",
) -> bytes:
    """One frame. `header` without CP; `key` seals CP after the check was taken (2025 A.2)."""
    return _frame(header, _body(_items(cp or {}, factors or {})), key, sm4_form)


def encode_parts(
    header: Mapping[str, str],
    cp: Mapping[str, str] | None = None,
    factors: Factors | None = None,
    *,
    key: bytes | None = None,
    sm4_form: str = "raw",
    limit: int = MAX_SEGMENT,
) -> list[bytes]:
    """One frame, or as many as it takes to stay within `limit`: every part carries the global
    items, its own PNO and its own QN (C.49)."""
    shared, own = _items(cp or {}, {}), _items({}, factors or {})
    whole = _segment(header, _body(shared + own))
    if len(whole) <= limit:
        return [encode(header, cp, factors, key=key, sm4_form=sm4_form)]
    edition_flag = int(header.get("Flag", "4")) | 2
    head = {**header, "Flag": str(edition_flag), "PNUM": "9999", "PNO": "9999"}
    room = limit - len(_segment(head, _body(shared))) - 1
    parts: list[list[str]] = [[]]
    used = 0
    for item in own:
        size = len(item.encode()) + 1
        if size > room:
            raise _refused("一个因子就超过一个数据包", "one factor alone is longer than a frame")
        if used + size > room and parts[-1]:
            parts.append([])
            used = 0
        parts[-1].append(item)
        used += size
    stamp = header["QN"]
    return [
        _frame(
            {**head, "QN": f"{stamp[:14]}{(int(stamp[14:]) + number) % 1000:03d}",
             "PNUM": str(len(parts)), "PNO": str(number + 1)},
            _body(shared + part), key, sm4_form,
        )
        for number, part in enumerate(parts)
    ]  # fmt: skip


def frame_of(segment: bytes) -> bytes:
    """A segment taken as it is, framed."""
    if len(segment) > min(CAP, 9999):
        raise _refused("数据段过长", "the segment is too long")
    return b"##%04d%b%04X\r\n" % (len(segment), segment, hj212(segment))


def _frame(header: Mapping[str, str], body: str, key: bytes | None, form: str) -> bytes:
    segment = _segment(header, body)
    if len(segment) > MAX_SEGMENT:
        raise _refused(
            f"数据段 {len(segment)} 字节，超过 {MAX_SEGMENT}，请拆分",
            f"the segment has {len(segment)} bytes, over {MAX_SEGMENT}: split it",
        )
    check = hj212(segment)
    if key is None:
        return b"##%04d%b%04X\r\n" % (len(segment), segment, check)
    from fenhe.ingest.hj212 import sm4

    start = segment.index(b"CP=&&") + 5
    sealed = sm4.encrypt(segment[start:-2], key, "text" if form == "text" else "raw")
    # The length is that of the plain segment, as the annex prints it.
    return b"##%04d%b%b&&%04X\r\n" % (len(segment), segment[:start], sealed, check)


def _segment(header: Mapping[str, str], body: str) -> bytes:
    unknown = set(header) - set(ORDER)
    if unknown:
        raise _refused(
            f"没有包头字段 {sorted(unknown)}", f"no such header field: {sorted(unknown)}"
        )
    fields = []
    for name in ORDER:
        value = header.get(name)
        if value is None:
            continue
        if not _FIELD(value):
            raise _refused(f"{name} 的值无法表达：{value!r}", f"{name} cannot be {value!r}")
        fields.append(f"{name}={value};")
    return f"{''.join(fields)}CP=&&{body}&&".encode()


def _items(cp: Mapping[str, str], factors: Factors) -> list[str]:
    items = [_item(key, value) for key, value in cp.items()]
    return items + [
        ",".join(_item(f"{code}-{suffix}", value) for suffix, value in values.items())
        for code, values in factors.items()
        if values
    ]


def _item(key: str, value: str) -> str:
    if not _NAME(key):
        raise _refused(f"项目名无法表达：{key!r}", f"no item can be named {key!r}")
    if not (_VALUE(value) or _LOG(value)):
        raise _refused(f"{key} 的值无法表达：{value!r}", f"{key} cannot be {value!r}")
    return f"{key}={value}"


def _body(items: Sequence[str]) -> str:
    return ";".join(items)


def _refused(zh: str, en: str) -> BadInput:
    return BadInput("hj212.cannot-encode", f"无法编码：{zh}", f"cannot be encoded: {en}")
