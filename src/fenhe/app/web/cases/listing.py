"""Lists of cases: all that the person may see with filters, a board by state, one's own work."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse

from fenhe.access import gate
from fenhe.access.models import Person
from fenhe.act import clocks, holding
from fenhe.act.models import Case, Obligation
from fenhe.act.procedures import register
from fenhe.act.procedures.shape import Procedure
from fenhe.app.web.cases import starting
from fenhe.app.web.cases.rows import rows
from fenhe.app.web.preferences import language
from fenhe.app.web.render import page
from fenhe.kernel.period import civil, utc_now

PAGE = 50
MOST_OVERDUE = 2000
COLUMN = 12
SCOPES = ("open", "overdue", "closed", "all")


def show(request: HttpRequest) -> HttpResponse:
    asked = request.GET
    found = _scoped(visible(request), asked.get("scope", "open"))
    procedures = current()
    chosen = next((one for one in procedures if one.id == asked.get("procedure")), None)
    if chosen is not None:
        found = found.filter(procedure=chosen.id)
        if asked.get("state") in chosen.states:
            found = found.filter(state=asked["state"])
    if words := asked.get("q", "").strip():
        found = found.filter(Q(number__contains=words) | Q(title__contains=words))
    if (before := asked.get("before", "")).isdecimal():
        found = found.filter(pk__lt=int(before))
    listed = list(found.select_related("organ", "handler").order_by("-pk")[: PAGE + 1])
    tongue, now = language(request), utc_now()
    kept = request.GET.copy()
    kept.pop("before", None)
    return page(
        request,
        "pages/cases.html",
        {
            "rows": rows(listed[:PAGE], tongue, now),
            "older": listed[PAGE - 1].pk if len(listed) > PAGE else None,
            "query": kept.urlencode(),
            "procedures": _named(procedures, tongue),
            "states": [
                {"id": key, "name": one.name[tongue]}
                for key, one in (chosen.states if chosen else {}).items()
            ],
            "scopes": SCOPES,
            "asked": asked,
            "scope": asked.get("scope", "open"),
            "may_open": bool(starting.openable(request.user)),
        },
    )


def board(request: HttpRequest) -> HttpResponse:
    """One procedure, a column per state that is not final."""
    procedures, tongue = current(), language(request)
    open_now = visible(request).filter(closed_at=None)
    counted = open_now.order_by().values_list("procedure", "state").annotate(number=Count("pk"))
    states: dict[str, dict[str, int]] = {}
    for procedure, state, number in counted:
        states.setdefault(procedure, {})[state] = number
    counts = {id: sum(numbers.values()) for id, numbers in states.items()}
    wanted = request.GET.get("procedure", "")
    fullest = max(procedures, key=lambda one: counts.get(one.id, 0), default=None)
    chosen = next((one for one in procedures if one.id == wanted), fullest)
    columns = _columns(chosen, states.get(chosen.id, {}), open_now, tongue) if chosen else []
    names = _named(procedures, tongue)
    return page(
        request,
        "pages/cases_board.html",
        {
            "procedures": [{**one, "count": counts.get(one["id"], 0)} for one in names],
            "chosen": chosen.id if chosen else "",
            "columns": columns,
            "may_open": bool(starting.openable(request.user)),
        },
    )


def _columns(
    procedure: Procedure, counts: dict[str, int], open_now: QuerySet[Case], tongue: str
) -> list[dict[str, Any]]:
    of_it = open_now.filter(procedure=procedure.id)
    newest: dict[str, list[Case]] = {}
    for case in of_it.select_related("organ", "handler").order_by("-pk")[:400]:
        newest.setdefault(case.state, []).append(case)
    shown = [case for cases in newest.values() for case in cases[:COLUMN]]
    told = {row["case"].pk: row for row in rows(shown, tongue, utc_now())}
    return [
        {
            "id": key,
            "name": state.name[tongue],
            "count": counts.get(key, 0),
            "rows": [told[case.pk] for case in newest.get(key, [])[:COLUMN]],
        }
        for key, state in procedure.states.items()
        if not state.final and counts.get(key)
    ]


def mine(request: HttpRequest) -> HttpResponse:
    """What waits for me: cases in my hands, and those whose next step is for a post I hold."""
    tongue, now = language(request), utc_now()
    person = request.user if isinstance(request.user, Person) else None
    open_now = visible(request).filter(closed_at=None).select_related("organ", "handler")
    handled = list(open_now.filter(handler=person).order_by("-changed_at")[:PAGE])
    waiting = Q(pk__in=())
    for procedure in register.all():
        held = set(holding.held(person, sorted({p for t in procedure.transitions.values()
                                              for p in t.by})))  # fmt: skip
        states = [
            key
            for key, state in procedure.states.items()
            if not state.final
            and any(held & set(one.by) and one.to for one in procedure.leaving(key).values())
        ]
        if states:
            waiting |= Q(procedure=procedure.id, version=procedure.version, state__in=states)
    due = open_now.filter(waiting).exclude(handler=person).order_by("-changed_at")[:PAGE]
    return page(
        request,
        "pages/cases_mine.html",
        {"handled": rows(handled, tongue, now), "waiting": rows(list(due), tongue, now)},
    )


def visible(request: HttpRequest) -> QuerySet[Case]:
    return gate.visible(request.user, Case.objects.all())


def current() -> list[Procedure]:
    return register.current(civil(utc_now()).date())


def _named(procedures: list[Procedure], tongue: str) -> list[dict[str, Any]]:
    return [{"id": one.id, "name": one.name[tongue]} for one in procedures]


def _scoped(found: QuerySet[Case], scope: str) -> QuerySet[Case]:
    if scope == "closed":
        return found.exclude(closed_at=None)
    if scope == "all":
        return found
    if scope == "overdue":
        return found.filter(closed_at=None, pk__in=_overdue())
    return found.filter(closed_at=None)


def _overdue() -> list[int]:
    """Cases with a clock that ran out, the longest overdue first."""
    late = Obligation.objects.filter(
        state__in=clocks.RUNNING, accuses=True, due__lte=utc_now(), about__startswith="case:"
    ).order_by("due")
    return [int(about[5:]) for about in late.values_list("about", flat=True)[:MOST_OVERDUE]]
