"""Readings as people write them in a cell: the reverse of `kernel.values.read_values`."""

from __future__ import annotations

import polars as pl

from fenhe.kernel.values import Qualifier

_REASONS = {
    int(Qualifier.MISSING_BLANK): "",
    int(Qualifier.MISSING_MARKED): "NA",
    int(Qualifier.NOT_MEASURED): "/",
    int(Qualifier.OUT_OF_RANGE): "NA",
}
_SIGNS = {int(Qualifier.BELOW): "<", int(Qualifier.ABOVE): ">"}


def written(value: pl.Expr, qualifier: pl.Expr) -> pl.Expr:
    """`12`, `<0.05`, `NA`: text that reads back as the same value and qualifier."""
    number = value.cast(pl.String).str.strip_suffix(".0")
    code = qualifier.cast(pl.Int32)
    sign = code.replace_strict(_SIGNS, default="", return_dtype=pl.String)
    reason = code.replace_strict(_REASONS, default="", return_dtype=pl.String)
    return pl.when(value.is_null()).then(reason).otherwise(sign + number)
