"""Ranking of cities by composite index, and by its change (环办监测 change-ranking plan of 2017).

Ascending; equal printed values share a rank. Whether the rank after a tie is skipped is not
stated: skipped by default (1, 2, 2, 4), dense on request (1, 2, 2, 3); the choice is labelled.
"""

from __future__ import annotations

from typing import Literal

import polars as pl

from fenhe.domains.air.rules import tables
from fenhe.domains.air.rules.aqi import require
from fenhe.domains.air.rules.composite import COLUMNS, change_pct
from fenhe.kernel.rounding import scaled_int
from fenhe.kernel.text import Text
from fenhe.standards.edition import Edition

AfterTie = Literal["skip", "dense"]
ASSUMPTION = {
    "skip": Text("并列后名次顺延跳过（规定未写明）", "ranks after a tie are skipped (not stated)"),
    "dense": Text("并列后名次连续（规定未写明）", "ranks after a tie go on (not stated)"),
}
AVERAGING = {"co": "24h", "o3": "MDA8"}  # the others: annual


def rank(
    frame: pl.DataFrame, after_tie: AfterTie = "skip", limits: Edition | None = None
) -> pl.DataFrame:
    """Adds `rank` (1 = cleanest; null without a composite) and `tied`, in the order of the input.

    With `prev_composite` also `change_pct`, `change_rank` (1 = most improved) and `worsening_rank`
    (1 = most worsened), which leaves out cities whose six concentrations meet grade II of `limits`
    (GB 3095). Raises BadInput `air.columns-missing`.
    """
    require(frame, ["composite"])
    hundredths = scaled_int(pl.col("composite"), 2)
    ranked = frame.with_columns(
        rank=_ranked(hundredths, after_tie),
        tied=pl.when(hundredths.is_not_null()).then(hundredths.is_duplicated()),
    )
    if "prev_composite" not in frame.columns:
        return ranked
    change = change_pct(pl.col("composite"), pl.col("prev_composite"))
    ranked = ranked.with_columns(change_pct=change)
    tenths = scaled_int(pl.col("change_pct"), 1)
    listed = ~meets_grade_ii(frame, limits) if limits is not None else pl.lit(value=True)
    return ranked.with_columns(
        change_rank=_ranked(tenths, after_tie),
        worsening_rank=_ranked(pl.when(listed).then(-tenths), after_tie),
    )


def _ranked(whole: pl.Expr, after_tie: AfterTie) -> pl.Expr:
    return whole.rank("min" if after_tie == "skip" else "dense").cast(pl.Int32)


def meets_grade_ii(frame: pl.DataFrame, limits: Edition) -> pl.Series:
    """Whether all six period values are within grade II; false where one is missing."""
    require(frame, list(COLUMNS.values()))
    within = [
        pl.col(column) <= tables.limit(limits, name, AVERAGING.get(name, "annual"))
        for name, column in COLUMNS.items()
    ]
    return frame.select(meets=pl.all_horizontal(within).fill_null(value=False))["meets"]


def rank_among(composite: int, others: list[int], after_tie: AfterTie = "skip") -> int:
    """The rank one city would take, in hundredths of the index, among all the others."""
    lower = [other for other in others if other < composite]
    return 1 + (len(lower) if after_tie == "skip" else len(set(lower)))
