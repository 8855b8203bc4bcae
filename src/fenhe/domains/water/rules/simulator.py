"""What one item of one section would buy: a place in the CWQI league, or money of a compensation
scheme. Exact, by the derivative of the index and by the tiers of the scheme, not by trial.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fenhe.domains.water.rules import compensation, cwqi
from fenhe.domains.water.rules.compensation import Result
from fenhe.domains.water.rules.tables import RIVER
from fenhe.kernel.rounding import exact, round_half_even
from fenhe.standards.edition import Edition

PRINTED = 0.0001
"""The last decimal of a published CWQI: as much better prints as better."""


def value_for_gain(
    gain: float,
    name: str,
    value: float,
    mean: float,
    points: int,
    edition: Edition,
    waterbody: str = RIVER,
    weight: float = 1.0,
) -> float | None:
    """The mean one section needs of an item so that the city's index falls by `gain`, all else as
    it is; None where no concentration does it, or the item (pH) has no one direction.

    `mean`: of the city's `points` sections; `weight`: what the part (rivers or lakes) counts in
    the city's index. Item index C/S, so C' = C - n·S·gain/weight; for oxygen S/C, turned round.
    """
    if name == "ph" or mean <= 0 or weight <= 0:
        return None
    step = gain / weight
    slope = cwqi.derivative(name, mean, edition, waterbody)
    if name != "do":
        found = value - points * step / slope
        return found if found > 0 else None
    index = -slope * mean  # S/C of the mean
    if index <= step:
        return None
    return value + points * (mean * index / (index - step) - mean)


def to_pass(own_exact: float, better_printed: float) -> float:
    """How much the index must fall to be printed below a better city's."""
    return own_exact - (better_printed - PRINTED)


@dataclass(frozen=True, slots=True)
class Saving:
    """One lower tier, or the next step of a rate: the value needed and what it saves, 10⁴ yuan.
    `amount` is None where the scheme's amounts are not known; `low` and `high` hold the range."""

    section: str
    district: str
    item: str
    value: float
    needed: float
    amount: float | None
    low: float | None
    high: float | None
    per_mg: float | None  # exact derivative, 10⁴ yuan per mg/L; None for tiers, which are steps


def savings(results: Sequence[Result], scheme: Edition) -> list[Saving]:
    """For every item of a section that costs something, each step down that saves; the largest
    saving first, of equal ones that of least effort."""
    found = [one for row in results for one in _savings(row, scheme)]
    return sorted(found, key=lambda one: (-(one.amount or 0.0), -one.needed / one.value))


def _savings(row: Result, scheme: Edition) -> list[Saving]:
    if compensation.term(scheme, "measure") == "multiple":
        return _lower_tiers(row, scheme)
    return _rate(row, scheme)


def _lower_tiers(row: Result, scheme: Edition) -> list[Saving]:
    """Every tier below the present one that costs less: its upper edge is enough."""
    now = compensation.cost(row, scheme)
    if now is None or row.target is None or not (now.amount or now.high):
        return []
    x = compensation.multiple(row.value, row.target)
    edges = {float(tier["over"]) for tier in scheme.table("tiers") if tier["over"] < x}
    found: dict[compensation.Cost, Saving] = {}
    for edge in sorted(edges, reverse=True):
        needed = _edge_value(row.target, edge)
        then = compensation.cost(replace(row, value=needed), scheme)
        if then is not None and then != now:
            found.setdefault(then, _saving(row, needed, now, then))
    return list(found.values())


def _edge_value(target: float, edge: float) -> float:
    """Target × (1 + edge), which still belongs to the tier below."""
    return float(exact(target) * (1 + exact(edge)))


def _saving(row: Result, needed: float, now: compensation.Cost, then: compensation.Cost) -> Saving:
    known = now.amount is not None and then.amount is not None
    amount = _four((now.amount or 0.0) - (then.amount or 0.0)) if known else None
    low = None if now.low is None or then.high is None else _four(max(now.low - then.high, 0.0))
    high = None if now.high is None or then.low is None else _four(now.high - then.low)
    return Saving(row.section, row.district, row.item, row.value, needed, amount, low, high, None)


def _rate(row: Result, scheme: Edition) -> list[Saving]:
    """By percentage points on last year: so much per mg/L, up to last year's value."""
    if row.last_year is None or row.value <= row.last_year:
        return []
    now, then = (
        compensation.cost(replace(row, value=value), scheme) for value in (row.value, row.last_year)
    )
    if now is None or then is None:
        return []
    way = scheme.table("changes").one(direction="worse")
    capped = way["cap"] is not None and now.amount == float(way["cap"])
    per_mg = None if capped else _four(float(way["per_point"]) * 100 / row.last_year)
    return [replace(_saving(row, row.last_year, now, then), per_mg=per_mg)]


def _four(amount: float) -> float:
    return float(round_half_even(amount, 4))
