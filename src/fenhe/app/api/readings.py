"""Readings: a period of a series, as it stands or as it was known then; their history; the newest
of every series; how complete they are."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from fenhe.app.api import lists
from fenhe.app.api.caller import not_there, one, visible
from fenhe.app.api.months import nearest
from fenhe.app.api.objects import unit_of
from fenhe.app.api.operations import reads
from fenhe.app.api.shapes import (
    CoverageOut,
    FlagOut,
    GapOut,
    GapsOut,
    HistoryOut,
    LatestOut,
    Page,
    ReadingOut,
    ReadingsOut,
    VersionOut,
)
from fenhe.app.api.tags import as_bytes
from fenhe.app.api.words import DEFAULT, Id, Instant, Limit, SeriesId, Word, instant, period
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.period import Period
from fenhe.kernel.text import Text
from fenhe.kernel.values import Qualifier
from fenhe.observe import coverage as completeness
from fenhe.observe import flags, readings
from fenhe.observe.models import Latest
from fenhe.registry.models import Series

router = Router(tags=["readings"])
LONGEST = timedelta(days=3660)


@router.get(
    "/series/{pk}/readings", response=reads(ReadingsOut), summary="读数 · readings of a series"
)
def listing(
    request: HttpRequest,
    pk: SeriesId,
    start: Instant | None = None,
    end: Instant | None = None,
    known_at: Instant | None = None,
    newest: bool = False,
    limit: Limit = DEFAULT,
    after: str | None = None,
) -> HttpResponse:
    """Oldest first, or the newest first. `known_at` asks what was known then; corrections that came
    later are left out. A value that is missing is null and its qualifier says why."""
    series = one(request, Series.objects.all(), pk=pk)
    asked = period(start, end)
    if after is not None:
        [at] = lists.read_cursor(request, after, 1)
        place = instant(at)
        asked = (
            period(start, min(place, end or place))
            if newest
            else period(max(place + readings.TICK, start or place), end)
        )
    rows = []
    if asked is not None:
        found = nearest([pk], series.resolution, asked, limit + 1, known_at, newest)
        rows = found.to_dicts()
    more, rows = len(rows) > limit, rows[:limit]
    newest_known = Latest.objects.filter(pk=pk).values_list("start", flat=True).first()
    told = {
        "unit": unit_of(series.property),
        "known_at": known_at,
        "data_up_to": newest_known + _step(series.resolution) if newest_known else None,
        "items": [reading(row, series.resolution) for row in rows],
        "next": lists.cursor(request, [rows[-1]["start"].isoformat()]) if more else None,
    }
    return HttpResponse(as_bytes(told), content_type="application/json; charset=utf-8")


@router.get(
    "/series/{pk}/readings/{start}",
    response=reads(HistoryOut),
    summary="一个读数的全部版本 · every version of one reading",
)
def history(request: HttpRequest, pk: SeriesId, start: Instant) -> HistoryOut:
    """Nothing is overwritten: every value there ever was, and every flag with the check that set
    it."""
    series = one(request, Series.objects.all(), pk=pk)
    versions = readings.versions(pk, start, series.resolution)
    if versions.is_empty():
        raise not_there()
    said = flags.history(pk, start, series.resolution)
    return HistoryOut(
        series=pk,
        start=start,
        versions=[
            VersionOut(
                value=row["value"],
                qualifier=_qualifier(row["qualifier"]),
                known_at=row["known_at"],
                source=row["source"],
            )
            for row in versions.iter_rows(named=True)
        ],
        flags=[
            FlagOut(**{**row, "flag": _flag(row["flag"]) or ""})
            for row in said.iter_rows(named=True)
        ],
    )


@router.get("/latest", response=reads(Page[LatestOut]), summary="最新读数 · latest readings")
def latest(
    request: HttpRequest,
    object: Id | None = None,
    kind: Word | None = None,
    property: Word | None = None,
    resolution: Word | None = None,
    limit: Limit = DEFAULT,
    after: str | None = None,
) -> dict[str, Any]:
    """The newest reading of every series; never one that lies in the future."""
    rows = Series.objects.filter(pk__in=Latest.objects.values("series"))
    asked = (("object", object), ("object__kind", kind), ("property", property))
    for name, value in (*asked, ("resolution", resolution)):
        rows = rows.filter(**{name: value}) if value is not None else rows
    found = lists.page(request, rows, lambda row: row, limit, after)
    newest = Latest.objects.in_bulk([row.pk for row in found["items"]])
    found["items"] = [_latest(row, newest[row.pk]) for row in found["items"] if row.pk in newest]
    return found


@router.get(
    "/coverage",
    response=reads(list[CoverageOut]),
    summary="完整率 · coverage of an object's series",
)
def coverage(
    request: HttpRequest, object: Id, start: Instant, end: Instant, resolution: Word = "hour"
) -> list[CoverageOut]:
    """Expected and observed readings of each series of an object."""
    asked = _span(start, end)
    rows = visible(request, Series.objects.filter(object=object, resolution=resolution))
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    found = completeness.coverage(ids, asked, resolution)
    return [_coverage(row, asked) for row in found.iter_rows(named=True)]


@router.get("/series/{pk}/gaps", response=reads(GapsOut), summary="缺口 · gaps of a series")
def gaps(request: HttpRequest, pk: SeriesId, start: Instant, end: Instant) -> GapsOut:
    """Every unbroken stretch without a value: `never-arrived`, or `marked-missing` with the reason
    the source gave."""
    series = one(request, Series.objects.all(), pk=pk)
    asked = _span(start, end)
    found = completeness.gaps([pk], asked, series.resolution)
    whole = completeness.coverage([pk], asked, series.resolution)
    return GapsOut(
        series=pk,
        coverage=_coverage(whole.row(0, named=True), asked),
        items=[
            GapOut(
                start=row["start"],
                end=row["end"],
                hours=row["hours"],
                reason=row["reason"],
                qualifier=None if row["qualifier"] is None else _qualifier(row["qualifier"]),
            )
            for row in found.iter_rows(named=True)
        ],
    )


def reading(row: dict[str, Any], resolution: str) -> dict[str, Any]:
    """A row of the lake as `ReadingOut`."""
    step = completeness.STEP.get(resolution)
    return ReadingOut(
        series=row["series"],
        start=row["start"],
        end=row["start"] + step if step else None,
        value=row["value"],
        qualifier=_qualifier(row["qualifier"]),
        flag=_flag(row["flag"]),
        known_at=row["known_at"],
        source=row["source"],
    ).model_dump()


def _latest(series: Series, row: Latest) -> LatestOut:
    return LatestOut(
        series=series.pk,
        object=series.object_id,
        property=series.property,
        unit=unit_of(series.property),
        start=row.start,
        value=row.value,
        qualifier=_qualifier(row.qualifier),
        known_at=row.known_at,
    )


def _coverage(row: dict[str, Any], asked: Period) -> CoverageOut:
    return CoverageOut(start=asked.start, end=asked.end, **row)


def _span(start: datetime, end: datetime) -> Period:
    """Expected readings are counted one by one, so the period has an end in sight."""
    asked = period(start, end)
    if asked is None or asked.length > LONGEST:
        said = Text("start 须早于 end，且至多相隔十年", "start before end, ten years apart at most")
        raise BadInput(
            "api.period",
            "时段不可用",
            "this period cannot be used",
            [Problem("api.period", said, column="end", value=end.isoformat())],
        )
    return asked


def _step(resolution: str) -> timedelta:
    return completeness.STEP.get(resolution, timedelta(0))


def _qualifier(number: int) -> str:
    try:
        return Qualifier(number).name.lower()
    except ValueError:
        return str(number)


def _flag(number: int | None) -> str | None:
    try:
        return None if number is None else flags.Flag(number).name.lower()
    except ValueError:
        return str(number)
