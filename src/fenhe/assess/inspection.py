"""Quality checks on what has just arrived: finds the days, lets the domains' inspections look at
them, keeps their objections as flag history, and takes back those that no longer hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import polars as pl

from fenhe.assess import objections
from fenhe.assess.objections import OBJECTIONS, Inspection
from fenhe.kernel.period import DAY, Period, civil
from fenhe.observe import flags, readings
from fenhe.observe.flags import Flag
from fenhe.observe.versions import current
from fenhe.registry.models import Relation, Series
from fenhe.store.lake import open_lake

AROUND = 4 * DAY  # judged again on either side of what has changed: the longest run looked for …
CONTEXT = 2 * AROUND  # … and read, so that a run at the edge of what is judged is seen whole
KEY = ["series", "start", "check"]


def inspect(touched: pl.DataFrame, resolution: str) -> int:
    """Check the civil days of `touched[series, day]`; returns how many flags were added."""
    added = 0
    for one in objections.all():
        if one.resolution != resolution:
            continue
        emitted = _series(one)
        days = touched.join(emitted, on="series", how="semi")["day"].unique().sort()
        for stretch in _stretches([civil(day).date() for day in days]):
            added += _inspect(one, emitted, stretch)
    return added


def _inspect(one: Inspection, emitted: pl.DataFrame, stretch: Period) -> int:
    window = Period(stretch.start - CONTEXT, stretch.end + CONTEXT)
    judged = Period(stretch.start - AROUND, stretch.end + AROUND)
    ids = emitted["series"].to_list()
    known = readings.current(ids, window, one.resolution, flags=False)
    if known.is_empty():
        return 0
    inside = pl.col("start").is_between(judged.start, judged.end, closed="left")
    found = one.inspect(known.join(emitted, on="series"), window).filter(inside)
    said = current(open_lake().scan("flags", one.resolution, judged, ids), KEY)
    outdated = said.filter(
        pl.col("flag").is_in([int(Flag.SUSPECT), int(Flag.FAIL)])
        & (pl.col("check") != flags.REVIEW)
    ).join(found, on=KEY, how="anti")
    taken_back = outdated.select(
        *KEY, flag=pl.lit(int(Flag.GOOD), pl.Int8), detail=pl.lit("")
    ).cast(OBJECTIONS)
    return flags.record(pl.concat([found, taken_back]), one.resolution, source=one.id)


def _series(one: Inspection) -> pl.DataFrame:
    """series, member, property, and `group`: what the member is part of, as its neighbours are."""
    found = Series.objects.filter(
        object__kind__in=one.kinds,
        property__in=one.properties,
        resolution=one.resolution,
        statistic="value",
    ).values_list("id", "object_id", "property")
    schema = {"series": pl.Int32, "member": pl.Int64, "property": pl.String}
    part_of = Relation.objects.filter(predicate="part_of", subject__kind__in=one.kinds)
    groups = pl.DataFrame(
        list(part_of.order_by("id").values_list("subject_id", "object_id")),
        {"member": pl.Int64, "group": pl.Int64},
        orient="row",
    ).unique("member", keep="first")
    return pl.DataFrame(list(found), schema, orient="row").join(groups, on="member", how="left")


def _stretches(days: list[date]) -> Iterator[Period]:
    """Runs of days within one month: what is read at once stays small."""
    first = last = None
    for day in days:
        if first is None or last is None:
            first = last = day
        elif day == last + DAY and day.month == first.month:
            last = day
        else:
            yield Period.days(first, last)
            first = last = day
    if first is not None and last is not None:
        yield Period.days(first, last)
