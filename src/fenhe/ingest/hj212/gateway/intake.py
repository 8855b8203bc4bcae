"""A frame as it came → the row of the spool, and the answer to give once that is on the disk.

Data are answered by 9014, notices and heartbeats by 9013, where the Flag asks for it (6.1); a
login of 2005 by 9022. What is rejected, or from a stranger, goes into quarantine and is not
answered: an answer says "kept and counted", and the sender shall send again until that is true.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from fenhe.ingest.hj212.codec import VERSIONS, frame_of
from fenhe.ingest.hj212.gateway.directory import Directory
from fenhe.ingest.hj212.packet import STRICT, Packet, decode_frame
from fenhe.store.spool import Row, digest

NOTICES = frozenset({"1001", "1013", "1014", "2072", "9015"})
"""Device to center, answered by 9013. Who answers a heartbeat (9015) is not settled."""
INTERACTIONS = frozenset({"9011", "9012", "9013", "9014", "9022"})
LOGIN = "9021"
NOT_A_FRAME = "noise"

_mn = re.compile(rb"MN\s*=\s*([^;,\s]{1,64})").search


class Entry(NamedTuple):
    row: Row
    packet: Packet | None
    answer: bytes | None


def judge(raw: bytes, peer: str, received: int, directory: Directory) -> Entry:
    found = _mn(raw, 0, 256)
    device = directory.get(found[1].decode("ascii", "replace")) if found else None
    packet = decode_frame(raw, device.compat if device else STRICT)
    mn = packet.field("MN")
    if not packet.accepted:
        why = "rejected"
    elif device is None or device.mn != mn:
        why = "unknown_mn"
    elif not device.enabled:
        why = "disabled"
    elif not device.knows(packet.field("PW")):
        why = "wrong_pw"
    else:
        why = ""
    row = Row(
        received, peer, mn[:40], packet.field("CN")[:8], (packet.cp or {}).get("DataTime", "")[:20],
        digest(raw), packet.verdict, " ".join(packet.reasons[:20])[:400], why, raw,
    )  # fmt: skip
    return Entry(row, packet, None if why else answer_to(packet))


def noise(raw: bytes, peer: str, received: int) -> Entry:
    """What came between frames, kept as it is."""
    row = Row(received, peer, "", "", "", digest(raw), "reject", NOT_A_FRAME, NOT_A_FRAME, raw)
    return Entry(row, None, None)


def answer_to(packet: Packet) -> bytes | None:
    flags, cn = packet.flags, packet.field("CN")
    if cn == LOGIN:
        return _interaction(packet, "9022", "ExeRtn=1")
    if flags is None or not flags.needs_ack or cn in INTERACTIONS:
        return None
    return _interaction(packet, "9013" if cn in NOTICES else "9014", "")


def _interaction(packet: Packet, cn: str, said: str) -> bytes:
    header = packet.header or {}
    qn, edition = header.get("QN", ""), packet.edition
    fields = f"ST=91;CN={cn};PW={header.get('PW', '')};MN={header.get('MN', '')};"
    if edition == "2005":  # there the QN of the packet travels inside CP
        inside = ";".join(filter(None, [f"QN={qn}" if qn else "", said]))
        return frame_of(f"{fields}Flag=0;CP=&&{inside}&&".encode())
    flag = VERSIONS.get(edition, 1) << 2
    return frame_of(f"QN={qn};{fields}Flag={flag};CP=&&{said}&&".encode())
