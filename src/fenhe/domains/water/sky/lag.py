"""Travel time from the stations themselves: the lag at which a downstream series echoes one above.

For each item the two series are compared at every lag by rank correlation of their departures from
a slow trend; the items are then put together, each weighted by what its number of pairs is worth
(Fisher's z). The answer is a best lag with the range of lags that are not clearly worse, and says
how weak it is: a few days of four-hourly samples can propose a lag, they cannot prove one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import rankdata

from fenhe.domains.water.sky.travel import Span

Floats = npt.NDArray[np.float64]

LEAST_PAIRS = 6
ITEMS = ("ec", "tn", "turb", "nh3n", "tp", "codmn")
CLEARLY_WORSE = 1.0
"""Standard errors of the combined z below the best at which a lag is left out of the range."""


@dataclass(frozen=True, slots=True)
class Lag:
    """Hours; `correlation` and `pairs` at the best lag; `items` that took part there."""

    hours: Span
    correlation: float
    pairs: int
    items: tuple[str, ...]
    strength: float
    """Combined z in standard errors: below 2 chance is a good explanation, below 3 it is a hint."""

    @property
    def is_weak(self) -> bool:
        return self.strength < 3 or self.hours.late - self.hours.early > self.hours.probable


def lag(
    upper: pl.DataFrame,
    lower: pl.DataFrame,
    shortest: timedelta = timedelta(0),
    longest: timedelta = timedelta(hours=96),
    step: timedelta = timedelta(hours=4),
    items: Sequence[str] = ITEMS,
) -> Lag | None:
    """Rows of the two stations (`time`, items). None where no lag has enough pairs, or none goes
    along. `shortest` and `longest` are what the distance allows: without them the daily course of
    the items answers, which two stations share whatever lies between them. The range is never
    narrower than one sample to either side."""
    some = [item for item in items if item in upper.columns and item in lower.columns]
    above, below = _gridded(upper, some, step), _gridded(lower, some, step)
    tried = [
        found
        for n in range(-(-shortest // step), longest // step + 1)
        if (found := _at(above, below, some, n, step)) is not None
    ]
    if not tried:
        return None
    best = max(tried, key=lambda one: one[1])
    if best[1] <= 0:
        return None
    held = [hours for hours, strength, *_ in tried if strength >= best[1] - CLEARLY_WORSE]
    width = step / timedelta(hours=1)
    near = _around(held, best[0], width)
    span = Span(max(near[0] - width, 0.0), best[0], near[-1] + width)
    return Lag(span, best[2], best[3], best[4], best[1])


Tried = tuple[float, float, float, int, tuple[str, ...]]


def _at(
    above: pl.DataFrame, below: pl.DataFrame, items: Sequence[str], n: int, step: timedelta
) -> Tried | None:
    """Lag in hours, combined z in standard errors, mean correlation, pairs, items."""
    pairs = above.with_columns(pl.col("time") + n * step).join(below, on="time", suffix="_below")
    z = weight = 0.0
    counted: list[tuple[str, float, int]] = []
    for item in items:
        both = pairs.select(item, f"{item}_below").drop_nulls()
        if both.height < LEAST_PAIRS:
            continue
        value = _correlation(both[item].to_numpy(), both[f"{item}_below"].to_numpy())
        if value is None:
            continue
        z += math.atanh(min(max(value, -0.999), 0.999)) * (both.height - 3)
        weight += both.height - 3
        counted.append((item, value, both.height))
    if not counted:
        return None
    total = sum(pairs for *_, pairs in counted)
    mean = sum(value * pairs for _, value, pairs in counted) / total
    names = tuple(item for item, value, _ in counted if value > 0)
    # Items of one sample go along with one another: together they are worth as many as one and a
    # bit, so the weight is that of the mean number of pairs times the root of how many they are.
    return (
        n * step / timedelta(hours=1),
        z / weight * math.sqrt(weight / math.sqrt(len(counted)) * 1.06),
        mean,
        total,
        names,
    )


def _correlation(one: Floats, other: Floats) -> float | None:
    """Spearman's, of departures from a straight line."""
    a, b = (rankdata(_detrended(values)) for values in (one, other))
    if a.std() == 0 or b.std() == 0:
        return None
    return float(np.corrcoef(a, b)[0, 1])


def _detrended(values: Floats) -> Floats:
    place = np.arange(len(values), dtype=np.float64)
    slope, level = np.polyfit(place, values, 1)
    return np.asarray(values - slope * place - level)


def _gridded(rows: pl.DataFrame, items: Sequence[str], step: timedelta) -> pl.DataFrame:
    return (
        rows.filter(pl.col("time").is_not_null())
        .with_columns(pl.col("time").dt.round(step))
        .group_by("time")
        .agg(pl.col(items).median())
        .sort("time")
    )


def _around(held: Sequence[float], best: float, step: float) -> list[float]:
    """The run of lags about the best one without a gap."""
    run = [best]
    for direction in (1, -1):
        at = best + direction * step
        while at in held:
            run.append(at)
            at += direction * step
    return sorted(run)
