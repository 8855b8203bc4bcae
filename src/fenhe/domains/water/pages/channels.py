"""What asked for attention at a section, folded into events: the water's own, held against the
section's target, and the instrument's, flagged or under maintenance."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import polars as pl

from fenhe.domains.water import quality
from fenhe.domains.water.pages import facts, levels
from fenhe.domains.water.quality import Event, Signal
from fenhe.domains.water.rules import classes, standing, tables
from fenhe.kernel.period import Period, civil
from fenhe.observe.flags import Flag
from fenhe.registry.models import Object

DOUBTED = (int(Flag.SUSPECT), int(Flag.FAIL))
MAINTAINED, NORMAL = "维护", "正常"
MOST = 30


def events(thing: Object, series: pl.DataFrame, period: Period) -> list[Event]:
    """Newest first."""
    rows = facts.samples(series, period)
    if rows.is_empty():
        return []
    days = _days(thing)
    signals = [*_flagged(thing, rows, days), *_over(thing, rows, days)]
    return sorted(quality.fold(signals), key=lambda one: one.last, reverse=True)


def _days(thing: Object) -> list[tuple[date, date]]:
    try:
        return standing.maintained(thing.attributes.get("maintenance"))
    except ValueError:
        return []


def _state(at: datetime, days: list[tuple[date, date]]) -> str:
    day = civil(at).date()
    return MAINTAINED if any(first <= day <= last for first, last in days) else NORMAL


def _flagged(thing: Object, rows: pl.DataFrame, days: list[tuple[date, date]]) -> Iterator[Signal]:
    for row in rows.filter(pl.col("flag").is_in(DOUBTED)).iter_rows(named=True):
        yield Signal(
            thing.code,
            row["start"],
            row["property"],
            flagged=True,
            state=_state(row["start"], days),
        )


def _over(thing: Object, rows: pl.DataFrame, days: list[tuple[date, date]]) -> Iterator[Signal]:
    """Samples whose class is past the target of their day; V and worse where there is none. A
    sample with a doubted item speaks of the instrument."""
    five = tables.feed_items()
    wide = rows.pivot("property", index=["start"], values="usable", aggregate_function="first")
    lacking = [name for name in five if name not in wide.columns]
    wide = wide.with_columns(pl.lit(None, pl.Float64).alias(name) for name in lacking)
    body = pl.lit(facts.waterbody(thing)).alias("waterbody")
    newest = civil(max(wide["start"].to_list())).date()
    judged = classes.classify(
        wide.with_columns(body), tables.in_force(tables.SURFACE, newest), five
    )
    doubted = set(rows.filter(pl.col("flag").is_in(DOUBTED))["start"])
    for row in judged.filter(pl.col("level").is_not_null()).iter_rows(named=True):
        aimed = facts.target(thing, civil(row["start"]).date()) or standing.ALARMING - 1
        for item in five:
            own = row[f"level_{item}"]
            if own is not None and own > aimed:
                yield Signal(
                    thing.code, row["start"], item, own, row["start"] in doubted,
                    _state(row["start"], days),
                )  # fmt: skip


def shown(found: list[Event], language: str) -> list[dict[str, Any]]:
    return [
        {
            "channel": quality.CHANNELS[one.channel][language],
            "look": "warn" if one.channel == quality.WATER else "",
            "first": one.first,
            "last": one.last,
            "items": "、".join(facts.symbol(item) for item in one.items),
            "worst": levels.of(one.worst),
            "signals": one.signals,
        }
        for one in found[:MOST]
    ]
