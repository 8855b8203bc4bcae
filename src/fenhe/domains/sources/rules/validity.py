"""Minutes to hours to days to months, each mean with whether it is valid (HJ 212-2017 D2.2; HJ 76
Annex B): an hour needs 45 valid minutes, a day 20 valid hours, a month 25 valid days (February 23).

In: `outlet, code, time, value` and, where there is one, `flag`. A value with a flag other than N is
counted as received and left out of the mean; T (over range) too. Out: one row per outlet, code and
span with `value` (mean of the valid parts, null without any), `parts` received, `valid_parts` and
`valid`. The mean of an invalid span is given but must not be judged.
"""

from __future__ import annotations

import polars as pl

from fenhe.domains.sources.rules import tables

KEYS = ("outlet", "code")
EVERY = {"hour": "1h", "day": "1d", "month": "1mo"}


def usable(frame: pl.DataFrame) -> pl.Expr:
    """Rows whose value is a measurement: by their flag, or by `valid` of the span before."""
    there = pl.col("value").is_not_null() & pl.col("value").is_finite()
    if "valid" in frame.columns:
        return there & pl.col("valid").fill_null(value=False)
    if "flag" in frame.columns:
        flag = pl.col("flag").cast(pl.String).str.strip_chars().str.to_uppercase()
        return there & flag.fill_null("").is_in(list(tables.valid_flags()))
    return there


def means(parts: pl.DataFrame, span: str) -> pl.DataFrame:
    """`span`: hour (of minutes), day (of hours) or month (of days). One part counts once: of
    several for one instant the last is taken."""
    once = parts.unique([*KEYS, "time"], keep="last", maintain_order=True)
    use = usable(once)
    if span == "day" and "weight" in once.columns:
        weight = pl.col("weight").fill_null(0.0)
        good = use & (weight > 0)
        mean = (pl.col("value") * weight).filter(good).sum() / weight.filter(good).sum()
    else:
        mean = pl.col("value").filter(use).mean()
    found = (
        once.group_by(*KEYS, time=pl.col("time").dt.truncate(EVERY[span]), maintain_order=True)
        .agg(
            value=mean.fill_nan(None),
            parts=pl.col("value").count(),
            valid_parts=use.sum().cast(pl.Int64),
        )
        .sort(*KEYS, "time")
    )
    need = pl.lit(tables.least(span))
    if span == "month":
        need = pl.when(pl.col("time").dt.month() == 2).then(tables.february()).otherwise(need)
    return found.with_columns(valid=pl.col("valid_parts") >= need)


def hours(minutes: pl.DataFrame) -> pl.DataFrame:
    return means(minutes, "hour")


def days(hours: pl.DataFrame) -> pl.DataFrame:
    """With a column `weight` (flow) the mean is flow-weighted: effluent, HJ 212-2017 D.1."""
    return means(hours, "day")


def months(days: pl.DataFrame) -> pl.DataFrame:
    return means(days, "month")
