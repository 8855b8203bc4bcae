"""From city days to the ranking, the last and smallest step, for the queries written by hand."""

from __future__ import annotations

import polars as pl

from contenders.nation import Nation
from fenhe.domains.air.rules import tables
from fenhe.domains.air.rules.composite import COLUMNS, composite
from fenhe.domains.air.rules.ranking import rank
from fenhe.kernel.rounding import half_even


def ranked(nation: Nation, city_days: pl.DataFrame) -> pl.DataFrame:
    """`city_days`: city, item, day, value."""
    scheme = tables.in_force("composite", nation.period.last_day)
    columns = []
    for place, item in enumerate(nation.method().items):
        row = scheme.table("composite").one(pollutant=tables.SYMBOLS[item.property])
        value = pl.col("value").filter(pl.col("item") == place)
        mean = row["statistic"] == "mean"
        figure = value.mean() if mean else value.quantile(item.percent / 100, "linear")
        rounded = half_even(pl.col(COLUMNS[item.property]).round(9), item.decimals_statistics)
        columns.append((figure.alias(COLUMNS[item.property]), rounded))
    printed = (
        city_days.group_by("city")
        .agg(figure for figure, _ in columns)
        .sort("city")
        .with_columns(rounded for _, rounded in columns)
    )
    return rank(composite(printed.with_columns(pl.col("city").cast(pl.UInt32)), scheme))
