"""The class of every object of a map layer, hour by hour over the last 48 h.

A domain either gives its own hours (views.yaml, `hours`) or names a rule, whose verdicts count for
the hours of their period. Worked out once for all objects of the layer and kept until the lake or
the verdicts move on; who may see which object is asked afterwards, for every request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np
import polars as pl
from django.db.models import Max

from fenhe.app.views import MapLayer, classes, function
from fenhe.assess.models import Verdict
from fenhe.kernel.period import HOUR, Period, utc_now
from fenhe.observe.models import Latest
from fenhe.publish.page import Class
from fenhe.registry.models import Series
from fenhe.store.lake import open_lake

HOURS = 48
NONE = "."
MARKS = "0123456789abcdefghijklmnopqrstuvwxyz"
LONGEST = timedelta(days=400)
"""A verdict that ended longer before the newest one tells nothing of now."""


@dataclass(frozen=True)
class Frames:
    """`end`: of the last hour. `rows`: object -> one mark an hour, the index of its class or NONE.
    `now`: object -> its value in the last hour it has one."""

    end: datetime | None
    rows: Mapping[int, str]
    now: Mapping[int, float]


EMPTY = Frames(None, {}, {})


def classes_of(domain: str, layer: MapLayer) -> list[Class]:
    """In the order of their marks."""
    if layer.classes:
        return list(function(domain, layer.classes)())
    return list(classes(layer.rule).values())


def frames(domain: str, layer: MapLayer) -> Frames:
    if layer.hours:
        end = _newest_hour(layer.kind)
        return _by_hours(domain, layer, end, open_lake().version()) if end else EMPTY
    if layer.rule:
        newest = Verdict.objects.aggregate(Max("pk"))["pk__max"]
        return _by_rule(domain, layer, newest or 0)
    return EMPTY


def _newest_hour(kind: str) -> datetime | None:
    series = Series.objects.filter(object__kind=kind, resolution="hour")
    found = Latest.objects.filter(series__in=series.values("pk"), start__lte=utc_now())
    newest: datetime | None = found.aggregate(Max("start"))["start__max"]
    return newest + HOUR if newest else None


@lru_cache(8)
def _by_hours(domain: str, layer: MapLayer, end: datetime, version: int) -> Frames:
    found: pl.DataFrame = function(domain, layer.hours)(Period(end - HOURS * HOUR, end))
    marks = {one.id: MARKS[n] for n, one in enumerate(classes_of(domain, layer))}
    known = found.filter(pl.col("class").is_in(list(marks)))
    ids = known["object"].unique().sort()
    grid = np.full((ids.len(), HOURS), ord(NONE), np.uint8)
    at = known.with_columns(
        row=pl.col("object").replace_strict(ids, pl.int_range(ids.len(), eager=True)),
        hour=((pl.col("start") - (end - HOURS * HOUR)).dt.total_hours()),
        mark=pl.col("class").replace_strict({k: ord(v) for k, v in marks.items()}),
    ).filter(pl.col("hour").is_between(0, HOURS - 1))
    grid[at["row"].to_numpy(), at["hour"].to_numpy()] = at["mark"].to_numpy()
    newest = found.filter(pl.col("value").is_not_null()).sort("start").unique("object", keep="last")
    return Frames(end, _texts(ids.to_list(), grid), dict(newest.select("object", "value").rows()))


@lru_cache(8)
def _by_rule(domain: str, layer: MapLayer, newest: int) -> Frames:
    """`newest` is only the key: a later verdict makes it anew. A verdict stands for its period and,
    until the next one comes, as long again; then the object has none."""
    found = Verdict.objects.filter(rule=layer.rule, variant="", current=True)
    last = found.aggregate(Max("start"))["start__max"]
    if last is None:
        return EMPTY
    rows = list(
        found.filter(start__gte=last - LONGEST)
        .order_by("start")
        .values_list("subject_id", "start", "end", "category")
    )
    end = min(max(row[2] for row in rows), _this_hour())
    begin = end - HOURS * HOUR
    marks = {one.id: ord(MARKS[n]) for n, one in enumerate(classes_of(domain, layer))}
    ids = sorted({row[0] for row in rows})
    place = {id: n for n, id in enumerate(ids)}
    grid = np.full((len(ids), HOURS), ord(NONE), np.uint8)
    for subject, start, until, category in rows:
        first = max(0, int((start - begin) / HOUR))
        last = int((until + (until - start) - begin) / HOUR)
        if last > 0:
            grid[place[subject], first:last] = marks.get(category, ord(NONE))
    return Frames(end, _texts(ids, grid), {})


def _this_hour() -> datetime:
    return utc_now().replace(minute=0, second=0, microsecond=0) + HOUR


def _texts(ids: list[int], grid: np.ndarray) -> dict[int, str]:
    return {id: row.tobytes().decode("ascii") for id, row in zip(ids, grid, strict=True)}
