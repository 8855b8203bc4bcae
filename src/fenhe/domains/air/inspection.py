"""Runs the checks of `quality.py` over the hours of a window and tells what they object to.

No norm sets the thresholds, and all valid data must be used (GB 3095 6.4): only what cannot have
been measured fails, a value out of range or an hour that had not ended when it was received; every
other objection makes an hour suspect, for a person to decide on.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from fenhe.assess.objections import OBJECTIONS, Inspection
from fenhe.domains.air.quality import CHECKS, Check, Flags, Floats
from fenhe.domains.air.rules import tables
from fenhe.kernel.period import HOUR, Period
from fenhe.observe.block import Block
from fenhe.observe.flags import Flag

ALONE = ("range", "flat_line", "spike")  # judge one series by itself


def inspect(readings: pl.DataFrame, window: Period) -> pl.DataFrame:
    """Objections to the readings of a window of whole days."""
    emitted = readings.select("series", "property", "group").unique().sort("property", "series")
    block = Block.build(readings, window, emitted["series"].to_list())
    found = [OBJECTIONS.to_frame()]
    hours = {}
    for (name,), part in emitted.group_by("property", maintain_order=True):
        series = part["series"].to_numpy()
        values = block.values[block.rows_of(series)]
        hours[str(name)] = (series, values)
        for id in ALONE:
            found += _checked(CHECKS[id], str(name), series, values, window)
    for (name, _), part in emitted.drop_nulls("group").group_by("property", "group"):
        series = part["series"].to_numpy()
        values = block.values[block.rows_of(series)]
        found += _checked(CHECKS["neighbours"], str(name), series, values, window)
    return pl.concat([*found, *_pm_order(readings, hours, window), _clock(readings)])


def _checked(
    check: Check,
    name: str,
    series: np.ndarray[tuple[int], np.dtype[np.int64]],
    values: Floats,
    window: Period,
) -> list[pl.DataFrame]:
    thresholds = check.of(name)
    if thresholds is None:
        return []
    return [_objections(check, series, check.function(values, **thresholds), window)]


def _clock(readings: pl.DataFrame) -> pl.DataFrame:
    """The end of each hour against the moment it was received."""
    check = CHECKS["clock"]
    ends, received = (
        readings.select(column.dt.epoch("s")).to_series().to_numpy()
        for column in (pl.col("start") + HOUR, pl.col("known_at"))
    )
    flags = check.function(ends, received, **(check.of("*") or {}))
    told = readings.select("series", "start", flag=pl.Series(flags, dtype=pl.Int8))
    return _worded(check, told.filter(pl.col("flag").is_in([int(Flag.SUSPECT), int(Flag.FAIL)])))


def _pm_order(
    readings: pl.DataFrame,
    hours: dict[str, tuple[np.ndarray[tuple[int], np.dtype[np.int64]], Floats]],
    window: Period,
) -> list[pl.DataFrame]:
    """PM2.5 against PM10 of the same station."""
    check = CHECKS["pm_order"]
    owner = dict(readings.select("series", "member").unique().iter_rows())
    if "pm2_5" not in hours or "pm10" not in hours:
        return []
    (fine, fine_values), (coarse, coarse_values) = hours["pm2_5"], hours["pm10"]
    beside = {owner[series]: row for row, series in enumerate(coarse.tolist())}
    pairs = [
        (row, beside[owner[series]])
        for row, series in enumerate(fine.tolist())
        if owner[series] in beside
    ]
    if not pairs:
        return []
    left, right = (np.array(rows) for rows in zip(*pairs, strict=True))
    thresholds = check.of("pm2_5") or {}
    flags = check.function(fine_values[left], coarse_values[right], **thresholds)
    return [
        _objections(check, fine[left], flags, window),
        _objections(check, coarse[right], flags, window),
    ]


def _objections(
    check: Check,
    series: np.ndarray[tuple[int], np.dtype[np.int64]],
    flags: Flags,
    window: Period,
) -> pl.DataFrame:
    row, hour = np.nonzero((flags == Flag.SUSPECT) | (flags == Flag.FAIL))
    start = pl.Series(hour, dtype=pl.Int64) * int(HOUR.total_seconds() * 1_000_000)
    told = pl.DataFrame(
        {"series": series[row], "start": start, "flag": flags[row, hour]},
        schema_overrides={"series": pl.Int32, "flag": pl.Int8},
    )
    since = pl.lit(window.start, OBJECTIONS["start"])
    return _worded(check, told.with_columns(start=since + pl.col("start").cast(pl.Duration("us"))))


def _worded(check: Check, told: pl.DataFrame) -> pl.DataFrame:
    return told.select(
        "series",
        "start",
        check=pl.lit(check.id),
        flag="flag",
        detail=pl.lit(f"{check.reason.zh} | {check.reason.en}"),
    )


HOURLY = Inspection(
    id="air.hourly", kinds=("air_station",), properties=tuple(tables.SYMBOLS), inspect=inspect
)
INSPECTIONS = (HOURLY,)
