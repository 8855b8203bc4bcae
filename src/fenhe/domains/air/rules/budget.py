"""The budget: what the rest of a month, quarter or year may be, so that the printed result of the
whole period still meets a target. Exact: fractions throughout, and the tie of the rounding rule
decides whether the bound itself is still allowed.

A mean is printed half to even (GB/T 8170). Let P be the largest printable number within the target
and u the last digit: the mean prints as at most P while it is below P + u/2, and at P + u/2 itself
only when P is even in its last digit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from fenhe.domains.air.rules.tables import SYMBOLS
from fenhe.kernel.errors import BadInput
from fenhe.kernel.rounding import Number, exact, round_half_even
from fenhe.standards.edition import Edition


@dataclass(frozen=True, slots=True)
class Bound:
    """Everything below `value` is allowed, and `value` itself when `closed`."""

    value: Fraction
    closed: bool

    def allows(self, number: Number) -> bool:
        number = exact(number)
        return number < self.value or (self.closed and number == self.value)

    def largest(self, decimals: int) -> Decimal:
        """The largest number of so many decimals that is allowed."""
        k = floor(self.value * 10**decimals)
        if Fraction(k, 10**decimals) == self.value and not self.closed:
            k -= 1
        return Decimal(k).scaleb(-decimals)


def printed_at_most(target: Number, decimals: int) -> Bound:
    """All numbers whose printed form does not exceed the target."""
    k = floor(exact(target) * 10**decimals)
    return Bound(Fraction(2 * k + 1, 2 * 10**decimals), closed=k % 2 == 0)


@dataclass(frozen=True, slots=True)
class MeanBudget:
    """A mean over `days` known days summing to `total`, with `remaining` days to come."""

    total: Fraction
    days: int
    remaining: int
    target: Fraction
    decimals: int

    @property
    def present(self) -> Decimal | None:
        """The mean so far, as printed."""
        return round_half_even(self.total / self.days, self.decimals) if self.days else None

    def rest(self, lost: int = 0) -> Bound | None:
        """What the mean of the days to come may be when `lost` of them will not be valid; null
        when no day is left."""
        coming = self.remaining - lost
        if coming <= 0:
            return None
        whole = printed_at_most(self.target, self.decimals)
        return Bound((whole.value * (self.days + coming) - self.total) / coming, whole.closed)

    @property
    def reachable(self) -> bool:
        """Whether clean air (0) on every remaining day would still do; with none left, whether
        the target is met."""
        bound = self.rest()
        return bound.allows(0) if bound else self.met

    @property
    def met(self) -> bool:
        """Whether the mean so far is within the target as printed."""
        return self.present is not None and exact(self.present) <= self.target

    def after(self, *values: Number) -> MeanBudget:
        """The budget once further days are known."""
        total = self.total + sum(map(exact, values))
        left = max(0, self.remaining - len(values))
        return MeanBudget(total, self.days + len(values), left, self.target, self.decimals)


def mean_budget(
    values: Iterable[Number], remaining: int, target: Number, decimals: int
) -> MeanBudget:
    """From the valid daily values so far, unrounded; `decimals`: how the period is printed."""
    known = [exact(value) for value in values]
    return from_sum(sum(known, Fraction(0)), len(known), remaining, target, decimals)


def from_sum(total: Number, days: int, remaining: int, target: Number, decimals: int) -> MeanBudget:
    _count(days, remaining)
    return MeanBudget(exact(total), days, remaining, exact(target), decimals)


@dataclass(frozen=True, slots=True)
class GoodDayBudget:
    """`good` of `valid` days so far, `remaining` to come; a target share in % (printed with one
    decimal over valid days) or a number of good days."""

    good: int
    valid: int
    remaining: int
    target_pct: Fraction | None = None
    target_days: int | None = None

    def bad_left(self, lost: int = 0) -> int | None:
        """How many of the days to come may be bad when `lost` of them will not be valid; null when
        even good days throughout would not do."""
        coming = self.remaining - lost
        if coming < 0:
            return None
        spare = self.good + coming - self.needed(self.valid + coming)
        return min(spare, coming) if spare >= 0 else None

    def needed(self, valid: int) -> int:
        """The smallest number of good days among so many valid days that meets the target."""
        if self.target_days is not None:
            return self.target_days
        assert self.target_pct is not None  # noqa: S101 - one of the two is always given
        if valid == 0:
            return 1
        # As with a mean, seen from below: the smallest printable share that will do, minus half a
        # digit; that tie itself rounds up only to an even last digit.
        k = ceil(self.target_pct * 10)
        least = Fraction(2 * k - 1, 20) * valid / 100
        days = ceil(least)
        return days + 1 if days == least and k % 2 else max(days, 0)


def good_day_budget(
    good: int,
    valid: int,
    remaining: int,
    *,
    target_pct: Number | None = None,
    target_days: int | None = None,
) -> GoodDayBudget:
    _count(good, valid, remaining)
    if (target_pct is None) == (target_days is None) or good > valid:
        raise BadInput(
            "air.budget-target",
            "请给出优良率或优良天数中的一个目标，且优良天数不多于有效天数。",
            "Give one target, a share or a number of good days; good days are at most valid days.",
        )
    share = None if target_pct is None else exact(target_pct)
    return GoodDayBudget(good, valid, remaining, share, target_days)


def exceedance_days_left(valid: int, above: int, percentile: int) -> int:
    """How many of `valid` days of the whole period may lie above a limit so that the percentile
    (HJ 663: k = 1 + (n-1)p, linear) is within it however high they are, less those `above` so far;
    negative when the number is already used up."""
    k = 1 + Fraction((valid - 1) * percentile, 100)
    return valid - ceil(k) - above


@dataclass(frozen=True, slots=True)
class Room:
    """How high one pollutant may be printed while the others stay; null bound: nothing would do."""

    name: str
    present: Decimal
    bound: Bound | None
    largest: Decimal | None

    @property
    def headroom(self) -> Decimal | None:
        """Negative: what must be cut."""
        return None if self.largest is None else self.largest - self.present


def composite_room(
    concentrations: Mapping[str, Number],
    target: Number,
    scheme: Edition,
    decimals: Mapping[str, int] | None = None,
) -> list[Room]:
    """For each of the six (property id → printed period value; CO mg/m³), the room it has under a
    target of the composite index. `decimals`: how a pollutant is printed (default CO 1, others 0).
    """
    printed = dict.fromkeys(SYMBOLS, 0) | {"co": 1} | dict(decimals or {})
    rows = {name: scheme.table("composite").one(pollutant=SYMBOLS[name]) for name in SYMBOLS}
    limits = {name: exact(rows[name]["limit"]) for name in SYMBOLS}
    singles = {name: round(exact(concentrations[name]) / limits[name] * 100) for name in SYMBOLS}
    total = sum(singles[name] * rows[name]["weight"] for name in SYMBOLS)
    spare = floor(exact(target) * 100) - total
    return [
        _room(
            name,
            Decimal(str(concentrations[name])),
            singles[name] + spare // rows[name]["weight"],
            limits[name],
            printed[name],
        )
        for name in SYMBOLS
    ]


def _room(name: str, present: Decimal, allowed: int, limit: Fraction, decimals: int) -> Room:
    """`allowed`: the largest single index, in hundredths."""
    if allowed < 0:
        return Room(name, present, None, None)
    single = printed_at_most(Fraction(allowed, 100), 2)
    bound = Bound(single.value * limit, single.closed)
    return Room(name, present, bound, bound.largest(decimals))


def _count(*numbers: int) -> None:
    if min(numbers) < 0:
        raise BadInput("air.budget-days", "天数不能为负。", "A number of days cannot be negative.")
