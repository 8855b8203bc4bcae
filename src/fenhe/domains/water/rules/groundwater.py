"""Groundwater classes by GB/T 14848-2017: 93 items, Ⅰ to Ⅴ, the worst item decides.

Where class limits are equal the better class is given (从优不从劣). Organics are µg/L, not mg/L.
Items are named as in the standard (铁, 总硬度, 三氯甲烷); smell and visible matter are 无 or 有.
"""

from __future__ import annotations

from functools import cache

import polars as pl

from fenhe.domains.water.rules import tables
from fenhe.standards.edition import Row

STANDARD = "GB/T 14848"
WORST = 5


@cache
def items() -> dict[str, Row]:
    """Name → row, in the order of the standard; names are unique in it."""
    return {row["name"]: row for row in tables.latest(STANDARD).table("limits")}


@cache
def by_id() -> dict[str, Row]:
    """Property id → row: how readings name the items."""
    return {row["item"]: row for row in items().values()}


def asks_absence(row: Row) -> bool:
    """Class I is "not detectable": a result below its detection limit is 0 there, not half."""
    return "ND" in row["limits"]


def level(name: str) -> pl.Expr:
    """The class of the column of an item as the standard names it, 1 to 5; smell and visible
    matter are 无 or 有."""
    row, value = items()[name], pl.col(name)
    if row["rule"] == "absent":
        text = value.cast(pl.String).str.strip_chars()
        return pl.when(text == "无").then(1).when(text == "有").then(WORST).cast(pl.Int8)
    return class_of(row, value)


def class_of(row: Row, value: pl.Expr) -> pl.Expr:
    """The class of a number in the item's unit; smell and visible matter are 0 or more; 0 is class
    I where the standard asks for "not detectable"."""
    if row["rule"] == "absent":
        absent = pl.when(value <= 0).then(1).when(value.is_not_null()).then(WORST)
        return absent.cast(pl.Int8)
    if row["rule"] == "range":
        (low, high), (lowest, highest) = row["limits"]
        inside = (value >= low) & (value <= high)
        near = (value >= lowest) & (value <= highest)
        judged = pl.when(inside).then(1).when(near).then(4).when(value.is_not_null()).then(WORST)
        return judged.cast(pl.Int8)
    found: pl.Expr = pl.when(value.is_not_null()).then(_above(row["limits"]))
    for place, limit in reversed(list(enumerate(row["limits"], 1))):
        if limit is None:
            continue
        within = (value <= 0) if limit == "ND" else (value <= limit)
        found = pl.when(within).then(place).otherwise(found)
    return found.cast(pl.Int8)


def _above(limits: list[object]) -> int:
    """Beyond the last limit: Ⅴ; where the standard bounds Ⅳ and Ⅴ alike, the better of the two."""
    return WORST if limits[-1] is not None else WORST - 1


def classify(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds `level_<item>` and `level`, the worst of the items the frame has."""
    names = [name for name in items() if name in frame.columns]
    judged = frame.with_columns(level(name).alias(f"level_{name}") for name in names)
    worst = pl.max_horizontal([f"level_{name}" for name in names] or [pl.lit(None, pl.Int8)])
    return judged.with_columns(level=worst.cast(pl.Int8))
