"""Simulated devices in the records: each with an object of its kind, where that kind is known.

Their codes begin with SIM-, their names say that they are simulated: nobody shall take them for a
measurement.
"""

from __future__ import annotations

from collections.abc import Sequence

from fenhe.ingest.hj212.simulate.city import PASSWORD, Member, agreed
from fenhe.ingest.models import Device
from fenhe.registry import kinds
from fenhe.registry.models import Object

PREFIX = "SIM-"


def register(members: Sequence[Member]) -> int:
    """Makes what is missing; returns how many devices there are then."""
    known = {kind.id for kind in kinds.all()}
    for member in members:
        device = Device.objects.filter(mn=member.mn).first()
        if device is None:
            device = Device(mn=member.mn, password=PASSWORD)
        device.profile = member.profile.id
        device.agreed = agreed(member)
        if member.profile.kind in known:
            device.object = _object(member)
        device.save()
    return len(members)


def _object(member: Member) -> Object:
    profile = member.profile
    number = member.name.rsplit(" ", 1)[1]
    found, _ = Object.objects.get_or_create(
        kind=profile.kind,
        code=f"{PREFIX}{profile.id}-{number}",
        defaults={
            "name_zh": f"模拟{profile.name.zh}{number}",
            "name_en": f"simulated {profile.name.en} {number}",
        },
    )
    return found
