"""Making, trying and ending a hook, from the interface and from the pages alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from fenhe.access.models import Person
from fenhe.alert.alarms import SEVERITIES
from fenhe.app.hooks import deliver, guard, secret
from fenhe.app.models import Delivery, Hook
from fenhe.evidence import ledger
from fenhe.kernel.errors import BadInput
from fenhe.kernel.ids import new_id
from fenhe.kernel.period import utc_now
from fenhe.store import outbox

MOST_HOOKS = 20
TEST = "hook.test"
KINDS = ("webhook", "email")


def make(
    person: Person, kind: str, target: str, alarm_kinds: Sequence[str], least_severity: str
) -> tuple[Hook, str | None]:
    """The hook, and for a webhook the secret that signs what is sent, which is shown once. Raises
    BadInput `hook.*`."""
    _check(kind, target, least_severity)
    shown, kept = secret.fresh() if kind == "webhook" else (None, "")
    with transaction.atomic():
        _require_room(person)
        row = Hook.objects.create(
            person_id=person.pk,
            kind=kind,
            target=target,
            secret=kept,
            alarm_kinds=list(alarm_kinds),
            least_severity=least_severity,
            created_at=utc_now(),
        )
        told = {"kind": row.kind, "target": row.target}
        ledger.record(person, "hook.make", f"hook:{row.pk}", told)
    return row, shown


def _require_room(person: Person) -> None:
    """Counted one request of the person after the other: the person's row is locked."""
    Person.objects.select_for_update(of=("self",)).get(pk=person.pk)
    if Hook.objects.filter(person=person.pk, active=True).count() >= MOST_HOOKS:
        raise BadInput(
            "hook.too-many", f"每人至多 {MOST_HOOKS} 个推送", f"{MOST_HOOKS} hooks a person at most"
        )


def _check(kind: str, target: str, least_severity: str) -> None:
    if kind not in KINDS or least_severity not in SEVERITIES or len(target) > 500:
        raise BadInput(
            "hook.kind",
            "推送方式或级别不对，或地址超过 500 字",
            "the way or the severity is not known, or the address has more than 500 letters",
        )
    if kind == "webhook":
        guard.judged(target)
        return
    try:
        validate_email(target)
    except ValidationError as error:
        raise BadInput(
            "hook.mail-address", "这不是邮箱地址", "this is not a mail address"
        ) from error


def end(by: Person, row: Hook) -> bool:
    """What is still under way to it is not sent any more. False when it had ended already."""
    with transaction.atomic():
        if not Hook.objects.filter(pk=row.pk, active=True).update(active=False):
            return False
        ledger.record(by, "hook.end", f"hook:{row.pk}")
    return True


def probe(by: Person, row: Hook, now: datetime | None = None) -> Delivery:
    """Sends a word that says it is a test, on the way alarms take."""
    moment = now or utc_now()
    body = {
        "event": TEST,
        "message": {"zh": "汾河测试推送，不是告警", "en": "a test of Fenhe, not an alarm"},
        "at": moment.isoformat(),
    }
    id = new_id()
    with transaction.atomic():
        made = Delivery.objects.create(
            id=id, hook=row, event=f"{TEST}:{id}", body=body, made_at=moment
        )
        outbox.put(deliver.TOPIC, {"delivery": made.pk})
        ledger.record(by, "hook.test", f"hook:{row.pk}")
    return made
