"""Hooks and the calendar of whoever asks: where their alarms are told, where their due dates are
read. Nobody sees or changes another's."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field

from fenhe.app.api import lists
from fenhe.app.api.caller import not_there, require
from fenhe.app.api.operations import reads, writes
from fenhe.app.api.shapes import Out, Page
from fenhe.app.api.words import DEFAULT, Id, Limit, Word
from fenhe.app.hooks import ics, manage
from fenhe.app.models import Delivery, Hook

router = Router(tags=["hooks"])


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
    row, shown = manage.make(person, body.kind, body.target, body.alarm_kinds, body.least_severity)
    return Status(201, HookOut(**_fields(row), secret=shown))


@router.delete("/hooks/{pk}", response=writes(None, 204), summary="停用推送 · end a hook")
def end(request: HttpRequest, pk: Id) -> Status[Any]:
    """What is still under way to it is not sent any more."""
    person = require(request, "hook.manage")
    row = Hook.objects.filter(pk=pk, person=person.pk).first()
    if row is None or not manage.end(person, row):
        raise not_there()
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
