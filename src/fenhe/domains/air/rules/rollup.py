"""The statistics of a whole network of stations as arrays: days, city days, a period, ranking.

`Network` says which series is what; it is also the `Condense` of `assess.bulk`. Pure: the arrays
may come from the lake, from Spark or from one dirty day, and the results are equal to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from fenhe.domains.air.rules import statistics
from fenhe.domains.air.rules.composite import COLUMNS, composite
from fenhe.domains.air.rules.method import Method
from fenhe.domains.air.rules.ranking import rank
from fenhe.domains.air.rules.statistics import Summary, settled
from fenhe.domains.air.rules.tables import SYMBOLS
from fenhe.domains.air.rules.validity import Floats, Integers
from fenhe.kernel.period import Period
from fenhe.kernel.rounding import half_even_array
from fenhe.observe.block import Block
from fenhe.standards.edition import Edition

SERIES_AT_ONCE = 4  # a year of hours of so many stays in the processor's cache


@dataclass(frozen=True)
class Network:
    """`item[s]`, `city[s]`: pollutant (its place in `method.items`) and city of series number s;
    -1 for a number that is no hourly series of air."""

    method: Method
    item: Integers
    city: Integers
    n_cities: int

    def __call__(self, block: Block) -> Floats:
        """Hours of a block -> its days."""
        days = np.full((len(block.series), block.n_days), np.nan)
        kinds = self._of(self.item, block.series)
        for place, item in enumerate(self.method.items):
            rows = np.flatnonzero(kinds == place)
            for begin in range(0, len(rows), SERIES_AT_ONCE):
                some = rows[begin : begin + SERIES_AT_ONCE]
                days[some] = statistics.item_days(item, block.by_day[some]).values
        return days

    def city_days(self, series: Integers, days: Floats) -> Floats:
        """Days of stations -> [n_cities, n_items, n_days]. Rows of one city and pollutant must
        come in the same order every time: ascending series numbers."""
        kinds, cities = self._of(self.item, series), self._of(self.city, series)
        mine = np.flatnonzero((kinds >= 0) & (cities >= 0))
        n_items = len(self.method.items)
        group = cities[mine] * n_items + kinds[mine]
        result = statistics.grouped_days(
            days[mine], group, self.n_cities * n_items, self.method.city_share
        )
        return result.values.reshape(self.n_cities, n_items, days.shape[1])

    def _of(self, table: Integers, series: Integers) -> Integers:
        known = series < len(table)
        return np.where(known, table[np.where(known, series, 0)], -1)


def period_summaries(method: Method, days: Floats, period: Period) -> list[Summary]:
    """[n_units, n_items, n_days] -> per item the statistics of every unit."""
    return [
        statistics.summary(
            np.ascontiguousarray(days[:, place]), period, item.percent, item.validity
        )
        for place, item in enumerate(method.items)
    ]


def ranking(method: Method, days: Floats, period: Period, scheme: Edition) -> pl.DataFrame:
    """City days [n_cities, n_items, n_days] -> composite, single indices and rank of each city;
    the row is the city's number."""
    printed = {}
    for item, result in zip(method.items, period_summaries(method, days, period), strict=True):
        row = scheme.table("composite").one(pollutant=SYMBOLS[item.property])
        value = result.mean if row["statistic"] == "mean" else result.percentile
        printed[COLUMNS[item.property]] = half_even_array(settled(value), item.decimals_statistics)
    return rank(composite(pl.DataFrame(printed).fill_nan(None), scheme))
