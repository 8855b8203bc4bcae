"""How much of what should be there is there, and where the holes are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import polars as pl

from fenhe.kernel.errors import BadInput
from fenhe.kernel.period import Period, utc_now
from fenhe.observe import readings
from fenhe.store.lake import Lake
from fenhe.store.tables import INSTANT

STEP = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
NEVER_ARRIVED, MARKED_MISSING = "never-arrived", "marked-missing"


def coverage(
    series: Sequence[int],
    period: Period,
    resolution: str = "hour",
    known_at: datetime | None = None,
    lake: Lake | None = None,
) -> pl.DataFrame:
    """`series, expected, observed, percent`, one row per series in the order given; readings
    without a value are not observed. What lies in the future is not expected."""
    expected = len(_starts(period, resolution))
    found = _values(series, period, resolution, known_at, lake)
    counts = found.filter(pl.col("value").is_not_null()).group_by("series").agg(observed=pl.len())
    asked = pl.DataFrame({"series": list(series)}, schema={"series": pl.Int32})
    return asked.join(counts, on="series", how="left", maintain_order="left").select(
        "series",
        expected=pl.lit(expected, pl.Int64),
        observed=pl.col("observed").fill_null(0).cast(pl.Int64),
        percent=(
            pl.col("observed").fill_null(0) * 100.0 / expected if expected else pl.lit(None)
        ).cast(pl.Float64),
    )


def gaps(
    series: Sequence[int],
    period: Period,
    resolution: str = "hour",
    known_at: datetime | None = None,
    lake: Lake | None = None,
) -> pl.DataFrame:
    """`series, start, end, hours, reason, qualifier`: every unbroken stretch without a value.

    `reason` tells a reading that came marked as missing (`qualifier` says how) from one that
    never arrived (`qualifier` null).
    """
    found = _values(series, period, resolution, known_at, lake)
    starts = _starts(period, resolution)
    grid = pl.DataFrame({"series": list(series)}, schema={"series": pl.Int32}).join(
        starts.to_frame(), how="cross"
    )
    run = pl.struct("series", "qualifier", "absent").rle_id()
    step = STEP[resolution]
    return (
        grid.join(found, on=["series", "start"], how="left", maintain_order="left")
        .with_columns(absent=pl.col("value").is_null())
        .with_columns(run=run)
        .filter("absent")
        .group_by("run", maintain_order=True)
        .agg(
            pl.col("series").first(),
            pl.col("start").first(),
            end=pl.col("start").last() + step,
            hours=pl.len() * (step / timedelta(hours=1)),
            qualifier=pl.col("qualifier").first(),
        )
        .with_columns(
            reason=pl.when(pl.col("qualifier").is_null())
            .then(pl.lit(NEVER_ARRIVED))
            .otherwise(pl.lit(MARKED_MISSING))
        )
        .select("series", "start", "end", "hours", "reason", "qualifier")
    )


def _values(
    series: Sequence[int],
    period: Period,
    resolution: str,
    known_at: datetime | None,
    lake: Lake | None,
) -> pl.DataFrame:
    found = readings.current(series, period, resolution, known_at, flags=False, lake=lake)
    return found.select("series", "start", "value", "qualifier")


def _starts(period: Period, resolution: str) -> pl.Series:
    """The beginnings of all readings of the period that should be there: whose time has passed."""
    if resolution not in STEP:
        raise BadInput(
            "observe.no-step",
            f"“{resolution}”数据没有固定间隔，无法计算应有个数",
            f"“{resolution}” readings have no fixed step, so none can be expected",
        )
    step = STEP[resolution]
    until = min(period.end, utc_now() - step + readings.TICK)
    if until <= period.start:
        return pl.Series("start", [], INSTANT)
    return pl.datetime_range(
        period.start, until, step, closed="left", time_unit="us", eager=True
    ).alias("start")
