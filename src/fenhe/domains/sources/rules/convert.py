"""From what the stack's instruments read to what the standard limits (HJ 212-2017 Annex D):
standard state, dry gas, reference oxygen, flow and kilograms; and the same beside what the device
sent.

A unit without an oxygen reference is judged on the measured value and never diluted.
"""

from __future__ import annotations

import polars as pl

from fenhe.domains.sources.rules import tables

KILO, PERCENT, SECONDS = 1000.0, 100.0, 3600.0
LEAST_ROOM = 1.0
"""Below so many percent of oxygen under air's, the conversion is all noise: no value is given."""


def standard_state(value: pl.Expr, t: pl.Expr, ps: pl.Expr, ba: pl.Expr) -> pl.Expr:
    """mg/m³ at the stack → mg/m³ at 0 °C and 101 325 Pa. `t` °C, `ps` and `ba` kPa."""
    zero, pressure = tables.constant("zero_celsius"), tables.constant("pressure")
    return value * pressure / ((ba + ps) * KILO) * (zero + t) / zero


def dry(value: pl.Expr, moisture: pl.Expr) -> pl.Expr:
    """Wet → dry; moisture in percent."""
    return value / (1 - moisture / PERCENT)


def from_ppm(value: pl.Expr, molar_mass: float) -> pl.Expr:
    return value * molar_mass / tables.constant("molar_volume")


def nox(no: pl.Expr, no2: pl.Expr) -> pl.Expr:
    """NOx as NO2: NO · 46/30 + NO2, all mg/m³."""
    return no * tables.constant("molar_mass_no2") / tables.constant("molar_mass_no") + no2


def to_reference(value: pl.Expr, o2: pl.Expr, o2_ref: pl.Expr) -> pl.Expr:
    """C · (21 − O2ref) / (21 − O2). Null where O2 is so near to air that nothing can be said; the
    value itself where the unit has no oxygen reference."""
    air = tables.constant("air_oxygen")
    converted = value * (air - o2_ref) / (air - o2)
    return (
        pl.when(o2_ref.is_null()).then(value)
        .when(o2.is_between(0, air - LEAST_ROOM)).then(converted)
    )  # fmt: skip


def dry_flow(
    velocity: pl.Expr, section: pl.Expr, t: pl.Expr, ps: pl.Expr, ba: pl.Expr, moisture: pl.Expr
) -> pl.Expr:
    """m/s and m² → dry standard m³/h."""
    zero, pressure = tables.constant("zero_celsius"), tables.constant("pressure")
    wet = SECONDS * section * velocity
    return wet * zero / (zero + t) * (ba + ps) * KILO / pressure * (1 - moisture / PERCENT)


def mass_of_gas(value: pl.Expr, flow: pl.Expr) -> pl.Expr:
    """mg/m³ and dry standard m³/h → kg/h."""
    return value * flow / 1e6


def mass_of_water(value: pl.Expr, volume: pl.Expr) -> pl.Expr:
    """mg/L and m³ → kg."""
    return value * volume / KILO


def compared(rows: pl.DataFrame) -> pl.DataFrame:
    """`value, o2, o2_ref, sent[, decimals]` → `converted`, `difference` (sent − converted),
    `tolerance` and `follows`: whether what the device sent follows from its own raw value.

    The tolerance is what rounding explains: half a unit of the last decimal of `sent`, and what
    half a unit of the last decimal of `value` and `o2` does to the result, plus 1 % because a
    device converts its minutes and not the hour's means (HJ 212-2017 D.2; the 1 % is ours).
    """
    places = pl.col("decimals") if "decimals" in rows.columns else pl.lit(2)
    half = 0.5 * pl.lit(10.0).pow(-places.cast(pl.Float64))
    air = tables.constant("air_oxygen")
    converted = to_reference(pl.col("value"), pl.col("o2"), pl.col("o2_ref"))
    slope = ((air - pl.col("o2_ref")) / (air - pl.col("o2"))).abs().fill_null(1.0)
    by_oxygen = (converted / (air - pl.col("o2"))).abs().fill_null(0.0) * half
    return (
        rows.with_columns(converted=converted)
        .with_columns(
            difference=pl.col("sent") - pl.col("converted"),
            tolerance=half + slope * half + by_oxygen + 0.01 * pl.col("converted").abs(),
        )
        .with_columns(follows=pl.col("difference").abs() <= pl.col("tolerance"))
    )
