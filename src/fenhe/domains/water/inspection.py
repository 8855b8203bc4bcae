"""Runs the checks of `quality.py` over the samples of a window and tells what they object to.

No norm sets the thresholds: only what cannot have been measured fails; every other objection makes
a sample suspect, for a person to decide on. A suspect sample still counts.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from fenhe.assess.objections import OBJECTIONS, Inspection
from fenhe.domains.water import quality
from fenhe.domains.water.quality import Flags, Floats
from fenhe.domains.water.rules import tables
from fenhe.domains.water.rules.live import AUTOMATIC
from fenhe.kernel.period import Period
from fenhe.kernel.text import Text
from fenhe.observe.flags import Flag

REASONS = {
    "range": Text("超出合理范围", "outside the plausible range"),
    "flat_line": Text("连续多次不变", "unchanged for too many samples"),
    "nitrogen": Text("氨氮高于总氮", "ammonia nitrogen exceeds total nitrogen"),
    "oxygen_demand": Text("高锰酸盐指数高于化学需氧量", "CODMn exceeds COD"),
    "do_saturation": Text("溶解氧远高于饱和值", "oxygen far above saturation"),
}


def inspect(readings: pl.DataFrame, window: Period) -> pl.DataFrame:
    """Objections to the samples of a window; samples lie where they lie, no grid is assumed."""
    del window
    found = [OBJECTIONS.to_frame()]
    checks = tables.latest("water checks")
    rows = readings.sort("series", "start")
    for (name,), part in rows.group_by("property", maintain_order=True):
        for row in checks.table("range").find(item=str(name)):
            values = part["value"].fill_null(float("nan")).to_numpy()
            flags = quality.value_range(values, row["fail"], row["suspect"])
            found.append(_objections("range", part, flags))
        for row in checks.table("flat_line").find(item=str(name)):
            for (_,), own in part.group_by("series", maintain_order=True):
                series = own["value"].fill_null(float("nan")).to_numpy()
                flags = quality.flat_line(series[None, :], int(row["samples"]), row["floor"])[0]
                found.append(_objections("flat_line", own, flags))
    return pl.concat([*found, *_between(rows)])


def _between(rows: pl.DataFrame) -> list[pl.DataFrame]:
    """Checks of one item against another of the same sample; both sides are marked."""
    checks = tables.latest("water checks")
    found = []
    for row in checks.table("cross"):
        pair = _pair(rows, row["left"], row["right"])
        left, right = (_values(pair, side) for side in ("value", "value_right"))
        found += _both(row["check"], pair, quality.part_of(left, right, float(row["tolerance"])))
    for row in checks.table("oxygen"):
        pair = _pair(rows, "do", "wt")
        oxygen, celsius = (_values(pair, side) for side in ("value", "value_right"))
        flags = quality.oversaturated(oxygen, celsius, float(row["share"]))
        found.append(_objections(row["check"], pair, flags))
    return found


def _pair(rows: pl.DataFrame, left: str, right: str) -> pl.DataFrame:
    own = rows.filter(pl.col("property") == left)
    other = rows.filter(pl.col("property") == right).select("member", "start", "series", "value")
    return own.join(other, on=["member", "start"], how="inner")


def _both(check: str, pair: pl.DataFrame, flags: Flags) -> list[pl.DataFrame]:
    other = pair.drop("series").rename({"series_right": "series"})
    return [_objections(check, pair, flags), _objections(check, other, flags)]


def _values(rows: pl.DataFrame, column: str) -> Floats:
    return np.asarray(rows[column].fill_null(float("nan")).to_numpy(), dtype=np.float64)


def _objections(check: str, rows: pl.DataFrame, flags: Flags) -> pl.DataFrame:
    reason = REASONS[check]
    told = rows.select(
        pl.col("series").cast(pl.Int32),
        pl.col("start").cast(OBJECTIONS["start"]),
        check=pl.lit(check),
        flag=pl.Series(flags, dtype=pl.Int8),
        detail=pl.lit(f"{reason.zh} | {reason.en}"),
    )
    return told.filter(pl.col("flag").is_in([int(Flag.SUSPECT), int(Flag.FAIL)]))


SAMPLES = Inspection(
    id="water.samples",
    kinds=("water_section", "water_lake_point"),
    properties=AUTOMATIC,
    inspect=inspect,
)
INSPECTIONS = (SAMPLES,)
