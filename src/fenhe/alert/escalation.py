"""What happens when nobody takes an alarm in hand: after so many minutes the next duties are told.

The steps stand in `alerts.yaml` (`escalate`), the moment of the next one on the alarm. A muted
alarm waits: muting moved that moment behind its end. Each step is one guarded UPDATE, so two
workers climb it once; it stands in the evidence ledger like any act.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from fenhe.alert import declared
from fenhe.alert.declared import EscalationStep
from fenhe.alert.models import Alarm
from fenhe.evidence import ledger

PLATFORM = "fenhe"
"""Who acts when the clock does."""


def steps_of(kind: str) -> Sequence[EscalationStep]:
    """The steps declared for this kind of alarm; none where its domain is switched off."""
    alert = declared.find(kind)
    return alert.escalate if alert else ()


def first(steps: Sequence[EscalationStep], now: datetime) -> datetime | None:
    """When an alarm raised now climbs its first step."""
    return now + timedelta(minutes=steps[0].after_minutes) if steps else None


def restart(alarm: Alarm, since: datetime) -> datetime | None:
    """When it climbs its next step if its clock starts again at `since`."""
    steps = steps_of(alarm.kind)
    if alarm.level >= len(steps):
        return None
    return since + timedelta(minutes=_wait(steps, alarm.level))


def duties(alarm: Alarm) -> list[str]:
    """Who has been told of it by now: the first duties, then those of each step climbed."""
    told = [*alarm.detail.get("to", [])]
    for step in steps_of(alarm.kind)[: alarm.level]:
        told += [duty for duty in step.to if duty not in told]
    return told


def due(now: datetime) -> int:
    """Climb every step that is due; how many were."""
    climbed = 0
    late = Alarm.objects.filter(state="open", escalate_at__lte=now)
    for alarm in late.order_by("escalate_at"):
        climbed += climb(alarm, PLATFORM, now)
    return climbed


def climb(alarm: Alarm, person: object, now: datetime, reason: str = "") -> bool:
    """One step up; False when somebody else was there first or there is no step left."""
    steps = steps_of(alarm.kind)
    if alarm.level >= len(steps):
        Alarm.objects.filter(pk=alarm.pk, level=alarm.level).update(escalate_at=None)
        return False
    step, above = steps[alarm.level], alarm.level + 1
    after = now + timedelta(minutes=_wait(steps, above)) if above < len(steps) else None
    with transaction.atomic():
        moved = Alarm.objects.filter(pk=alarm.pk, state="open", level=alarm.level).update(
            level=above, escalate_at=after, revision=F("revision") + 1
        )
        if moved:
            ledger.record(
                person,
                "alarm.escalate",
                alarm.subject_text,
                {"level": above, "to": list(step.to), "severity": alarm.severity},
                reason,
            )
    return bool(moved)


def _wait(steps: Sequence[EscalationStep], level: int) -> int:
    """Minutes between the step below and this one."""
    return steps[level].after_minutes - (steps[level - 1].after_minutes if level else 0)
