"""What was made of the readings: verdicts with their steps, alarms, publications."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import ConfigDict

from fenhe.alert import desk
from fenhe.alert.models import Alarm
from fenhe.app.api import lists
from fenhe.app.api.caller import one, require
from fenhe.app.api.once import once
from fenhe.app.api.operations import reads, writes
from fenhe.app.api.shapes import (
    AlarmOut,
    Named,
    Page,
    PublicationOut,
    PublicationWithContent,
    VerdictOut,
    VerdictWithSteps,
)
from fenhe.app.api.tags import require_match
from fenhe.app.api.words import DEFAULT, Id, Instant, Limit, Note, Word
from fenhe.assess.models import Verdict
from fenhe.kernel.errors import NotFound
from fenhe.kernel.period import utc_now
from fenhe.publish.models import Publication

router = Router()


class AcknowledgeIn(Schema):
    model_config = ConfigDict(extra="forbid", strict=True)

    note: Note = ""


@router.get(
    "/verdicts", response=reads(Page[VerdictOut]), summary="评价结果 · verdicts", tags=["verdicts"]
)
def verdicts(
    request: HttpRequest,
    rule: Word | None = None,
    subject: Id | None = None,
    variant: Word | None = None,
    start: Instant | None = None,
    end: Instant | None = None,
    history: bool = False,
    newest: bool = False,
    limit: Limit = DEFAULT,
    after: str | None = None,
) -> dict[str, Any]:
    """Those of periods inside [start, end). Only what is said today, and by the editions in force,
    unless `history` or `variant` ask for more."""
    rows = Verdict.objects.filter(variant="" if variant is None else variant)
    rows = rows if history else rows.filter(current=True)
    asked = (("rule", rule), ("subject", subject), ("start__gte", start), ("end__lte", end))
    for name, value in asked:
        rows = rows.filter(**{name: value}) if value is not None else rows
    return lists.page(request, rows, lambda row: VerdictOut(**_verdict(row)), limit, after, newest)


@router.get(
    "/verdicts/{pk}",
    response=reads(VerdictWithSteps),
    summary="评价结果及步骤 · a verdict with its steps",
    tags=["verdicts"],
)
def verdict(request: HttpRequest, pk: Id) -> VerdictWithSteps:
    """How each value came about: inputs, limit, clause, edition, confidence."""
    row = one(request, Verdict.objects.all(), pk=pk)
    try:
        steps = row.steps
    except NotFound:  # its domain is switched off: the verdict stands, nobody can explain it
        steps = []
    return VerdictWithSteps(**_verdict(row), steps=steps)


@router.get("/alarms", response=reads(Page[AlarmOut]), summary="告警 · alarms", tags=["alarms"])
def alarms(
    request: HttpRequest,
    state: Word | None = None,
    kind: Word | None = None,
    severity: Word | None = None,
    subject: Id | None = None,
    newest: bool = False,
    limit: Limit = DEFAULT,
    after: str | None = None,
) -> dict[str, Any]:
    rows = Alarm.objects.select_related("owner")
    asked = (("state", state), ("kind", kind), ("severity", severity), ("subject", subject))
    for name, value in asked:
        rows = rows.filter(**{name: value}) if value is not None else rows
    return lists.page(request, rows, alarm_out, limit, after, newest)


@router.get(
    "/alarms/{pk}", response=reads(AlarmOut), summary="一个告警 · one alarm", tags=["alarms"]
)
def alarm(request: HttpRequest, pk: Id) -> AlarmOut:
    return alarm_out(one(request, Alarm.objects.select_related("owner"), pk=pk))


@router.post(
    "/alarms/{pk}/acknowledge",
    response=writes(AlarmOut),
    summary="确认告警 · take an alarm in hand",
    tags=["alarms"],
)
def acknowledge(request: HttpRequest, pk: Id, body: AcknowledgeIn) -> Status[Any]:
    """By the same person again: nothing changes. By another: 409."""
    person = require(request, "alarm.acknowledge")
    row = one(request, Alarm.objects.select_related("owner"), pk=pk)
    require(request, "alarm.acknowledge", row)
    require_match(request, alarm_out(row))
    if row.state == "acknowledged" and row.owner_id == person.pk:
        return Status(200, alarm_out(row))

    def write() -> tuple[int, AlarmOut]:
        done = desk.acknowledge(row, person, utc_now(), body.note[:300], seen=row.revision)
        return 200, alarm_out(done)

    return once(request, write)


@router.get(
    "/publications",
    response=reads(Page[PublicationOut]),
    summary="通报 · publications",
    tags=["publications"],
)
def publications(
    request: HttpRequest,
    kind: Word | None = None,
    state: Word | None = None,
    subject: Id | None = None,
    newest: bool = False,
    limit: Limit = DEFAULT,
    after: str | None = None,
) -> dict[str, Any]:
    rows = Publication.objects.defer("content", "reason", "issuer")
    for name, value in (("kind", kind), ("state", state), ("subject", subject)):
        rows = rows.filter(**{name: value}) if value is not None else rows
    return lists.page(
        request, rows, lambda row: PublicationOut(**_publication(row)), limit, after, newest
    )


@router.get(
    "/publications/{pk}",
    response=reads(PublicationWithContent),
    summary="一期通报 · one publication",
    tags=["publications"],
)
def publication(request: HttpRequest, pk: Id) -> PublicationWithContent:
    """With its whole content; a published edition never changes."""
    row = one(request, Publication.objects.all(), pk=pk)
    return PublicationWithContent(**_publication(row), content=row.content, reason=row.reason)


def alarm_out(row: Alarm) -> AlarmOut:
    return AlarmOut(
        id=row.pk,
        key=row.key,
        kind=row.kind,
        severity=row.severity,
        subject=row.subject_id,
        message=Named(zh=row.message_zh, en=row.message_en),
        state=row.state,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        count=row.count,
        owner=row.owner.get_username() if row.owner else None,
        muted_until=row.muted_until,
        level=row.level,
        revision=row.revision,
        detail=row.detail,
    )


def _verdict(row: Verdict) -> dict[str, Any]:
    names = (
        "rule", "variant", "start", "end", "edition", "values", "category", "expected", "observed",
        "lake_version", "computed_at", "current",
    )  # fmt: skip
    told = {name: getattr(row, name) for name in names}
    return {"id": row.pk, "subject": row.subject_id, **told}


def _publication(row: Publication) -> dict[str, Any]:
    names = (
        "kind", "start", "end", "edition", "state", "content_hash", "drafted_at", "published_at",
        "superseded_at",
    )  # fmt: skip
    told = {name: getattr(row, name) for name in names}
    return {"id": row.pk, "subject": row.subject_id, "supersedes": row.supersedes_id, **told}
