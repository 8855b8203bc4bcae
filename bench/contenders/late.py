"""One late value: into the lake, then station day -> city day -> the city's year -> ranking.

Derived days stand in the lake as series of their own: station days under the number of their
hourly series, city days behind them.
"""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from contenders.nation import ITEMS, Nation
from fenhe.assess import bulk
from fenhe.domains.air.rules import rollup, tables
from fenhe.kernel.period import Period, civil
from fenhe.store.lake import Lake

KNOWN = pl.datetime(2026, 2, 1, time_zone="UTC")


class Kept:
    """A nation whose days are kept, and what changes when a value comes late."""

    def __init__(self, folder: Path) -> None:
        self.nation = Nation.load(folder)
        self.network = self.nation.network()
        self.lake = Lake(folder / "lake")
        self.scheme = tables.in_force("composite", self.nation.period.last_day)
        self.city_series = np.arange(self.nation.cities * ITEMS) + self.nation.series
        self.commits = 0

    def keep_all(self) -> None:
        """The full roll-up, once: every day of every station and city goes to the lake."""
        series, days = bulk.days_of_all(self.lake, self.nation.period, self.network)
        self._append(bulk.day_rows(series, self.nation.period.first_day, days), "day")
        cities = self.network.city_days(series, days).reshape(len(self.city_series), -1)
        self._append(bulk.day_rows(self.city_series, self.nation.period.first_day, cities), "day")

    def late(self, series: int, start: datetime, value: float | None) -> pl.DataFrame:
        """The ranking after one value has come late."""
        self._append(
            pl.DataFrame(
                {"series": [series], "start": [start], "value": [value]},
                schema_overrides={"value": pl.Float64},
            ),
            "hour",
        )
        day = civil(start).date()
        station_day = bulk.recompute_day(self.lake, day, [series], self.network)
        self._append(bulk.day_rows([series], day, station_day), "day")
        self._append(self._city_day(series, day), "day")
        return self.ranking()

    def ranking(self) -> pl.DataFrame:
        """From the kept days of the cities."""
        period = self.nation.period
        days = bulk.stored_days(self.lake, period, self.city_series)
        cities = days.reshape(self.nation.cities, ITEMS, -1)
        return rollup.ranking(self.network.method, cities, period, self.scheme)

    def recomputed(self) -> pl.DataFrame:
        """The same from all hours again."""
        series, days = bulk.days_of_all(self.lake, self.nation.period, self.network)
        cities = self.network.city_days(series, days)
        return rollup.ranking(self.network.method, cities, self.nation.period, self.scheme)

    def _city_day(self, series: int, day: date) -> pl.DataFrame:
        city = int(self.network.city[series])
        alike = (self.network.city == city) & (self.network.item == self.network.item[series])
        stations = np.flatnonzero(alike)
        values = bulk.stored_days(self.lake, Period.day(day), stations)
        result = self.network.city_days(stations, values)[city, self.network.item[series]]
        number = self.nation.series + city * ITEMS + int(self.network.item[series])
        return bulk.day_rows([number], day, result[None, :])

    def _append(self, rows: pl.DataFrame, resolution: str) -> None:
        self.commits += 1
        versions = rows.with_columns(
            qualifier=pl.when(pl.col("value").is_null()).then(10).otherwise(0).cast(pl.Int8),
            known_at=KNOWN + timedelta(seconds=self.commits),
            source=pl.lit("bench"),
        )
        self.lake.append("readings", versions, resolution)


def run(folder: Path, times: int) -> dict[str, object]:
    kept = Kept(folder)
    kept.keep_all()
    random = np.random.default_rng(7)
    seconds = []
    found = kept.ranking()
    for _ in range(times):
        series = int(random.integers(kept.nation.series))
        start = kept.nation.period.start + timedelta(hours=int(random.integers(8760)))
        begin = time.perf_counter()
        found = kept.late(series, start, float(random.integers(20, 900)))
        seconds.append(time.perf_counter() - begin)
    return {
        "median_ms": 1000 * float(np.median(seconds)),
        "max_ms": 1000 * max(seconds),
        "equal": found.equals(kept.recomputed()),
    }
