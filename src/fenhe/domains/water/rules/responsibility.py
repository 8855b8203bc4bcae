"""Whose the pollution is: a district's out-section against the sections where rivers enter it.

Without flow only concentrations can be compared: whether the water got worse on its way through
the district, and where a missed target began. How many kg are whose cannot be said then, and how
several inflows mix neither. With flow the loads balance: own = out - in, kg/d, with an interval
from the spread of the days (autocorrelated days count for less), and the uncertainty of gauging
and analysis. Decay on the way is not deducted: `own` is net of self-purification.

Concentrations mg/L, flow m³/s, loads kg/d. Nothing here accuses; the assumptions stand in
`standards/responsibility.yaml` and are unconfirmed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from fenhe.domains.water.rules import tables

STANDARD = "responsibility of districts"
KG_PER_DAY = 86.4
"""mg/L × m³/s = g/s; × 86 400 s / 1000 = kg/d."""

Origin = str
Said = tuple[str, ...]
ORIGINS = ("met", "within", "entered", "both", "open")
"""Where a missed target began; `open` where it cannot be said."""


@dataclass(frozen=True, slots=True)
class Mean:
    """A month of one item at one section. `error`: standard error of the mean over time, None where
    one sample is all there is."""

    section: str
    value: float
    error: float | None = None
    days: int = 0
    flow: float | None = None  # m³/s, mean of the gauged days
    load: float | None = None  # kg/d, None without flow
    load_error: float | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """What can be said of a district and an item in a month, and what cannot."""

    item: str
    out: Mean
    inflows: tuple[Mean, ...]
    limit: float | None  # of the out-section's own target
    entering: float | None  # the concentration on entering; None for none or several unmixed
    change: float | None
    sure: bool | None  # whether the sign of the change is beyond the spread; None: not known
    origin: Origin
    own: float | None = None  # kg/d
    low: float | None = None
    high: float | None = None
    share: float | None = None  # own / out, %
    cannot: tuple[str, ...] = ()  # codes of what cannot be said


def assumed(name: str) -> float:
    return float(tables.latest(STANDARD).table("uncertainty").one(of=name)["value"])


def mean_of(section: str, values: Sequence[float], flows: Sequence[float | None]) -> Mean | None:
    """A month from its daily means and the flow of the same days (None where not gauged)."""
    if not values:
        return None
    gauged = [
        value * flow * KG_PER_DAY
        for value, flow in zip(values, flows, strict=True)
        if flow is not None
    ]
    known = [flow for flow in flows if flow is not None]
    least = int(assumed("least_days"))
    enough = len(gauged) >= least
    return Mean(
        section=section,
        value=math.fsum(values) / len(values),
        error=standard_error(values) if len(values) >= least else None,
        days=len(values),
        flow=math.fsum(known) / len(known) if enough else None,
        load=math.fsum(gauged) / len(gauged) if enough else None,
        load_error=standard_error(gauged) if enough else None,
    )


def standard_error(values: Sequence[float]) -> float | None:
    """Of the mean of a series whose neighbours resemble each other: with lag-one correlation r,
    n days say as much as n(1 - r)/(1 + r) independent ones."""
    n = len(values)
    if n < 3:
        return None
    mean = math.fsum(values) / n
    parted = [value - mean for value in values]
    square = math.fsum(part * part for part in parted)
    if square == 0:
        return 0.0
    lag = math.fsum(a * b for a, b in pairwise(parted)) / square
    lag = min(max(lag, 0.0), 0.95)
    counted = max(n * (1 - lag) / (1 + lag), 1.0)
    return math.sqrt(square / (n - 1) / counted)


def balance(
    item: str, out: Mean, inflows: Sequence[Mean], limit: float | None, complete: bool = True
) -> Balance:
    """`limit`: what the out-section may have of the item, None where it has no target. `complete`:
    every section where a river enters has a value; if not, nothing is said of what entered."""
    if not complete:
        met = limit is not None and out.value <= limit
        cannot: Said = ("inflow_missing", "loads")
        origin = "met" if met else "open"
        return Balance(item, out, (), limit, None, None, None, origin, cannot=cannot)
    entering, cannot = _entering(inflows)
    change = None if entering is None else out.value - entering
    sure = _sure(out, inflows) if change is not None else None
    own = _own(out, inflows) if inflows else None
    own_load, low, high, share = own or (None, None, None, None)
    if own is None and (inflows or out.load is None):
        cannot += ("loads",)
    return Balance(
        item,
        out,
        tuple(inflows),
        limit,
        entering,
        change,
        sure,
        _origin(out, inflows, limit, sure),
        own_load,
        low,
        high,
        share,
        cannot,
    )


def _entering(inflows: Sequence[Mean]) -> tuple[float | None, Said]:
    """The concentration of all that enters: mixed by flow where there are several."""
    if not inflows:
        return None, ("no_inflow",)
    if len(inflows) == 1:
        return inflows[0].value, ()
    water = [one.flow for one in inflows if one.flow]
    if len(water) < len(inflows):
        return None, ("mixing",)
    mixed = math.fsum(one.value * flow for one, flow in zip(inflows, water, strict=True))
    return mixed / math.fsum(water), ()


def _sure(out: Mean, inflows: Sequence[Mean]) -> bool | None:
    """Whether out and in differ by more than spread and analysis together explain."""
    errors = [out.error, *(one.error for one in inflows)]
    if any(error is None for error in errors) or len(inflows) != 1:
        return None
    analysis = assumed("analysis")
    spread = math.fsum(
        (one.error or 0.0) ** 2 + (analysis * one.value) ** 2 for one in (out, inflows[0])
    )
    return abs(out.value - inflows[0].value) > assumed("coverage_factor") * math.sqrt(spread)


def _origin(out: Mean, inflows: Sequence[Mean], limit: float | None, sure: bool | None) -> Origin:
    """`both` only where the rise is beyond the spread; a rise nobody can be sure of is `open`, one
    within the spread is none."""
    if limit is None:
        return "open"
    if out.value <= limit:
        return "met"
    if not inflows:
        return "open"
    over = [one.value > limit for one in inflows]
    if not any(over):
        return "within"
    if not all(over):
        return "open"
    if out.value <= max(one.value for one in inflows) or sure is False:
        return "entered"
    return "both" if sure else "open"


def _own(
    out: Mean, inflows: Sequence[Mean]
) -> tuple[float, float | None, float | None, float | None] | None:
    """own, low, high (kg/d) and share of the out-section's load (%)."""
    every = (out, *inflows)
    if any(one.load is None for one in every):
        return None
    own = (out.load or 0.0) - math.fsum(one.load or 0.0 for one in inflows)
    share = own / out.load * 100 if out.load else None
    if any(one.load_error is None for one in every):
        return own, None, None, share
    fixed = assumed("flow") ** 2 + assumed("analysis") ** 2
    variance = math.fsum(
        (one.load_error or 0.0) ** 2 + fixed * (one.load or 0.0) ** 2 for one in every
    )
    reach = assumed("coverage_factor") * math.sqrt(variance)
    return own, own - reach, own + reach, share
