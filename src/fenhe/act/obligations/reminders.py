"""What a step of the policy does: one reminder in effect for each clock, however often the outbox
row that tells of it is run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from fenhe.act.models_obligation import OPEN, Obligation, Reminder
from fenhe.act.obligations.policy import Step, step


def remind(news: dict[str, Any], now: datetime) -> None:
    """The reminders of one outbox row `obligation.step`: {step, clocks: [[id, round], …]}. None
    for a clock that was met, suspended or moved since the row was written."""
    rounds = dict(news["clocks"])
    with transaction.atomic():
        found = Obligation.objects.select_for_update().filter(pk__in=rounds, state__in=OPEN)
        made = [
            _reminder(clock, clock.due_day, step(clock.policy, news["step"]), now)
            for clock in found.order_by("pk")
            if clock.due_day is not None and clock.round == rounds[clock.pk]
        ]
        Reminder.objects.bulk_create(made, ignore_conflicts=True)


def in_effect(news: dict[str, Any]) -> Iterator[Obligation]:
    """The clocks of such a row whose reminder holds: open still, and not moved since."""
    rounds = dict(news["clocks"])
    told = Obligation.objects.filter(
        pk__in=rounds, state__in=OPEN, reminders__step=news["step"], reminders__round=F("round")
    )
    for clock in told.select_related("organ", "subject").order_by("pk"):
        if clock.round == rounds[clock.pk]:
            yield clock


def _reminder(clock: Obligation, day: date, chosen: Step, now: datetime) -> Reminder:
    return Reminder(
        obligation=clock,
        round=clock.round,
        step=chosen.id,
        light=chosen.light if clock.accuses or chosen.light != "red" else "yellow",
        to=chosen.to.zh,
        due_day=day,
        at=now,
    )
