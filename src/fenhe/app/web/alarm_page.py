"""One alarm: why it stands, who has been told and when the next are, what was done with it, and
what may be done now. Acts carry the revision that was looked at; who came second sees why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from fenhe.access import gate
from fenhe.access.models import Person
from fenhe.alert import declared, desk, escalation
from fenhe.alert.models import Alarm
from fenhe.app.web import alarms, told
from fenhe.app.web.preferences import inside, language
from fenhe.app.web.render import page
from fenhe.evidence.models import Act
from fenhe.kernel.errors import BadInput, FenheError, Forbidden, NotFound
from fenhe.kernel.period import CIVIL, utc_now

MOST_PEOPLE = 200


def show(request: HttpRequest, pk: int, problem: FenheError | None = None) -> HttpResponse:
    alarm = _get(request, pk)
    now, tongue = utc_now(), language(request)
    row = alarms.row(alarm, now, tongue)
    data = {
        **row,
        "row": row,
        "acts": _possible(request, alarm, now),
        "steps": _steps(alarm, tongue),
        "first_duties": told.duties(alarm.detail.get("to", []), tongue),
        "within_hours": alarm.detail.get("within_hours"),
        "verdict": alarm.detail.get("verdict"),
        "own_page": _own_page(alarm),
        "history": told.tell(_history(alarm), tongue),
        "people": _people(alarm),
        "mutes": alarms.MUTES,
        "problem": problem.message[tongue] if problem else "",
        "code": problem.code if problem else "",
        "now": now,
    }
    return page(request, "pages/alarm.html", data, 409 if problem else 200)


@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    if verb not in ACTS:
        raise NotFound("app.no-page", "没有这个页面", "there is no such page")
    if not isinstance(request.user, Person):
        raise Forbidden("access.forbidden", "请先登录", "sign in first")
    alarm = _get(request, pk)
    gate.require(request.user, f"alarm.{'mute' if verb == 'unmute' else verb}", alarm)
    try:
        ACTS[verb](alarm, request.user, request, utc_now())
    except FenheError as error:
        return show(request, pk, error)
    return HttpResponseRedirect(inside(request.POST.get("next", "") or f"/alarms/{pk}"))


def _own_page(alarm: Alarm) -> str:
    kind = declared.find(alarm.kind)
    return kind.page_of(alarm.subject.code, alarm.detail.get("each", "")) if kind else ""


def _seen(request: HttpRequest) -> int | None:
    text = request.POST.get("seen", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _until(request: HttpRequest, now: datetime) -> datetime:
    """A written end in civil time, else the chosen hours from now."""
    text = request.POST.get("until", "")
    if not text:
        return now + alarms.hours_of(request)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=CIVIL)
    except ValueError as error:
        raise BadInput(
            "alert.mute-until-unread", "截止时间写得不对", "the end of muting cannot be read"
        ) from error


def _owner(request: HttpRequest, alarm: Alarm) -> Person:
    text = request.POST.get("owner", "")
    found = (
        Person.objects.filter(pk=int(text), is_active=True).first() if text.isdecimal() else None
    )
    if found is None or not gate.may(found, "alarm.acknowledge", alarm):
        raise BadInput("alert.owner", "请选择可以处理告警的人", "choose somebody who may handle it")
    return found


ACTS: dict[str, Callable[[Alarm, Person, HttpRequest, datetime], object]] = {
    "acknowledge": lambda alarm, person, request, now: desk.acknowledge(
        alarm, person, now, request.POST.get("note", ""), _seen(request)
    ),
    "assign": lambda alarm, person, request, now: desk.assign(
        alarm, person, _owner(request, alarm), now, _seen(request)
    ),
    "mute": lambda alarm, person, request, now: desk.mute(
        alarm,
        person,
        _until(request, now),
        request.POST.get("reason", ""),
        now,
        _seen(request),
    ),
    "unmute": lambda alarm, person, request, now: desk.unmute(alarm, person, now, _seen(request)),
    "note": lambda alarm, person, request, now: desk.note(
        alarm, person, request.POST.get("note", "")
    ),
    "escalate": lambda alarm, person, request, now: desk.escalate(
        alarm, person, request.POST.get("reason", ""), now, _seen(request)
    ),
    "clear": lambda alarm, person, request, now: desk.clear(
        alarm, person, request.POST.get("reason", ""), now, _seen(request)
    ),
}


def _get(request: HttpRequest, pk: int) -> Alarm:
    missing = NotFound("alert.unknown", "没有这个告警", "there is no such alarm")
    asked = Alarm.objects.select_related("subject", "owner").filter(pk=pk)
    return gate.find(request.user, asked, missing)


def _possible(request: HttpRequest, alarm: Alarm, now: datetime) -> dict[str, str]:
    """verb -> why not, as a text key; empty where it may be done."""
    may = alarms.rights(request, alarm)
    steps = escalation.steps_of(alarm.kind)
    over = "alarm.not.cleared" if alarm.state == "cleared" else ""
    why = {
        "acknowledge": over or ("" if alarm.state == "open" else "alarm.not.acknowledged"),
        "assign": over,
        "mute": over,
        "note": "",
        "escalate": over
        or ("" if alarm.state == "open" else "alarm.not.acknowledged")
        or ("" if alarm.level < len(steps) else "alarm.not.top"),
        "clear": over,
    }
    return {verb: reason if may[verb] else "alarm.not.right" for verb, reason in why.items()}


def _steps(alarm: Alarm, tongue: str) -> list[dict[str, Any]]:
    return [
        {
            "to": told.duties(step.to, tongue),
            "after": step.after_minutes,
            "reached": at < alarm.level,
            "due": alarm.escalate_at if at == alarm.level and alarm.state == "open" else None,
        }
        for at, step in enumerate(escalation.steps_of(alarm.kind))
    ]


def _history(alarm: Alarm) -> list[Act]:
    return list(Act.objects.filter(subject=alarm.subject_text).order_by("-seq")[:200])


def _people(alarm: Alarm) -> list[dict[str, Any]]:
    """Who may be given an alarm."""
    found = Person.objects.filter(is_active=True).order_by("username")[:MOST_PEOPLE]
    return [
        {"id": one.pk, "name": told.person_name(one)}
        for one in found
        if gate.may(one, "alarm.acknowledge", alarm)
    ]
