"""What a person does with an alarm: take it in hand, hand it over, mute it for a time and a reason,
note something, send it further up, declare it over.

Each act is one guarded UPDATE with its line in the evidence ledger in the same transaction. `seen`
is the revision the person looked at: who decided on a view that is no longer true is told so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from fenhe.access.models import Person
from fenhe.alert import escalation
from fenhe.alert.alarms import OPEN
from fenhe.alert.models import Alarm
from fenhe.evidence import ledger
from fenhe.kernel.errors import BadInput, Conflict

LONGEST_MUTE = timedelta(days=30)
LONGEST_TEXT = 300


def acknowledge(
    alarm: Alarm, person: Person, now: datetime, note: str = "", seen: int | None = None
) -> Alarm:
    """The person has it in hand and owns it; the escalation stops."""
    fields = {"state": "acknowledged", "acknowledged_at": now, "owner": person, "escalate_at": None}
    detail = {"note": note.strip()[:LONGEST_TEXT]}
    return _act(alarm, person, "acknowledge", fields, seen, detail=detail, states=("open",))


def assign(
    alarm: Alarm, person: Person, owner: Person, now: datetime, seen: int | None = None
) -> Alarm:
    """Hand it to somebody, who has it in hand from then on."""
    fields = {"state": "acknowledged", "acknowledged_at": now, "owner": owner, "escalate_at": None}
    return _act(alarm, person, "assign", fields, seen, detail={"owner": owner.get_username()})


def mute(
    alarm: Alarm,
    person: Person,
    until: datetime,
    reason: str,
    now: datetime,
    seen: int | None = None,
) -> Alarm:
    """Out of the way until then. It goes on being counted, and a graver sighting opens it."""
    if not now < until <= now + LONGEST_MUTE:
        raise BadInput(
            "alert.mute-until",
            f"静音须有将来的截止时间，最长 {LONGEST_MUTE.days} 天",
            f"muting needs an end in the future, {LONGEST_MUTE.days} days away at most",
        )
    why = _reason(reason)
    fields = {
        "muted_until": until,
        "mute_reason": why,
        "escalate_at": escalation.restart(alarm, until) if alarm.state == "open" else None,
    }
    detail = {"until": until.isoformat()}
    return _act(alarm, person, "mute", fields, seen, detail, why)


def unmute(alarm: Alarm, person: Person, now: datetime, seen: int | None = None) -> Alarm:
    fields = {
        "muted_until": None,
        "mute_reason": "",
        "escalate_at": escalation.restart(alarm, now) if alarm.state == "open" else None,
    }
    return _act(alarm, person, "unmute", fields, seen)


def note(alarm: Alarm, person: Person, text: str) -> Alarm:
    """Something to keep beside it. Notes take nobody's decision away, so they need no `seen`."""
    if not text.strip():
        raise BadInput("alert.note-empty", "请写下备注内容", "write the note")
    return _act(alarm, person, "note", {}, None, detail={"note": text.strip()[:2000]}, states=())


def escalate(
    alarm: Alarm, person: Person, reason: str, now: datetime, seen: int | None = None
) -> Alarm:
    """Send it one step up by hand, without waiting for the clock."""
    why = _reason(reason)
    fresh = _look(alarm, seen)
    if not escalation.climb(fresh, person, now, why):
        raise Conflict(
            "alert.no-step",
            "此告警已不在待确认状态，或已升到最高一级",
            "this alarm is no longer open, or stands at its last step already",
        )
    return Alarm.objects.get(pk=alarm.pk)


def clear(
    alarm: Alarm, person: Person, reason: str, now: datetime, seen: int | None = None
) -> Alarm:
    """Declare it over by hand. If the condition still holds, the next sighting raises it anew."""
    fields = {"state": "cleared", "cleared_at": now, "escalate_at": None}
    return _act(alarm, person, "clear", fields, seen, reason=_reason(reason))


def _act(
    alarm: Alarm,
    person: Person,
    verb: str,
    fields: Mapping[str, Any],
    seen: int | None,
    detail: Mapping[str, Any] | None = None,
    reason: str = "",
    states: tuple[str, ...] = OPEN,
) -> Alarm:
    own = Alarm.objects.filter(pk=alarm.pk)
    own = own.filter(state__in=states) if states else own
    own = own.filter(revision=seen) if seen is not None else own
    with transaction.atomic():
        if not own.update(revision=F("revision") + 1, **fields):
            raise _came_second(alarm, states, seen)
        told = {**(detail or {}), "kind": alarm.kind, "severity": alarm.severity}
        ledger.record(person, f"alarm.{verb}", alarm.subject_text, told, reason)
    return Alarm.objects.get(pk=alarm.pk)


def _look(alarm: Alarm, seen: int | None) -> Alarm:
    fresh = Alarm.objects.get(pk=alarm.pk)
    if seen is not None and fresh.revision != seen:
        raise _came_second(alarm, OPEN, seen)
    return fresh


def _came_second(alarm: Alarm, states: tuple[str, ...], seen: int | None) -> Conflict:
    now = Alarm.objects.select_related("owner").get(pk=alarm.pk)
    who = now.owner.get_username() if now.owner else "—"
    if now.state not in (states or OPEN):
        return Conflict(
            "alert.not-open",
            f"此告警已被确认或已解除（负责人 {who}）",
            f"this alarm is acknowledged or cleared already (owner {who})",
        )
    return Conflict(
        "alert.changed",
        f"您查看之后有人处理过此告警（负责人 {who}），请看清现状再操作",
        f"somebody acted on this alarm after you looked (owner {who}); look again before acting",
    )


def _reason(text: str) -> str:
    if not text.strip():
        raise BadInput("alert.reason", "请写明理由", "give a reason")
    return text.strip()[:LONGEST_TEXT]
