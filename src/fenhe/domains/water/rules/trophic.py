"""Trophic state of lakes: TLI(Σ) of 环办〔2011〕22号 from chlorophyll a (mg/m³), TP, TN, CODMn
(mg/L) and transparency (m). The weights r²/Σr² are computed from the correlations, never typed.

Automatic stations report chlorophyll in mg/L: multiply by 1000 before. A value of 0 or below has
no logarithm and gives no index.
"""

from __future__ import annotations

from functools import cache

import polars as pl

from fenhe.domains.water.rules import tables

TLI_DECIMALS = 4


@cache
def weights() -> dict[str, float]:
    """Item → weight; they sum to 1."""
    squares = {row["item"]: float(row["r"]) ** 2 for row in tables.evaluation().table("tli")}
    whole = sum(squares.values())
    return {item: square / whole for item, square in squares.items()}


def trophic(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds `tli_<item>`, `tli` (all five items needed) and `trophic_state` in Chinese."""
    rows = tables.evaluation().table("tli").rows
    single = [
        (10 * (float(r["a"]) + float(r["b"]) * pl.col(r["item"]).log())).alias(f"tli_{r['item']}")
        for r in rows
    ]
    positive = [pl.when(pl.col(r["item"]) > 0).then(pl.col(r["item"])) for r in rows]
    clean = frame.select(positive).select(single)
    share = weights()
    total = sum((pl.col(f"tli_{item}") * weight for item, weight in share.items()), pl.lit(0.0))
    found = clean.with_columns(tli=total)
    return frame.with_columns(found.with_columns(trophic_state=_state()).get_columns())


def _state() -> pl.Expr:
    tli = pl.col("tli")
    state = pl.lit(None, pl.String)
    for row in reversed(tables.evaluation().table("tli_levels").rows):
        words = pl.lit(row.text("state").zh)
        if row["up_to"] is None:
            state = pl.when(tli.is_not_null()).then(words).otherwise(state)
        else:
            within = tli <= row["up_to"] if row["inclusive"] else tli < row["up_to"]
            state = pl.when(within).then(words).otherwise(state)
    return state
