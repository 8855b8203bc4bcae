"""Where sections stand in a month or year so far: the room each item has left before the target
class is missed, from the days the rules have derived."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from fenhe.domains.water.pages import facts
from fenhe.domains.water.rules import room, tables
from fenhe.domains.water.rules.live import PER_DAY
from fenhe.domains.water.rules.statistics import settled
from fenhe.kernel.period import Period
from fenhe.registry.models import Object

RECENT_DAYS = 3
RECENT_MONTHS = 1
YEAR_MONTHS = 12
ITEMS = ("ph", "do", "codmn", "nh3n", "tp")
"""The five items of the real-time class: those that stations measure and a class rests on."""


def month_room(
    things: Sequence[Object], month: Period, day: date, last: datetime | None = None
) -> pl.DataFrame:
    """Per section (`object`) and item: what `rules.room` says of the month up to a day, or up to
    the last sample. What was missed is gone: only samples still to come count as room."""
    days = facts.daily(things, Period(month.start, min(Period.day(day).end, month.end)))
    rows = days.filter(pl.col("property").is_in(ITEMS))
    recent = pl.col("start") >= Period.day(day - timedelta(days=RECENT_DAYS - 1)).start
    so_far = _weighed(rows, "mean").join(
        _weighed(rows.filter(recent), "recent").drop("samples"),
        on=["object", "property"],
        how="left",
    )
    seen = min(Period.day(day).end, last + facts.SAMPLE if last else Period.day(day).end)
    left = max(month.end - seen, timedelta()) // facts.SAMPLE
    return _room(so_far, things, day, left, float(PER_DAY))


def year_room(things: Sequence[Object], year: Period, day: date) -> pl.DataFrame:
    """The same for the year: months weigh alike, the present month counts as far as it goes."""
    days = facts.daily(things, Period(year.start, min(Period.day(day).end, year.end)))
    rows = days.filter(pl.col("property").is_in(ITEMS)).with_columns(
        month=(pl.col("start") + timedelta(hours=8)).dt.truncate("1mo")
    )
    months = _weighed(rows, "mean", ["month"])
    ions = _ions("mean")
    so_far = months.group_by("object", "property").agg(
        mean=ions.mean(),
        samples=pl.len().cast(pl.Float64),
        recent=pl.col("mean").sort_by("month").last(),
    )
    so_far = so_far.with_columns(mean=_back("mean"))
    return _room(so_far, things, day, YEAR_MONTHS - day.month, 1 / 30)


def _weighed(rows: pl.DataFrame, name: str, more: Sequence[str] = ()) -> pl.DataFrame:
    """The mean of days weighed by their samples, pH as ions."""
    count = pl.col("count").sum()
    found = rows.group_by("object", "property", *more).agg(
        ((_ions("mean") * pl.col("count")).sum() / count).alias(name), samples=count
    )
    return found.with_columns(_back(name).alias(name))


def _ions(column: str) -> pl.Expr:
    ph = pl.col("property") == "ph"
    return pl.when(ph).then(pl.lit(10.0) ** -pl.col(column)).otherwise(pl.col(column))


def _back(column: str) -> pl.Expr:
    ph = pl.col("property") == "ph"
    return settled(pl.when(ph).then(-pl.col(column).log(10)).otherwise(pl.col(column)))


def _room(
    so_far: pl.DataFrame, things: Sequence[Object], day: date, left: int, per_day: float
) -> pl.DataFrame:
    about = pl.DataFrame(
        [(one.pk, facts.waterbody(one), facts.target(one, day)) for one in things],
        {"object": pl.Int64, "waterbody": pl.String, "target": pl.Int8},
        orient="row",
    )
    rows = (
        so_far.rename({"property": "item"})
        .join(about, on="object")
        .with_columns(expected=pl.col("samples") + left)
        .sort("object", "item")
    )
    return room.room(rows, tables.in_force(tables.SURFACE, day).id, per_day)


def tightest(rows: pl.DataFrame) -> dict[int, dict[str, Any]]:
    """Object id -> the row of the item that decides."""
    if rows.is_empty():
        return {}
    return {row["object"]: row for row in room.worst(rows, ["object"]).iter_rows(named=True)}


def breaks_on(row: dict[str, Any], day: date) -> date | None:
    """The day whose samples break the month, should the rest be like the last three days."""
    steps = row["breaks_after"]
    return None if steps is None else day + timedelta(days=-(-int(steps) // PER_DAY))


def shown(row: dict[str, Any], language: str) -> dict[str, Any]:
    """A row as tables print it."""
    item = row["item"]
    return {
        "item": item,
        "name": facts.item_name(item, language),
        "symbol": facts.symbol(item),
        "mean": facts.printed(row["mean"], item),
        "recent": facts.printed(row["recent"], item),
        "bound": facts.printed(row["bound"], item) if row["bound"] is not None else "—",
        "room": _bounded(row["room"], item),
        "sign": "≥" if item == "do" else "≤",
        "state": row["state"],
        "failing": row["failing"],
        "left": row["left"],
        "one_day": _bounded(row["one_day"], item),
        "samples": f"{row['samples']:g}",
    }


def _bounded(value: float | None, item: str) -> str:
    """A bound on a mean; one below zero cannot be kept by any concentration."""
    if value is None:
        return "—"
    return facts.printed(max(value, 0.0), item)
