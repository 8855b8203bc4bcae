"""Rounding of water data by 环办监测函〔2020〕82号 (assessment) and 总站水字〔2020〕90号 (hourly):
half to even at each item's decimals; a non-zero value that would round to 0 keeps one significant
digit. 31,654 shown values of the national feed are reproduced; half-up fails on 2.4 % of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from typing import Literal

import numpy as np
import polars as pl

from fenhe.domains.water.rules import tables
from fenhe.kernel.rounding import half_even_array, round_half_even

Purpose = Literal["assessment", "hourly"]
PURPOSES: tuple[Purpose, ...] = ("assessment", "hourly")


@cache
def decimals(purpose: Purpose) -> dict[str, int]:
    """Item → decimals kept; items the rule does not name for the purpose are absent."""
    table = tables.latest(tables.STATISTICS).table("decimals")
    return {row["item"]: int(row[purpose]) for row in table if row[purpose] is not None}


def one(value: float, places: int) -> Decimal:
    """One value, as printed: trailing zeros kept.

    >>> [str(one(x, 2)) for x in (7.995, 8.675, 0.0004)]
    ['8.00', '8.68', '0.0004']
    """
    rounded = round_half_even(value, places)
    if rounded == 0 and value != 0:
        exact = Decimal(repr(float(value)))
        kept = exact.quantize(Decimal(1).scaleb(exact.adjusted()), ROUND_HALF_EVEN)
        return kept.quantize(Decimal(1).scaleb(kept.adjusted()))  # 0.00096 is 0.001, not 0.0010
    return rounded


def rounded(value: pl.Expr, places: int) -> pl.Expr:
    """The expression rounded, as Float64."""

    def act(inputs: Sequence[pl.Series]) -> pl.Series:
        return pl.Series(inputs[0].name, array(inputs[0], places), nan_to_null=True)

    return pl.map_batches(
        [value.cast(pl.Float64)], act, return_dtype=pl.Float64(), is_elementwise=True
    )


def array(values: pl.Series, places: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A series rounded, NaN for null; the few values near zero one by one."""
    exact = values.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    result = half_even_array(exact, places)
    tiny = (result == 0) & (exact != 0) & np.isfinite(exact)
    if tiny.any():
        result[tiny] = [float(one(value, places)) for value in exact[tiny]]
    return result


def text(values: pl.Series, places: int) -> pl.Series:
    """Rounded values as they are printed, with their trailing zeros."""
    settled = array(values, places)
    said = [None if np.isnan(value) else _plain(value, places) for value in settled]
    return pl.Series(values.name, said, pl.String)


def _plain(value: float, places: int) -> str:
    """Of a value that is rounded already; below the last decimal stands its one digit."""
    if 0 < abs(value) < 10.0**-places:
        return format(Decimal(repr(float(value))), "f")
    return f"{value:.{places}f}"


def for_purpose(frame: pl.DataFrame, names: Sequence[str], purpose: Purpose) -> pl.DataFrame:
    """The frame with the named items rounded; an item without a rule stays as it is."""
    kept = decimals(purpose)
    return frame.with_columns(
        rounded(pl.col(name), kept[name]).alias(name) for name in names if name in kept
    )
