"""Does a year comply? Annual mean and percentile against the limits of GB 3095, per pollutant and
for the city; exceedance multiples; share of good days (HJ 663).

In: the statistics of `frames.period_statistics` and their method. Out: the same rows with the
published figures beside the full ones. Whether a pollutant complies is asked of calendar years
only, and null where the statistics are not valid or missing.
"""

from __future__ import annotations

import polars as pl

from fenhe.domains.air.rules.method import Item, Method
from fenhe.kernel.rounding import half_even, half_even_ratio

NOISE = 9  # decimals beyond which a mean is noise of float addition; see statistics.settled


def judge(statistics: pl.DataFrame, method: Method) -> pl.DataFrame:
    """Adds year_limit, mean_published, percentile_published, mean_multiple, percentile_multiple
    (by how much above the limit, null where not above) and complies."""
    parts = [
        _judge_item(statistics.filter(pl.col("pollutant") == item.pollutant), item)
        for item in method.items
    ]
    return pl.concat(parts).sort("unit", "period", "pollutant")


def city_complies(judged: pl.DataFrame) -> pl.DataFrame:
    """A unit complies when all six do: unit, period, complies, failing (pollutants). Null while
    nothing fails but something could not be judged."""
    every = pl.col("complies").len() == 6
    return (
        judged.group_by("unit", "period", maintain_order=True)
        .agg(
            complies=pl.when((~pl.col("complies")).any())
            .then(False)
            .when(pl.col("complies").is_null().any() | ~every)
            .then(None)
            .otherwise(True),
            failing=pl.col("pollutant").filter(~pl.col("complies")),
        )
        .sort("unit", "period")
    )


def attainment_rate(good_days: pl.Expr, valid_days: pl.Expr, decimals: int = 1) -> pl.Expr:
    """Share of good days in the valid days, %, rounded half to even; null without valid days."""
    share = half_even_ratio(good_days.cast(pl.Int64) * 100, valid_days.cast(pl.Int64), decimals)
    return pl.when(valid_days > 0).then(share)


def multiple(published: pl.Expr, limit: pl.Expr, decimals: int = 2) -> pl.Expr:
    """(C - S) / S of a published concentration; null where the limit is kept."""
    thousandths = [(value * 1000).round().cast(pl.Int64) for value in (published, limit)]
    above = thousandths[0] - thousandths[1]
    return pl.when(above > 0).then(half_even_ratio(above, thousandths[1], decimals))


def _judge_item(rows: pl.DataFrame, item: Item) -> pl.DataFrame:
    mean, percentile = pl.col("mean").round(NOISE), pl.col("percentile_value").round(NOISE)
    is_year = pl.col("period").str.contains(r"^\d{4}$")
    year_limit = pl.when(is_year).then(pl.lit(item.year_limit, pl.Float64))
    kept = [
        half_even(value, item.decimals_compliance) <= limit
        for name, value, limit in (
            ("annual_mean", mean, year_limit),
            ("percentile", percentile, pl.col("day_limit")),
        )
        if name in item.requires
    ]
    return rows.with_columns(
        year_limit=year_limit,
        mean_published=half_even(mean, item.decimals_statistics),
        percentile_published=half_even(percentile, item.decimals_statistics),
        complies=pl.when(is_year & pl.col("valid")).then(pl.all_horizontal(kept)),
    ).with_columns(
        mean_multiple=multiple(pl.col("mean_published"), pl.col("year_limit")),
        percentile_multiple=multiple(pl.col("percentile_published"), pl.col("day_limit")),
    )
