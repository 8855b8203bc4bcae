"""The daily mean of a point against its limit (example-limits 4.1).

In: hourly readings in mg/L. Out: per point and civil day `mean` in mg/L, one decimal, half-even,
and `exceeded`. A day with fewer than 20 hours has no mean.
"""

from __future__ import annotations

import polars as pl

from fenhe.assess.rule import Assessment, Input, Rule
from fenhe.kernel.rounding import half_even
from fenhe.kernel.text import Text

LEVEL = "example_level"
HOURS_NEEDED = 20


def day(readings: pl.DataFrame, ask: Assessment) -> pl.DataFrame:
    limit = ask.edition("example-limits").table("limits").one(property=LEVEL)["limit"]
    count = pl.col("value").count().cast(pl.Int64)
    return (
        readings.group_by("subject", "period")
        .agg(
            mean=pl.when(count >= HOURS_NEEDED).then(pl.col("value").mean()),
            observed=count,
            expected=pl.lit(24, pl.Int64),
        )
        .with_columns(mean=half_even(pl.col("mean"), 1))
        .with_columns(exceeded=pl.col("mean") > limit)
    )


RULES = [
    Rule(
        id="example.day",
        name=Text("示例日均值", "example daily mean"),
        kinds=("example_point",),
        inputs=(Input(LEVEL),),
        evaluate=day,
        standards=("example-limits",),
    )
]
