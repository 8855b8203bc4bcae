"""How long water takes, and what becomes of a pulse on the way.

Two answers stand side by side. Jobson's (USGS WRI 96-4013): the height of a peak from its travel
time alone, calibrated on many tracer tests; and the solution of advection and dispersion in a
uniform channel with a dispersion coefficient from width, depth, slope and velocity. Neither is
fitted here to anything. Lengths in km, times in hours, discharge in m³/s, mass in g, concentration
in g/m³ (= mg/L). Formulas and their standing: the edition "sky eye".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fenhe.domains.water.sky.network import Reach, Stretch

Floats = npt.NDArray[np.float64]

GRAVITY = 9.81
HOUR = 3600.0
SLOW, FAST = 0.6, 1.4
"""Share of the probable velocity within which a pulse is looked for where nothing was calibrated;
Jobson's own envelope puts the probable maximum at about 1.4 of the mean."""
PLAIN_VELOCITY = 0.5  # m/s, of a reach of which nothing but the length is known


class Span(NamedTuple):
    """Hours: the earliest, the probable, the latest."""

    early: float
    probable: float
    late: float


@dataclass(frozen=True, slots=True)
class Pulse:
    """What passes a place after a mass was let go at once: hours since then, peak in g/m³."""

    leading: float
    peak_time: float
    trailing: float
    peak: float


# --- velocity ------------------------------------------------------------------------------------


def velocity(reach: Reach, discharge: float | None = None) -> float:
    """Probable velocity of a peak in m/s: discharge over the wetted section where width and depth
    are known; else Manning's for a wide natural channel; else PLAIN_VELOCITY."""
    flow = discharge or reach.discharge or reach.mean_discharge
    if flow and reach.width and reach.depth:
        return flow / (reach.width * reach.depth)
    if reach.slope and reach.depth:
        return min(float(reach.depth ** (2 / 3)) * math.sqrt(reach.slope) / 0.035, 3.0)
    return PLAIN_VELOCITY


def travel_time(
    way: Sequence[Stretch],
    calibrated: Span | None = None,
    slow: float = SLOW,
    fast: float = FAST,
) -> Span:
    """Hours from one end of the way to the other. `calibrated` are factors on the probable time
    (early, probable, late) learnt from earlier pulses; without them the envelope is wide."""
    probable = sum(part.km * 1000 / velocity(part.reach) / HOUR for part in way)
    low, middle, high = calibrated or (1 / fast, 1.0, 1 / slow)
    return Span(probable * low, probable * middle, probable * high)


# --- Jobson --------------------------------------------------------------------------------------


def unit_peak(peak_time: float, relative_discharge: float = 1.0) -> float:
    """C_up in 10⁻⁶ s⁻¹ of a peak that took so many hours; discharge relative to its mean of the
    year."""
    return float(857.0 * peak_time ** (-0.760 * relative_discharge**-0.079))


def jobson(
    mass: float, discharge: float, peak_time: float, relative_discharge: float = 1.0
) -> Pulse:
    """A mass let go at once and fully mixed. The end is where 10 % of the peak is left."""
    up = unit_peak(peak_time, relative_discharge)
    leading = 0.89 * peak_time
    return Pulse(leading, peak_time, leading + 2e6 / up / HOUR, up * mass / discharge / 1e6)


# --- advection and dispersion ------------------------------------------------------------------


def shear_velocity(slope: float, depth: float) -> float:
    return math.sqrt(GRAVITY * slope * depth)


def fischer(width: float, depth: float, speed: float, shear: float) -> float:
    """Longitudinal dispersion in m²/s (Fischer 1975)."""
    return 0.011 * speed**2 * width**2 / (depth * shear)


def seo_cheong(width: float, depth: float, speed: float, shear: float) -> float:
    """Longitudinal dispersion in m²/s (Seo and Cheong 1998)."""
    return float(5.915 * depth * shear * (width / depth) ** 0.62 * (speed / shear) ** 1.428)


def deng(width: float, depth: float, speed: float, shear: float) -> float:
    """Longitudinal dispersion in m²/s (Deng 2001)."""
    transverse = 0.145 + (speed / shear) * float((width / depth) ** 1.38) / 3520
    by_shape = float((width / depth) ** (5 / 3))
    return 0.15 / (8 * transverse) * by_shape * (speed / shear) ** 2 * depth * shear


DISPERSION = {"fischer": fischer, "seo_cheong": seo_cheong, "deng": deng}


def concentration(
    hours: Floats,
    distance: float,
    mass: float,
    area: float,
    speed: float,
    dispersion: float,
    decay: float = 0.0,
) -> Floats:
    """g/m³ at `distance` km, so many hours after the mass was let go at once, in a channel of
    `area` m²; `decay` per day. Mass over all space is exactly what was let go, less the decay."""
    seconds = np.maximum(np.asarray(hours, dtype=np.float64) * HOUR, 1e-9)
    away = distance * 1000 - speed * seconds
    spread = 4 * dispersion * seconds
    shape = np.exp(-(away**2) / spread - decay * seconds / 86400)
    return np.asarray(mass / area / np.sqrt(math.pi * spread) * shape)


def dispersed(
    mass: float, discharge: float, distance: float, speed: float, dispersion: float,
    decay: float = 0.0,
) -> Pulse:  # fmt: skip
    """The same as a pulse: its peak in time, and where it passes 10 % of the peak. The moment of
    the peak is exact: the root of dC/dt = 0."""
    area, x, rate = discharge / speed, distance * 1000, decay / 86400
    steep = speed**2 + 4 * dispersion * rate
    peak_time = (math.sqrt(dispersion**2 + steep * x**2) - dispersion) / steep / HOUR
    peak = float(
        concentration(np.array([peak_time]), distance, mass, area, speed, dispersion, decay)[0]
    )

    def passes(early: float, late: float) -> float:
        """Where 10 % of the peak is crossed between a moment below it and one above, or back."""
        for _ in range(80):
            middle = (early + late) / 2
            value = concentration(
                np.array([middle]), distance, mass, area, speed, dispersion, decay
            )[0]
            early, late = (middle, late) if value < peak / 10 else (early, middle)
        return early

    late = peak_time
    while (
        concentration(np.array([late]), distance, mass, area, speed, dispersion, decay)[0]
        > peak / 10
    ):
        late *= 1.5
    return Pulse(passes(1e-9, peak_time), peak_time, passes(late, peak_time), peak)


def uniform(way: Sequence[Stretch]) -> tuple[float, float, float, float]:
    """Width, depth, slope and velocity that stand for the whole way, weighted by length; what no
    stretch knows is taken from one of middling shape (20 m, 1 m, 1 ‰)."""
    total = sum(part.km for part in way) or 1.0

    def mean(name: str, otherwise: float) -> float:
        known = [(part.km, getattr(part.reach, name)) for part in way]
        some = [(km, value) for km, value in known if value]
        weight = sum(km for km, _ in some)
        return sum(km * value for km, value in some) / weight if weight else otherwise

    hours = travel_time(way).probable
    speed = total * 1000 / HOUR / hours if hours else PLAIN_VELOCITY
    return mean("width", 20.0), mean("depth", 1.0), mean("slope", 0.001), speed
