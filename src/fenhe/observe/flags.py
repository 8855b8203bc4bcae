"""Quality flags as a history: what each check said of a reading, and when; nothing overwritten.

The effective flag of a reading is the worst of what its checks said last; a person's word (check
`review`) stands above them. A flag speaks of the version that was current when it was given: once
the reading is corrected it no longer counts.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import IntEnum

import polars as pl

from fenhe.kernel.period import Period, utc_now
from fenhe.observe.versions import KEY, current, span
from fenhe.store.lake import Lake, open_lake
from fenhe.store.tables import COLUMNS

REVIEW = "review"
TICK = timedelta(microseconds=1)


class Flag(IntEnum):
    """The QARTOD numbers."""

    GOOD = 1
    NOT_EVALUATED = 2
    SUSPECT = 3
    FAIL = 4
    MISSING = 9


# From harmless to grave. A check that could not run says less than one that passed.
_BY_GRAVITY = [Flag.MISSING, Flag.NOT_EVALUATED, Flag.GOOD, Flag.SUSPECT, Flag.FAIL]
_GRAVITY = {int(flag): rank for rank, flag in enumerate(_BY_GRAVITY)}
_FLAG = {rank: int(flag) for rank, flag in enumerate(_BY_GRAVITY)}


def record(
    frame: pl.DataFrame,
    resolution: str = "hour",
    source: str = "",
    known_at: datetime | None = None,
    lake: Lake | None = None,
) -> int:
    """Add `frame[series, start, check, flag, detail]`; what a check says already is not repeated.
    Returns how many rows were added."""
    lake = lake or open_lake()
    if frame.is_empty():
        return 0
    if "detail" not in frame.columns:
        frame = frame.with_columns(detail=pl.lit(""))
    kinds = COLUMNS["flags"]
    key = [*KEY, "check"]
    frame = frame.select(
        [pl.col(name).cast(kinds[name]) for name in (*key, "flag", "detail")]
    ).unique(key, keep="last", maintain_order=True)
    first, last = span(frame)
    with lake.writing():
        known = current(lake.scan("flags", resolution, Period(first, last + TICK)), key)
        fresh = frame.join(known, on=[*key, "flag", "detail"], how="anti", nulls_equal=True)
        if fresh.is_empty():
            return 0
        moment = known_at or max(
            [utc_now(), *(file.known_at[1] + TICK for file in lake.snapshot("flags").files)]
        )
        rows = fresh.with_columns(known_at=pl.lit(moment, kinds["known_at"]), source=pl.lit(source))
        lake.append("flags", rows, resolution)
    return fresh.height


def history(
    series: int, start: datetime, resolution: str = "hour", lake: Lake | None = None
) -> pl.DataFrame:
    """All that was ever said of one reading: `check, flag, detail, known_at, source`."""
    lake = lake or open_lake()
    rows = lake.scan("flags", resolution, Period(start, start + TICK), [series])
    return rows.select("check", "flag", "detail", "known_at", "source").sort("known_at", "check")


def join(
    readings: pl.DataFrame,
    period: Period,
    resolution: str,
    known_at: datetime | None = None,
    lake: Lake | None = None,
) -> pl.DataFrame:
    """Readings with their effective `flag`: NOT_EVALUATED where no check has spoken, MISSING
    where there is no value."""
    lake = lake or open_lake()
    series = readings["series"].unique().to_list() if not readings.is_empty() else []
    said = lake.scan("flags", resolution, period, series, known_at=known_at)
    unsaid = (
        pl.when(pl.col("value").is_null())
        .then(int(Flag.MISSING))
        .otherwise(int(Flag.NOT_EVALUATED))
    ).cast(pl.Int8)
    if said.is_empty():
        return readings.with_columns(flag=unsaid)
    verdicts = effective(said, readings)
    return readings.join(verdicts, on=KEY, how="left", maintain_order="left").with_columns(
        flag=pl.when(pl.col("value").is_null())
        .then(unsaid)
        .otherwise(pl.coalesce(pl.col("flag"), unsaid))
    )


def effective(said: pl.DataFrame, readings: pl.DataFrame) -> pl.DataFrame:
    """Flag rows and the readings they speak of → one `series, start, flag` per flagged reading."""
    newest = current(said.sort(*KEY, "check", "known_at"), [*KEY, "check"])
    newest = newest.join(
        readings.select(*KEY, read_at=pl.col("known_at")), on=KEY, how="inner"
    ).filter(pl.col("known_at") >= pl.col("read_at"))
    reviewed = pl.col("check") == REVIEW
    gravity = pl.col("flag").replace_strict(_GRAVITY, return_dtype=pl.Int8)
    return (
        newest.group_by(KEY)
        .agg(
            review=gravity.filter(reviewed).max(),
            checks=gravity.filter(~reviewed).max(),
        )
        .select(
            *KEY,
            flag=pl.coalesce("review", "checks").replace_strict(_FLAG, return_dtype=pl.Int8),
        )
    )
