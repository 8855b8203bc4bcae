"""Polars where hours may lack a row: rows are scattered into a full grid of hours, then cut."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from contenders import polars_days
from contenders.nation import ITEMS, Nation


def prepare(folder: Path) -> None:
    Nation.load(folder).method()


def run(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    nation = Nation.load(folder)
    rows = pl.scan_parquet(folder / "plain.parquet")
    parts = [
        _days(rows, first, min(first + polars_days.PIECE, nation.series), nation)
        for first in range(0, nation.series, polars_days.PIECE)
    ]
    return polars_days.results(pl.concat(parts), nation)


def _days(rows: pl.LazyFrame, first: int, end: int, nation: Nation) -> pl.Series:
    hours, o3, items = nation.period.hours, polars_days.o3_of(nation), nation.method().items
    since = pl.col("start").to_physical() - int(nation.period.start.timestamp()) * 1_000_000
    place = (pl.col("series").cast(pl.Int64) - first) * hours + since // 3_600_000_000
    own = rows.filter(pl.col("series").is_between(first, end - 1))
    known = own.select("value", place=place).collect()
    empty = pl.repeat(None, (end - first) * hours, dtype=pl.Float64, eager=True)
    grid = empty.scatter(known["place"], known["value"])
    total, count = grid.reshape((-1, 24)), grid.is_not_null().cast(pl.UInt8).reshape((-1, 24))
    means = (
        pl.DataFrame({"total": total.arr.sum(), "count": count.arr.sum()})
        .select(
            pl.when(pl.col("count") >= items[0].validity.day_hours).then(
                pl.col("total") / pl.col("count")
            )
        )
        .to_series()
    )
    ozone = grid.reshape((-1, hours)).gather_every(ITEMS, o3).explode()
    return polars_days.with_o3(means, polars_days.mda8(ozone, items[o3]), o3, hours // 24)
