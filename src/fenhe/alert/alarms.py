"""The life of an alarm: raised once per key, seen again, taken in hand, escalated, cleared.

The database holds that a key is open only once, so two workers that see the same thing make one
alarm. Clocks are passed in. What rests on a number we are not sure of may notice, not accuse.
What people do with an alarm is in `desk`, what happens when nobody does anything in `escalation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from fenhe.alert.escalation import PLATFORM
from fenhe.alert.models import Alarm
from fenhe.evidence import ledger
from fenhe.kernel.text import Text
from fenhe.store import outbox

SEVERITIES = ("notice", "yellow", "orange", "red")
OPEN = ("open", "acknowledged")
RAISED = "alarm.raised"
"""Outbox topic: {alarm}; told once for each opening of a key."""


def raise_(
    key: str,
    kind: str,
    severity: str,
    subject_id: int,
    message: Text,
    seen: datetime,
    detail: Mapping[str, Any] | None = None,
    accuses: bool = True,
    escalate_at: datetime | None = None,
) -> Alarm:
    """Open the alarm of this key, or see it again. Seen at a graver severity, an acknowledged or
    muted alarm opens anew. `accuses=False` caps the severity at a notice."""
    severity = severity if accuses else SEVERITIES[0]
    new = {
        "severity": severity,
        "message_zh": message.zh,
        "message_en": message.en,
        "last_seen": seen,
        "detail": dict(detail or {}),
    }
    while True:
        try:
            with transaction.atomic():
                alarm = Alarm.objects.create(
                    key=key,
                    kind=kind,
                    subject_id=subject_id,
                    first_seen=seen,
                    escalate_at=escalate_at,
                    **new,
                )
                outbox.put(RAISED, {"alarm": alarm.pk})
                return alarm
        except IntegrityError:
            found = _again(key, new, escalate_at)
            if found is not None:
                return found  # None: cleared in between; the key is free once more


def is_open(key: str) -> bool:
    return Alarm.objects.filter(key=key, state__in=OPEN).exists()


def clear(key: str, now: datetime) -> bool:
    """The condition is over; whether there was an open alarm."""
    return bool(
        Alarm.objects.filter(key=key, state__in=OPEN).update(
            state="cleared", last_seen=now, cleared_at=now, escalate_at=None
        )
    )


def withdraw(alarm: Alarm, now: datetime, why: Mapping[str, Any]) -> bool:
    """The platform takes an alarm back because what it rested on was corrected; `why` stands with
    it in the evidence ledger. False when somebody else cleared it first."""
    mine = Alarm.objects.filter(pk=alarm.pk, state__in=OPEN)
    with transaction.atomic():
        done = mine.update(
            state="cleared",
            cleared_at=now,
            escalate_at=None,
            detail={**alarm.detail, "withdrawn": True},
            revision=F("revision") + 1,
        )
        if done:
            told = {**why, "kind": alarm.kind, "severity": alarm.severity}
            ledger.record(PLATFORM, "alarm.withdraw", alarm.subject_text, told)
    return bool(done)


def settled(key: str, value: Any) -> bool:
    """Whether a person has cleared the alarm of this key that stood on the same value."""
    last = Alarm.objects.filter(key=key, state="cleared").order_by("-pk").first()
    return (
        last is not None
        and "withdrawn" not in last.detail
        and last.detail.get("value") == value
        and not is_open(key)
    )


def clear_others(prefix: str, key: str, now: datetime) -> int:
    """What came before under the same beginning of the key is over; how many there were."""
    before = Alarm.objects.filter(key__startswith=f"{prefix}:", state__in=OPEN).exclude(key=key)
    return before.update(state="cleared", last_seen=now, cleared_at=now, escalate_at=None)


def _again(key: str, new: Mapping[str, Any], escalate_at: datetime | None) -> Alarm | None:
    with transaction.atomic():
        alarm = Alarm.objects.select_for_update().filter(key=key, state__in=OPEN).first()
        if alarm is None:
            return None
        if new["last_seen"] <= alarm.last_seen and new["severity"] == alarm.severity:
            return alarm  # nothing new: the same verdict told twice
        graver = SEVERITIES.index(new["severity"]) > SEVERITIES.index(alarm.severity)
        for name, value in new.items():
            setattr(alarm, name, value)
        if graver:
            alarm.state, alarm.acknowledged_at = "open", None
            alarm.muted_until, alarm.mute_reason = None, ""
            alarm.level, alarm.escalate_at = 0, escalate_at
            alarm.revision += 1
        alarm.count += 1
        alarm.save()
    return alarm
