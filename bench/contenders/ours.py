"""Fenhe: the lake with all its versions -> days -> cities -> year -> ranking, in dense blocks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from contenders.nation import Nation
from fenhe.assess import bulk
from fenhe.domains.air.rules import rollup, tables
from fenhe.store.lake import Lake


def prepare(folder: Path) -> None:
    """Standards are read once in the life of a process."""
    Nation.load(folder).method()


def run(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    nation = Nation.load(folder)
    network = nation.network()
    series, days = bulk.days_of_all(Lake(folder / "lake"), nation.period, network)
    return results(nation, series, days)


def results(
    nation: Nation, series: np.ndarray, days: np.ndarray
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The year of every station series, and the ranking of cities."""
    network, period = nation.network(), nation.period
    stations = days.reshape(nation.stations, -1, days.shape[1])
    parts = []
    for place, found in enumerate(rollup.period_summaries(network.method, stations, period)):
        parts.append(
            pl.DataFrame(
                {
                    "series": series[place :: stations.shape[1]].astype(np.int32),
                    "n": found.days,
                    "mean": found.mean,
                    "percentile": found.percentile,
                }
            )
        )
    scheme = tables.in_force("composite", period.last_day)
    ranked = rollup.ranking(network.method, network.city_days(series, days), period, scheme)
    return pl.concat(parts).sort("series"), ranked.with_row_index("city")
