"""Polars where hours may lack a row: days found by one sorted integer key on the streaming engine,
O3 scattered into a full grid of hours."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from contenders import polars_days
from contenders.nation import ITEMS, Nation


def prepare(folder: Path) -> None:
    Nation.load(folder).method()


def run(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    nation = Nation.load(folder)
    hours, o3, items = nation.period.hours, polars_days.o3_of(nation), nation.method().items
    n_days = hours // 24
    rows = pl.scan_parquet(folder / "plain.parquet")
    since = pl.col("start").to_physical() - int(nation.period.start.timestamp()) * 1_000_000
    hour = since // 3_600_000_000
    key = (pl.col("series") * n_days + (hour // 24).cast(pl.Int32)).set_sorted()
    means = (
        rows.select("value", key=key)
        .group_by("key")
        .agg(pl.col("value").mean(), n=pl.len())
        .filter(pl.col("n") >= items[0].validity.day_hours)
        .collect(engine="streaming")
    )
    empty = pl.repeat(None, nation.series * n_days, dtype=pl.Float64, eager=True)
    days = empty.scatter(means["key"], means["value"])
    place = (pl.col("series").cast(pl.Int64) // ITEMS) * hours + hour
    own = rows.filter(pl.col("series") % ITEMS == o3).select("value", place=place).collect()
    empty = pl.repeat(None, nation.stations * hours, dtype=pl.Float64, eager=True)
    ozone = polars_days.mda8(empty.scatter(own["place"], own["value"]), items[o3])
    return polars_days.results(polars_days.with_o3(days, ozone, o3, n_days), nation)
