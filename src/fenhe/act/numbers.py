"""Numbers without gaps, per sequence, organ and year: 并环罚〔2026〕3号.

The row of the series is locked by its own UPDATE until the transaction ends, so two takers stand in
line, and a taker that fails gives its number back.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F

from fenhe.access.models import Organ
from fenhe.act.models_case import NumberSeries

NO_ORGAN = "本局"


def take(sequence: str, form: str, organ: Organ | None, year: int) -> str:
    """The next number, written as the form says. Call it inside the transaction that keeps it."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a number is taken inside a transaction")
    which: dict[str, Any] = {"sequence": sequence, "organ": organ.pk if organ else 0, "year": year}
    rows = NumberSeries.objects.filter(**which)
    if not rows.update(last=F("last") + 1):
        NumberSeries.objects.get_or_create(**which)
        rows.update(last=F("last") + 1)
    serial = rows.values_list("last", flat=True).get()
    return form.format(authority=authority(organ), year=year, serial=serial)


def authority(organ: Organ | None) -> str:
    """In whose name a document goes out."""
    return organ.name_zh if organ else NO_ORGAN


def issuing(organ: Organ | None) -> Organ | None:
    """The organ itself where it issues in its own name (Code art. 53), else the nearest above it
    that does; without any, the organ itself."""
    seen: set[int] = set()
    one = organ
    while one is not None and one.pk not in seen:
        if one.issuing:
            return one
        seen.add(one.pk)
        one = one.parent
    return organ
