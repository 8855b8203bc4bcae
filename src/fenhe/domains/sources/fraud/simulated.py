"""Outlets made up from a seed: a year of a coal boiler with wet scrubber and SCR, hour by hour.

Honest in what makes false alarms: daily and weekly load, shut-downs, drift of the oxygen balance,
autocorrelated control, gaps of the line, maintenance with and without calibration, late versions
of values, rounding. The numbers are plausible, not measured: rates found on them say what the
tests do on such plants, not what they will do in a city.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np

from fenhe.domains.sources.fraud.series import DAY, Change, Floats, Rewrite, Series, Span

HOURS = 365 * DAY
BEGIN = datetime(2025, 1, 1)  # noqa: DTZ001  # civil and naive, as devices send


def wander(rng: np.random.Generator, n: int, sd: float, memory: float) -> Floats:
    """An AR(1) course of standard deviation `sd`."""
    steps = rng.normal(0, sd * np.sqrt(1 - memory**2), n)
    out = np.empty(n)
    last = rng.normal(0, sd)
    for place in range(n):
        last = memory * last + steps[place]
        out[place] = last
    return out


def loads(rng: np.random.Generator, n: int) -> tuple[Floats, list[Span]]:
    hour = np.arange(n)
    load = rng.uniform(0.6, 0.85) + rng.uniform(0.04, 0.12) * np.sin(
        2 * np.pi * (hour % DAY - rng.uniform(6, 10)) / DAY
    )
    load -= rng.uniform(0, 0.05) * ((hour // DAY) % 7 >= 5)
    load += wander(rng, n, 0.04, 0.9)
    stops = []
    for _ in range(int(rng.integers(2, 5))):
        begin = int(rng.integers(20 * DAY, n - 10 * DAY))
        end = begin + int(rng.integers(30, 140))
        stops.append(Span(begin, end, "stop"))
        load[begin:end] = 0.0
        ramp = np.linspace(0.25, load[end + 6], 6)
        load[end : end + 6] = ramp
    return np.clip(load, 0.0, 1.05), stops


def outlet(seed: int, n: int = HOURS) -> Series:
    """One clean outlet. The same seed gives the same outlet."""
    rng = np.random.default_rng([20261123, seed])
    limit, o2_ref = 100.0, 6.0
    load, stops = loads(rng, n)
    on = load > 0.2
    season = np.sin(2 * np.pi * np.arange(n) / (365 * DAY))
    o2 = rng.uniform(4.2, 5.2) + rng.uniform(4, 6) * (1 - load) + wander(rng, n, 0.2, 0.95)
    o2 += 0.15 * season
    moisture = rng.uniform(9, 12) + 2.5 * load + 0.4 * season + wander(rng, n, 0.3, 0.95)
    temperature = rng.uniform(47, 50) + 4 * load + 1.5 * season + wander(rng, n, 0.5, 0.9)
    flow = rng.uniform(3e5, 9e5) * load**0.95 * (1 + wander(rng, n, 0.015, 0.9))
    pump = rng.uniform(120, 260) * (0.8 + 0.2 * load) * (1 + rng.normal(0, 0.01, n))
    so2 = limit * 0.5 * rng.uniform(0.4, 0.7) * np.exp(wander(rng, n, 0.18, 0.85))
    target = rng.uniform(0.55, 0.72)
    converted = limit * target * np.exp(wander(rng, n, 0.11, 0.8))
    o2 = np.where(on, o2, 20.8 + rng.normal(0, 0.05, n))
    moisture, temperature = np.where(on, moisture, 2.0), np.where(on, temperature, 25.0)
    pump = np.where(on, pump, 0.5)
    flow = np.where(on, flow, 0.0)
    nox = np.where(on, converted * (21 - o2) / (21 - o2_ref), np.abs(rng.normal(0, 0.4, n)))
    so2 = np.where(on, so2, np.abs(rng.normal(0, 0.3, n)))
    noise = np.where(on, nox * 0.03 * np.exp(rng.normal(0, 0.25, n)), 0.1)
    checks = rng.normal(1.0, rng.uniform(0.006, 0.012), n // DAY)
    series = Series(
        outlet=f"S{seed:03d}",
        begin=BEGIN,
        limit=limit,
        o2_ref=o2_ref,
        load=rounded(load, 3),
        o2=rounded(o2, 2),
        temperature=rounded(temperature, 1),
        moisture=rounded(moisture, 2),
        flow=rounded(flow, 0),
        pump=rounded(pump, 1),
        so2=rounded(so2, 2),
        nox=rounded(nox, 2),
        sent=np.empty(0),
        noise=rounded(noise, 3),
        recovery=rounded(checks, 4),
    )
    series.sent = converted_of(series, rng)
    series.marks = [Span(stop.begin, stop.end, "stop") for stop in stops]
    _service(rng, series)
    _line(rng, series)
    return series


def rounded(values: Floats, places: int) -> Floats:
    """As an instrument shows it."""
    return np.asarray(np.round(values, places), dtype=np.float64)


def converted_of(series: Series, rng: np.random.Generator) -> Floats:
    """What an honest device sends: the mean of its minutes' conversions, not that of the means."""
    value = series.nox * (21 - series.o2_ref) / np.maximum(21 - series.o2, 0.1)
    return np.round(value * (1 + rng.normal(0, 0.002, series.n)), 2)


