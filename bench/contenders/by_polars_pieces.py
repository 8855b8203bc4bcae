"""Polars where every hour is known to be present: the sorted column of values, read alone, is cut
into pieces of 24. No key is looked at; wrong as soon as one row is missing."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from contenders import polars_days
from contenders.nation import ITEMS, Nation


def prepare(folder: Path) -> None:
    Nation.load(folder).method()


def run(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    nation = Nation.load(folder)
    hours = nation.period.hours
    column = pl.scan_parquet(folder / "plain.parquet").select("value")
    parts = [
        _days(column.slice(first * hours, polars_days.PIECE * hours), nation)
        for first in range(0, nation.series, polars_days.PIECE)
    ]
    return polars_days.results(pl.concat(parts), nation)


def _days(column: pl.LazyFrame, nation: Nation) -> pl.Series:
    hours, o3 = nation.period.hours, polars_days.o3_of(nation)
    values = column.collect().to_series()
    means = values.reshape((-1, 24)).arr.sum() / 24
    own = values.reshape((-1, hours)).gather_every(ITEMS, o3).explode()
    return polars_days.with_o3(means, _mda8(own), o3, hours // 24)


def _mda8(hours: pl.Series) -> pl.Series:
    """Sums of two, four and eight as columns of their own; the largest divided once."""
    columns = polars_days.columns_of_hours(hours)
    for step in (1, 2, 4):
        last = 24 - 2 * step + 1
        columns = columns.select(pl.col(f"h{k}") + pl.col(f"h{k + step}") for k in range(last))
    return columns.select(pl.max_horizontal(pl.all()) / 8).collect().to_series()
