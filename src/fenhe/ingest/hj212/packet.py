"""One frame → a packet: what it says, what is wrong with it, and whether to take it.

`##` + 4 digits (bytes of the data segment) + segment + 4 hexadecimal digits + CR LF (6.3.1). The
edition is that of the Flag bits; fields may stand in any order; nothing here raises, whatever the
bytes. Per device `Compat` turns a rejection that is understood into a warning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from fenhe.ingest.hj212 import cp as cp_grammar
from fenhe.ingest.hj212 import crc as checks
from fenhe.ingest.hj212.reasons import Verdict, verdict

MAX_SEGMENT = 1024
CAP = 4096
ENDS = {b"\r\n": "CRLF", b"\n": "LF", b"\r": "CR"}


class Flags(NamedTuple):
    version: str
    has_packet_no: bool
    needs_ack: bool


EDITIONS = {0: "2005", 1: "2017", 2: "2025"}
_FLAGS = [
    Flags(EDITIONS.get(value >> 2, "unknown"), bool(value & 2), bool(value & 1))
    for value in range(256)
]


@dataclass(frozen=True, slots=True)
class Compat:
    """What is agreed with one device. `crc`: foreign algorithms to accept (names of crc.FOREIGN);
    `lengths_in_characters`: its length field counts characters; `keys`: SM4 keys to try, newest
    first; `cap`: the longest segment taken."""

    crc: frozenset[str] = frozenset()
    lengths_in_characters: bool = False
    keys: tuple[bytes, ...] = ()
    cap: int = CAP


STRICT = Compat()


@dataclass(slots=True)
class Packet:
    """`header`, `flags`, `cp` and `factors` are None where the frame is too broken to have them."""

    raw: bytes
    verdict: Verdict
    reasons: list[str]
    header: dict[str, str] | None = None
    flags: Flags | None = None
    cp: dict[str, str] | None = None
    factors: dict[str, dict[str, str]] | None = None
    crc_declared: str | None = None
    crc_calc: str | None = None
    crc_ok: bool | None = None
    crc_matches: list[str] | None = None
    declared_length: int | None = None
    actual_length: int | None = None
    terminator: str | None = None

    def field(self, name: str) -> str:
        return (self.header or {}).get(name, "")

    @property
    def edition(self) -> str:
        """By the Flag bits; without a Flag the packet speaks the edition that had none."""
        return self.flags.version if self.flags else "2005"

    @property
    def accepted(self) -> bool:
        return self.verdict != "reject"

    def as_dict(self) -> dict[str, Any]:
        """The shape `fenhe hj212 decode` writes."""
        return {
            "verdict": self.verdict,
            "reasons": self.reasons,
            "header": self.header,
            "flags": self.flags and self.flags._asdict(),
            "cp": self.cp,
            "factors": self.factors,
            "crc_calc": self.crc_calc,
            "crc_ok": self.crc_ok,
            "crc_matches": self.crc_matches,
            "declared_length": self.declared_length,
            "actual_length": self.actual_length,
            "terminator": self.terminator,
        }


def decode_frame(raw: bytes, compat: Compat = STRICT) -> Packet:
    """The packet of one frame, given with or without its terminator."""
    if raw[:2] != b"##":
        return Packet(raw, "reject", ["bad_prefix"])
    if not raw[2:6].isdigit() or len(raw) < 6:
        return Packet(raw, "reject", ["bad_length_field"])
    if raw[-2:] == b"\r\n":
        end, terminator = len(raw) - 2, "CRLF"
    else:
        terminator = ENDS.get(raw[-1:], "none")
        end = len(raw) - (terminator != "none")
    if end < 10:
        return Packet(raw, "reject", ["too_short"], declared_length=int(raw[2:6]))
    reasons: list[str] = []
    packet = Packet(raw, "accept", reasons, terminator=terminator)
    segment = raw[6 : end - 4]
    packet.declared_length = int(raw[2:6])
    packet.actual_length = len(segment)
    packet.crc_declared = raw[end - 4 : end].decode("latin-1")
    if terminator != "CRLF":
        reasons.append("terminator_not_crlf")
    segment = _check(packet, segment, compat)
    if packet.declared_length != packet.actual_length:
        _wrong_length(packet, segment, compat)
    if packet.actual_length > MAX_SEGMENT:
        over = packet.actual_length > compat.cap
        reasons.append("segment_over_cap" if over else "segment_over_1024")
    if not (reasons and reasons[-1] in ("segment_over_cap", "encrypted")):
        _read(packet, segment)
    elif "encrypted" in reasons:
        _header(packet, _text(packet, segment[: segment.find(b"CP=&&")]))
    packet.verdict = verdict(reasons) if reasons else "accept"
    return packet


_is_hex = re.compile(r"[0-9A-Fa-f]{4}").fullmatch


def _check(packet: Packet, segment: bytes, compat: Compat) -> bytes:
    """Fills in the CRC fields; returns the plain segment (another one only when SM4 opened it)."""
    declared = packet.crc_declared or ""
    calculated = checks.hj212(segment)
    packet.crc_calc = text = f"{calculated:04X}"
    packet.crc_ok = text == declared
    if packet.crc_ok and not compat.keys:
        return segment
    if not _is_hex(declared):
        packet.reasons.append("crc_not_hex")
        return segment
    if declared != declared.upper():
        packet.reasons.append("crc_lowercase")
    value = int(declared, 16)
    packet.crc_ok = value == calculated
    sealed = _sealed(segment)
    if sealed and (opened := _open(packet, segment, value, compat.keys)) is not None:
        return opened
    if packet.crc_ok:
        return segment
    if sealed:
        packet.reasons.append("encrypted")
        return segment
    packet.crc_matches = checks.matches(segment, value)
    agreed = next((name for name in packet.crc_matches if name in compat.crc), None)
    packet.reasons.append(f"crc_foreign:{agreed}" if agreed else "crc_mismatch")
    return segment


_flag_2025 = re.compile(rb"(?:^|[;,])\s*Flag\s*=\s*(?:8|9|10|11)\s*[;,]?").search
_plain = re.compile(rb"\s*(?:[0-9A-Za-z]+(?:-[0-9A-Za-z]+)?\s*=|$)").match


def _sealed(segment: bytes) -> bool:
    """Whether CP looks like cipher text: edition 2025 and no `key=` where an item should begin."""
    start = segment.find(b"CP=&&")
    if start < 0 or not _flag_2025(segment, 0, start):
        return False
    return _plain(segment, start + 5, max(segment.rfind(b"&&"), start + 5)) is None


def _open(packet: Packet, segment: bytes, value: int, keys: Sequence[bytes]) -> bytes | None:
    """The plain segment when one of the keys yields the declared check."""
    if not keys:
        return None
    from fenhe.ingest.hj212 import sm4

    start, end = segment.find(b"CP=&&") + 5, segment.rfind(b"&&")
    sealed = segment[start:end]
    for key in keys:
        plain = segment[:start] + sm4.decrypt(sealed, key) + segment[end:]
        calculated = checks.hj212(plain)
        if calculated != value:
            continue
        packet.crc_calc, packet.crc_ok = f"{calculated:04X}", True
        if sm4.is_text_form(sealed):
            packet.reasons.append("sm4_text_form")
            # The printed examples count the plain bytes; a sender may count what it sends.
            if packet.declared_length == len(plain):
                packet.actual_length = len(plain)
        return plain
    return None


def _wrong_length(packet: Packet, segment: bytes, compat: Compat) -> None:
    characters = len(segment.decode("utf-8", "ignore"))
    if compat.lengths_in_characters and packet.crc_ok and packet.declared_length == characters:
        packet.reasons.append("length_in_characters")
    else:
        packet.reasons.insert(0, "length_mismatch")


_cp_start = re.compile(rb"CP\s*=\s*&&").search


def _read(packet: Packet, segment: bytes) -> None:
    reasons = packet.reasons
    start = segment.find(b"CP=&&")
    body = start + 5
    if start < 0:
        found = _cp_start(segment)
        if found is None:
            reasons.append("missing_cp")
            return
        start, body = found.span()
        reasons.append("blank_around_item")
    end = segment.rfind(b"&&")
    if end < body:
        reasons.append("missing_cp_end")
        end = len(segment)
    elif segment[end + 2 :].strip():
        reasons.append("text_after_cp")
    _header(packet, _text(packet, segment[:start]))
    usual = cp_grammar.read_usual(segment[body:end])
    if usual is not None:
        packet.cp, packet.factors = usual
        return
    letters = packet.field("ST") == "45"
    inside = _text(packet, segment[body:end])
    packet.cp, packet.factors = cp_grammar.read(inside, reasons, letters)


def _text(packet: Packet, raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        text, reason = raw.decode("gb18030"), "not_utf8"
    except UnicodeDecodeError:
        text, reason = raw.decode("utf-8", "replace"), "undecodable_text"
    if reason not in packet.reasons:
        packet.reasons.append(reason)
    return text


_usual = re.compile(
    r"QN=([0-9]{17});ST=([0-9A-Z]{2});CN=([0-9]{4});PW=([0-9A-Za-z]{6});MN=([0-9A-F]{24});"
    r"Flag=([014589]);"
).fullmatch
_NAMES = ("QN", "ST", "CN", "PW", "MN", "Flag")
_FORMS = {
    name: re.compile(form, re.ASCII).fullmatch
    for name, form in {
        "QN": r"\d{17}",
        "ST": r"[0-9A-Z]{2}",
        "CN": r"\d{4}",
        "Flag": r"\d{1,3}",
        "PNUM": r"\d{1,4}",
        "PNO": r"\d{1,4}",
        "RF": r"1",
    }.items()
}
_STANDARD = {
    "PW": re.compile(r"[^\s;,=]{6}").fullmatch,
    "MN": re.compile(r"[0-9A-F]{24}").fullmatch,
}


def _header(packet: Packet, text: str) -> None:
    usual = _usual(text)
    if usual is not None:
        values = usual.groups()
        packet.header = dict(zip(_NAMES, values, strict=True))
        packet.flags = _FLAGS[int(values[5])]
        return
    packet.header = _fields(packet, text)
    _judge_header(packet, packet.header)


def _fields(packet: Packet, text: str) -> dict[str, str]:
    reasons = packet.reasons
    if "," in text:
        reasons.append("comma_in_header")
        text = text.replace(",", ";")
    trimmed = text.rstrip()
    if trimmed and not trimmed.endswith(";"):
        reasons.append("missing_separator_before_cp")
    fields: dict[str, str] = {}
    blank = False
    for item in text.split(";"):
        if not item.strip():
            continue
        name, equals, value = item.partition("=")
        blank = blank or name != name.strip() or value != value.strip()
        name = name.strip()
        if not equals:
            reasons.append(f"malformed_item:{name}")
        if name in fields:
            reasons.append(f"duplicate_item:{name}")
        else:
            fields[name] = value.strip()
    if blank and "blank_around_item" not in reasons:
        reasons.append("blank_around_item")
    return fields


def _judge_header(packet: Packet, fields: dict[str, str]) -> None:
    reasons = packet.reasons
    reasons.extend(f"missing:{name}" for name in _NAMES if name not in fields)
    reasons.extend(
        f"bad:{name}" for name, fits in _FORMS.items() if name in fields and not fits(fields[name])
    )
    reasons.extend(
        f"nonstandard:{name}"
        for name, fits in _STANDARD.items()
        if name in fields and not fits(fields[name])
    )
    flag = fields.get("Flag")
    if flag is None or "bad:Flag" in reasons:
        return
    if int(flag) > 255:
        reasons.append("bad:Flag")
        return
    packet.flags = flags = _FLAGS[int(flag)]
    if flags.version == "unknown":
        reasons.append("nonstandard:Flag")
    if flags.has_packet_no != ("PNUM" in fields and "PNO" in fields):
        reasons.append("flag_pnum_disagree")
        return
    numbers = (fields.get("PNO", ""), fields.get("PNUM", ""))
    whole = flags.has_packet_no and all(number.isdigit() for number in numbers)
    if whole and not 1 <= int(numbers[0]) <= int(numbers[1]):
        reasons.append("bad:PNO")
