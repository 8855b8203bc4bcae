"""Parameter changes of instruments, per outlet: when, from what to what, by whom, and the
concentrations of a day before and a day after. A page is the newest changes before one of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import polars as pl
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from fenhe.access import gate
from fenhe.app.text import say
from fenhe.app.web.domain_pages import file_answer
from fenhe.app.web.preferences import language
from fenhe.app.web.render import page
from fenhe.ingest.hj212 import vocabulary
from fenhe.kernel.period import DAY, Period, civil
from fenhe.kernel.text import Language
from fenhe.observe import parameters, readings
from fenhe.observe.device_series import meaning
from fenhe.observe.devices import Source, sources
from fenhe.observe.flags import Flag
from fenhe.observe.models import Parameter
from fenhe.observe.parameters import Change
from fenhe.publish.page import Table
from fenhe.registry import vocabulary as properties
from fenhe.registry.models import Series

PER_PAGE = 30
MOST_IN_A_FILE = 1000
ASKED = ("q", "code")
UNUSABLE = (int(Flag.FAIL), int(Flag.MISSING))
GRAVE = {"i13001", "i13007", "i13008"}  # range, intercept, slope: they move what is measured
NAMED = {f"i1300{number}" for number in range(1, 10)}


def show(request: HttpRequest) -> HttpResponseBase:
    tongue = language(request)
    wanted = {name: request.GET[name][:60] for name in ASKED if request.GET.get(name)}
    seen = gate.visible(request.user, Parameter.objects.all())
    codes = sorted(set(seen.values_list("code", flat=True).distinct()))
    every = parameters.changed(_about(seen, wanted)).select_related("device__object")
    if request.GET.get("csv") is not None:
        rows = _rows(parameters.changes(every[:MOST_IN_A_FILE]), tongue)
        return file_answer(_table(rows, tongue), request.GET.get("format", ""))
    some = list(_narrowed(every, request.GET.get("before", ""))[: PER_PAGE + 1])
    rows = _rows(parameters.changes(some[:PER_PAGE]), tongue)
    last = _place(some[PER_PAGE - 1]) if len(some) > PER_PAGE else ""
    data = {
        "rows": rows,
        "wanted": wanted,
        "codes": [
            {"code": code, "name": _name(code, tongue), "chosen": code == wanted.get("code")}
            for code in codes
        ],
        "query": urlencode(wanted),
        "older": urlencode({**wanted, "before": last}) if last else "",
        "may_see": gate.may(request.user, "frame.view"),
        "reported": bool(codes),
        "most": MOST_IN_A_FILE,
    }
    return page(request, "pages/parameters.html", data)


def _about(seen: QuerySet[Parameter], wanted: dict[str, str]) -> QuerySet[Parameter]:
    """Whole histories of parameters: a change is told from the row before it."""
    if code := wanted.get("code"):
        seen = seen.filter(code=code)
    if text := wanted.get("q"):
        thing = "device__object__"
        seen = seen.filter(
            Q(device__mn__icontains=text)
            | Q(**{f"{thing}name_zh__icontains": text})
            | Q(**{f"{thing}name_en__icontains": text})
            | Q(**{f"{thing}code": text})
        )
    return seen


def _narrowed(found: QuerySet[Parameter], before: str) -> QuerySet[Parameter]:
    """Those before a place in the order as `_place` tells it; all where it is none."""
    text, _, pk = before.partition("~")
    try:
        at = datetime.fromisoformat(text)
        return found.filter(Q(at__lt=at) | Q(at=at, pk__lt=int(pk or 0)))
    except (ValueError, OverflowError):
        return found


def _place(row: Parameter) -> str:
    return f"{row.at.isoformat()}~{row.pk}"


def _rows(changes: list[Change], tongue: Language) -> list[dict[str, Any]]:
    known = sources()
    series = _series(changes, known)
    ids = [_measured(change, series, known) for change in changes]
    means = _means([(id, one.row.at) for id, one in zip(ids, changes, strict=True)])
    rows = []
    for change, (before, after) in zip(changes, means, strict=True):
        row, thing = change.row, change.row.device.object
        rows.append(
            {
                "row": row,
                "outlet": thing.name(tongue) if thing else "",
                "object": thing.pk if thing else None,
                "factor": _name(row.factor, tongue) if row.factor else "",
                "parameter": _name(row.code, tongue),
                "before": change.before,
                "grave": row.code in GRAVE,
                "by": _by(change, tongue),
                "request": change.request,
                "mean_before": before,
                "mean_after": after,
                "url": f"/frames/{row.frame}",
            }
        )
    return rows


def _series(changes: list[Change], known: dict[str, Source]) -> dict[tuple[int, str], int]:
    objects = {one.row.device.object_id for one in changes}
    found = Series.objects.filter(object__in=objects - {None}, resolution="hour", statistic="value")
    return {(one.object_id, one.property): one.pk for one in found}


def _measured(
    change: Change, series: dict[tuple[int, str], int], known: dict[str, Source]
) -> int | None:
    """The series of hours of what the parameter is about."""
    thing = change.row.device.object_id
    keys = [(thing, name) for name in _properties(change.row, known)] if thing else []
    return next((series[key] for key in keys if key in series), None)


def _properties(row: Parameter, known: dict[str, Source]) -> list[str]:
    """As the device's profile reads the factor, else as the vocabularies of the domains know it."""
    source = known.get(row.device_id)
    channel = source.profile.channels.get(row.factor) if source and source.profile else None
    others = [one.id for one in properties.all() if row.factor in one.aliases]
    return [meaning(row.factor, channel)[0], *others]


