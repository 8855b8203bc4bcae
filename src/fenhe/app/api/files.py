"""Downloads: objects, readings, verdicts and alarms as CSV, XLSX, GeoJSON or Parquet.

Every row carries its quality, the licence it is given under and how far the data go; what may not
be seen is not in the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

from django.db.models import Max
from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router

from fenhe.alert.models import Alarm
from fenhe.app import downloads
from fenhe.app.api.caller import visible
from fenhe.app.api.months import stretches
from fenhe.app.api.objects import unit_of
from fenhe.app.api.operations import reads
from fenhe.app.api.readings import reading
from fenhe.app.api.words import Id, Instant, SeriesId, Word, period
from fenhe.assess.models import Verdict
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.period import utc_now
from fenhe.kernel.text import Text
from fenhe.observe import readings as lake
from fenhe.observe.models import Latest
from fenhe.publish.downloads import FORMS, Column, Download, Kind
from fenhe.registry.models import Object, Series
from fenhe.store.config import settings

router = Router(tags=["files"])
Form = Literal["csv", "xlsx", "geojson", "parquet"]
AT_ONCE = 2000
MOST_SERIES = 1000
_CONTENT = {
    form.media_type.partition(";")[0]: {
        "schema": {"type": "object"}
        if name == "geojson"
        else {"type": "string", "format": "binary"}
    }
    for name, form in FORMS.items()
}
_FILES = {"responses": {200: {"content": _CONTENT}}}
_PLACE: list[tuple[str, Kind]] = [("longitude", "number"), ("latitude", "number")]


def _columns(*named: tuple[str, Kind]) -> list[Column]:
    tail: list[tuple[str, Kind]] = [("data_up_to", "instant"), ("licence", "text")]
    return [Column(name, kind) for name, kind in (*named, *tail)]


@router.get(
    "/files/objects", response=reads(None), openapi_extra=_FILES, summary="监管对象文件 · objects"
)
def objects(
    request: HttpRequest, format: Form = "csv", kind: Word | None = None
) -> StreamingHttpResponse:
    rows = Object.objects.select_related("area").order_by("pk")
    rows = rows.filter(kind=kind) if kind is not None else rows
    now = utc_now()
    columns = _columns(
        ("id", "integer"), ("kind", "text"), ("code", "text"), ("name_zh", "text"),
        ("name_en", "text"), ("area", "text"), *_PLACE, ("valid_from", "date"),
        ("valid_to", "date"), ("attributes", "text"),
    )  # fmt: skip
    lines = (
        [
            one.pk, one.kind, one.code, one.name_zh, one.name_en,
            one.area.adcode if one.area else None, one.longitude, one.latitude, one.valid_from,
            one.valid_to, one.attributes, now, settings().open_data_licence,
        ]
        for one in visible(request, rows).iterator(AT_ONCE)
    )  # fmt: skip
    return _answer("objects", columns, lines, format, now, place=True)


@router.get(
    "/files/readings", response=reads(None), openapi_extra=_FILES, summary="读数文件 · readings"
)
def readings(
    request: HttpRequest,
    series: Query[list[SeriesId]],
    start: Instant | None = None,
    end: Instant | None = None,
    known_at: Instant | None = None,
    format: Form = "csv",
) -> StreamingHttpResponse:
    """Of up to 1000 series, period by period; `qualifier` and `flag` are the quality of a value."""
    if len(series) > MOST_SERIES:
        text = Text(f"至多 {MOST_SERIES} 个", f"{MOST_SERIES} at most")
        raise BadInput(
            "api.too-many-series",
            f"一次至多 {MOST_SERIES} 个序列",
            f"{MOST_SERIES} series at most in one file",
            [Problem("api.too-many-series", text, column="series")],
        )
    chosen = visible(request, Series.objects.filter(pk__in=series)).select_related("object")
    known = {one.pk: one for one in chosen}
    until = Latest.objects.filter(pk__in=list(known)).aggregate(last=Max("start"))["last"]
    columns = _columns(
        ("series", "integer"), ("code", "text"), ("name", "text"), *_PLACE, ("property", "text"),
        ("start", "instant"), ("end", "instant"), ("value", "number"), ("unit", "text"),
        ("qualifier", "text"), ("flag", "text"), ("known_at", "instant"), ("source", "text"),
    )  # fmt: skip
    asked = period(start, end)
    lines = _readings(known, asked, known_at, until) if asked else iter([])
    return _answer("readings", columns, lines, format, until, place=True)


@router.get(
    "/files/verdicts", response=reads(None), openapi_extra=_FILES, summary="评价文件 · verdicts"
)
def verdicts(
    request: HttpRequest,
    rule: Word | None = None,
    subject: Id | None = None,
    start: Instant | None = None,
    end: Instant | None = None,
    format: Form = "csv",
) -> StreamingHttpResponse:
    """One line per value; `expected` and `observed` are its coverage, `edition` what it was judged
    by."""
    rows = Verdict.objects.filter(current=True, variant="").select_related("subject")
    asked = (("rule", rule), ("subject", subject), ("start__gte", start), ("end__lte", end))
    for name, value in asked:
        rows = rows.filter(**{name: value}) if value is not None else rows
    rows = visible(request, rows).order_by("pk")
    until = rows.aggregate(last=Max("end"))["last"]
    columns = _columns(
        ("verdict", "integer"), ("code", "text"), ("name", "text"), *_PLACE, ("rule", "text"),
        ("start", "instant"), ("end", "instant"), ("metric", "text"), ("value", "text"),
        ("category", "text"), ("edition", "text"), ("expected", "integer"),
        ("observed", "integer"), ("computed_at", "instant"),
    )  # fmt: skip
    lines = (
        [
            one.pk, one.subject.code, one.subject.name_zh, one.subject.longitude,
            one.subject.latitude, one.rule, one.start, one.end, metric, value, one.category,
            one.edition, one.expected, one.observed, one.computed_at, until,
            settings().open_data_licence,
        ]
        for one in rows.iterator(AT_ONCE)
        for metric, value in one.values.items()
    )  # fmt: skip
    return _answer("verdicts", columns, lines, format, until, place=True)


@router.get(
    "/files/alarms", response=reads(None), openapi_extra=_FILES, summary="告警文件 · alarms"
)
def alarms(
    request: HttpRequest, state: Word | None = None, format: Form = "csv"
) -> StreamingHttpResponse:
    rows = Alarm.objects.select_related("subject").order_by("pk")
    rows = rows.filter(state=state) if state is not None else rows
    rows = visible(request, rows)
    until = rows.aggregate(last=Max("last_seen"))["last"]
    columns = _columns(
        ("alarm", "integer"), ("code", "text"), ("name", "text"), *_PLACE, ("kind", "text"),
        ("severity", "text"), ("state", "text"), ("message_zh", "text"), ("message_en", "text"),
        ("first_seen", "instant"), ("last_seen", "instant"), ("count", "integer"),
    )  # fmt: skip
    lines = (
        [
            one.pk, one.subject.code, one.subject.name_zh, one.subject.longitude,
            one.subject.latitude, one.kind, one.severity, one.state, one.message_zh,
            one.message_en, one.first_seen, one.last_seen, one.count, until,
            settings().open_data_licence,
        ]
        for one in rows.iterator(AT_ONCE)
    )  # fmt: skip
    return _answer("alarms", columns, lines, format, until, place=True)


def _readings(
    known: dict[int, Series], asked: Any, known_at: datetime | None, until: datetime | None
) -> Iterator[Sequence[Any]]:
    """Stretch after stretch of the lake, so that memory is that of one."""
    licence = settings().open_data_licence
    by_resolution: dict[str, list[int]] = {}
    for pk, one in known.items():
        by_resolution.setdefault(one.resolution, []).append(pk)
    for resolution, pks in by_resolution.items():
        for stretch in stretches(pks, resolution, asked, known_at, newest=False):
            frame = lake.current(pks, stretch, resolution, known_at)
            for row in frame.iter_rows(named=True):
                one, told = known[row["series"]], reading(row, resolution)
                yield [
                    one.pk, one.object.code, one.object.name_zh, one.object.longitude,
                    one.object.latitude, one.property, told["start"], told["end"], told["value"],
                    unit_of(one.property), told["qualifier"], told["flag"], told["known_at"],
                    told["source"], until, licence,
                ]  # fmt: skip


def _answer(
    name: str,
    columns: list[Column],
    rows: Iterator[Sequence[Any]],
    form: str,
    until: datetime | None,
    place: bool,
) -> StreamingHttpResponse:
    about = {
        "licence": settings().open_data_licence,
        "data_up_to": until.isoformat() if until else "",
        "made_at": utc_now().isoformat(),
    }
    names = [column.name for column in columns]
    where = (names.index("longitude"), names.index("latitude")) if place else None
    return downloads.answer(Download(name, columns, rows, where, about), form)
