"""Means of water data. The mean pH is that of the hydrogen-ion concentrations (环办监测函〔2020〕
82号); every other item's is arithmetic, with non-detects at half their limit beforehand.
"""

from __future__ import annotations

import polars as pl

SETTLED = 12
"""Significant digits of a mean that count: six times 0.05 over six is 0.05, not a hair above."""


def settled(value: pl.Expr) -> pl.Expr:
    """A mean without the noise of adding binary numbers, so that one at a limit keeps it."""
    return value.round_sig_figs(SETTLED)


def mean(name: str) -> pl.Expr:
    """The mean of an item's column, under the item's name; null where nothing was measured."""
    value = pl.col(name)
    if name == "ph":
        return settled(-((pl.lit(10.0) ** -value).mean().log(10))).alias(name)
    return settled(value.mean()).alias(name)
