"""Simulated devices in the records: each with an object of its kind and what such an object needs,
an outlet its enterprise and its permit, so that the platform judges them like anybody's.

Their codes begin with SIM-, their names say that they are simulated: nobody shall take them for a
measurement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from fenhe.ingest.hj212.simulate.city import PASSWORD, Member, agreed
from fenhe.ingest.models import Device
from fenhe.kernel.period import DAY, civil, utc_now
from fenhe.registry import kinds
from fenhe.registry.models import Object, Relation

PREFIX = "SIM-"
PLACE = 112.55, 37.87
"""Longitude and latitude around which they stand."""
STANDARDS: Mapping[str, Mapping[str, Any]] = {
    "source_gas_outlet": {
        "limit_standard": "GB 13223-2011",
        "limit_unit": "coal boiler",
        "limit_condition": "special limits, key regions (table 2)",
        "o2_ref": 6,
        "permit_limits": "a21026 35, a21002 50, a34013 10",
        "permit_totals": "a21026 60, a21002 95, a34013 12",
    },
    "source_water_outlet": {
        "limit_standard": "GB 18918-2002",
        "limit_unit": "plant outlet",
        "limit_condition": "class 1A",
        "permit_totals": "w01018 60, w21003 4, w21011 0.6, w21001 22",
    },
    "water_section": {"level": "other", "targets": "Ⅲ", "sampling": "automatic"},
}
"""What the simulated objects of a kind are held to. Figures of a permit nobody holds."""
OF_ENTERPRISE = 2
"""So many outlets of one profile belong to one enterprise."""


def register(members: Sequence[Member]) -> int:
    """Makes what is missing; returns how many devices there are then."""
    known = {kind.id: kind for kind in kinds.all()}
    for place, member in enumerate(members):
        device = Device.objects.filter(mn=member.mn).first()
        if device is None:
            device = Device(mn=member.mn, password=PASSWORD)
        device.profile = member.profile.id
        device.agreed = agreed(member)
        if kind := known.get(member.profile.kind):
            device.object = _object(member, kind, place)
        device.save()
    return len(members)


def _object(member: Member, kind: kinds.Kind, place: int) -> Object:
    profile = member.profile
    number = int(member.name.rsplit(" ", 1)[1])
    own = {
        **STANDARDS.get(kind.id, {}),
        "mn": member.mn,
        "outlet_code": f"D{'A' if kind.id == 'source_gas_outlet' else 'W'}{number:03d}",
        "monitored_since": f"{_yesterday():%Y-%m-%d}",
        "simulated": True,
    }
    found, _ = Object.objects.get_or_create(
        kind=profile.kind,
        code=f"{PREFIX}{profile.id}-{number}",
        defaults={
            "name_zh": f"模拟{profile.name.zh}{number}",
            "name_en": f"simulated {profile.name.en} {number}",
            **_spot(place),
            "attributes": {name: value for name, value in own.items() if name in kind.attributes},
        },
    )
    if (part_of := kind.relations.get("part_of")) and part_of.to == "source_enterprise":
        firm = _enterprise(profile.id, (number + OF_ENTERPRISE - 1) // OF_ENTERPRISE, place)
        Relation.objects.get_or_create(subject=found, predicate="part_of", object=firm)
    return found


def _yesterday() -> date:
    """Quick time begins with it."""
    return civil(utc_now() - DAY).date()


def _spot(place: int) -> dict[str, float]:
    """Spread over a town, always the same."""
    longitude, latitude = PLACE
    return {
        "longitude": round(longitude + (place * 37 % 20 - 10) * 0.012, 4),
        "latitude": round(latitude + (place * 53 % 20 - 10) * 0.011, 4),
    }


INDUSTRIES = {
    "cems": ("热电厂", "power station", "火力发电"),
    "effluent": ("污水处理厂", "sewage works", "污水处理"),
}


def _enterprise(profile: str, number: int, place: int) -> Object:
    zh, en, industry = INDUSTRIES.get(profile, ("排污单位", "enterprise", ""))
    firm, made = Object.objects.get_or_create(
        kind="source_enterprise",
        code=f"{PREFIX}{profile}-enterprise-{number}",
        defaults={
            "name_zh": f"模拟{zh}{number}",
            "name_en": f"simulated {en} {number}",
            **_spot(place),
            "attributes": {"industry": industry, "management": "key", "simulated": True},
        },
    )
    if made:
        _permit(firm, profile, number)
    return firm


def _permit(firm: Object, profile: str, number: int) -> None:
    """With a number that no permit can have."""
    today = _yesterday()
    permit = Object.objects.create(
        kind="source_permit",
        code=f"{firm.code}-permit",
        name_zh=f"{firm.name_zh}排污许可证",
        name_en=f"permit of {firm.name_en}",
        attributes={
            "permit_code": f"{PREFIX}{profile}-{number:03d}",
            "issuer": "模拟",
            "valid_from": f"{today.year - 1}-01-01",
            "valid_to": f"{today.year + 3}-12-31",
            "status": "valid",
            "simulated": True,
        },
    )
    Relation.objects.create(subject=permit, predicate="part_of", object=firm)
