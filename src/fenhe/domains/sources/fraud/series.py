"""What the watch looks at: hours of one outlet as arrays, and the events that belong to them.

`hour[0]` is `begin`, civil and naive; every array has one cell per hour, NaN where nothing came.
Concentrations are mg/m³ dry at standard state; `sent` is the converted NOx the device sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]
DAY = 24


@dataclass
class Change:
    """A parameter of the instrument set to a new value at an hour (HJ 212: CN 3020, i13007 slope,
    i13008 intercept, i13001 range)."""

    hour: int
    parameter: str
    old: float
    new: float


@dataclass
class Rewrite:
    """A value sent again for an hour already stored, with another number."""

    hour: int
    old: float
    new: float


@dataclass
class Span:
    """[begin, end) in hours: a maintenance record, or a mark of the enterprise."""

    begin: int
    end: int
    what: str = ""


@dataclass
class Series:
    outlet: str
    begin: datetime
    limit: float
    o2_ref: float
    load: Floats  # share of capacity, from the plant's own power or steam
    o2: Floats
    temperature: Floats  # behind the wet scrubber
    moisture: Floats
    flow: Floats  # dry standard m³/h
    pump: Floats  # current of the scrubber's circulation pumps, A
    so2: Floats
    nox: Floats
    sent: Floats
    noise: Floats  # standard deviation of the hour's minutes of NOx
    recovery: Floats  # one a day: reading of the span check over its standard
    wet: bool = True
    reheated: bool = False
    changes: list[Change] = field(default_factory=list)
    rewrites: list[Rewrite] = field(default_factory=list)
    maintenance: list[Span] = field(default_factory=list)
    marks: list[Span] = field(default_factory=list)

    @property
    def n(self) -> int:
        return len(self.load)

    @property
    def days(self) -> int:
        return self.n // DAY

    def at(self, hour: int) -> datetime:
        return self.begin + timedelta(hours=hour)

    def running(self, share: float = 0.4) -> Marks:
        return np.nan_to_num(self.load, nan=0.0) > share


def middle(values: Floats) -> float:
    """The median of what is there; NaN of nothing."""
    there = values[np.isfinite(values)]
    return float(np.median(there)) if len(there) else float("nan")


def episodes(flags: Marks, least: int, gap: int = 0) -> list[Span]:
    """Runs of true cells of at least `least`, joined across `gap` cells that are not."""
    where = np.flatnonzero(flags)
    found: list[Span] = []
    for place in where:
        if found and place - found[-1].end <= gap:
            found[-1].end = int(place) + 1
        else:
            found.append(Span(int(place), int(place) + 1))
    return [span for span in found if span.end - span.begin >= least]


def by_day(values: Floats, use: Marks, least: int = 8) -> Floats:
    """Daily medians of the usable hours; NaN with fewer than `least`."""
    days = len(values) // DAY
    shaped = np.where(use & np.isfinite(values), values, np.nan)[: days * DAY].reshape(days, DAY)
    enough = np.isfinite(shaped).sum(axis=1) >= least
    out = np.full(days, np.nan)
    if enough.any():
        out[enough] = np.nanmedian(shaped[enough], axis=1)
    return out


def deviations(days: Floats, back: int, apart: int, least: int, floor: float) -> Floats:
    """Robust z of each day against the `back` days that ended `apart` days before it; NaN without
    at least `least` of them. `floor` keeps a quiet history from making everything significant."""
    out = np.full(len(days), np.nan)
    for day in range(len(days)):
        past = days[max(0, day - apart - back) : max(0, day - apart)]
        past = past[np.isfinite(past)]
        if len(past) >= least and np.isfinite(days[day]):
            centre = np.median(past)
            spread = max(1.4826 * float(np.median(np.abs(past - centre))), floor)
            out[day] = (days[day] - centre) / spread
    return out


def on_load(series: Series, values: Floats) -> Floats:
    """What is left of a value after a straight line on load over the running hours before it:
    fitted on the first 60 days, so that a later change cannot hide itself."""
    use = series.running() & np.isfinite(values)
    first = use & (np.arange(series.n) < 60 * DAY)
    if first.sum() < 10 * DAY:
        return np.full(series.n, np.nan)
    slope, intercept = np.polyfit(series.load[first], values[first], 1)
    return np.where(use, values - (slope * series.load + intercept), np.nan)
