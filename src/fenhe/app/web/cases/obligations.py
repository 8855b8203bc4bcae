"""Running time limits of all cases the person may see: due, overdue, provisional with the reason,
at a standstill. A page is the limits after a day and number, the earliest first: nothing is
counted over a table of a million rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.dateparse import parse_datetime

from fenhe.access import gate
from fenhe.act import clocks, notices
from fenhe.act.deadlines import Calendar
from fenhe.act.models import Case, Obligation, Reminder
from fenhe.act.obligations import life
from fenhe.act.obligations.policy import step as policy_step
from fenhe.act.procedures import register
from fenhe.app.text import say
from fenhe.app.web.cases.rows import told
from fenhe.app.web.preferences import language
from fenhe.app.web.render import page
from fenhe.kernel.period import DAY, civil, civil_midnight, utc_now

PAGE = 50
SOON = 15  # days
SCOPES = ("soon", "overdue", "provisional", "suspended", "open")


def show(request: HttpRequest) -> HttpResponse:
    tongue, now = language(request), utc_now()
    scope = request.GET.get("scope", "soon")
    if scope not in SCOPES:
        scope = "soon"
    found = _after(_scoped(_visible(request), scope, now), request.GET.get("after", ""))
    listed = list(found.order_by("due", "pk")[: PAGE + 1])
    more, listed = len(listed) > PAGE, listed[:PAGE]
    last = listed[-1] if more else None
    data = {
        "rows": _rows(listed, tongue, now),
        "scope": scope,
        "scopes": [{"id": one, "name": say(f"case.limits.scope.{one}", tongue)} for one in SCOPES],
        "next": f"{last.due.isoformat()}~{last.pk}" if last and last.due else "",
        "soon": SOON,
    }
    return page(request, "pages/obligations.html", data)


def _visible(request: HttpRequest) -> QuerySet[Obligation]:
    """Open limits with a last day, of cases that the gate shows to this person."""
    mine = gate.visible(request.user, Case.objects.all())
    return clocks.of_cases(mine).filter(met_at=None, due__isnull=False)


def _scoped(found: QuerySet[Obligation], scope: str, now: datetime) -> QuerySet[Obligation]:
    running = Q(state__in=clocks.RUNNING)
    soon = civil_midnight(civil(now).date() + (SOON + 1) * DAY)
    wanted = {
        "soon": running & Q(due__gt=now, due__lte=soon),
        "overdue": running & Q(due__lte=now, accuses=True),
        "provisional": Q(provisional=True) | Q(accuses=False),
        "suspended": Q(state="suspended"),
        "open": Q(),
    }
    return found.filter(wanted[scope])


def _after(found: QuerySet[Obligation], place: str) -> QuerySet[Obligation]:
    """Those behind the last of the page before; all, for what is no place."""
    when, _, pk = place.rpartition("~")
    try:
        due = parse_datetime(when.replace(" ", "+"))
    except ValueError:
        due = None
    if due is None or due.tzinfo is None or not pk.isdecimal() or len(pk) > 17:
        return found
    return found.filter(Q(due__gt=due) | Q(due=due, pk__gt=int(pk)))


def _rows(listed: list[Obligation], tongue: str, now: datetime) -> list[dict[str, Any]]:
    cases = Case.objects.select_related("organ", "handler").in_bulk(
        [clocks.number_of(one) for one in listed]
    )
    newest: dict[int, Reminder] = {}
    for reminder in Reminder.objects.filter(obligation__in=listed).order_by("pk"):
        if reminder.step:
            newest[reminder.obligation_id] = reminder
    calendar = notices.current()
    return [
        _row(one, cases[clocks.number_of(one)], newest.get(one.pk), calendar, tongue, now)
        for one in listed
    ]


def _row(
    one: Obligation,
    case: Case,
    reminder: Reminder | None,
    calendar: Calendar,
    tongue: str,
    now: datetime,
) -> dict[str, Any]:
    procedure = register.get(case.procedure, case.version)
    return {
        "case": case,
        "procedure": procedure.name[tongue],
        "clock": told(one, procedure, tongue, now),
        "state": say(f"case.clock.{one.state}", tongue),
        "handler": case.handler.get_username() if case.handler else "",
        "organ": case.organ.name(tongue) if case.organ else "",
        "why": _why(one, calendar, tongue),
        "reminder": _reminded(one, reminder, tongue),
    }


def _why(one: Obligation, calendar: Calendar, tongue: str) -> str:
    """Why the day may still move, or may not be held against anybody."""
    if not one.provisional and one.accuses:
        return ""
    reason = life.counted(one, calendar).reason
    return reason[tongue] if reason else say("case.no_accusing", tongue)


def _reminded(one: Obligation, reminder: Reminder | None, tongue: str) -> dict[str, Any] | None:
    if reminder is None or reminder.round != one.round:
        return None
    to = policy_step(one.policy, reminder.step).to
    return {"to": to[tongue], "light": reminder.light, "at": reminder.at}
