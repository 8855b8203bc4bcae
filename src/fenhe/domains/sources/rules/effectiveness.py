"""Transmission effectiveness = transmission rate × validity rate, by outlet and code; then the mean
over codes and outlets for an enterprise or a region; and the online rate.

due excludes approved outage; of effluent one hour a day of the automatic standard check is not due
either (practice of the national platform, unconfirmed), so that 23 of 24 hours count as full.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from fenhe.domains.sources.rules import tables

TIMES_OF_INTERVAL = 3
"""Seen within so many intervals of real-time data is online (our choice)."""


def rates(hours: pl.DataFrame, begin: datetime, end: datetime) -> pl.DataFrame:
    """`hours`: outlet, code, time, received, valid, outage. Hours of [begin, end) that are absent
    were due and not received. Out: due, received, valid, transmission, validity, effectiveness
    (percent; null when nothing was due)."""
    n = int((end - begin) / timedelta(hours=1))
    inside = hours.filter((pl.col("time") >= begin) & (pl.col("time") < end)).unique(
        ["outlet", "code", "time"], keep="last", maintain_order=True
    )
    out = pl.col("outage").fill_null(value=False)
    counted = inside.group_by("outlet", "code").agg(
        due=(n - out.sum()).cast(pl.Int64),
        received=(pl.col("received") & ~out).sum().cast(pl.Int64),
        valid=(pl.col("received") & pl.col("valid").fill_null(value=False) & ~out)
        .sum()
        .cast(pl.Int64),
    )
    check = int(tables.monitoring().table("effluent").one(rule="check_hours_of_day")["value"])
    water = pl.col("code").str.starts_with("w")
    checks = pl.when(water).then((pl.col("due") // 24) * check).otherwise(0)
    some = pl.col("due") - checks
    return (
        counted.with_columns(due=pl.when(some > 0).then(some).otherwise(0))
        .with_columns(
            transmission=_percent(pl.col("received"), pl.col("due")),
            validity=_percent(pl.col("valid"), pl.col("due")),
        )
        .with_columns(effectiveness=pl.col("transmission") * pl.col("validity") / 100)
        .sort("outlet", "code")
    )


def without_checks(hours: int, code: str) -> int:
    """Hours due of a code: of effluent one hour a day goes to the automatic standard check."""
    if not code.startswith("w"):
        return hours
    check = int(tables.monitoring().table("effluent").one(rule="check_hours_of_day")["value"])
    return max(hours - hours // 24 * check, 0)


def of_counts(
    due: float | None, received: float | None, valid: float | None
) -> tuple[float | None, float | None, float | None]:
    """Transmission, validity and effectiveness in percent, at most 100 each, as printed."""
    if not due or received is None or valid is None:
        return None, None, None
    transmission, validity = min(received / due, 1) * 100, min(valid / due, 1) * 100
    return round(transmission, 2), round(validity, 2), round(transmission * validity / 100, 2)


def _percent(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    return pl.when(whole > 0).then(pl.min_horizontal(part * 100 / whole, pl.lit(100.0)))


def league(rates: pl.DataFrame, of: str = "enterprise") -> pl.DataFrame:
    """Mean of the outlets' codes, then of the outlets, best first; `rank` shares ties."""
    outlets = rates.group_by(of, "outlet").agg(pl.col("effectiveness").mean())
    return (
        outlets.group_by(of)
        .agg(pl.col("effectiveness").mean(), outlets=pl.len())
        .with_columns(rank=pl.col("effectiveness").rank("min", descending=True))
        .sort("rank", of, nulls_last=True)
    )


def online(last_seen: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """`outlet, seen, interval_seconds, outage` → the rows with `online` (null for outlets in
    approved outage, which are not due)."""
    late = pl.lit(now) - pl.col("seen")
    within = late <= pl.duration(seconds=pl.col("interval_seconds") * TIMES_OF_INTERVAL)
    return last_seen.with_columns(
        online=pl.when(~pl.col("outage").fill_null(value=False)).then(within.fill_null(value=False))
    )
