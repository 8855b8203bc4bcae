"""Months and years of sections: means of the items, rounded for assessment, classed, graded.

A month is the mean of its samples, a year that of its months (环办〔2011〕22号); automatic values
count first where there are any, manual ones supply the rest; means are rounded to the decimals of
环办监测函〔2020〕82号 and then classed. In: wide frames, one row per sample, `section`, `time`
(civil), the items, and `waterbody`.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from fenhe.domains.water.rules import classes, rounding
from fenhe.domains.water.rules.statistics import mean
from fenhe.standards.edition import Edition


def real_time(samples: pl.DataFrame, edition: Edition, names: Sequence[str]) -> pl.DataFrame:
    """`level` of every sample by the feed's five items, unrounded."""
    return classes.classify(samples, edition, names)


def monthly(samples: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """section, month (its first day), each item's mean and `n_<item>`; `waterbody` is kept."""
    keyed = samples.with_columns(month=pl.col("time").dt.truncate("1mo"))
    return _means(keyed, ["section", "month"], names)


def yearly(months: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """section, year, each item's mean over the months that have one, and how many they are."""
    keyed = months.with_columns(year=pl.col("month").dt.truncate("1y"))
    return _means(keyed, ["section", "year"], names)


def _means(rows: pl.DataFrame, keys: Sequence[str], names: Sequence[str]) -> pl.DataFrame:
    kept = [pl.col("waterbody").first()] if "waterbody" in rows.columns else []
    return (
        rows.group_by(keys)
        .agg(
            *kept,
            *(mean(name) for name in names),
            *(pl.col(name).count().alias(f"n_{name}") for name in names),
        )
        .sort(keys)
    )


def judged(means: pl.DataFrame, edition: Edition, names: Sequence[str]) -> pl.DataFrame:
    """Means rounded for assessment, with `level_<item>` and `level`."""
    return classes.classify(rounding.for_purpose(means, names, "assessment"), edition)
