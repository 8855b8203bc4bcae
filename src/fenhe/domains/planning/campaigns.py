"""Lays a checklist over the places of a campaign: a case per place and item, each once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from fenhe.access.models import Person
from fenhe.act import cases, holding
from fenhe.act.models import Case
from fenhe.act.procedures import register
from fenhe.domains.planning.rules import checklists
from fenhe.kernel.errors import BadInput, Conflict

CAMPAIGN, CHECK = "planning.campaign", "planning.check"
MOST = 600
"""Checks laid in one go."""


def source(campaign: Case, name: str, code: str, place: str) -> str:
    digest = hashlib.sha256(place.encode()).hexdigest()[:16]
    return f"check:{campaign.pk}:{name}:{code}:{digest}"


def lay(
    campaign: Case, name: str, places: Sequence[str], person: Person, now: datetime
) -> list[Case]:
    """All of them in one transaction; what is there already is left alone. Raises BadInput
    `planning.checklist`, Conflict `planning.not-running`, Forbidden."""
    items = checklists.items(name)
    named = list(dict.fromkeys(place.strip()[:120] for place in places if place.strip()))
    if not items or not named or len(items) * len(named) > MOST:
        raise BadInput(
            "planning.checklist",
            f"请选择检查清单并逐行填写检查点（一次最多 {MOST} 项）",
            f"choose a checklist and write a place a line ({MOST} checks at most in one go)",
        )
    child = register.get(campaign.procedure, campaign.version).children[CHECK]
    if campaign.state not in child.sources:
        raise Conflict("planning.not-running", "专项行动不在进行中", "the campaign is not running")
    holding.require(person, child.by, campaign)
    wanted = [(place, one) for place in named for one in items]
    keys = [source(campaign, name, one.code, place) for place, one in wanted]
    there = set(Case.objects.filter(source__in=keys).values_list("source", flat=True))
    with transaction.atomic():
        return [
            cases.open_(
                cases.Opening(
                    CHECK,
                    {
                        "place": place, "item": one.item.zh, "wanted": one.wanted.zh,
                        "checklist": checklists.lists()[name].zh, "code": one.code,
                    },
                    title=f"{place}：{one.item.zh}",
                    organ=campaign.organ,
                    area=campaign.area,
                    parent=campaign,
                    source=key,
                ),
                person,
                now,
            )
            for (place, one), key in zip(wanted, keys, strict=True)
            if key not in there
        ]  # fmt: skip
