"""From an alarm that was raised to deliveries, and from a delivery to its sink.

Both are outbox handlers and may see the same row twice: a delivery is made once per hook and event
by the database, and one that was taken is not sent again. A process killed between the sink's
answer and the mark below sends once more, with the same delivery id: once in effect.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F

from fenhe.access import gate
from fenhe.alert.alarms import SEVERITIES
from fenhe.alert.models import Alarm
from fenhe.app.hooks import sending
from fenhe.app.models import Delivery, Hook
from fenhe.kernel.errors import FenheError, Unavailable
from fenhe.kernel.ids import new_id
from fenhe.store import outbox
from fenhe.store.config import settings

log = structlog.get_logger(__name__)

TOPIC = "hook.deliver"
GIVE_UP = timedelta(days=3)
BOTH = " / "
"""Between what a failure says in Chinese and in English."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(hours=1)


def alarm_raised(news: dict[str, Any], now: datetime) -> None:
    """One delivery for every hook whose person may see the alarm."""
    alarm = Alarm.objects.select_related("subject").filter(pk=news["alarm"]).first()
    if alarm is None:
        return
    for hook in Hook.objects.filter(active=True, person__is_active=True).select_related("person"):
        if _hears(hook, alarm):
            _make(hook, alarm, now)


def deliver(news: dict[str, Any], now: datetime) -> None:
    """Raises Unavailable when it was not taken, so that the outbox tries again later."""
    delivery = Delivery.objects.select_related("hook", "hook__person").get(pk=news["delivery"])
    hook = delivery.hook
    if delivery.state != "pending" or not hook.active or not hook.person.is_active:
        return
    if now - delivery.made_at > GIVE_UP:
        Delivery.objects.filter(pk=delivery.pk).update(state="given_up")
        log.warning("hook.given-up", delivery=delivery.pk, hook=hook.pk)
        return
    if hook.retry_at and hook.retry_at > now:
        raise Unavailable(
            "hook.waits", "对方刚才没有应答，稍候再试", "the other side failed just now; later"
        )
    Delivery.objects.filter(pk=delivery.pk).update(attempts=F("attempts") + 1)
    try:
        sending.send(delivery)
    except FenheError as error:
        _failed(hook, error, now)
        raise
    Delivery.objects.filter(pk=delivery.pk).update(state="delivered", delivered_at=now)
    if hook.failures:
        Hook.objects.filter(pk=hook.pk).update(failures=0, retry_at=None, last_error="")


def _hears(hook: Hook, alarm: Alarm) -> bool:
    wanted = not hook.alarm_kinds or alarm.kind in hook.alarm_kinds
    grave = SEVERITIES.index(alarm.severity) >= SEVERITIES.index(hook.least_severity)
    seen = gate.visible(hook.person, Alarm.objects.filter(pk=alarm.pk))
    return wanted and grave and seen.exists()


def _make(hook: Hook, alarm: Alarm, now: datetime) -> None:
    event = f"alarm.raised:{alarm.pk}"
    with transaction.atomic():
        delivery, is_new = Delivery.objects.get_or_create(
            hook=hook,
            event=event,
            defaults={"id": new_id(), "body": _body(alarm, event), "made_at": now},
        )
        if is_new:
            outbox.put(TOPIC, {"delivery": delivery.pk})


def _body(alarm: Alarm, event: str) -> dict[str, Any]:
    return {
        "event": event.partition(":")[0],
        "alarm": {
            "id": alarm.pk,
            "kind": alarm.kind,
            "severity": alarm.severity,
            "subject": {
                "id": alarm.subject_id,
                "kind": alarm.subject.kind,
                "code": alarm.subject.code,
                "name": {"zh": alarm.subject.name("zh"), "en": alarm.subject.name("en")},
            },
            "message": {"zh": alarm.message_zh, "en": alarm.message_en},
            "first_seen": alarm.first_seen.isoformat(),
        },
        "link": f"{settings().public_url.rstrip('/')}/alarms/{alarm.pk}",
    }


def _failed(hook: Hook, error: FenheError, now: datetime) -> None:
    wait = min(FIRST_WAIT * 2 ** min(hook.failures, 20), LONGEST_WAIT)
    Hook.objects.filter(pk=hook.pk).update(
        failures=F("failures") + 1,
        retry_at=now + wait,
        last_error=f"{error.zh}{BOTH}{error.en}"[:300],
    )