def _service(rng: np.random.Generator, series: Series) -> None:
    """Monthly maintenance; now and then a calibration that moves the slope, on record."""
    slope = 1.0
    for month in range(12):
        begin = int(month * 30 * DAY + rng.integers(2 * DAY, 25 * DAY) // DAY * DAY + 9)
        end = begin + int(rng.integers(2, 5))
        if end >= series.n:
            break
        series.maintenance.append(Span(begin, end, "service"))
        blank(series, begin, end)
        if rng.random() < 0.35:
            new = round(float(slope * rng.uniform(0.97, 1.03)), 3)
            series.changes.append(Change(begin + 1, "slope", slope, new))
            slope = new


def _line(rng: np.random.Generator, series: Series) -> None:
    """Gaps of the line, and late versions of values, up as often as down."""
    for _ in range(int(rng.integers(40, 110))):
        begin = int(rng.integers(0, series.n - 6))
        blank(series, begin, begin + int(rng.integers(1, 5)))
    for hour in rng.integers(0, series.n, int(rng.integers(30, 80))):
        old = float(series.nox[hour])
        if np.isfinite(old):
            new = round(old * float(1 + rng.normal(0, 0.02)), 2)
            series.rewrites.append(Rewrite(int(hour), old, new))


def blank(series: Series, begin: int, end: int) -> None:
    for name in ("o2", "temperature", "moisture", "flow", "so2", "nox", "sent", "noise"):
        getattr(series, name)[begin:end] = np.nan


def roughened(series: Series, seed: int) -> Series:
    """A clean year in which honest things happen that look like tampering: another coal, a flow
    meter set after comparison, firmware that averages longer, a small unrecorded correction of the
    slope, a mark made two hours early, and in one outlet of five a display of coarser steps."""
    rng = np.random.default_rng([20261123, 77, seed])
    when = [int(day) * DAY for day in rng.integers(80, 330, 5)]
    later = series.running(0.2) & (np.arange(series.n) >= when[0])
    series.o2[later] += round(float(rng.choice([-1, 1]) * rng.uniform(0.2, 0.7)), 2)
    series.flow[when[1] :] = rounded(series.flow[when[1] :] * rng.uniform(0.93, 1.07), 0)
    series.noise[when[2] :] = rounded(series.noise[when[2] :] * rng.uniform(0.6, 1.0), 3)
    if rng.random() < 0.3:
        series.changes.append(Change(when[3] + 10, "slope", 1.0, 0.99))
    if series.marks and rng.random() < 0.5:
        series.marks[0].begin -= 2
    if rng.random() < 0.2:
        series.nox = rounded(np.round(series.nox / 0.05) * 0.05, 2)
    series.sent = converted_of(series, rng)
    return series
