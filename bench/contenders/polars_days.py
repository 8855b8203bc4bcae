"""What the Polars queries over a dense column of hours share: MDA8, and from days to the results.

Days are one column, series after series, null where not valid.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from contenders.nation import ITEMS, Nation
from contenders.ranked import ranked
from fenhe.domains.air.rules.method import Item

PIECE = 100 * ITEMS  # series at a time; the whole column at once was slower and took 2 GB


def o3_of(nation: Nation) -> int:
    return [item.property for item in nation.method().items].index("o3")


def columns_of_hours(hours: pl.Series) -> pl.LazyFrame:
    """h0 .. h23, one row a day."""
    return pl.LazyFrame([hours.gather_every(24, k).alias(f"h{k}") for k in range(24)])


def mda8(hours: pl.Series, item: Item) -> pl.Series:
    """Hours may be null."""
    names = [pl.col(f"h{k}") for k in range(24)]
    totals = sums_of_eight([name.fill_null(0.0) for name in names])
    counts = sums_of_eight([name.is_not_null().cast(pl.UInt8) for name in names])
    least = item.validity.window_hours
    return (
        columns_of_hours(hours)
        .select(
            pl.when(count >= least).then(total / count).alias(f"w{k}")
            for k, (total, count) in enumerate(zip(totals, counts, strict=True))
        )
        .select(n=pl.sum_horizontal(pl.all().is_not_null()), value=pl.max_horizontal(pl.all()))
        .select(
            pl.when(
                (pl.col("n") >= item.validity.day_windows) | (pl.col("value") > item.day_limit)
            ).then("value")
        )
        .collect()
        .to_series()
    )


def sums_of_eight(hours: Sequence[pl.Expr]) -> list[pl.Expr]:
    sums = list(hours)
    for step in (1, 2, 4):
        sums = [one + other for one, other in zip(sums, sums[step:], strict=False)]
    return sums


def with_o3(days: pl.Series, o3_days: pl.Series, o3: int, n_days: int) -> pl.Series:
    """The days of all series with those of O3 in their places."""
    n_series = len(days) // n_days
    rows = pl.DataFrame({"row": pl.int_range(n_series, eager=True), "d": _rows(days, n_days)})
    own = pl.DataFrame(
        {"row": pl.int_range(o3, n_series, ITEMS, eager=True), "o3": _rows(o3_days, n_days)}
    )
    is_o3 = pl.col("row") % ITEMS == o3
    return (
        rows.join(own, on="row", how="left", maintain_order="left")
        .select(pl.when(is_o3).then("o3").otherwise("d"))
        .to_series()
        .explode()
    )


def _rows(days: pl.Series, n_days: int) -> pl.Series:
    return days.reshape((-1, n_days))


def results(days: pl.Series, nation: Nation) -> tuple[pl.DataFrame, pl.DataFrame]:
    n_days, value = nation.period.hours // 24, pl.col("value")
    series = pl.col("series")
    rows = (
        pl.LazyFrame({"value": days})
        .with_columns(i=pl.int_range(pl.len(), dtype=pl.Int32))
        .select("value", series=pl.col("i") // n_days, day=pl.col("i") % n_days)
    )
    years = [
        rows.filter(series % ITEMS == place)
        .with_columns(series.set_sorted())
        .group_by("series")
        .agg(
            n=value.count().cast(pl.Int64),
            mean=value.mean(),
            percentile=value.quantile(item.percent / 100, "linear"),
        )
        for place, item in enumerate(nation.method().items)
    ]
    city = series // ITEMS * nation.cities // nation.stations
    key = (city * ITEMS + series % ITEMS) * n_days + pl.col("day")
    unit = pl.col("key") // n_days
    cities = (
        rows.select("value", key=key)
        .group_by("key")
        .agg(value.mean())
        .select("value", city=unit // ITEMS, item=unit % ITEMS, day=pl.col("key") % n_days)
        .collect()
    )
    return pl.concat(pl.collect_all(years)).sort("series"), ranked(nation, cities)
