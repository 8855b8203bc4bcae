"""Hooks and the calendar of whoever asks: where their alarms are told, where their due dates are
read. Nobody sees or changes another's."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field

from fenhe.app.api import lists
from fenhe.app.api.caller import not_there, require
from fenhe.app.api.operations import reads, writes
from fenhe.app.api.shapes import Out, Page
from fenhe.app.api.words import DEFAULT, Id, Limit, Word
from fenhe.app.hooks import guard, ics, secret
from fenhe.app.models import Delivery, Hook
from fenhe.evidence import ledger
from fenhe.kernel.errors import BadInput
from fenhe.kernel.period import utc_now

router = Router(tags=["hooks"])
MOST_HOOKS = 20


class HookIn(Schema):
    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal["webhook", "email"]
    target: str = Field(min_length=3, max_length=500)
    alarm_kinds: list[Word] = Field([], max_length=100)
    least_severity: Literal["notice", "yellow", "orange", "red"] = "notice"


class HookOut(Out):
    id: int
    kind: str
    target: str
    alarm_kinds: list[str]
    least_severity: str
    active: bool
    created_at: datetime
    failures: int
    last_error: str
    secret: str | None = None
    """Shown once, when it is made: it signs what is sent (X-Fenhe-Signature)."""


class DeliveryOut(Out):
    id: str
    event: str
    state: str
    attempts: int
    made_at: datetime
    delivered_at: datetime | None


class CalendarOut(Out):
    url: str
    """Shown once. Whoever has it reads the dates; make another to revoke it."""


@router.get("/hooks", response=reads(Page[HookOut]), summary="我的推送 · my hooks")
def hooks(request: HttpRequest, limit: Limit = DEFAULT, after: str | None = None) -> dict[str, Any]:
    rows = Hook.objects.filter(person=request.user.pk, active=True)
    return lists.page(request, rows, lambda row: HookOut(**_fields(row)), limit, after)


@router.post("/hooks", response=writes(HookOut, 201), summary="新建推送 · make a hook")
def make(request: HttpRequest, body: HookIn) -> Status[Any]:
    """Alarms that you may see are told there: signed for a webhook, as a message for a mailbox."""
    person = require(request, "hook.manage")
    _check(body)
    if Hook.objects.filter(person=person.pk, active=True).count() >= MOST_HOOKS:
        raise BadInput(
            "hook.too-many", f"每人至多 {MOST_HOOKS} 个推送", f"{MOST_HOOKS} hooks a person at most"
        )
    shown, kept = secret.fresh() if body.kind == "webhook" else (None, "")
    row = Hook.objects.create(
        person_id=person.pk,
        kind=body.kind,
        target=body.target,
        secret=kept,
        alarm_kinds=list(body.alarm_kinds),
        least_severity=body.least_severity,
        created_at=utc_now(),
    )
    ledger.record(person, "hook.make", f"hook:{row.pk}", {"kind": row.kind, "target": row.target})
    return Status(201, HookOut(**_fields(row), secret=shown))


@router.delete("/hooks/{pk}", response=writes(None, 204), summary="停用推送 · end a hook")
def end(request: HttpRequest, pk: Id) -> Status[Any]:
    """What is still under way to it is not sent any more."""
    person = require(request, "hook.manage")
    if not Hook.objects.filter(pk=pk, person=person.pk, active=True).update(active=False):
        raise not_there()
    ledger.record(person, "hook.end", f"hook:{pk}")
    return Status(204, None)


@router.get(
    "/hooks/{pk}/deliveries", response=reads(Page[DeliveryOut]), summary="推送记录 · deliveries"
)
def deliveries(
    request: HttpRequest, pk: Id, limit: Limit = DEFAULT, after: str | None = None
) -> dict[str, Any]:
    rows = Delivery.objects.filter(hook=pk, hook__person=request.user.pk)
    return lists.page(request, rows, _delivery, limit, after)


@router.post(
    "/calendar", response=writes(CalendarOut, 201), summary="到期日历 · a calendar address"
)
def calendar(request: HttpRequest) -> Status[Any]:
    """A private address for calendar programs; one made before is revoked."""
    person = require(request, "page.view")
    token = ics.make(person)
    return Status(201, CalendarOut(url=request.build_absolute_uri(f"/calendar/{token}.ics")))


@router.delete("/calendar", response=writes(None, 204), summary="撤销日历 · revoke the calendar")
def no_calendar(request: HttpRequest) -> HttpResponse:
    ics.revoke(require(request, "page.view"))
    return HttpResponse(status=204)


def _fields(row: Hook) -> dict[str, Any]:
    names = (
        "kind", "target", "alarm_kinds", "least_severity", "active", "created_at", "failures",
        "last_error",
    )  # fmt: skip
    return {"id": row.pk} | {name: getattr(row, name) for name in names}


def _delivery(row: Delivery) -> DeliveryOut:
    names = ("event", "state", "attempts", "made_at", "delivered_at")
    return DeliveryOut(id=row.pk, **{name: getattr(row, name) for name in names})


def _check(body: HookIn) -> None:
    if body.kind == "webhook":
        guard.judged(body.target)
        return
    try:
        validate_email(body.target)
    except ValidationError as error:
        raise BadInput(
            "hook.mail-address", "这不是邮箱地址", "this is not a mail address"
        ) from error
