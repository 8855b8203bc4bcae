"""Daily AQI of many rows: ours vectorised and exact, against a package's loop row by row."""

from __future__ import annotations

import time
from datetime import date

import numpy as np
import polars as pl

from fenhe.domains.air.rules import tables
from fenhe.domains.air.rules.aqi import aqi, columns

TOP = {"SO2": 900, "NO2": 600, "PM10": 500, "PM2.5": 400, "CO": 20, "O3": 500}


def rows(count: int) -> pl.DataFrame:
    """Daily concentrations with more decimals than are printed, 1 % missing."""
    random = np.random.default_rng(11)
    edition = tables.in_force("HJ 633", date(2026, 3, 1))
    found = {}
    for column in columns(edition, "day"):
        top = next(top for name, top in TOP.items() if name.lower().replace(".", "_") in column)
        values = random.random(count) ** 3 * top
        values[random.random(count) < 0.01] = np.nan
        found[column] = pl.Series(values).fill_nan(None)
    return pl.DataFrame(found)


def ours(frame: pl.DataFrame) -> float:
    """Rows per second, from concentrations to AQI, category and primary pollutant."""
    edition = tables.in_force("HJ 633", date(2026, 3, 1))
    aqi(frame.head(10), edition)
    begin = time.perf_counter()
    aqi(frame, edition)
    return frame.height / (time.perf_counter() - begin)


def package(frame: pl.DataFrame) -> float | None:
    """Rows per second of a loop over PyPI's aqi-hub; None where it is not installed."""
    try:
        from aqi_hub.aqi_cn.aqi import cal_aqi_cn, cal_primary_pollutant, get_aqi_level
    except ImportError:
        return None
    full = frame.drop_nulls()
    wanted = {"pm25": "pm2_5", "pm10": "pm10", "so2": "so2", "no2": "no2", "co": "co", "o3": "o3"}
    given = {
        argument: next(column for column in full.columns if column.startswith(name))
        for argument, name in wanted.items()
    }
    names = {to: pl.col(column) for to, column in given.items()}
    begin = time.perf_counter()  # from a frame to a frame, as ours
    found = []
    for record in full.select(**names).iter_rows(named=True):
        index, parts = cal_aqi_cn(**record, data_type="daily")
        found.append((index, get_aqi_level(index), ",".join(cal_primary_pollutant(parts)), parts))
    result = pl.DataFrame(found, schema=["aqi", "level", "primary", "parts"], orient="row")
    return result.height / (time.perf_counter() - begin)
