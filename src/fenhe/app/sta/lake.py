"""Observations: readings of series that may be seen, read from the lake no further than needed.

A filter's part about the Datastream picks series, its part about time picks months, comparisons of
the result run over whole columns; only what is left is looked at one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from operator import and_
from typing import Any

import polars as pl

from fenhe.app.api.months import nearest, stretches
from fenhe.app.api.words import FIRST, LAST
from fenhe.app.sta.asked import Asked
from fenhe.app.sta.found import MOST_LOOKED_AT, Found, in_order, page, passing, too_much
from fenhe.app.sta.model import ENTITIES, Reading, instant_of, microseconds
from fenhe.app.sta.push import split
from fenhe.app.sta.rows import make_token, read_token
from fenhe.kernel.period import Period
from fenhe.observe import readings
from fenhe.observe.coverage import STEP
from fenhe.publish.sensorthings.query import Query
from fenhe.publish.sensorthings.tree import Binary, Literal, Path, Tree, conjuncts, joined
from fenhe.registry.models import Series

ENTITY = ENTITIES["Observations"]
MOST_GIVEN = 200_000
_SIGN: dict[str, Callable[[pl.Expr, Any], pl.Expr]] = {
    "eq": lambda column, value: column == value,
    "gt": lambda column, value: column > value,
    "ge": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
    "le": lambda column, value: column <= value,
}
_MIRROR = {"eq": "eq", "gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}


@dataclass
class Plan:
    """What of a filter is answered where. `about` is of the Datastream, `left` is looked at."""

    about: list[Tree] = field(default_factory=list)
    start: datetime = FIRST
    end: datetime = LAST
    columns: list[pl.Expr] = field(default_factory=list)
    left: list[Tree] = field(default_factory=list)

    @property
    def period(self) -> Period | None:
        return Period(self.start, self.end) if self.start < self.end else None


def plan(tree: Tree | None) -> Plan:
    made = Plan()
    for part in conjuncts(tree):
        about = _about_datastream(part)
        if about is not None:
            made.about.append(about)
        elif not _plain(made, part):
            made.left.append(part)
    return made


def collection(asked: Asked, query: Query, series: Any) -> Found:
    """A page of the observations of these series (a queryset that passed the gate)."""
    made = plan(query.filter)
    chosen = _chosen(made, series)
    period = made.period
    if not chosen or period is None:
        return Found(count=0 if query.count else None)
    count = _count(made, chosen, period) if query.count else None
    if not query.order:
        found = _by_series(made, query, chosen, period)
    elif _by_time(query) is not None:
        found = _overall(made, query, chosen, period)
    else:
        records = _records(made, chosen, _all(made, chosen, period))
        found = page(in_order(ENTITY, records, query), query)
    found.count = count
    return found


def of_each(asked: Asked, query: Query, groups: dict[Any, list[Series]]) -> dict[Any, Found]:
    """For many Datastreams (or features, with the series of each) at once: one walk through the
    months of the lake, however many there are."""
    made = plan(query.filter)
    every = {one.pk: one for several in groups.values() for one in several}
    chosen = _narrowed(made, every)
    period = made.period
    asked.read += len(chosen) * (query.skip + query.top)
    if asked.read > MOST_GIVEN:
        raise too_much()
    rows: dict[int, list[Reading]] = {pk: [] for pk in every}
    if chosen and period is not None:
        newest = _by_time(query) or False
        simple = not query.order or _by_time(query) is not None
        limit = query.skip + query.top + 1
        frame = (
            _nearest(made, chosen, period, limit, newest) if simple else _all(made, chosen, period)
        )
        for record in _records(made, chosen, frame):
            rows[record.series.pk].append(record)
    counts = _count_each(made, chosen, period) if query.count else {}
    told = {}
    for key, several in groups.items():
        records = [record for one in several for record in rows[one.pk]]
        ordered = in_order(ENTITY, records, query) if len(several) > 1 or query.order else records
        total = sum(counts.get(one.pk, 0) for one in several) if query.count else None
        told[key] = page(ordered, query, total)
    return told


def one(series: Series, start: datetime) -> Reading | None:
    frame = readings.current([series.pk], Period(start, start + readings.TICK), series.resolution)
    return Reading(series, frame.row(0, named=True)) if frame.height else None


def one_by_id(asked: Asked, key: object) -> Reading | None:
    """`12.1772323200000000`: the series and the microseconds of its start."""
    number, dot, moment = str(key).partition(".")
    if not (dot and number.isdecimal() and moment.lstrip("-").isdecimal()):
        return None
    if int(number) >= 2**31 or len(moment) > 18:
        return None
    series = asked.series().filter(pk=int(number)).first()
    try:
        start = instant_of(int(moment))
    except OverflowError:
        return None
    if series is None or not FIRST <= start < LAST:
        return None
    return one(series, start)


# -- from a filter to what can be asked of columns -----------------------------------------------


def _about_datastream(tree: Tree) -> Tree | None:
    """The same, asked of the Datastream, where it speaks of nothing else."""
    match tree:
        case Path(parts=("Datastream", *rest)) if rest:
            return Path(tuple(rest))
        case Path(parts=("FeatureOfInterest", *rest)) if rest and rest[0] != "feature":
            return Path(("Thing", *rest)) if rest[0] in ("@iot.id", "id", "name") else None
        case Literal():
            return tree
        case Binary(operator=sign, left=left, right=right):
            sides = _about_datastream(left), _about_datastream(right)
            if sides[0] is None or sides[1] is None:
                return None
            if isinstance(left, Literal) and isinstance(right, Literal):
                return None
            return Binary(sign, sides[0], sides[1])
    return None


def _plain(made: Plan, tree: Tree) -> bool:
    """Whether a comparison of time or result could be turned into one of columns."""
    match tree:
        case Binary(operator=sign, left=Path(parts=(name,)), right=Literal(value=value)):
            pass
        case Binary(operator=sign, left=Literal(value=value), right=Path(parts=(name,))):
            sign = _MIRROR.get(sign, "")
        case _:
            return False
    if sign not in _SIGN:
        return False
    if name == "result" and isinstance(value, int | float) and not isinstance(value, bool):
        made.columns.append(_SIGN[sign](pl.col("value"), float(value)))
        return True
    if name == "resultTime" and isinstance(value, datetime):
        made.columns.append(_SIGN[sign](pl.col("known_at"), value))
        return True
    if name == "phenomenonTime" and isinstance(value, datetime):
        _time(made, sign, value)
        return True
    return False


def _time(made: Plan, sign: str, value: datetime) -> None:
    """An interval is before an instant when it has ended by then: `_ends` is put in per step."""
    tick = readings.TICK
    value = min(max(value, FIRST), LAST - tick)
    if sign in ("ge", "gt", "eq"):
        made.start = max(made.start, value if sign != "gt" else value + tick)
    if sign in ("le", "lt", "eq"):
        made.end = min(made.end, value + tick)
    if sign in ("lt", "le"):
        ended = pl.col("_end") <= value
        made.columns.append(ended if sign == "lt" else ended | (pl.col("start") == value))


def _chosen(made: Plan, series: Any) -> dict[int, Series]:
    """The series the filter speaks of, by number."""
    entity = ENTITIES["Datastreams"]
    pushed, left = split(entity, joined(made.about))
    rows = series.filter(pushed).order_by("pk")
    return {one.pk: one for one in passing(entity, rows, left)}


def _narrowed(made: Plan, every: dict[int, Series]) -> dict[int, Series]:
    entity = ENTITIES["Datastreams"]
    kept = passing(entity, every.values(), joined(made.about))
    return {one.pk: one for one in kept}


# -- walks through the lake ----------------------------------------------------------------------


def _resolutions(chosen: dict[int, Series]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for pk, series in chosen.items():
        found.setdefault(series.resolution, []).append(pk)
    return found


def _keep(made: Plan, chosen: dict[int, Series], resolution: str) -> Any:
    """Rows -> those that pass: first by columns, then one by one."""

    def keep(rows: pl.DataFrame) -> pl.DataFrame:
        if made.columns:
            step = STEP.get(resolution, timedelta(0))
            ends = rows.with_columns(_end=pl.col("start") + step)
            rows = ends.filter(reduce(and_, made.columns)).drop("_end")
        if not made.left:
            return rows
        if rows.height > MOST_LOOKED_AT:
            raise too_much()
        records = [Reading(chosen[row["series"]], row) for row in rows.iter_rows(named=True)]
        kept = {id(record) for record in passing(ENTITY, records, joined(made.left))}
        return rows.filter(pl.Series([id(record) in kept for record in records], dtype=pl.Boolean))

    return keep


def _nearest(
    made: Plan, chosen: dict[int, Series], period: Period, limit: int, newest: bool
) -> pl.DataFrame:
    """At most `limit` of each series, from one end of time."""
    frames = [
        nearest(pks, resolution, period, limit, newest=newest, keep=_keep(made, chosen, resolution))
        for resolution, pks in _resolutions(chosen).items()
    ]
    return pl.concat(frames) if frames else readings.current([], period)


def _all(made: Plan, chosen: dict[int, Series], period: Period) -> pl.DataFrame:
    """Every one, up to a bound."""
    frames, total = [], 0
    for resolution, pks in _resolutions(chosen).items():
        keep = _keep(made, chosen, resolution)
        for stretch in stretches(pks, resolution, period, None, newest=False):
            frame = keep(readings.current(pks, stretch, resolution))
            total += frame.height
            if total > MOST_LOOKED_AT:
                raise too_much()
            frames.append(frame)
    return pl.concat(frames) if frames else readings.current([], period)


def _by_series(made: Plan, query: Query, chosen: dict[int, Series], period: Period) -> Found:
    """Without an order: series after series, each from its first reading; the next page begins
    where this one ends."""
    wanted = query.skip + query.top + 1
    pks = sorted(chosen)
    found: list[Reading] = []
    if query.token:
        series, moment = read_token(query.token, "Observations")
        after = Period(max(period.start, instant_of(moment) + readings.TICK), LAST)
        pks = [pk for pk in pks if pk >= series]
        if pks and pks[0] == series:
            own = {series: chosen[series]}
            if after.start < period.end:
                rest = Period(after.start, period.end)
                found = _records(made, own, _nearest(made, own, rest, wanted, newest=False))
            pks = pks[1:]
    width = 1
    while pks and len(found) < wanted:
        some, pks = pks[:width], pks[width:]
        own = {pk: chosen[pk] for pk in some}
        frame = _nearest(made, own, period, wanted - len(found), newest=False)
        found += _records(made, own, frame.sort("series", "start"))
        width = min(width * 2, 256)
    told = page(found, query)
    if told.more and told.records:
        last = told.records[-1]
        told.token = make_token([last.series.pk, microseconds(last.row["start"])], "Observations")
    return told


def _overall(made: Plan, query: Query, chosen: dict[int, Series], period: Period) -> Found:
    """By time over all series: month after month from one end, until there are enough."""
    newest = bool(_by_time(query))
    wanted = query.skip + query.top + 1
    found: list[Reading] = []
    for resolution, pks in _resolutions(chosen).items():
        keep = _keep(made, chosen, resolution)
        own: list[Reading] = []
        for stretch in stretches(pks, resolution, period, None, newest):
            frame = keep(readings.current(pks, stretch, resolution))
            frame = frame.sort("start", "series", descending=[newest, False])
            own += _records(made, chosen, frame.head(wanted - len(own)))
            if len(own) >= wanted:
                break
        found += own
    return page(in_order(ENTITY, found, query), query)


def _by_time(query: Query) -> bool | None:
    """Whether newest first, where the order is by time alone; None where it is not."""
    if len(query.order) != 1 or query.order[0][0] != Path(("phenomenonTime",)):
        return None
    return query.order[0][1]


def _records(made: Plan, chosen: dict[int, Series], frame: pl.DataFrame) -> list[Reading]:
    return [Reading(chosen[row["series"]], row) for row in frame.iter_rows(named=True)]


def _count(made: Plan, chosen: dict[int, Series], period: Period) -> int:
    return sum(_count_each(made, chosen, period).values())


def _count_each(made: Plan, chosen: dict[int, Series], period: Period | None) -> dict[int, int]:
    """Asked for, so counted: stretch by stretch, so that memory stays small."""
    counts: dict[int, int] = {}
    if period is None:
        return counts
    flags = bool(made.left)
    for resolution, pks in _resolutions(chosen).items():
        keep = _keep(made, chosen, resolution)
        for stretch in stretches(pks, resolution, period, None, newest=False):
            rows = keep(readings.current(pks, stretch, resolution, flags=flags))
            for series, number in rows.group_by("series").agg(pl.len()).iter_rows():
                counts[series] = counts.get(series, 0) + number
    return counts


def series_of(asked: Asked, objects: Sequence[int]) -> dict[int, list[Series]]:
    """The series of each object that may be seen."""
    found: dict[int, list[Series]] = {pk: [] for pk in objects}
    for series in asked.series().filter(object__in=list(objects)).order_by("pk"):
        found[series.object_id].append(series)
    return found
