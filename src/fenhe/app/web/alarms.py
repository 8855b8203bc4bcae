"""The alarm desk: what is wrong, gravest and oldest first, with owner and age; filtered, grouped,
and answered many at a time. One alarm's own page is `alarm_page`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from fenhe.access import gate
from fenhe.access.models import Person
from fenhe.alert import alarms, desk, escalation
from fenhe.alert.models import Alarm
from fenhe.app.text import say
from fenhe.app.web import told
from fenhe.app.web.preferences import inside, language
from fenhe.app.web.render import page
from fenhe.kernel.errors import BadInput, FenheError, Forbidden
from fenhe.kernel.period import HOUR, utc_now

LOOKS = {"red": "bad", "orange": "bad", "yellow": "warn", "notice": ""}
STATES = ("current", "open", "acknowledged", "muted", "cleared", "all")
GROUPS = ("", "severity", "kind", "subject", "owner")
MUTES = (2, 8, 24, 72, 168)
"""Hours a person may choose to mute for; any other end is written on the alarm's own page."""
PER_PAGE = 100
MOST_AT_ONCE = 200

SEVEREST = Case(
    *(When(severity=name, then=Value(-at)) for at, name in enumerate(alarms.SEVERITIES)),
    default=Value(1),
    output_field=IntegerField(),
)


@dataclass(frozen=True)
class Wanted:
    """What the desk is asked to show; unknown words fall back to the first choice."""

    state: str = "current"
    severity: str = ""
    kind: str = ""
    owner: str = ""
    text: str = ""
    group: str = ""
    number: int = 1
    query: dict[str, str] = field(default_factory=dict)


def seen_by(request: HttpRequest) -> QuerySet[Alarm]:
    """The alarms this person may see at all."""
    return gate.visible(request.user, Alarm.objects.all())


def listing(request: HttpRequest, problem: FenheError | None = None) -> HttpResponse:
    now, tongue = utc_now(), language(request)
    wanted = _wanted(request)
    theirs = seen_by(request)
    found = _filtered(theirs, wanted, request, now).select_related("subject", "owner")
    order = ("-last_seen", "-pk") if wanted.state == "cleared" else (SEVEREST, "first_seen", "pk")
    first = (wanted.number - 1) * PER_PAGE
    rows = list(found.order_by(*order)[first : first + PER_PAGE + 1])
    more, rows = len(rows) > PER_PAGE, rows[:PER_PAGE]
    shown = [row(alarm, now, tongue) for alarm in rows]
    data = {
        "wanted": wanted,
        "groups": _grouped(shown, wanted.group, tongue),
        "rows": shown,
        "counts": counts(theirs, now, tongue),
        "states": _choices("alarm.state", STATES, wanted.state, tongue),
        "severities": _choices("severity", ("", *alarms.SEVERITIES[::-1]), wanted.severity, tongue),
        "groupings": _choices("alarm.group", GROUPS, wanted.group, tongue),
        "owners": _choices("alarm.owners", ("", "me", "nobody"), wanted.owner, tongue),
        "kinds": _kinds(theirs, wanted.kind, tongue),
        "may": rights(request),
        "mutes": MUTES,
        "before": _turned(wanted, -1) if wanted.number > 1 else "",
        "after": _turned(wanted, 1) if more else "",
        "now": now,
        "problem": problem.message[tongue] if problem else "",
    }
    return page(request, "pages/alarms.html", data, 409 if problem else 200)


@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """One act on every chosen alarm; those that cannot be acted on any more are named."""
    person, now = _person(request), utc_now()
    verb = request.POST.get("act", "")
    if verb not in ACTS:
        raise BadInput("alert.act", "没有这个操作", "there is no such act")
    gate.require(person, f"alarm.{verb}")
    chosen = [int(text) for text in request.POST.getlist("alarm") if text.isdecimal()]
    if not chosen or len(chosen) > MOST_AT_ONCE:
        raise BadInput(
            "alert.choose",
            f"请先勾选告警，一次最多 {MOST_AT_ONCE} 条",
            f"choose alarms first, {MOST_AT_ONCE} at most at once",
        )
    failed: list[FenheError] = []
    theirs = Alarm.objects.filter(pk__in=chosen)
    for alarm in gate.visible(person, theirs, f"alarm.{verb}"):
        try:
            ACTS[verb](alarm, person, request, now)
        except BadInput as error:
            return listing(request, error)  # the same for all of them: nothing was done
        except FenheError as error:
            failed.append(error)
    if failed:
        return listing(request, failed[0])
    return HttpResponseRedirect(inside(request.POST.get("next", "/alarms")))


def hours_of(request: HttpRequest) -> timedelta:
    text = request.POST.get("hours", "")
    return int(text) * HOUR if text.isdecimal() and len(text) < 5 else timedelta(0)


ACTS: dict[str, Callable[[Alarm, Person, HttpRequest, datetime], object]] = {
    "acknowledge": lambda alarm, person, request, now: desk.acknowledge(
        alarm, person, now, request.POST.get("note", "")
    ),
    "mute": lambda alarm, person, request, now: desk.mute(
        alarm, person, now + hours_of(request), request.POST.get("reason", ""), now
    ),
    "clear": lambda alarm, person, request, now: desk.clear(
        alarm, person, request.POST.get("reason", ""), now
    ),
}


def rights(request: HttpRequest, alarm: Alarm | None = None) -> dict[str, bool]:
    """verb -> whether this person may do it to this alarm, or to any at all."""
    verbs = ("acknowledge", "mute", "assign", "note", "escalate", "clear")
    return {verb: gate.may(request.user, f"alarm.{verb}", alarm) for verb in verbs}


