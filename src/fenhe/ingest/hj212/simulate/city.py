"""Who is there: so many devices of each profile, each with MN, edition and habits of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from fenhe.ingest.hj212 import devices
from fenhe.ingest.hj212.devices import DeviceProfile

PASSWORD = "123456"  # noqa: S105 (what loggers are delivered with)
HABITS = ("", "", "", "", "lower_crc", "", "", "modbus_crc", "", "no_line_end", "", "wrong_clock")


@dataclass(frozen=True, slots=True)
class Member:
    """`name` is `<profile> <number>`. `habit`: how its firmware departs from the standard."""

    name: str
    mn: str
    profile: DeviceProfile
    edition: str
    habit: str = ""


def mn_of(seed: int, name: str) -> str:
    return hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=12).hexdigest().upper()


def city(counts: Mapping[str, int], seed: int = 1, habits: bool = True) -> list[Member]:
    """So many devices per profile. Here and there one is old or has a habit."""
    members: list[Member] = []
    for id, count in counts.items():
        profile = devices.get(id)
        for number in range(1, count + 1):
            name = f"{id} {number}"
            place = len(members)
            edition = "2005" if place % 17 == 16 else profile.edition
            habit = HABITS[place % len(HABITS)] if habits else ""
            members.append(Member(name, mn_of(seed, name), profile, edition, habit))
    return members


def agreed(member: Member) -> dict[str, object]:
    """What would have to be agreed with such a device for its packets to be taken."""
    more: dict[str, object] = {"crc": ["modbus"]} if member.habit == "modbus_crc" else {}
    return {"edition": member.edition, "st": member.profile.st, **more}
