"""The day of a station and the day of a city: six concentrations, their sub-indices, the AQI.

A station's day comes from its hours, a city's from its stations' days (HJ 663 Table A.2); the AQI
of each from its own concentrations (HJ 633). Printed concentrations are rounded to the digits of
HJ 663; the columns that begin with "_" keep full precision and go back to the lake.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from fenhe.assess.rule import KEYS, Assessment, Derived, Input
from fenhe.domains.air.rules import aqi, dense, statistics, tables
from fenhe.domains.air.rules.method import Method, method
from fenhe.domains.air.rules.statistics import Days
from fenhe.kernel.rounding import half_even

DAILY = {
    "so2": Input("so2", "mean"),
    "no2": Input("no2", "mean"),
    "pm10": Input("pm10", "mean"),
    "pm2_5": Input("pm2_5", "mean"),
    "co": Input("co", "mean"),
    "o3_mda8": Input("o3", "mda8"),
    "o3_1h_max": Input("o3", "max1h"),
}
"""The daily statistics, by the name HJ 633's indices have, and the series that hold them."""

DERIVED = tuple(Derived(f"_{name}", item.property, item.statistic) for name, item in DAILY.items())


def ways(ask: Assessment) -> Method:
    """The method of the day; in a variant `on` is the first day of the edition it names."""
    return method(ask.on)


def station_day(readings: pl.DataFrame, ask: Assessment) -> pl.DataFrame:
    """From the hours of each station's day."""
    way = ways(ask)
    properties = list(tables.SYMBOLS)
    hours = dense.hours(readings, ask, properties)
    found: dict[str, Days] = {}
    for item in way.items:
        own = hours[properties.index(item.property)]
        found[item.pollutant] = statistics.item_days(item, own)
        if item.daily == "mda8":
            found[f"{item.property}_1h_max"] = statistics.daily_maximum(own)
    observed = 24 * len(properties) - np.count_nonzero(np.isnan(hours), axis=(0, 2, 3))
    return _result(ask, way, found, observed, 24 * len(properties))


def city_day(readings: pl.DataFrame, ask: Assessment) -> pl.DataFrame:
    """From the days of the city's stations; control points are not among the members."""
    way = ways(ask)
    found: dict[str, Days] = {}
    stations = np.zeros(ask.periods.height, dtype=np.int64)
    for name, item in DAILY.items():
        values, group = dense.members(readings, ask, item)
        found[name] = statistics.grouped_days(values, group, ask.periods.height, way.city_share)
        stations = np.bincount(group, minlength=ask.periods.height)
    six = [found[item.pollutant].observed[:, 0] for item in way.items]
    return _result(ask, way, found, np.sum(six, axis=0), len(six) * stations)


def _result(
    ask: Assessment,
    way: Method,
    found: dict[str, Days],
    observed: np.ndarray[tuple[int], np.dtype[np.int64]],
    expected: int | np.ndarray[tuple[int], np.dtype[np.int64]],
) -> pl.DataFrame:
    exact = ask.periods.select(*KEYS).with_columns(
        pl.Series(f"_{name}", days.values[:, 0]).fill_nan(None) for name, days in found.items()
    )
    edition = ask.edition("HJ 633")
    frame = exact.with_columns(
        pl.Series(name, statistics.settled(days.values[:, 0])).fill_nan(None)
        for name, days in found.items()
    ).with_columns(
        half_even(pl.col(name), way.item(item.property).decimals_raw)
        for name, item in DAILY.items()
    )
    judged = aqi.aqi(frame, edition, "day")
    return judged.with_columns(
        pl.struct(pl.Series(name, days.observed[:, 0]) for name, days in found.items()).alias(
            "present"
        ),
        primary=pl.col("primary")
        .cast(pl.String)
        .str.split(",")
        .list.drop_nulls()
        .list.eval(pl.element().filter(pl.element() != "")),
        category=pl.col("aqi_level").cast(pl.String).fill_null(""),
        observed=pl.Series(observed),
        expected=pl.lit(expected) if isinstance(expected, int) else pl.Series(expected),
    ).rename({"aqi_level": "level"})
