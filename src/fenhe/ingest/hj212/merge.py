"""Parts of a split packet put together: on (MN, CN, DataTime, PNUM), for the parts carry different
QN (C.49). Each part is complete in itself, so a part that never comes costs only its own factors.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace

from fenhe.ingest.hj212.packet import Packet

Key = tuple[str, str, str, str]
WAITING = 1000
"""Unfinished groups held at a time; the oldest is given up for a new one."""


class Merger:
    """Takes packets one by one; hands a split one out whole when its last part has come."""

    def __init__(self, waiting: int = WAITING) -> None:
        self._waiting = waiting
        self._groups: OrderedDict[Key, dict[int, Packet]] = OrderedDict()

    def add(self, packet: Packet) -> Packet | None:
        """The packet itself when it is not split, the merged one when it is complete, else None."""
        place = _place(packet)
        if place is None:
            return packet
        key, number, count = place
        group = self._groups.setdefault(key, {})
        group.setdefault(number, packet)  # a part sent again changes nothing
        if len(group) < count:
            while len(self._groups) > self._waiting:
                self._groups.popitem(last=False)
            return None
        del self._groups[key]
        return merge(group[index] for index in sorted(group))

    def unfinished(self) -> list[Packet]:
        """What came of packets that were never completed, merged as far as it goes."""
        return [merge(group[i] for i in sorted(group)) for group in self._groups.values()]


def merge(parts: Iterable[Packet]) -> Packet:
    """One packet with the items of all parts; of an item in two parts the first counts."""
    first, *others = parts
    cp = dict(first.cp or {})
    factors = {code: dict(values) for code, values in (first.factors or {}).items()}
    for part in others:
        for key, value in (part.cp or {}).items():
            cp.setdefault(key, value)
        for code, values in (part.factors or {}).items():
            known = factors.setdefault(code, {})
            for suffix, value in values.items():
                known.setdefault(suffix, value)
    return replace(first, cp=cp, factors=factors)


def _place(packet: Packet) -> tuple[Key, int, int] | None:
    if not packet.flags or not packet.flags.has_packet_no or not packet.accepted:
        return None
    count, number = packet.field("PNUM"), packet.field("PNO")
    if not (count.isdigit() and number.isdigit() and int(count) > 1):
        return None
    if not 1 <= int(number) <= int(count):
        return None
    moment = (packet.cp or {}).get("DataTime", "")
    return (packet.field("MN"), packet.field("CN"), moment, count), int(number), int(count)
