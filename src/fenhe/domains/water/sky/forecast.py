"""Downstream: when a pulse arrives at the next places, how high it gets there, when it is over.

What passed the station above its baseline is carried on by two transfer functions side by side,
each of unit area: Jobson's triangle, and the first passage of advection and dispersion. The
difference between the two is shown, and so is the width of the travel time. Concentrations are in
excess of the baseline; without discharge the heights hold only for a river that takes up nothing
on the way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from fenhe.domains.water.sky import travel
from fenhe.domains.water.sky.network import Place, River, Stretch
from fenhe.domains.water.sky.travel import Span

Floats = npt.NDArray[np.float64]

Response = Callable[[Floats, float, float, Sequence[Stretch]], Floats]

GRID = 0.25  # hours
OVER = 0.1  # of the highest excess: below it a pulse is over


@dataclass(frozen=True, slots=True)
class Times:
    early: datetime
    probable: datetime
    late: datetime


@dataclass(frozen=True, slots=True)
class Forecast:
    """At one place downstream. `jobson` and `dispersed`: excess at the peak by either way of
    reckoning, in the unit of the item; `spread`: the greater over the smaller."""

    target: str
    km: float
    arrival: Times
    peak: Times
    end: Times
    jobson: float
    dispersed: float
    dilution: float

    @property
    def spread(self) -> float:
        high, low = max(self.jobson, self.dispersed), min(self.jobson, self.dispersed)
        return high / low if low > 0 else math.inf


def forecasts(
    river: River,
    source: Place,
    targets: Mapping[str, Place],
    times: Sequence[datetime],
    excess: Sequence[float],
    *,
    calibrated: Mapping[str, Span] | None = None,
    decay: float = 0.0,
) -> list[Forecast]:
    """For every target the water of `source` reaches, nearest first. `excess` is the item above
    its baseline at `times`, ascending; `calibrated` gives travel times in hours that were learnt
    for a target. `decay` is per day."""
    found = []
    for id, place in targets.items():
        way = river.way(source, place)
        if not way or sum(part.km for part in way) <= 0:
            continue
        hours = (calibrated or {}).get(id) or travel.travel_time(way)
        found.append(_forecast(id, way, hours, times, excess, decay))
    return sorted(found, key=lambda one: one.km)


def _forecast(
    id: str,
    way: Sequence[Stretch],
    hours: Span,
    times: Sequence[datetime],
    excess: Sequence[float],
    decay: float,
) -> Forecast:
    first = times[0]
    inflow = _even(times, excess)
    dilution = _dilution(way)
    km = sum(part.km for part in way)
    curves = {
        at: [
            _carried(inflow, response, getattr(hours, at), km, way, decay) * dilution
            for response in (triangle, first_passage)
        ]
        for at in ("early", "probable", "late")
    }
    moments = {at: [_moments(curve, first) for curve in pair] for at, pair in curves.items()}
    return Forecast(
        target=id,
        km=km,
        arrival=_times([min(one[0] for one in pair) for pair in moments.values()]),
        peak=_times([moments[at][0][1] for at in ("early", "probable", "late")]),
        end=_times([max(one[2] for one in pair) for pair in moments.values()]),
        jobson=float(curves["probable"][0].max(initial=0.0)),
        dispersed=float(curves["probable"][1].max(initial=0.0)),
        dilution=dilution,
    )


def triangle(hours: Floats, travel_hours: float, km: float, way: Sequence[Stretch]) -> Floats:
    """Jobson's unit response per hour: nothing before the leading edge, then up to the peak and
    down to where 10 % is left, with an area of one."""
    relative = _relative_discharge(way)
    height = travel.unit_peak(travel_hours, relative) * 3600 / 1e6
    leading = 0.89 * travel_hours
    end = leading + 2 / height
    top = min(max(travel_hours, leading + 1e-6), end - 1e-6)
    return np.asarray(np.interp(hours, [leading, top, end], [0.0, height, 0.0], left=0, right=0))


def first_passage(hours: Floats, travel_hours: float, km: float, way: Sequence[Stretch]) -> Floats:
    """Unit response per hour of advection and dispersion in the channel that stands for the way."""
    width, depth, slope, _ = travel.uniform(way)
    speed = km * 1000 / (travel_hours * 3600)
    spread = travel.seo_cheong(width, depth, speed, travel.shear_velocity(slope, depth))
    seconds = np.maximum(hours * 3600, 1e-6)
    away = km * 1000 - speed * seconds
    density = km * 1000 / np.sqrt(4 * math.pi * spread * seconds**3)
    return np.asarray(density * np.exp(-(away**2) / (4 * spread * seconds)) * 3600)


def _carried(
    inflow: Floats,
    response: Response,
    travel_hours: float,
    km: float,
    way: Sequence[Stretch],
    decay: float,
) -> Floats:
    hours = np.arange(0.0, travel_hours * 4 + 24, GRID)
    unit = response(hours, travel_hours, km, way)
    area = unit.sum() * GRID
    unit = unit / area if area > 0 else unit
    return np.convolve(inflow, unit * np.exp(-decay * hours / 24)) * GRID


def _even(times: Sequence[datetime], excess: Sequence[float]) -> Floats:
    """The excess on an even grid, straight between samples; a single sample lasts a grid step."""
    hours = np.array([(time - times[0]) / timedelta(hours=1) for time in times])
    grid = np.arange(0.0, max(hours[-1], GRID) + GRID / 2, GRID)
    return np.asarray(np.interp(grid, hours, np.maximum(np.asarray(excess, float), 0.0)))


def _moments(curve: Floats, first: datetime) -> tuple[datetime, datetime, datetime]:
    top = curve.max(initial=0.0)
    above = np.flatnonzero(curve >= OVER * top) if top > 0 else np.array([0])
    return (
        first + timedelta(hours=float(above[0]) * GRID),
        first + timedelta(hours=float(curve.argmax()) * GRID),
        first + timedelta(hours=float(above[-1]) * GRID),
    )


def _times(moments: Iterable[datetime]) -> Times:
    early, probable, late = moments
    return Times(early, probable, late)


def _dilution(way: Sequence[Stretch]) -> float:
    """Discharge where the way begins over that where it ends; 1 where either is unknown."""
    upper, lower = way[0].reach.discharge, way[-1].reach.discharge
    return min(upper / lower, 1.0) if upper and lower else 1.0


def _relative_discharge(way: Sequence[Stretch]) -> float:
    known = [
        part.reach.discharge / part.reach.mean_discharge
        for part in way
        if part.reach.discharge and part.reach.mean_discharge
    ]
    return sum(known) / len(known) if known else 1.0
