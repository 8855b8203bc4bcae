"""Station health: for every series how much of what should be there is there, since when it is
silent, its last value and how much of it is doubted. The longest silent first.

"Now" is the newest hour anything reported, so that an archive reads like the day it ends on.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET

from fenhe.access import gate
from fenhe.app.listing_cells import kind_name
from fenhe.app.web.preferences import language
from fenhe.app.web.render import for_people, page
from fenhe.kernel.period import DAY, Period, utc_now
from fenhe.observe import coverage, readings
from fenhe.observe.flags import Flag
from fenhe.observe.models import Latest
from fenhe.registry import search, vocabulary
from fenhe.registry.models import Series

PAGE = 50
DAYS = (1, 7, 31)
DOUBTED = [int(Flag.SUSPECT), int(Flag.FAIL)]
LATE = 3
"""A series is silent when nothing came for so many of its steps."""
IN_HOURS = 72
"""Longer silences are told in days."""


def routes() -> list[URLPattern]:
    return [path("series", for_people(show), name="series")]


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    params = {key: value.replace("\0", "") for key, value in request.GET.dict().items()}
    tongue = language(request)
    resolution = params.get("resolution", "")
    resolution = resolution if resolution in coverage.STEP else "hour"
    days = int(params["days"]) if params.get("days", "") in map(str, DAYS) else 1
    days = max(days, 31) if resolution == "day" else days
    measured = gate.visible(request.user, Series.objects.all()).filter(
        resolution=resolution, statistic="value" if resolution != "day" else "mean"
    )
    newest = _newest(measured)
    kinds = _by_kind(measured, newest, resolution, tongue)
    found = _narrowed(measured, params)
    until = newest if found is measured else _newest(found)
    step = coverage.STEP[resolution]
    page_of, after = _page(found, until, params, step)
    window = Period(until + step - days * DAY, until + step) if until else None
    rows = _rows(page_of, window, resolution, tongue) if window else []
    data = {
        "rows": rows,
        "until": until + step if until else None,
        "days": days,
        "choices": DAYS,
        "resolution": resolution,
        "resolutions": list(coverage.STEP),
        "kinds": kinds,
        "properties": _properties(measured, tongue),
        "params": params,
        "after": after,
        "narrow": any(params.get(key) for key in ("kind", "property", "q", "state")),
    }
    return page(request, "series/health.html", data)


def _by_kind(
    measured: QuerySet[Series], until: datetime | None, resolution: str, tongue: str
) -> list[dict[str, Any]]:
    """Per kind how many series there are, and how many reported in their last steps."""
    if until is None:
        return []
    fresh = Latest.objects.filter(start__gt=until - LATE * coverage.STEP[resolution])
    rows = (
        measured.order_by()
        .values_list("object__kind")
        .annotate(total=Count("pk"), online=Count("pk", filter=Q(pk__in=fresh.values("series"))))
        .order_by("object__kind")
    )
    return [
        {
            "id": kind,
            "name": kind_name(kind, tongue),
            "total": total,
            "online": online,
            "share": f"{100 * online / total:.1f}",
        }
        for kind, total, online in rows
    ]


def _properties(measured: QuerySet[Series], tongue: str) -> list[tuple[str, str]]:
    ids = measured.order_by("property").values_list("property", flat=True).distinct()
    return [(id, vocabulary.shown(id).symbol) for id in ids]


def _narrowed(found: QuerySet[Series], params: dict[str, str]) -> QuerySet[Series]:
    if params.get("kind"):
        found = found.filter(object__kind=params["kind"])
    if params.get("property"):
        found = found.filter(property=params["property"])
    if params.get("q"):
        found = found.filter(search.matching(params["q"][:200], "object__search"))
    return found


def _newest(found: QuerySet[Series]) -> datetime | None:
    """The newest start of any of them; what lies in the future never got into `latest`."""
    newest: datetime | None = Latest.objects.filter(
        series__in=found.values("pk"), start__lte=utc_now()
    ).aggregate(Max("start"))["start__max"]
    return newest


def _page(
    found: QuerySet[Series], until: datetime | None, params: dict[str, str], step: timedelta
) -> tuple[list[Latest], str]:
    """The newest readings of one page of series, the oldest of them first."""
    latest = Latest.objects.filter(series__in=found.values("pk"))
    if params.get("state") == "silent" and until:
        latest = latest.filter(start__lte=until - LATE * step)
    moment, _, number = params.get("after", "").partition("~")
    if number.isdecimal() and len(number) < 10:
        try:
            start = datetime.fromisoformat(moment)
            latest = latest.filter(Q(start__gt=start) | Q(start=start, series__gt=int(number)))
        except (ValueError, OverflowError):
            pass
    rows = list(latest.order_by("start", "series")[: PAGE + 1])
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return rows[:PAGE], f"{last.start.isoformat()}~{last.series}" if last else ""


def _rows(
    newest: list[Latest], window: Period, resolution: str, tongue: str
) -> list[dict[str, Any]]:
    ids = [one.series for one in newest]
    series = Series.objects.select_related("object").in_bulk(ids)
    found = readings.current(ids, window, resolution) if ids else None
    counts: dict[int, dict[str, int]] = {}
    if found is not None:
        there = pl.col("value").is_not_null()
        counts = {
            row["series"]: row
            for row in found.group_by("series")
            .agg(
                observed=there.sum(),
                doubted=(there & pl.col("flag").is_in(DOUBTED)).sum(),
            )
            .iter_rows(named=True)
        }
    step = coverage.STEP[resolution]
    expected = int(window.length / step)
    return [
        _row(series[one.series], one, counts.get(one.series), expected, window.end - step, tongue)
        for one in newest
        if one.series in series
    ]


def _row(
    one: Series, newest: Latest, counts: Any, expected: int, until: datetime, tongue: str
) -> dict[str, Any]:
    about = vocabulary.shown(one.property)
    observed = counts["observed"] if counts else 0
    doubted = counts["doubted"] if counts else 0
    hours = (until - newest.start) / timedelta(hours=1)
    return {
        "series": one,
        "name": one.object.name(tongue),
        "symbol": about.symbol,
        "unit": about.unit,
        "last": newest.start,
        "value": "—" if newest.value is None else f"{newest.value:.{about.decimals}f}",
        "silent": f"{hours:g}" if hours else "",
        "silent_days": int(hours / 24) if hours > IN_HOURS else None,
        "late": hours >= LATE * (24 if one.resolution == "day" else 1),
        "observed": observed,
        "expected": expected,
        "percent": f"{100 * observed / expected:.1f}",
        "doubted": f"{100 * doubted / observed:.1f}" if observed else "—",
        "why": f"/explain/reading/{one.pk}/{newest.start:%Y%m%dT%H%M%SZ}",
    }
