"""Where sections stand in a month or year so far: the room each item has left before the target
class is missed, from the days the rules have derived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from fenhe.assess.models import Verdict
from fenhe.domains.water.pages import facts
from fenhe.domains.water.rules import room, rounding, tables
from fenhe.domains.water.rules.live import PER_DAY
from fenhe.domains.water.rules.statistics import settled
from fenhe.kernel.period import Period
from fenhe.kernel.text import Text
from fenhe.registry.models import Object

RECENT_DAYS = 3
RECENT_MONTHS = 1
YEAR_MONTHS = 12
ITEMS = ("ph", "do", "codmn", "nh3n", "tp")
"""The five items of the real-time class: those that stations measure and a class rests on."""
FREE = 5
"""A mean of so many times the limit of class V bounds nothing that is measured in a river."""
ANY = Text("无论如何都能达标", "any value will do")
NONE = Text("任何值都不够", "no value will do")
NO_DAY = Text("一天不会破", "no one day can")


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


def month_others(
    things: Sequence[Object], verdicts: Mapping[int, Verdict], day: date
) -> pl.DataFrame:
    """The items judged this month that no station measures: sampled by hand, nothing is left of
    them to come, so each is kept or lost."""
    found = [
        (pk, item, value, 1.0, value)
        for pk, verdict in verdicts.items()
        for item, value in _others(verdict).items()
    ]
    return _room(_so_far(found), things, day, 0, 1.0)


def year_others(thing: Object, months: Sequence[Verdict], day: date) -> pl.DataFrame:
    """The same for the year of a section: its months so far, and those to come."""
    by_item: dict[str, list[float]] = {}
    for verdict in months:
        for item, value in _others(verdict).items():
            by_item.setdefault(item, []).append(value)
    found = [
        (thing.pk, item, sum(values) / len(values), float(len(values)), values[-1])
        for item, values in by_item.items()
    ]
    return _room(_so_far(found), [thing], day, YEAR_MONTHS - day.month, 1 / 30)


def _others(verdict: Verdict) -> dict[str, float]:
    """Means before they are rounded for assessment, where the verdict keeps them."""
    values, known = verdict.values, verdict.values.get("levels") or {}
    exact = values.get("exact") or {}
    return {
        item: exact.get(item) or values[item]
        for item, level in known.items()
        if level and item not in ITEMS and values.get(item) is not None
    }


def _so_far(found: list[tuple[int, str, float, float, float]]) -> pl.DataFrame:
    schema = {
        "object": pl.Int64, "property": pl.String, "mean": pl.Float64, "samples": pl.Float64,
        "recent": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(found, schema, orient="row")


def together(measured: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """The rows of the five items and of those sampled by hand."""
    return pl.concat([measured, others], how="diagonal_relaxed")


def beyond(verdict: Verdict | None, target: int | None) -> list[str]:
    """The items of a verdict whose class is past the section's own target, the worst first."""
    known = (verdict.values.get("levels") or {}) if verdict and target else {}
    over = {item: level for item, level in known.items() if level and target and level > target}
    return sorted(over, key=lambda item: -over[item])


def tightest(rows: pl.DataFrame) -> dict[int, dict[str, Any]]:
    """Object id -> the row of the item that decides."""
    if rows.is_empty():
        return {}
    return {row["object"]: row for row in room.worst(rows, ["object"]).iter_rows(named=True)}


def breaks_on(row: dict[str, Any], day: date) -> date | None:
    """The day whose samples break the month, should the rest be like the last three days."""
    steps = row["breaks_after"]
    return None if steps is None else day + timedelta(days=-(-int(steps) // PER_DAY))


def figure(value: float | None, item: str) -> str:
    """As the station's samples are printed; what is sampled by hand as it is assessed."""
    places = None if item in ITEMS else rounding.decimals("assessment").get(item)
    return facts.printed(value, item) if places is None else facts.figure(value, places)


def shown(row: dict[str, Any], language: str) -> dict[str, Any]:
    """A row as tables print it."""
    item = row["item"]
    return {
        "item": item,
        "name": facts.item_name(item, language),
        "symbol": facts.symbol(item),
        "mean": figure(row["mean"], item),
        "recent": figure(row["recent"], item),
        "bound": figure(row["bound"], item),
        "room": _bounded(row, "room", language),
        "room_bounds": _reach(row, "room") == "",
        "sign": "≥" if item == "do" else "≤",
        "state": row["state"],
        "failing": row["failing"],
        "left": row["left"],
        "one_day": _bounded(row, "one_day", language),
        "samples": f"{row['samples']:g}",
    }


def _reach(row: dict[str, Any], which: str) -> str:
    """ "" where a bound on a mean says something, "any" where no measurable value breaks it,
    "none" where none keeps it, "unknown" where it is not given."""
    value, item = row[which], row["item"]
    if value is None:
        return "unknown"
    if item == "do":
        return "any" if value <= 0 else "none" if value > room.MOST_OXYGEN else ""
    if value < 0:
        return "none"
    limits = tables.items(tables.surface().id, row["waterbody"])
    return "any" if value > FREE * limits[item].limit(tables.WORST - 1) else ""


def _bounded(row: dict[str, Any], which: str, language: str) -> str:
    """A bound on a mean as printed, or in words where the figure would have no meaning."""
    free = ANY if which == "room" else NO_DAY
    words = {"any": free[language], "none": NONE[language], "unknown": "—"}
    return words.get(_reach(row, which)) or facts.printed(row[which], row["item"])
