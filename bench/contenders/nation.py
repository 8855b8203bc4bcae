"""A nation's year of hourly readings, made up but with the shape of the real thing.

Stations of a city share its level; values are whole µg/m³ (CO 0.1 mg/m³); 2 % are corrected
later. Every hour has a row, or 1 % have none. Series number = station × 6 + item, ascending by
city.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from fenhe.domains.air.rules.method import Method, method
from fenhe.domains.air.rules.rollup import Network
from fenhe.kernel.period import HOUR, Period
from fenhe.store.lake import Lake

ITEMS = 6
LEVEL = {"so2": 10, "no2": 30, "pm10": 70, "pm2_5": 38, "co": 0.8, "o3": 70}
KNOWN = pl.datetime(2026, 1, 5, time_zone="UTC")


@dataclass(frozen=True)
class Nation:
    stations: int
    cities: int
    gaps: float  # share of the hours that have no row
    year: int = 2025

    @property
    def period(self) -> Period:
        return Period.year(self.year)

    @property
    def series(self) -> int:
        return self.stations * ITEMS

    @property
    def rows(self) -> int:
        return self.series * self.period.hours

    def method(self) -> Method:
        return method(date(self.year, 12, 31))

    def city_of_station(self) -> np.ndarray:
        return np.arange(self.stations) * self.cities // self.stations

    def network(self) -> Network:
        numbers = np.arange(self.series)
        return Network(
            self.method(), numbers % ITEMS, self.city_of_station()[numbers // ITEMS], self.cities
        )

    @classmethod
    def load(cls, folder: Path) -> Nation:
        return cls(**json.loads((folder / "nation.json").read_text()))


SCALES = {"full": (1600, 168), "small": (24, 6)}
SHAPES = {"complete": 0.0, "gaps": 0.01}  # share of the hours that have no row


def of(scale: str, shape: str = "gaps") -> Nation:
    return Nation(*SCALES[scale], gaps=SHAPES[shape])


def generate(nation: Nation, folder: Path) -> None:
    """The lake (all versions) and the same rows, resolved, as one plain sorted Parquet file."""
    (folder / "nation.json").write_text(json.dumps(asdict(nation)))
    random = np.random.default_rng(20260301)
    values = _values(nation, random)
    corrected = (random.random(values.shape, dtype=np.float32) < 0.02) & ~np.isnan(values)
    later = np.round(values + random.integers(1, 9, values.shape, dtype=np.int8))
    lake = Lake(folder / "lake")
    _fill(lake, nation, values, later, corrected)
    _plain(folder / "plain.parquet", nation, np.where(corrected, later, values))


def _values(nation: Nation, random: np.random.Generator) -> np.ndarray:
    hours = nation.period.hours
    names = [item.property for item in nation.method().items]
    level = np.array([LEVEL[name] for name in names])
    scale = np.array([10 if name == "co" else 1 for name in names])
    place = random.uniform(0.6, 1.6, nation.cities)[nation.city_of_station()]
    weather = random.gamma(4, 0.25, (nation.cities, hours // 24)).astype(np.float32)
    values = np.empty((nation.series, hours))
    for station in range(nation.stations):
        noise = random.random((ITEMS, hours), dtype=np.float32) + np.float32(0.5)
        days = np.repeat(weather[nation.city_of_station()[station]], 24)
        rows = np.round(noise * days * (level * scale * place[station])[:, None]) / scale[:, None]
        rows[random.random(rows.shape, dtype=np.float32) < nation.gaps] = np.nan
        values[station * ITEMS : (station + 1) * ITEMS] = rows
    return values


def _fill(
    lake: Lake, nation: Nation, values: np.ndarray, later: np.ndarray, corrected: np.ndarray
) -> None:
    for begin, end in _utc_months(nation):
        span = slice(begin, end)
        rows = _rows(nation, values[:, span], begin)
        lake.append("readings", _versions(rows, 0), "hour")
    series, hour = np.nonzero(corrected)
    rows = pl.DataFrame(
        {
            "series": series.astype(np.int32),
            "start": _starts(nation, hour),
            "value": later[series, hour],
        }
    )
    lake.append("readings", _versions(rows, 1), "hour")


def _versions(rows: pl.DataFrame, days_later: int) -> pl.DataFrame:
    return rows.with_columns(
        qualifier=pl.lit(0, pl.Int8),
        known_at=KNOWN + timedelta(days=days_later),
        source=pl.lit("bench"),
    )


def _rows(nation: Nation, values: np.ndarray, first_hour: int) -> pl.DataFrame:
    n_series, hours = values.shape
    return pl.DataFrame(
        {
            "series": np.repeat(np.arange(n_series, dtype=np.int32), hours),
            "start": _starts(nation, np.tile(np.arange(first_hour, first_hour + hours), n_series)),
            "value": values.reshape(-1),
        }
    ).filter(pl.col("value").is_not_nan())


def _starts(nation: Nation, hour: np.ndarray) -> pl.Series:
    first = int(nation.period.start.timestamp()) * 1_000_000
    micro = first + hour.astype(np.int64) * (HOUR // timedelta(microseconds=1))
    return pl.Series(micro).cast(pl.Datetime("us", "UTC"))


def _utc_months(nation: Nation) -> list[tuple[int, int]]:
    hours = _starts(nation, np.arange(nation.period.hours))
    months = hours.dt.strftime("%Y-%m").rle_id().to_numpy()
    edges = np.flatnonzero(np.diff(months)) + 1
    return list(zip([0, *edges.tolist()], [*edges.tolist(), len(months)], strict=True))


def _plain(path: Path, nation: Nation, values: np.ndarray) -> None:
    writer = None
    for begin in range(0, nation.series, 60):
        rows = _rows(nation, values[begin : begin + 60], 0)
        rows = rows.with_columns(pl.col("series") + begin).with_columns(
            pl.col("series").cast(pl.Int32)
        )
        table: pa.Table = rows.to_arrow()
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=1 << 20)
    if writer is not None:
        writer.close()
