"""Quality checks on hourly readings, one check one function: arrays and thresholds in, flags out.

Arrays are [..., n_hours], one row per series, hour after hour, NaN for what is missing; flags have
the same shape (`observe.flags.Flag`). A check that cannot judge says NOT_EVALUATED, never GOOD.
Checks only mark: readings stay as they came. The form follows QARTOD; the thresholds are data
(`standards/air-checks.yaml`), a starting point for the operator: no norm sets them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fenhe.domains.air.rules import tables
from fenhe.kernel.text import Text
from fenhe.observe.flags import Flag

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
Flags = npt.NDArray[np.int8]
Span = tuple[float, float]


def value_range(values: Floats, fail: Span, suspect: Span | None = None) -> Flags:
    """Outside `fail` the analyser cannot have measured it; outside `suspect` it rarely does. Both
    ends belong to the span. Small negative values are noise and stay good."""
    flags = _all(values, Flag.GOOD)
    if suspect is not None:
        flags[(values < suspect[0]) | (values > suspect[1])] = Flag.SUSPECT
    flags[(values < fail[0]) | (values > fail[1])] = Flag.FAIL
    return _unless_missing(flags, values)


def flat_line(
    values: Floats,
    suspect: int,
    fail: int | None = None,
    tolerance: float = 0.0,
    floor: float = -math.inf,
    low: int | None = None,
) -> Flags:
    """Each hour differs from the one before by no more than `tolerance`, `suspect` (`fail`) hours
    long or longer. The whole run is marked; a missing hour ends it. Values up to `floor` repeat of
    themselves and are suspect only after `low` hours."""
    same = np.abs(np.diff(values, axis=-1)) <= tolerance
    length = _run_lengths(same)
    flags = _all(values, Flag.GOOD)
    ordinary = values <= floor
    flags[(length >= suspect) & ~ordinary] = Flag.SUSPECT
    if low is not None:
        flags[(length >= low) & ordinary] = Flag.SUSPECT
    if fail is not None:
        flags[(length >= fail) & ~ordinary] = Flag.FAIL
    return _unless_missing(flags, values)


def spike(values: Floats, suspect: float, fail: float = math.inf) -> Flags:
    """The hour stands further than the threshold from the mean of the hours before and after."""
    flags = _all(values, Flag.NOT_EVALUATED)
    distance = np.abs(values[..., 1:-1] - (values[..., :-2] + values[..., 2:]) / 2)
    inner = flags[..., 1:-1]
    inner[distance <= suspect] = Flag.GOOD
    inner[distance > suspect] = Flag.SUSPECT
    inner[distance > fail] = Flag.FAIL
    return _unless_missing(flags, values)


def pm_order(fine: Floats, coarse: Floats, tolerance: float = 0.0) -> Flags:
    """PM2.5 is part of PM10 and cannot exceed it by more than the two instruments' noise. Which
    of the two is wrong the check cannot tell: both are suspect."""
    flags = np.where(fine > coarse + tolerance, Flag.SUSPECT, Flag.GOOD).astype(np.int8)
    flags[np.isnan(fine) | np.isnan(coarse)] = Flag.NOT_EVALUATED
    return flags


def neighbours(
    values: Floats,
    near: Booleans | None = None,
    least: int = 3,
    deviations: float = 4.0,
    noise: float = 10.0,
) -> Flags:
    """The station stands apart from its neighbours in the same hour: further from their median
    than `deviations` robust standard deviations, which count as at least `noise`.

    `values` [n_stations, n_hours]; `near[i, j]`: j is a neighbour of i (default: all others).
    With fewer than `least` neighbours measuring, not evaluated."""
    n = len(values)
    near = ~np.eye(n, dtype=np.bool_) if near is None else near
    flags = _all(values, Flag.NOT_EVALUATED)
    for place in range(n):
        others = values[near[place] & (np.arange(n) != place)]
        enough = np.count_nonzero(~np.isnan(others), axis=0) >= least
        if not enough.any():
            continue
        known = others[:, enough]
        middle = np.nanmedian(known, axis=0)
        # 1.4826 turns a median absolute deviation into a standard deviation
        spread = np.maximum(1.4826 * np.nanmedian(np.abs(known - middle), axis=0), noise)
        apart = np.abs(values[place, enough] - middle) > deviations * spread
        flags[place, enough] = np.where(apart, Flag.SUSPECT, Flag.GOOD)
    return _unless_missing(flags, values)


def clock(
    ends: Integers, received: Integers, ahead: int, late: int | None = None, skew: int = 0
) -> Flags:
    """Stamps against the moment of receipt, both in seconds since the epoch.

    FAIL: the hour ends more than `ahead` seconds after it was received. SUSPECT: it is further
    than `skew` seconds from a full hour, or came more than `late` seconds after it ended."""
    off = (ends + 1800) % 3600 - 1800
    flags = np.full(np.shape(ends), Flag.GOOD, dtype=np.int8)
    flags[np.abs(off) > skew] = Flag.SUSPECT
    if late is not None:
        flags[received - ends > late] = Flag.SUSPECT
    flags[ends - received > ahead] = Flag.FAIL
    return flags


@dataclass(frozen=True, slots=True)
class Check:
    """One check as the platform knows it."""

    id: str
    name: Text
    reason: Text
    function: Callable[..., Flags]

    def of(self, property_id: str) -> Mapping[str, Any] | None:
        """The thresholds for a property; None where the check does not apply to it."""
        table = tables.edition("air checks").table(self.id)
        symbol = tables.SYMBOLS.get(property_id, property_id)
        rows = table.find(pollutant=symbol) or table.find(pollutant="*")
        if not rows:
            return None
        return {name: cell for name, cell in rows[0].cells.items() if name != "pollutant"}


CHECKS: Mapping[str, Check] = {
    check.id: check
    for check in (
        Check(
            "range",
            Text("量程", "range"),
            Text("超出合理范围", "outside the plausible range"),
            value_range,
        ),
        Check(
            "flat_line",
            Text("恒值", "flat line"),
            Text("长时间不变", "unchanged for too long"),
            flat_line,
        ),
        Check(
            "spike",
            Text("突变", "spike"),
            Text("与前后小时相差过大", "too far from the hours before and after"),
            spike,
        ),
        Check(
            "pm_order",
            Text("PM2.5 与 PM10 倒挂", "PM2.5 above PM10"),
            Text("PM2.5 高于 PM10", "PM2.5 exceeds PM10"),
            pm_order,
        ),
        Check(
            "neighbours",
            Text("邻站一致性", "neighbours"),
            Text("与周边站点相差过大", "far from the stations around"),
            neighbours,
        ),
        Check(
            "clock",
            Text("时钟", "clock"),
            Text("时标与接收时刻不符", "stamp does not fit the time of receipt"),
            clock,
        ),
    )
}


def _all(values: Floats, flag: Flag) -> Flags:
    return np.full(values.shape, flag, dtype=np.int8)


def _unless_missing(flags: Flags, values: Floats) -> Flags:
    flags[np.isnan(values)] = Flag.MISSING
    return flags


def _run_lengths(same: Booleans) -> Integers:
    """For each hour the length of the run it stands in; `same[..., i]` joins hours i and i+1."""
    shape = (*same.shape[:-1], same.shape[-1] + 1)
    begins = np.ones(shape, dtype=np.bool_)
    begins[..., 1:] = ~same
    run = np.cumsum(begins.reshape(-1)) - 1  # a row begins with a new run, so rows never join
    return np.asarray(np.bincount(run)[run].reshape(shape), dtype=np.int64)
