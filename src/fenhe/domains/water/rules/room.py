"""Room left: the mean each item may have for the rest of a period before the section fails its
target class, and the day whose samples would break it.

The mean of the whole period is weighed by samples (months: samples; years: months). A mean is
rounded to the decimals of assessment before it is classed, so the bound is the largest mean that
still rounds to the limit, half to even; pH is averaged as hydrogen ions. Concentrations in mg/L.

In: one row per section and item with `mean` and `samples` so far, `expected` samples of the whole
period, `recent` (mean of the last days; null where unknown) and the section's `target` level and
`waterbody`. Out: the same rows with
`bound` (the period's mean that just keeps the target) · `left` (samples still to come) · `room`
(highest mean the rest may have; lowest for DO; null where nothing is left or the item has no
bound) · `state`: kept (the period is full, or nothing measurable can break it), room, tight (the
recent mean would break it), lost (no possible value keeps it) · `breaks_after` (whole samples until
the mean to date fails, should the rest be like the recent ones) · `one_day` (what the next day's
mean would have to be to break the mean to date at once).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import polars as pl

from fenhe.domains.water.rules import rounding, tables
from fenhe.domains.water.rules.tables import LAKE, RIVER
from fenhe.kernel.rounding import round_half_even

HIGHEST_PH, LOWEST_PH = 14.0, 0.0
MOST_OXYGEN = 20.0
"""More dissolved oxygen than this is not counted on: a section that needs it is lost."""


@cache
def bound(item: str, limit: float, least: bool) -> float:
    """The outermost mean that rounds to a value within the limit at the assessment decimals."""
    places = rounding.decimals("assessment").get(item)
    if places is None:
        return limit
    half = 0.5 * 10.0**-places
    edge = float(round_half_even(limit - half if least else limit + half, places + 1))
    settled = float(round_half_even(edge, places))
    kept = settled >= limit if least else settled <= limit
    # A tie that rounds away from the limit does not count; one part in 10^9 within it does.
    return edge if kept else edge + (1e-9 if least else -1e-9)


def bounds(edition_id: str) -> pl.DataFrame:
    """item, waterbody, target (1 to 5), low, high: what a period's mean may be; null for open."""
    rows: list[tuple[str, str, int, float | None, float | None]] = []
    for kind in (RIVER, LAKE):
        for item in tables.items(edition_id, kind).values():
            for level in range(1, tables.WORST):
                low = high = None
                if item.rule == "range":
                    low = bound(item.id, item.limits[0], True)
                    high = bound(item.id, item.limits[1], False)
                elif item.rule == "at_least":
                    low = bound(item.id, item.limit(level), True)
                else:
                    high = bound(item.id, item.limit(level), False)
                rows.append((item.id, kind, level, low, high))
    schema = {
        "item": pl.String, "waterbody": pl.String, "target": pl.Int8,
        "low": pl.Float64, "high": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema, orient="row")


def room(so_far: pl.DataFrame, edition_id: str, per_day: float = 6.0) -> pl.DataFrame:
    """See the module. `per_day`: samples a day (6 of a four-hourly station; 1/30 of a month)."""
    rows = so_far.with_columns(pl.col("target").cast(pl.Int8)).join(
        bounds(edition_id), on=["item", "waterbody", "target"], how="left", maintain_order="left"
    )
    n, whole = pl.col("samples").fill_null(0), pl.col("expected")
    left = pl.max_horizontal(whole - n, pl.lit(0))
    mean = pl.col("mean").fill_null(0.0)
    low, high, recent = pl.col("low"), pl.col("high"), pl.col("recent")
    total = pl.max_horizontal(whole, n)

    def rest(edge: pl.Expr) -> pl.Expr:
        """The mean of the rest that brings the whole to the edge."""
        return pl.when(left > 0).then((edge * total - mean * n) / left)

    def day(edge: pl.Expr) -> pl.Expr:
        return (edge * (n + per_day) - mean * n) / per_day

    def crossing(edge: pl.Expr) -> pl.Expr:
        """Samples like the recent ones until the mean to date passes the edge."""
        steps = (edge - mean) * n / (recent - edge)
        return steps.floor() + 1

    at_most, at_least = rest(high), rest(low)
    ph = pl.col("item") == "ph"
    within_high = high.is_null() | (pl.col("mean") <= high)
    within_low = low.is_null() | (pl.col("mean") >= low)
    failing = pl.col("mean").is_not_null() & ~(within_high & within_low)
    over = (recent > high).fill_null(value=False)
    under = (recent < low).fill_null(value=False)
    after = pl.when(over).then(crossing(high)).when(under).then(crossing(low))
    bad_rest = ((recent > at_most) | (recent < at_least)).fill_null(value=False)
    no_way = (
        ((at_most < 0) & ~ph) | ((at_least > MOST_OXYGEN) & (pl.col("item") == "do"))
    ).fill_null(value=False)
    state = (
        pl.when(low.is_null() & high.is_null()).then(pl.lit("none"))
        .when((left <= 0) & failing).then(pl.lit("lost"))
        .when(left <= 0).then(pl.lit("kept"))
        .when(no_way).then(pl.lit("lost"))
        .when(bad_rest).then(pl.lit("tight"))
        .otherwise(pl.lit("room"))
    )  # fmt: skip
    soon = after.is_not_null() & (after <= left) & ~failing
    return rows.with_columns(
        left=left,
        bound=pl.when(ph).then(None).otherwise(pl.coalesce(high, low)),
        # pH moves as hydrogen ions: no one mean of the rest can be given
        room=pl.when(~ph).then(pl.coalesce(at_most, at_least)),
        failing=failing,
        state=state,
        breaks_after=pl.when(soon).then(pl.max_horizontal(after, pl.lit(1.0))).cast(pl.Int64),
        one_day=pl.when(~ph & ~failing & (left > 0)).then(pl.coalesce(day(high), day(low))),
    ).drop("low", "high")


def worst(rows: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Per section the item that decides: lost before tight before room, what fails so far
    before what does not, then the one whose recent
    mean is nearest to (or furthest past) its room."""
    order = {"lost": 0, "tight": 1, "room": 2, "kept": 3, "none": 4}
    gap = (pl.col("recent") / pl.col("room")).fill_nan(None)
    use = pl.when(pl.col("item") == "do").then(pl.col("room") / pl.col("recent")).otherwise(gap)
    return (
        rows.with_columns(_state=pl.col("state").replace_strict(order), use=use)
        .sort(
            "_state",
            "failing",
            "use",
            descending=[False, True, True],
            nulls_last=True,
            maintain_order=True,
        )
        .unique(keys, keep="first", maintain_order=True)
        .drop("_state")
    )
