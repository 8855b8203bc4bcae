"""Statistics of HJ 663 and GB 3095: from hours to days, to city days, to any period.

Arrays in, arrays out: hours are [n, n_days, 24] in civil time with NaN for what is missing, days
[n, n_days] with NaN for what is not valid; ug/m3, CO mg/m3, full precision. Sums run in a fixed
order, so that one day recomputed alone equals the same day of a full recomputation to the bit.
Frames of the same: `frames.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from fenhe.domains.air.rules.method import Item
from fenhe.domains.air.rules.validity import (
    Booleans,
    Floats,
    Integers,
    Months,
    Validity,
    valid_period,
)
from fenhe.kernel.period import Period

Number = TypeVar("Number", np.float64, np.uint8)
WINDOWS = 17  # O3: running means whose 8 hours lie wholly in the civil day: ending 08:00 .. 24:00


@dataclass(frozen=True, slots=True)
class Days:
    """One value per row and civil day, with what it rests on."""

    values: Floats  # [n, n_days], NaN where not valid
    observed: Integers  # [n, n_days] hours, 8 h windows or stations that were there …
    expected: int  # … of so many


def item_days(item: Item, hours: Floats) -> Days:
    """The daily values of one pollutant as its edition defines them."""
    if item.daily == "mda8":
        return mda8(hours, item.validity, item.day_limit)
    return daily_mean(hours, item.validity)


def daily_mean(hours: Floats, validity: Validity) -> Days:
    """24 h mean, valid from `day_hours` hourly means on (GB 3095 Table 4)."""
    total = hours.sum(axis=-1)
    observed = np.full(total.shape, 24)
    gaps = np.isnan(total)
    if gaps.any():  # only days that lack an hour are counted hour by hour
        missing = np.isnan(hours[gaps])
        total[gaps] = np.where(missing, 0.0, hours[gaps]).sum(axis=-1)
        observed[gaps] = 24 - np.count_nonzero(missing, axis=-1)
    values = np.full(total.shape, np.nan)
    np.divide(total, observed, out=values, where=observed >= validity.day_hours)
    return Days(values, observed, 24)


def mda8(hours: Floats, validity: Validity, limit: float) -> Days:
    """O3: the largest 8 h running mean of the civil day. Each window needs `window_hours` hourly
    means; a day with fewer than `day_windows` windows counts only above the limit (HJ 663
    6.1.2)."""
    largest = _sum_of_eight(hours).max(axis=-1) / 8
    observed = np.full(largest.shape, WINDOWS)
    gaps = np.isnan(largest)
    if gaps.any():
        largest[gaps], observed[gaps] = _largest_of_some(hours[gaps], validity)
    enough = (observed >= validity.day_windows) | (settled(largest) > limit)
    return Days(np.where(enough, largest, np.nan), observed, WINDOWS)


def _largest_of_some(hours: Floats, validity: Validity) -> tuple[Floats, Integers]:
    """Days that lack hours, [n, 24]: the largest 8 h mean and how many there are."""
    missing = np.isnan(hours)
    total = _sum_of_eight(np.where(missing, 0.0, hours))
    count = 8 - _sum_of_eight(missing.astype(np.uint8))
    valid = count >= validity.window_hours
    means = np.full(total.shape, -np.inf)
    np.divide(total, count, out=means, where=valid)
    return means.max(axis=-1), np.count_nonzero(valid, axis=-1)


def daily_maximum(hours: Floats) -> Days:
    """The largest hourly mean of the day (O3 1 h of HJ 633-2012). Editions set no least number
    of hours for it; `observed` tells how many there were."""
    missing = np.isnan(hours)
    observed = 24 - np.count_nonzero(missing, axis=-1)
    largest = np.where(missing, -np.inf, hours).max(axis=-1)
    return Days(np.where(observed > 0, largest, np.nan), observed, 24)


def city_days(stations: Floats, least_share: float | None = None) -> Days:
    """City day = mean of the stations' days, never of city hours (HJ 663 Table A.2).
    [n_stations, n_days] -> one row."""
    return grouped_days(stations, np.zeros(len(stations), dtype=np.int64), 1, least_share)


def grouped_days(
    stations: Floats, group: Integers, n_groups: int, least_share: float | None = None
) -> Days:
    """City days of many cities at once: `group[i]` is the city of row i."""
    total = np.zeros((n_groups, stations.shape[1]))
    observed = np.zeros(total.shape, dtype=np.int64)
    present = ~np.isnan(stations)
    filled = np.where(present, stations, 0.0)
    # The first of every city, then the second …: never one reduction, for numpy changes the order
    # of addition with the shape.
    for rows in _turns(group):
        total[group[rows]] += filled[rows]
        observed[group[rows]] += present[rows]
    size = np.bincount(group, minlength=n_groups)[:, None]
    least = np.maximum(1, 0 if least_share is None else np.ceil(size * least_share - 1e-9))
    values = np.full(total.shape, np.nan)
    np.divide(total, observed, out=values, where=observed >= least)
    return Days(values, observed, int(size.max(initial=0)))


def _turns(group: Integers) -> list[Integers]:
    """Rows such that no group occurs twice in one turn, each group's own in their order."""
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    turn = np.arange(len(group)) - np.searchsorted(ordered, ordered)
    return [order[turn == number] for number in range(int(turn.max(initial=-1)) + 1)]