def _means(
    moments: Sequence[tuple[int | None, datetime]],
) -> list[tuple[float | None, float | None]]:
    """Of each series at its instant the means of the day before and of the day after; hours that
    failed their checks do not count."""
    shape = {"series": pl.Int32(), "at": pl.Datetime("us", "UTC")}
    asked = pl.DataFrame(list(moments), shape, orient="row").with_row_index("place")
    known = asked.drop_nulls("series")
    if known.is_empty():
        return [(None, None)] * len(moments)
    times = [at for series, at in moments if series is not None]
    span = Period(min(times) - DAY, max(times) + DAY)
    rows = readings.current(known["series"].unique().to_list(), span, "hour", flags=True)
    usable = ~pl.col("flag").fill_null(int(Flag.NOT_EVALUATED)).is_in(UNUSABLE)
    start, at = pl.col("start"), pl.col("at")
    means = (
        known.join(rows.filter(usable).select("series", "start", "value"), on="series")
        .group_by("place")
        .agg(
            before=pl.col("value").filter((start >= at - DAY) & (start < at)).mean(),
            after=pl.col("value").filter((start >= at) & (start < at + DAY)).mean(),
        )
    )
    told = asked.join(means, on="place", how="left").sort("place")
    return list(told.select("before", "after").iter_rows())


def _by(change: Change, tongue: Language) -> str:
    if change.request is None:
        return say("parameters.at_the_device", tongue)
    return say("parameters.by_platform", tongue, name=str(change.request.asked_by or "—"))


def _name(code: str, tongue: Language) -> str:
    if code in NAMED:
        return say(f"parameters.code.{code}", tongue)
    known = vocabulary.code(code)
    return known.name[tongue] or code if known else code


def _table(rows: list[dict[str, Any]], tongue: Language) -> Table:
    columns = ("at", "outlet", "mn", "factor", "parameter", "from", "to", "by", "mean_before",
               "mean_after", "frame")  # fmt: skip
    cells = [
        [
            f"{civil(one['row'].at):%Y-%m-%d %H:%M:%S}", one["outlet"], one["row"].device_id,
            one["factor"], one["parameter"], one["before"], one["row"].value, one["by"],
            one["mean_before"], one["mean_after"], one["row"].frame,
        ]
        for one in rows
    ]  # fmt: skip
    return Table(
        "parameters", [say(f"parameters.column.{name}", tongue) for name in columns], cells
    )
