"""The hours of outlets as devices sent them, made ready for judging: what was measured, what the
device made of it by conversion, what we make of it, flow and kilograms.

An hour is received when the device sent it, and valid unless the device or a check marked it, or so
many of its minutes that fewer than 45 are left, as no measurement. Judged is the device's converted
value, ours where it sent none; a stack without an oxygen reference is judged on what was measured,
whatever the device converted.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from fenhe.assess.rule import INSTANT, KEYS, Assessment, Input, Schema
from fenhe.domains.sources.rules import convert, tables
from fenhe.domains.sources.rules.held import held
from fenhe.kernel.period import civil
from fenhe.observe.flags import Flag

GAS = {
    "stack_so2": "a21026", "stack_nox": "a21002", "stack_pm": "a34013", "stack_nmhc": "a24088",
    "stack_co": "a21005",
}  # fmt: skip
WATER = {
    "effluent_cod": "w01018", "effluent_nh3n": "w21003", "effluent_tp": "w21011",
    "effluent_tn": "w21001", "effluent_ph": "w01001",
}  # fmt: skip
CODES = GAS | WATER
PH = "effluent_ph"
DECIMALS = 2
MINUTES = Input("", resolution="minute")
"""How the minutes (of whatever length) a device sends beside its hours are told from them."""
CIVIL = pl.duration(hours=8)
CUBIC_METRES_AN_HOUR = 3.6
"""Of one litre a second."""


def hours(readings: pl.DataFrame, ask: Assessment, gas: bool) -> pl.DataFrame:
    """One row per outlet, pollutant and hour: subject, period, property, code, start, time (civil),
    measured, sent, own, value (what is judged), follows (null where nothing can be compared), flow
    (m³/h), kg, received, valid."""
    codes = GAS if gas else WATER
    carrier = "stack_flow" if gas else "effluent_flow"
    place = [*KEYS, "start"]
    values = readings.filter(pl.col("statistic") == "value")
    own = values.filter(pl.col("property").is_in(list(codes)))
    sent = readings.filter(pl.col("statistic") == "zs").select(*place, "property", sent="value")
    rows = (
        own.select(*place, "property", "flag", measured="value")
        .join(sent, on=[*place, "property"], how="left")
        .join(_aside(values, "stack_o2", "o2"), on=place, how="left")
        .join(_aside(values, carrier, "flow"), on=place, how="left")
        .join(_references(ask, codes), on=[*KEYS, "property"], how="left")
        .with_columns(
            code=pl.col("property").replace_strict(codes, return_dtype=pl.String),
            time=(pl.col("start") + CIVIL).dt.replace_time_zone(None),
            received=pl.col("flag") != int(Flag.MISSING),
        )
        .join(_marked_minutes(readings, codes), on=[*place, "property"], how="left")
        .with_columns(
            valid=pl.col("measured").is_not_null()
            & (60 - pl.col("marked_minutes").fill_null(0.0) >= tables.least("hour")),
        )
    )  # fmt: skip
    return _weighed(_converted(rows), gas).sort("subject", "property", "start")


def _marked_minutes(readings: pl.DataFrame, codes: Mapping[str, str]) -> pl.DataFrame:
    """Per outlet, pollutant and hour how many minutes the device marked as no measurement. A
    minute that never came is the line's fault and counts as the device counted it."""
    rows = readings.filter(
        (pl.col("statistic") == MINUTES.label()) & pl.col("property").is_in(list(codes))
    ).sort(*KEYS, "property", "start")
    length = pl.col("start").diff().min().over(*KEYS, "property").dt.total_seconds() / 60
    return (
        rows.with_columns(length=length, hour=pl.col("start").dt.truncate("1h"))
        .filter(pl.col("flag") == int(Flag.FAIL))
        .group_by(*KEYS, "property", start=pl.col("hour"))
        .agg(marked_minutes=pl.col("length").sum())
    )


def _aside(values: pl.DataFrame, property: str, name: str) -> pl.DataFrame:
    found = values.filter(pl.col("property") == property)
    return found.select(*KEYS, "start", pl.col("value").alias(name))


def _references(ask: Assessment, codes: Mapping[str, str]) -> pl.DataFrame:
    """subject, period, property, o2_ref."""
    rows = []
    for subject, period in ask.periods.select(KEYS).iter_rows():
        on = civil(period).date()
        own = held(ask.attributes.get(subject, {}), on)
        rows += [(subject, period, name, own.oxygen(code, on)) for name, code in codes.items()]
    schema: Schema = {
        "subject": pl.Int64, "period": INSTANT, "property": pl.String, "o2_ref": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema, orient="row")


def _converted(rows: pl.DataFrame) -> pl.DataFrame:
    """`own` by our conversion, whether what was sent follows from it, and the value to judge."""
    told = convert.compared(rows.with_columns(value=pl.col("measured"), decimals=pl.lit(DECIMALS)))
    referenced = pl.col("o2_ref").is_not_null()
    comparable = referenced & pl.col("sent").is_not_null() & pl.col("converted").is_not_null()
    return told.with_columns(
        own=pl.when(referenced).then(pl.col("converted")),
        follows=pl.when(comparable).then(pl.col("follows")),
        value=pl.when(~referenced).then(pl.col("measured"))
        .when(pl.col("valid")).then(pl.coalesce("sent", "converted")),
    )  # fmt: skip


def _weighed(rows: pl.DataFrame, gas: bool) -> pl.DataFrame:
    """With `kg` of the hour, and `volume` of effluent in m³."""
    measured, flow = pl.col("measured"), pl.col("flow")
    if gas:
        return rows.with_columns(kg=convert.mass_of_gas(measured, flow), volume=flow)
    volume = flow * CUBIC_METRES_AN_HOUR
    kg = pl.when(pl.col("property") != PH).then(convert.mass_of_water(measured, volume))
    return rows.with_columns(kg=kg, volume=volume)
