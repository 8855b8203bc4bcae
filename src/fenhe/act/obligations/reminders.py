"""What a step of the policy does: one reminder in effect, however often its outbox row is run."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from fenhe.act.models_obligation import Obligation, Reminder
from fenhe.act.obligations.policy import step


def remind(news: dict[str, Any], now: datetime) -> bool:
    """The reminder of one outbox row `obligation.step`; whether it is new. Nothing for a clock
    that was met, suspended or moved since the row was written."""
    with transaction.atomic():
        clock = Obligation.objects.select_for_update().filter(pk=news["obligation"]).first()
        if clock is None or clock.due_day is None or clock.round != news["round"]:
            return False
        if clock.state in ("met", "suspended"):
            return False
        chosen = step(clock.policy, news["step"])
        _, fresh = Reminder.objects.get_or_create(
            obligation=clock,
            round=clock.round,
            step=chosen.id,
            defaults={
                "light": chosen.light if clock.accuses or chosen.light != "red" else "yellow",
                "to": chosen.to.zh,
                "due_day": clock.due_day,
                "at": now,
            },
        )
    return fresh
