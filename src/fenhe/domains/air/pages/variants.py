"""The same page under another edition: which editions may be asked for, and whether the period has
been recomputed under the one chosen. A variant is always labelled and never the first answer."""

from __future__ import annotations

from datetime import date
from typing import Any

from fenhe.access import gate
from fenhe.assess import verdicts
from fenhe.assess.rule import Span
from fenhe.domains.air.pages import facts
from fenhe.domains.air.rules import tables
from fenhe.kernel.period import Period
from fenhe.publish.page import Ask
from fenhe.registry.models import Object

STANDARD = "GB 3095"
"""Its editions name the generations; those of AQI and statistics follow."""


def chosen(ask: Ask, day: date) -> str:
    """The edition asked for; "" for the one in force on the day, or none that is known."""
    wanted = ask.params.get("variant", "")
    known = {one.id for one in tables.editions(STANDARD) if day not in one}
    return wanted if wanted in known else ""


def offered(ask: Ask, thing: Object, span: Span, period: Period) -> dict[str, Any]:
    day = period.last_day
    wanted = chosen(ask, day)
    there = verdicts.variants(thing.pk, facts.rule_for(thing.kind, span), period)
    return {
        "chosen": wanted,
        "own": facts.in_force_id(STANDARD, day),
        "choices": [
            {
                "id": one.id,
                "title": one.title,
                "confidence": one.table("limits").rows[0].confidence,
                "computed": one.id in there,
            }
            for one in tables.editions(STANDARD)
            if day not in one
        ],
        "missing": bool(wanted) and wanted not in there,
        "may_recompute": gate.may(ask.person, "verdict.recompute"),
        "period": Period.year(day.year),
    }
