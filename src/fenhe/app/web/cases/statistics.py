"""How the work goes: share of clocks met in time, median days per state, by procedure and organ.
`?organ=` and `?procedure=` narrow the medians down."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from itertools import groupby
from statistics import median
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest, HttpResponse

from fenhe.access.models import Organ
from fenhe.act import clocks
from fenhe.act.models import Case, CaseEntry
from fenhe.act.procedures.shape import Procedure
from fenhe.app.web.cases.listing import current, visible
from fenhe.app.web.preferences import language
from fenhe.app.web.render import page
from fenhe.kernel.period import DAY, utc_now

PERIOD = timedelta(days=365)
MOST_ENTRIES = 50_000


def show(request: HttpRequest) -> HttpResponse:
    tongue = language(request)
    names = {one.id: one for one in current()}
    organs = Organ.objects.filter(pk__in=visible(request).values("organ")).order_by("name_zh")
    listed = list(organs)
    organ = next((one for one in listed if str(one.pk) == request.GET.get("organ")), None)
    chosen = names.get(request.GET.get("procedure", ""))
    data = {
        "procedures": _by_procedure(request, names, tongue),
        "organs": _by_organ(request, tongue),
        "states": _medians(_narrowed(request, organ, chosen), names, tongue),
        "most": MOST_ENTRIES,
        "choices": {
            "organs": [{"id": one.pk, "name": one.name(tongue)} for one in listed],
            "procedures": [{"id": id, "name": one.name[tongue]} for id, one in names.items()],
        },
        "organ": organ,
        "procedure": chosen.id if chosen else "",
    }
    return page(request, "pages/cases_statistics.html", data)


def _narrowed(
    request: HttpRequest, organ: Organ | None, procedure: Procedure | None
) -> QuerySet[Case]:
    found = visible(request)
    if organ is not None:
        found = found.filter(organ=organ)
    return found.filter(procedure=procedure.id) if procedure else found


def _by_procedure(
    request: HttpRequest, names: dict[str, Procedure], tongue: str
) -> list[dict[str, Any]]:
    counted = (
        visible(request)
        .order_by()
        .values("procedure")
        .annotate(
            total=Count("pk"),
            open=Count("pk", filter=Q(closed_at=None)),
            resolved=Count("pk", filter=Q(closed_at=None) & ~Q(resolved_at=None)),
        )
    )
    return [
        {**row, "name": names[row["procedure"]].name[tongue]}
        for row in counted.order_by("-total")
        if row["procedure"] in names
    ]


def _by_organ(request: HttpRequest, tongue: str) -> list[dict[str, Any]]:
    """Clocks of a year that accuse: met in time, met late, overdue now."""
    since = utc_now() - PERIOD
    late = ~Q(due=None) & Q(met_at__gte=F("due"))
    counted = (
        clocks.of_cases(visible(request))
        .filter(accuses=True, started_at__gte=since)
        .order_by()
        .values("organ__name_zh", "organ__name_en")
        .annotate(
            in_time=Count("pk", filter=Q(state="met") & ~late),
            late=Count("pk", filter=Q(state="met") & late),
            overdue=Count("pk", filter=Q(state__in=clocks.RUNNING, due__lte=utc_now())),
            running=Count("pk", filter=Q(state__in=clocks.LIVE)),
        )
    )
    rows = []
    for row in counted.order_by("organ__name_zh"):
        judged = row["in_time"] + row["late"] + row["overdue"]
        name = row["organ__name_en"] if tongue == "en" else row["organ__name_zh"]
        share = 100 * row["in_time"] / judged if judged else None
        rows.append({**row, "name": name or "—", "share": share, "judged": judged})
    return rows


def _medians(
    found: QuerySet[Case], names: dict[str, Procedure], tongue: str
) -> list[dict[str, Any]]:
    """Days that cases stayed in a state before they left it, of the newest entries."""
    seen = found.values("pk")
    newest = (
        CaseEntry.objects.filter(case__in=seen)
        .order_by("-pk")
        .values_list("case_id", "seq", "case__procedure", "after", "at")[:MOST_ENTRIES]
    )
    stayed: dict[tuple[str, str], list[float]] = defaultdict(list)
    for _, entries in groupby(sorted(newest), key=lambda one: one[0]):
        entered = None
        for _, _, procedure, after, at in entries:
            if entered is None or entered[1] != after:
                if entered is not None:
                    stayed[entered[:2]].append((at - entered[2]) / DAY)
                entered = (procedure, after, at)
    return [
        {
            "procedure": names[procedure].name[tongue],
            "state": names[procedure].states[state].name[tongue],
            "count": len(days),
            "median": median(days),
            "longest": max(days),
        }
        for (procedure, state), days in sorted(stayed.items())
        if procedure in names and state in names[procedure].states
    ]
