"""When a mean may be used: how many hours make a day, how many days a month or a year.

In: counts of what was observed. Out: whether the aggregate is valid. The numbers come from an
edition (GB 3095 Table 4, HJ 663 clause 6); what is invalid is neither zero nor interpolated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from fenhe.kernel.period import DAY, Period

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Validity:
    """The least that must be observed of one pollutant, as one edition sets it."""

    day_hours: int  # hourly means in a daily mean
    window_hours: int  # hourly means in an 8 h running mean of O3
    day_windows: int  # 8 h running means in a day, unless the day is above the limit anyway
    year_days: int
    month_days: int
    february_days: int

    def days_needed(self, month: int) -> int:
        return self.february_days if month == 2 else self.month_days


@dataclass(frozen=True, slots=True)
class Months:
    """The civil months a period touches and which of its days lie in which."""

    firsts: tuple[date, ...]  # the first day of each month, also where the period begins later
    starts: Integers  # place of the first day of each month among the days of the period
    whole: bool  # the period consists of whole months
    n_days: int

    @classmethod
    def of(cls, period: Period) -> Months:
        days = list(period.civil_days())
        starts = [i for i, day in enumerate(days) if i == 0 or day.day == 1]
        whole = days[0].day == 1 and (days[-1] + DAY).day == 1
        firsts = tuple(days[i].replace(day=1) for i in starts)
        return cls(firsts, np.array(starts, dtype=np.int64), whole, len(days))

    @property
    def whole_year(self) -> bool:
        return self.whole and len(self.firsts) == 12 and self.firsts[0].month == 1

    def count(self, valid: Booleans) -> Integers:
        """Valid days per month: [n, n_days] -> [n, n_months]."""
        return np.add.reduceat(valid.astype(np.int64), self.starts, axis=1)


def valid_period(counts: Integers, months: Months, validity: Validity) -> Booleans | None:
    """Whether statistics over the period are valid, per row of `counts` [n, n_months].

    Every month needs its days; a calendar year needs its total too (GB 3095 Table 4). For a
    period that cuts a month the standard has no rule: None."""
    if not months.whole:
        return None
    needed = np.array([validity.days_needed(first.month) for first in months.firsts])
    enough = (counts >= needed).all(axis=1)
    if months.whole_year:
        enough = enough & (counts.sum(axis=1) >= validity.year_days)
    return np.asarray(enough, dtype=np.bool_)
