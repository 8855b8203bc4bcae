"""Scripted tamperings, each written into a clean series: the rows of the trial's table.

Every function changes [begin, end) in place as the pattern's cases were described, and leaves the
rest alone. `EXPECTED` names the tests any of which counts as having found it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fenhe.domains.sources.fraud.series import DAY, Change, Rewrite, Series, Span
from fenhe.domains.sources.fraud.simulated import blank, converted_of

Injector = Callable[[Series, int, int, np.random.Generator], None]


def _again(s: Series, b: int, e: int, rng: np.random.Generator) -> None:
    """The device converts what it now believes."""
    s.sent[b:e] = converted_of(s, rng)[b:e]


def constant(s: Series, b: int, e: int, rng: np.random.Generator) -> None:
    e = min(e, b + int(rng.integers(20, 72)))
    s.nox[b:e] = round(float(np.nanmedian(s.nox[max(0, b - 48) : b])), 2)
    _again(s, b, e, rng)


def clipped(s: Series, b: int, e: int, rng: np.random.Generator) -> None:
    """A plant that breaks its limit on bad days, with an upper lock just under it."""
    real = s.sent[b:e] / np.nanmedian(s.sent[b:e]) * s.limit * rng.uniform(1.0, 1.3)
    lock = s.limit * (1 - np.abs(rng.normal(0.012, 0.008, e - b)))
    s.sent[b:e] = np.round(np.minimum(real, lock), 2)
    s.nox[b:e] = np.round(s.sent[b:e] * (21 - s.o2[b:e]) / (21 - s.o2_ref), 2)


def smoothed(s: Series, b: int, e: int, rng: np.random.Generator) -> None:
    s.noise[b:e] = np.round(s.noise[b:e] * rng.uniform(0.05, 0.3), 3)


def replayed(s: Series, b: int, e: int, rng: np.random.Generator) -> None:
    length = int(rng.integers(2, 6)) * DAY
    source = b - length - int(rng.integers(1, 20)) * DAY - int(rng.integers(0, DAY))
    for name in ("nox", "sent", "o2", "so2", "noise"):
        getattr(s, name)[b : b + length] = getattr(s, name)[source : source + length]


def invented(s: Series, b: int, e: int, rng: np.random.Generator) -> None:
    """Typed by hand: people like 0 and 5 at the end, and shun 1 and 9."""
    likes = np.array([0.17, 0.06, 0.11, 0.09, 0.09, 0.17, 0.09, 0.09, 0.08, 0.05])
    digits = rng.choice(10, e - b, p=likes)
    s.nox[b:e] = np.round(np.floor(s.nox[b:e] * 10) / 10 + digits / 100, 2)
    _again(s, b, e, rng)


def low_oxygen(s: Series, b: int, e: int, rng: np.random.Generator) -> None:
    s.o2[b:e] = np.round(np.maximum(s.o2[b:e] - rng.uniform(1.8, 3.0), 0.5), 2)
    _again(s, b, e, rng)


def scaled_conversion(s: Series, b: int, e: int, rng: np.random.Generator) -> None:
    s.sent[b:e] = np.round(s.sent[b:e] * rng.uniform(0.7, 0.9), 2)


def scrubber_off(s: Series, b: int, e: int, rng: np.random.Generator) -> None:
    """Pumps off to save power, hot gas, and SO2 that stays low on paper."""
    e = min(e, b + int(rng.integers(12, 96)))
    s.pump[b:e] = 0.5
    s.temperature[b:e] = np.round(s.temperature[b:e] + rng.uniform(25, 60), 1)


def low_flow(s: Series, b: int, e: int, rng: np.random.Generator) -> None:
    s.flow[b:e] = np.round(s.flow[b:e] * rng.uniform(0.55, 0.8))


def slope_changed(s: Series, b: int, e: int, rng: np.random.Generator) -> None:
    """At night, without a record; set back at the end."""
    b = (b // DAY + 1) * DAY + 2
    while any(m.begin - 30 <= b <= m.end + 30 for m in s.maintenance):
        b += DAY
    new = round(float(rng.uniform(0.5, 0.8)), 3)
    s.nox[b:e] = np.round(s.nox[b:e] * new, 2)
    s.changes += [Change(b, "slope", 1.0, new), Change(e, "slope", new, 1.0)]
    _again(s, b, e, rng)


def range_below_limit(s: Series, b: int, e: int, rng: np.random.Generator) -> None:
    s.changes.append(Change(b, "range", 300.0, round(s.limit * float(rng.uniform(0.6, 0.95)), 0)))


def zero_emission(s: Series, b: int, e: int, rng: np.random.Generator) -> None:
    e = min(e, b + int(rng.integers(10, 60)))
    s.nox[b:e] = np.round(np.abs(rng.normal(0.2, 0.1, e - b)), 2)
    _again(s, b, e, rng)


def diluted(s: Series, b: int, e: int, rng: np.random.Generator) -> None:
    """Air let into the probe: oxygen up, moisture and pollutant down together; the converted value
    is held by a device told to use a fixed oxygen."""
    share = rng.uniform(0.3, 0.5)
    fixed = s.o2[b:e].copy()
    s.o2[b:e] = np.round(s.o2[b:e] * (1 - share) + 20.9 * share, 2)
    s.moisture[b:e] = np.round(s.moisture[b:e] * (1 - share) + 1.0 * share, 2)
    s.nox[b:e] = np.round(s.nox[b:e] * (1 - share), 2)
    s.sent[b:e] = np.round(s.nox[b:e] * (21 - s.o2_ref) / (21 - fixed), 2)


def turned_off(s: Series, b: int, e: int, rng: np.random.Generator) -> None:
    """The line fails when the value climbs towards the limit."""
    high = float(np.nanquantile(s.sent[b:e], 0.93))
    hour = b
    while hour < e - 8:
        if s.sent[hour] > high:
            blank(s, hour + 1, hour + 1 + int(rng.integers(2, 6)))
            hour += 8
        hour += 1


def false_mark(s: Series, b: int, e: int, rng: np.random.Generator) -> None:
    running = np.flatnonzero(s.load[b:e] > 0.5)
    begin = b + int(running[len(running) // 3]) if len(running) else b
    s.marks.append(Span(begin, begin + int(rng.integers(4, 10)), "stop"))


def perfect_checks(s: Series, b: int, e: int, rng: np.random.Generator) -> None:
    first, last = b // DAY, e // DAY
    s.recovery[first:last] = np.round(1.0 + rng.normal(0, 0.0008, last - first), 4)


def impossible(s: Series, b: int, e: int, rng: np.random.Generator) -> None:
    e = min(e, b + int(rng.integers(4, 30)))
    s.o2[b:e] = np.round(rng.uniform(21.8, 24.5, e - b), 2)


def rewritten(s: Series, b: int, e: int, rng: np.random.Generator) -> None:
    """Hours over the mark are sent again, lower."""
    for hour in b + rng.choice(e - b, min(e - b, 30), replace=False):
        old = float(s.nox[hour])
        if np.isfinite(old):
            s.rewrites.append(
                Rewrite(int(hour), old, round(old * float(rng.uniform(0.6, 0.95)), 2))
            )


INJECTORS: dict[str, tuple[Injector, tuple[str, ...]]] = {
    "constant": (constant, ("constant",)),
    "clipped": (clipped, ("clipped",)),
    "smoothed": (smoothed, ("noise",)),
    "replayed": (replayed, ("replay",)),
    "invented": (invented, ("digits",)),
    "low_oxygen": (low_oxygen, ("oxygen",)),
    "scaled_conversion": (scaled_conversion, ("conversion",)),
    "scrubber_off": (scrubber_off, ("scrubber",)),
    "low_flow": (low_flow, ("flow",)),
    "slope_changed": (slope_changed, ("parameter",)),
    "range_below_limit": (range_below_limit, ("parameter",)),
    "zero_emission": (zero_emission, ("zero",)),
    "diluted": (diluted, ("dilution",)),
    "turned_off": (turned_off, ("outage",)),
    "false_mark": (false_mark, ("mark",)),
    "perfect_checks": (perfect_checks, ("recovery",)),
    "impossible": (impossible, ("impossible",)),
    "rewritten": (rewritten, ("rewrites",)),
}