def row(alarm: Alarm, now: datetime, tongue: str) -> dict[str, Any]:
    """One alarm as lists show it."""
    muted = alarm.muted_until if alarm.muted_until and alarm.muted_until > now else None
    ended = alarm.cleared_at if alarm.state == "cleared" else None
    return {
        "alarm": alarm,
        "id": alarm.pk,
        "message": alarm.message(tongue),
        "subject": alarm.subject.name(tongue),
        "kind": told.alarm_kind(alarm.kind, tongue),
        "severity": alarm.severity,
        "severity_name": say(f"severity.{alarm.severity}", tongue),
        "look": LOOKS.get(alarm.severity, ""),
        "state": "muted" if muted and alarm.state != "cleared" else alarm.state,
        "muted_until": muted,
        "owner": told.person_name(alarm.owner),
        "duties": told.duties(escalation.duties(alarm), tongue),
        "since": alarm.first_seen,
        "age": age(alarm.first_seen, ended or now, tongue),
        "count": alarm.count,
        "level": alarm.level,
        "next_step": alarm.escalate_at if alarm.state == "open" else None,
    }


def age(since: datetime, now: datetime, tongue: str) -> str:
    """How long already, in the largest unit that says enough."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    if minutes < 120:
        return say("age.minutes", tongue, count=minutes)
    if minutes < 2 * 24 * 60:
        return say("age.hours", tongue, count=minutes // 60)
    return say("age.days", tongue, count=minutes // (24 * 60))


def counts(theirs: QuerySet[Alarm], now: datetime, tongue: str) -> list[dict[str, Any]]:
    """Per severity, gravest first: how many are current, and how many of them nobody has."""
    current = theirs.filter(state__in=alarms.OPEN).exclude(muted_until__gt=now)
    nobody = Count("pk", filter=Q(state="open"))
    found = {
        one["severity"]: (one["all"], one["open"])
        for one in current.values("severity").annotate(all=Count("pk"), open=nobody).order_by()
    }
    return [
        {
            "severity": name,
            "name": say(f"severity.{name}", tongue),
            "look": LOOKS[name],
            "all": found.get(name, (0, 0))[0],
            "open": found.get(name, (0, 0))[1],
        }
        for name in reversed(alarms.SEVERITIES)
    ]


def _wanted(request: HttpRequest) -> Wanted:
    asked = request.GET
    names = ("state", "severity", "kind", "owner", "text", "group")
    query = {name: asked[name][:80] for name in names if asked.get(name)}
    number = asked.get("page", "")
    return Wanted(
        state=query.get("state", "") if query.get("state") in STATES else STATES[0],
        severity=query["severity"] if query.get("severity") in alarms.SEVERITIES else "",
        kind=query.get("kind", ""),
        owner=query.get("owner", ""),
        text=query.get("text", ""),
        group=query["group"] if query.get("group") in GROUPS else "",
        number=int(number) if number.isdecimal() and 0 < int(number[:6]) < 10_000 else 1,
        query=query,
    )


def _filtered(
    found: QuerySet[Alarm], wanted: Wanted, request: HttpRequest, now: datetime
) -> QuerySet[Alarm]:
    muted = Q(muted_until__gt=now)
    current = Q(state__in=alarms.OPEN)
    found = found.filter(
        {
            "current": current & ~muted,
            "open": Q(state="open"),
            "acknowledged": Q(state="acknowledged"),
            "muted": current & muted,
            "cleared": Q(state="cleared"),
            "all": Q(),
        }[wanted.state]
    )
    if wanted.severity:
        found = found.filter(severity=wanted.severity)
    if wanted.kind:
        found = found.filter(kind=wanted.kind)
    if wanted.owner == "me" and isinstance(request.user, Person):
        found = found.filter(owner=request.user)
    elif wanted.owner == "nobody":
        found = found.filter(owner=None)
    for word in wanted.text.split()[:5]:
        found = found.filter(
            Q(message_zh__icontains=word)
            | Q(message_en__icontains=word)
            | Q(subject__name_zh__icontains=word)
            | Q(subject__name_en__icontains=word)
            | Q(subject__code=word)
        )
    return found


def _grouped(rows: list[dict[str, Any]], by: str, tongue: str) -> list[dict[str, Any]]:
    """Groups in the order in which their first alarm stands; one without a name where none."""
    keys = {"severity": "severity_name", "kind": "kind", "subject": "subject", "owner": "owner"}
    if by not in keys:
        return [{"name": "", "rows": rows}]
    found: dict[str, list[dict[str, Any]]] = {}
    for one in rows:
        found.setdefault(one[keys[by]] or say("alarm.owners.nobody", tongue), []).append(one)
    return [{"name": name, "rows": of_it} for name, of_it in found.items()]


def _choices(key: str, values: tuple[str, ...], chosen: str, tongue: str) -> list[dict[str, Any]]:
    return [
        {
            "value": value,
            "label": say(f"{key}.{value or 'any'}", tongue),
            "chosen": value == chosen,
        }
        for value in values
    ]


def _kinds(theirs: QuerySet[Alarm], chosen: str, tongue: str) -> list[dict[str, Any]]:
    ids = theirs.order_by().values_list("kind", flat=True).distinct()
    return [
        {"value": id, "label": told.alarm_kind(id, tongue), "chosen": id == chosen}
        for id in sorted(ids)
    ]


def _turned(wanted: Wanted, by: int) -> str:
    return "?" + urlencode({**wanted.query, "page": str(wanted.number + by)})


def _person(request: HttpRequest) -> Person:
    if not isinstance(request.user, Person):
        raise Forbidden("access.forbidden", "请先登录", "sign in first")
    return request.user
