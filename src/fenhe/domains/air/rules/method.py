"""Everything the statistics need to know of the editions in force, as one small value.

In: a day of the data, or an edition by name (a past year under the new standard). Out: per
pollutant how a day is formed, which percentile is judged against which limits, and what makes a
mean valid. No number stands here: all come from `standards/*.yaml`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from fenhe.domains.air.rules import tables
from fenhe.domains.air.rules.validity import Validity
from fenhe.kernel.errors import NotFound
from fenhe.standards.edition import Edition


@dataclass(frozen=True, slots=True)
class Item:
    """One pollutant as HJ 663 evaluates it; ug/m3, CO mg/m3."""

    property: str  # "o3": the hourly series
    pollutant: str  # "o3_mda8": its daily value
    daily: str  # "mean" or "mda8"
    percent: float  # the percentile of daily values that is judged
    day_limit: float
    year_limit: float | None  # None where the standard has no annual mean: CO, O3
    requires: tuple[str, ...]  # what a year must keep: "annual_mean", "percentile"
    decimals_raw: int
    decimals_statistics: int
    decimals_compliance: int
    validity: Validity


@dataclass(frozen=True, slots=True)
class Method:
    """The items under one pair of editions, and the options an edition leaves open."""

    limits_edition: str  # GB 3095
    statistics_edition: str  # HJ 663
    recomputed: bool  # the editions are not those in force on the day of the data
    grade: str
    items: tuple[Item, ...]
    city_share: float | None = None
    """Least share of a city's stations on a valid day: off unless asked for."""
    round_days: bool = False
    """Round daily values before the mean and the percentile: off unless asked for."""

    @property
    def edition(self) -> str:
        return f"{self.limits_edition}; {self.statistics_edition}"

    def item(self, name: str) -> Item:
        """By pollutant (`o3_mda8`) or property (`o3`)."""
        for item in self.items:
            if name in (item.pollutant, item.property):
                return item
        raise KeyError(name)


def method(
    on: date,
    edition: str | None = None,
    grade: str = "II",
    city_share: bool = False,
    round_days: bool = False,
) -> Method:
    """The method for data of a day. `edition`: a GB 3095 or HJ 663 edition to use instead; its
    counterpart is the one in force beside it. `city_share`: ask for the (unconfirmed) least share
    of stations in a city day. Raises NotFound for an edition that is not known."""
    limits, statistics = _pair(on, edition)
    items = tuple(
        _item(str(row["pollutant"]), limits, statistics, grade)
        for row in statistics.table("percentiles")
    )
    share = statistics.table("validity").one(statistic="city_day_stations", unit="%")
    return Method(
        limits_edition=limits.id,
        statistics_edition=statistics.id,
        recomputed=on not in limits or on not in statistics,
        grade=grade,
        items=items,
        city_share=float(share["minimum"]) / 100 if city_share else None,
        round_days=round_days,
    )


def _pair(on: date, edition: str | None) -> tuple[Edition, Edition]:
    if edition is None:
        return tables.nearest("GB 3095", on), tables.nearest("HJ 663", on)
    named = tables.edition(edition)
    beside = named.last_day or max(named.valid_from, on)
    if named.standard == "GB 3095":
        return named, tables.nearest("HJ 663", beside)
    if named.standard == "HJ 663":
        return tables.nearest("GB 3095", beside), named
    raise NotFound(
        "air.edition-not-limits",
        f"“{edition}”不是 GB 3095 或 HJ 663 的版本，不能用于统计。",
        f"“{edition}” is no edition of GB 3095 or HJ 663; statistics need one of these.",
    )


def _item(symbol: str, limits: Edition, statistics: Edition, grade: str) -> Item:
    judged = statistics.table("percentiles").one(pollutant=symbol)
    daily, name = str(judged["daily_value"]), tables.PROPERTIES[symbol]
    decimals = next(
        row
        for row in statistics.table("rounding").find(quantity="concentration")
        if symbol in row["pollutants"]
    )
    requires = next(
        row["requires"] for row in statistics.table("compliance") if symbol in row["pollutants"]
    )
    year = limits.table("limits").find(pollutant=symbol, averaging="annual", grade=grade)
    return Item(
        property=name,
        pollutant=name if daily == "mean" else f"{name}_{daily}",
        daily=daily,
        percent=float(judged["percentile"]),
        day_limit=tables.limit(limits, name, "24h" if daily == "mean" else "MDA8", grade),
        year_limit=float(year[0]["limit"]) if year else None,
        requires=tuple(requires),
        decimals_raw=int(decimals["raw"]),
        decimals_statistics=int(decimals["statistics"]),
        decimals_compliance=int(decimals["compliance"]),
        validity=_validity(symbol, statistics),
    )


def _validity(symbol: str, statistics: Edition) -> Validity:
    rows = {
        row["statistic"]: row for row in statistics.table("validity") if symbol in row["pollutants"]
    }
    # CO and O3 have no annual mean to be valid; their percentile asks for the same days.
    year = rows.get("year", rows["percentile_year"])
    month = rows.get("month_of_year", rows["percentile_month_of_year"])

    def least(statistic: str) -> int:
        return int(rows[statistic]["minimum"]) if statistic in rows else 0

    return Validity(
        day_hours=least("day"),
        window_hours=least("window_8h"),
        day_windows=least("mda8_windows"),
        year_days=int(year["minimum"]),
        month_days=int(month["minimum"]),
        february_days=int(month["february"]),
    )
