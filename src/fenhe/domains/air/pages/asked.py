"""The day somebody asked for, and what to say when there is no such day or nothing was measured on
it: never another day without a word."""

from __future__ import annotations

from datetime import date
from typing import Any

from fenhe.assess.models import Verdict
from fenhe.domains.air.pages import facts
from fenhe.kernel.period import Period, civil
from fenhe.publish.page import Ask
from fenhe.registry.models import Object


def day(ask: Ask, newest: date, thing: Object) -> tuple[date, dict[str, Any] | None]:
    """The day to show, and a notice: {asked, impossible, shown, nearest}."""
    written = ask.params.get("date", "")
    asked = facts.asked_day(ask.params)
    if asked is None or asked > newest:
        notice = {"asked": written, "impossible": asked is None, "shown": newest, "nearest": None}
        return newest, notice if written else None
    nearest = _nearest(thing, asked)
    if nearest is None or nearest == asked or asked == newest:
        return asked, None
    return asked, {"asked": written, "impossible": False, "shown": None, "nearest": nearest}


def _nearest(thing: Object, day: date) -> date | None:
    """The nearest day that anything is known of, the earlier of two as near."""
    rule = facts.rule_for(thing.kind, "day")
    known = Verdict.objects.filter(
        subject=thing, rule=rule, variant="", current=True, observed__gt=0
    )
    own = Period.day(day)
    before = known.filter(start__lte=own.start).order_by("-start").first()
    after = known.filter(start__gte=own.start).order_by("start").first()
    days = [civil(one.start).date() for one in (before, after) if one]
    return min(days, key=lambda one: (abs(one - day), one), default=None)
