"""Where one's alarms are told and where one's due dates are read: hooks, what became of each
delivery, the private address of the calendar. And, for whoever manages people, all hooks there are:
to see which fail and to end them, not to read where they lead to in full."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from fenhe.access import gate
from fenhe.access.models import Person
from fenhe.alert import declared
from fenhe.alert.alarms import SEVERITIES
from fenhe.app.hooks import deliver, ics, manage
from fenhe.app.links import base_url
from fenhe.app.models import CalendarLink, Delivery, Hook
from fenhe.app.text import say
from fenhe.app.web.preferences import language
from fenhe.app.web.render import for_people, for_signed_in, page
from fenhe.evidence import ledger
from fenhe.kernel.errors import FenheError, Forbidden, NotFound

MOST_LISTED, MOST_DELIVERIES = 500, 100


def routes() -> list[URLPattern]:
    return [
        path("account/hooks", for_people(mine), name="hooks"),
        path("account/hooks/add", for_people(add), name="hook-add"),
        path("account/hooks/<int:pk>", for_signed_in(one), name="hook"),
        path("account/hooks/<int:pk>/test", for_people(test), name="hook-test"),
        path("account/hooks/<int:pk>/end", for_signed_in(end), name="hook-end"),
        path("account/calendar", for_people(make_calendar), name="calendar-make"),
        path("account/calendar/end", for_people(end_calendar), name="calendar-end"),
        path("administration/hooks", for_signed_in(everybodys), name="all-hooks"),
    ]


@never_cache
@require_GET
def mine(request: HttpRequest, error: FenheError | None = None) -> HttpResponse:
    me, tongue = _me(request), language(request)
    rows = Hook.objects.filter(person=me).order_by("-active", "-pk")
    data = {
        "rows": [_shown(request, row, whole=True) for row in rows[:MOST_LISTED]],
        "may_make": gate.may(me, "hook.manage"),
        "kinds": [{"id": one.id, "name": one.name[tongue]} for one in declared.all()],
        "severities": [{"id": one, "name": say(f"severity.{one}", tongue)} for one in SEVERITIES],
        "sent": request.POST,
        "secret": request.session.pop("made-hook", None),
        "calendar": CalendarLink.objects.filter(person=me, revoked_at=None).first(),
        "calendar_url": request.session.pop("made-calendar", None),
        "sentence": error.message[tongue] if error else "",
    }
    return page(request, "pages/hooks.html", data, 422 if error else 200)


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    me, sent = _me(request), request.POST
    gate.require(me, "hook.manage")
    known = {one.id for one in declared.all()}
    try:
        _, shown = manage.make(
            me,
            sent.get("kind", ""),
            sent.get("target", "").strip(),
            [kind for kind in sent.getlist("kinds") if kind in known],
            sent.get("least", ""),
        )
    except FenheError as error:
        request.method = "GET"
        return mine(request, error)
    if shown:
        request.session["made-hook"] = shown
    return HttpResponseRedirect(reverse("hooks"))


@require_GET
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """What became of each delivery, the newest first."""
    me = _me(request)
    row = _hook(me, pk)
    deliveries = Delivery.objects.filter(hook=row).order_by("-made_at", "-pk")[:MOST_DELIVERIES]
    data = {
        "one": _shown(request, row, whole=row.person_id == me.pk),
        "mine": row.person_id == me.pk,
        "deliveries": [_delivery(each) for each in deliveries],
        "tested": request.session.pop("tested-hook", None) == pk,
    }
    return page(request, "pages/hook.html", data)


@require_POST
def test(request: HttpRequest, pk: int) -> HttpResponse:
    me = _me(request)
    gate.require(me, "hook.manage")
    row = Hook.objects.filter(pk=pk, person=me, active=True).first()
    if row is None:
        raise _missing()
    manage.probe(me, row)
    request.session["tested-hook"] = pk
    return HttpResponseRedirect(reverse("hook", args=[pk]))


@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """One's own, or one of somebody whom one manages."""
    me = _me(request)
    row = _hook(me, pk)
    manage.end(me, row)
    return HttpResponseRedirect(reverse("hooks" if row.person_id == me.pk else "all-hooks"))


@require_POST
def make_calendar(request: HttpRequest) -> HttpResponse:
    me = _me(request)
    request.session["made-calendar"] = f"{base_url()}/calendar/{ics.make(me)}.ics"
    ledger.record(me, "calendar.made", me.username)
    return HttpResponseRedirect(reverse("hooks"))


@require_POST
def end_calendar(request: HttpRequest) -> HttpResponse:
    me = _me(request)
    if ics.revoke(me):
        ledger.record(me, "calendar.revoked", me.username)
    return HttpResponseRedirect(reverse("hooks"))


@require_GET
def everybodys(request: HttpRequest) -> HttpResponse:
    me = _me(request)
    gate.require(me, "person.manage")
    rows = gate.visible(me, Hook.objects.select_related("person"), "person.manage")
    data = {"rows": [_shown(request, row) for row in rows.order_by("-active", "-pk")[:MOST_LISTED]]}
    return page(request, "pages/all_hooks.html", data)


def _hook(me: Person, pk: int) -> Hook:
    """One's own, or one of somebody whom one manages."""
    rows = Hook.objects.select_related("person").filter(pk=pk)
    found = rows.filter(person=me).first()
    return found or gate.find(me, rows, _missing(), "person.manage")


def _missing() -> NotFound:
    return NotFound("hook.unknown", "没有这个推送", "there is no such hook")


def _shown(request: HttpRequest, row: Hook, whole: bool = False) -> dict[str, Any]:
    """An address may hold a key of its receiver: others than its owner see the host alone."""
    tongue = language(request)
    named = ((id, declared.find(id)) for id in row.alarm_kinds)
    zh, _, en = row.last_error.partition(deliver.BOTH)
    return {
        "row": row,
        "target": row.target if whole else _host(row),
        "kinds": [one.name[tongue] if one else id for id, one in named],
        "last_error": (en or zh) if tongue == "en" else zh,
    }


def _host(row: Hook) -> str:
    if row.kind == "email":
        return f"…@{row.target.rpartition('@')[2]}"
    parts = urlsplit(row.target)
    return f"{parts.scheme}://{parts.hostname or ''}/…"


def _delivery(row: Delivery) -> dict[str, Any]:
    event, _, number = row.event.partition(":")
    is_alarm = event == "alarm.raised" and number.isdigit()
    return {"row": row, "alarm": int(number) if is_alarm else None}


def _me(request: HttpRequest) -> Person:
    if not isinstance(request.user, Person):
        raise Forbidden("access.forbidden", "请先登录", "sign in first")
    return request.user