@dataclass(frozen=True, slots=True)
class Summary:
    """A period's statistics, one entry per row of days."""

    days: Integers  # valid days
    expected: int  # days of the period
    least_month: Integers  # valid days of the poorest month
    valid: Booleans | None  # None: the edition has no rule for such a period
    mean: Floats  # NaN where no day is valid
    percentile: Floats


def summary(days: Floats, period: Period, percent: float, validity: Validity) -> Summary:
    """Mean and percentile of the valid days of a period, with its validity."""
    present = ~np.isnan(days)
    months = Months.of(period)
    counts = months.count(present)
    n = counts.sum(axis=1)
    mean = np.full(len(days), np.nan)
    np.divide(np.where(present, days, 0.0).sum(axis=1), n, out=mean, where=n > 0)
    return Summary(
        days=n,
        expected=months.n_days,
        least_month=counts.min(axis=1),
        valid=valid_period(counts, months, validity),
        mean=mean,
        percentile=percentile(days, percent),
    )


def percentile(days: Floats, percent: float) -> Floats:
    """Per row, over what is not NaN: k = 1+(n-1)p on the sorted values, linear between
    neighbours (HJ 663 annex A; numpy's default)."""
    ranked = np.sort(days, axis=1)  # NaN sorts last
    n = np.count_nonzero(~np.isnan(days), axis=1)
    place = np.maximum(n - 1, 0) * (percent / 100)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(n - 1, 0))
    rows = np.arange(len(days))
    low, high = ranked[rows, below], ranked[rows, above]
    return np.asarray(low + (high - low) * (place - below), dtype=np.float64)


def days_above(days: Floats, limit: float) -> Integers:
    """Valid days above a daily limit."""
    return np.asarray(np.count_nonzero(settled(days) > limit, axis=1), dtype=np.int64)


SETTLED = 9
"""Decimals that are kept where the noise of addition is cut off."""


def settled(values: Floats) -> Floats:
    """Without the noise of float addition, for comparing with a limit and before rounding: a mean
    of 3.9999999999999996 is 4. Means of readings with three decimals never differ by so little."""
    return np.round(values, SETTLED)


def sliding_mean(years: Floats, span: int = 3) -> Floats:
    """Mean of each year and the `span - 1` before it: [n, n_years] -> the same shape, NaN where
    a year is missing. HJ 663-2026 is known to use it, its wording is not: an explicit option."""
    means = np.full(years.shape, np.nan)
    for last in range(span - 1, years.shape[1]):
        means[:, last] = years[:, last - span + 1 : last + 1].sum(axis=1) / span
    return means


def _sum_of_eight(hours: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """Sums of 8 neighbours along the last axis, 24 -> 17, by doubling: three additions, and no
    running total whose rounding errors would differ from day to day."""
    two = hours[..., :-1] + hours[..., 1:]
    four = two[..., :-2] + two[..., 2:]
    eight: npt.NDArray[Number] = four[..., :-4] + four[..., 4:]
    return eight
