"""The composite index (综合指数) with single indices, load ratios, main pollutant and change.

The recipe that reproduces published bulletins to the last digit: take the printed concentrations,
round every Ci/Si half to even to two decimals, add; a load ratio is that single index over that
sum; a change is computed from printed values. All of it is whole-number arithmetic.
"""

from __future__ import annotations

import polars as pl

from fenhe.domains.air.rules.aqi import require
from fenhe.domains.air.rules.tables import SYMBOLS
from fenhe.kernel.rounding import (
    divide,
    exact,
    half_even,
    half_even_ratio,
    scaled_int,
    scaled_int_ratio,
)
from fenhe.standards.edition import Edition, Row

COLUMNS = {name: name for name in SYMBOLS} | {"co": "co_p95_mg", "o3": "o3_mda8_p90"}
"""Property id → the column of its period statistic: means in µg/m³, CO 95th percentile of days in
mg/m³, O3 90th percentile of MDA8 in µg/m³."""
PREVIOUS = {name: f"prev_{column}" for name, column in COLUMNS.items()}

DECIMALS = 6  # a printed concentration has fewer; 10**6 keeps every product below 2**63


PRINTED = dict.fromkeys(SYMBOLS, 0) | {"pm2_5": 1, "co": 1}
"""Decimals of HJ 663-2026 Table 3; they are a minimum, so one decimal is taken for printed too."""


def as_printed(concentration: pl.Expr, name: str) -> pl.Expr:
    """As given with up to one decimal, as bulletins print (28.5); longer values, which are not
    printed ones, rounded half to even to the digits of the pollutant."""
    given = half_even(concentration, 1) == concentration
    return pl.when(given).then(concentration).otherwise(half_even(concentration, PRINTED[name]))


def composite(frame: pl.DataFrame, scheme: Edition) -> pl.DataFrame:
    """Adds, to a frame with the six `COLUMNS` (printed values; null = missing):

    - `composite` and `single_<property>` (Float64, two decimals);
    - `load_pct_<property>` (one decimal); under a weighted scheme of the weighted single index;
    - `main_pollutant`: symbols with the largest part, joined by a comma;
    - with columns `prev_…`: `yoy_pct_<property>`, and `yoy_pct_composite` where `prev_composite`
      is given or, from six previous concentrations, added.

    A missing concentration leaves its own single index and the composite null. Raises BadInput
    `air.columns-missing`.
    """
    require(frame, list(COLUMNS.values()))
    single = {name: single_hundredths(pl.col(COLUMNS[name]), name, scheme) for name in SYMBOLS}
    work = frame.select(**{f"s_{name}": expr for name, expr in single.items()})
    weights = {name: _row(scheme, name)["weight"] for name in SYMBOLS}
    parts = {name: pl.col(f"s_{name}") * weights[name] for name in SYMBOLS}
    work = work.with_columns(total=_sum(list(parts.values())))
    largest = pl.max_horizontal(*parts.values())
    leading = [pl.when(part == largest).then(pl.lit(SYMBOLS[name])) for name, part in parts.items()]
    total = pl.col("total")
    loads = {f"load_pct_{name}": _percent(part * 100, total) for name, part in parts.items()}
    results = work.select(
        composite=hundredths(total),
        **{f"single_{name}": hundredths(pl.col(f"s_{name}")) for name in SYMBOLS},
        **loads,
        main_pollutant=pl.when(total.is_not_null()).then(
            pl.concat_str(leading, separator=",", ignore_nulls=True)
        ),
    )
    return frame.drop(results.columns, strict=False).hstack(results).pipe(_changes, scheme)


def _changes(frame: pl.DataFrame, scheme: Edition) -> pl.DataFrame:
    given = {name: column for name, column in PREVIOUS.items() if column in frame.columns}
    if "prev_composite" not in frame.columns and len(given) == len(SYMBOLS):
        previous = [
            single_hundredths(pl.col(column), name, scheme) * _row(scheme, name)["weight"]
            for name, column in given.items()
        ]
        frame = frame.with_columns(prev_composite=hundredths(_sum(previous)))
    pairs = {name: (COLUMNS[name], column) for name, column in given.items()}
    if "prev_composite" in frame.columns:
        pairs["composite"] = ("composite", "prev_composite")
    return frame.with_columns(
        **{
            f"yoy_pct_{name}": change_pct(pl.col(now), pl.col(before))
            for name, (now, before) in pairs.items()
        }
    )


def single_hundredths(concentration: pl.Expr, name: str, scheme: Edition) -> pl.Expr:
    """Ci/Si rounded half to even to two decimals, in hundredths (Int64)."""
    limit = exact(_row(scheme, name)["limit"]) * 10**DECIMALS
    return scaled_int_ratio(scaled_int(concentration, DECIMALS), pl.lit(int(limit)), 2)


def change_pct(now: pl.Expr, before: pl.Expr) -> pl.Expr:
    """Change in % of printed values, one decimal half to even; null where there was nothing."""
    here, there = scaled_int(now, DECIMALS), scaled_int(before, DECIMALS)
    return _percent((here - there) * 100, there)


def hundredths(expr: pl.Expr) -> pl.Expr:
    """Hundredths (Int64) as the float nearest to the decimal."""
    return divide(expr, 100)


def _percent(num: pl.Expr, den: pl.Expr) -> pl.Expr:
    return half_even_ratio(num, pl.when(den > 0).then(den), 1)


def _sum(parts: list[pl.Expr]) -> pl.Expr:
    """Null as soon as one part is null, unlike sum_horizontal."""
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _row(scheme: Edition, name: str) -> Row:
    return scheme.table("composite").one(pollutant=SYMBOLS[name])
