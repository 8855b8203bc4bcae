"""Black-odorous water from measured points (城市黑臭水体整治工作指南, 2015).

A measurement is light or heavy item by item: transparency (cm; where the water is shallower than
25 cm, against 40 % of the depth), dissolved oxygen, redox potential, ammonia nitrogen. A point is
heavy when one item is heavy in 60 % of its data or two items in 30 %; a reach from three heavy
points in a row; the whole water from 60 % of its points. Rural thresholds are unconfirmed.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from fenhe.domains.water.rules import tables
from fenhe.standards.edition import Row

STANDARD = "black-odorous water"
NONE, LIGHT, HEAVY = 0, 1, 2


def rule(name: str) -> float:
    return float(tables.latest(STANDARD).table("rules").one(rule=name)["value"])


def grades(frame: pl.DataFrame, scope: str = "urban") -> pl.DataFrame:
    """Adds `grade_<item>` (0 none, 1 light, 2 heavy) per measurement. Columns: sd (cm), do, orp
    (mV), nh3n, those there are; `depth` (cm) where the water may be shallow."""
    rows = tables.latest(STANDARD).table("grades").find(scope=scope)
    return frame.with_columns(
        _grade(row, frame).alias(f"grade_{row['item']}")
        for row in rows
        if row["item"] in frame.columns
    )


def _grade(row: Row, frame: pl.DataFrame) -> pl.Expr:
    value = pl.col(row["item"])
    light, heavy = pl.lit(float(row["light"])), pl.lit(row["heavy"], pl.Float64)
    if row["direction"] == "above":
        # 8.0 to 15 is light, above 15 heavy
        is_light, is_heavy = value >= light, value > heavy
        if row["heavy"] is None:
            is_light = value > light
    else:
        if row["item"] == "sd" and "depth" in frame.columns:
            shallow = pl.col("depth") < rule("shallow_depth_cm")
            limit = pl.col("depth") * rule("shallow_share")
            light = pl.when(shallow).then(limit).otherwise(light)
            heavy = pl.when(shallow).then(pl.lit(None, pl.Float64)).otherwise(heavy)
        is_light, is_heavy = value <= light, value < heavy
        if row["heavy"] is None:
            is_light = value < light
    graded = pl.when(is_heavy.fill_null(value=False)).then(HEAVY).when(is_light).then(LIGHT)
    return graded.when(value.is_not_null()).then(NONE).cast(pl.Int8)


def points(graded: pl.DataFrame) -> pl.DataFrame:
    """One row per `point`: `rounds` measured, `grade`: heavy by the 60 %/30 % rule, else light
    where any datum is light or heavy, else none; `enough` rounds to judge at all."""
    names = [column for column in graded.columns if column.startswith("grade_")]
    share = [(pl.col(name) == HEAVY).mean().alias(name) for name in names]
    worst = pl.max_horizontal(pl.col(name).max() for name in names)
    found = graded.group_by("point", maintain_order=True).agg(
        pl.len().alias("rounds"), *share, worst.alias("_worst")
    )
    one = pl.any_horizontal(pl.col(name) >= rule("one_item_share") for name in names)
    two = pl.sum_horizontal(pl.col(name) >= rule("two_items_share") for name in names) >= 2
    heavy = (one | two).fill_null(value=False)
    return found.select(
        "point",
        "rounds",
        grade=pl.when(heavy)
        .then(HEAVY)
        .when(pl.col("_worst") >= LIGHT)
        .then(LIGHT)
        .otherwise(NONE),
        enough=pl.col("rounds") >= rule("rounds_least"),
    )


@dataclass(frozen=True, slots=True)
class Water:
    """What the points, in order along the water, say of it."""

    grade: int
    heavy_share: float
    reaches: tuple[tuple[str, str], ...]  # first and last point of each heavy reach
    enough: bool


def water(found: pl.DataFrame) -> Water:
    """`points` in their order along the water. The whole is heavy from 60 % heavy points, and a
    reach of three or more heavy points in a row is heavy by itself."""
    names, grades_ = found["point"].cast(pl.String).to_list(), found["grade"].to_list()
    heavy = [grade == HEAVY for grade in grades_]
    share = sum(heavy) / len(heavy) if heavy else 0.0
    least = int(rule("reach_points"))
    reaches, start = [], None
    for place, is_heavy in enumerate([*heavy, False]):
        if is_heavy and start is None:
            start = place
        elif not is_heavy and start is not None:
            if place - start >= least:
                reaches.append((names[start], names[place - 1]))
            start = None
    whole = (
        HEAVY
        if share >= rule("whole_share")
        else max(map(min, grades_, [LIGHT] * len(grades_)), default=NONE)
    )
    enough = len(heavy) >= rule("points_least") and bool(found["enough"].all())
    return Water(whole, share, tuple(reaches), enough)
