"""Classes by GB 3838: each item's, and the section's as that of its worst item (single factor).

In: a frame with one column per item (mg/L, pH), and `waterbody` (river or lake; river without the
column). Out: `level_<item>` (1 … 5, 6 for worse than V) and `level`, null where nothing counts. A
value equal to a limit belongs to the better class. The values are taken as they are: the real-time
class is computed on unrounded values (the shown, rounded ones miss about 5 rows in 2,880).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from fenhe.domains.water.rules import tables
from fenhe.domains.water.rules.tables import LAKE, RIVER, WORST, Item
from fenhe.standards.edition import Edition


def level(value: pl.Expr, item: Item) -> pl.Expr:
    """The class of one item's values, 1 to 6; null where the value is null."""
    if item.rule == "range":
        low, high = item.limits
        outside = (value < low) | (value > high)
        return pl.when(outside).then(WORST).when(value.is_not_null()).then(1).cast(pl.Int8)
    worse = [
        (value < limit) if item.rule == "at_least" else (value > limit) for limit in item.limits
    ]
    return 1 + sum((step.cast(pl.Int8) for step in worse), pl.lit(0, pl.Int8))


def present(frame: pl.DataFrame, edition: Edition) -> tuple[str, ...]:
    """The items of the standard the frame has a column for."""
    return tuple(name for name in tables.every(edition.id) if name in frame.columns)


def item_levels(
    frame: pl.DataFrame, edition: Edition, names: Sequence[str] | None = None
) -> pl.DataFrame:
    """Adds `level_<item>` for each item; items limited in lakes only have none in rivers."""
    names = present(frame, edition) if names is None else names
    rivers, lakes = tables.items(edition.id, RIVER), tables.items(edition.id, LAKE)
    mixed = "waterbody" in frame.columns
    return frame.with_columns(
        _of(name, rivers, lakes, mixed).alias(f"level_{name}") for name in names
    )


def _of(name: str, rivers: dict[str, Item], lakes: dict[str, Item], mixed: bool) -> pl.Expr:
    value = pl.col(name)
    river, lake = rivers.get(name), lakes.get(name)
    if river == lake and river is not None:
        return level(value, river)
    in_river = level(value, river) if river else pl.lit(None, pl.Int8)
    if not mixed or lake is None:
        return in_river
    return pl.when(pl.col("waterbody") == LAKE).then(level(value, lake)).otherwise(in_river)


def classify(
    frame: pl.DataFrame, edition: Edition, names: Iterable[str] | None = None
) -> pl.DataFrame:
    """`item_levels` and `level`, the worst of the items that decide a class. `names`: the deciding
    items (all assessed ones the frame has; the five of the feed for a real-time class)."""
    columns = present(frame, edition)
    deciding = set(tables.assessed(edition.id) if names is None else names)
    judged = item_levels(frame, edition, columns)
    counted = [f"level_{name}" for name in columns if name in deciding]
    worst = pl.max_horizontal(counted) if counted else pl.lit(None, pl.Int8)
    return judged.with_columns(worst.cast(pl.Int8).alias("level"))
