"""The budget against brute force: every bound is tried from both sides under the real rounding."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import floor

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fenhe.domains.air.rules import tables
from fenhe.domains.air.rules.budget import (
    composite_room,
    exceedance_days_left,
    from_sum,
    good_day_budget,
    mean_budget,
    printed_at_most,
)
from fenhe.domains.air.rules.composite import COLUMNS, composite
from fenhe.domains.air.rules.whatif import thresholds, whatif
from fenhe.kernel.errors import BadInput
from fenhe.kernel.rounding import round_half_even

SCHEMES = ["composite 2012", "composite 2026-A", "composite 2026-B"]
TAIYUAN = {"so2": 13, "no2": 46, "pm10": 96, "pm2_5": 50, "co": 1.4, "o3": 90}
TINY = Fraction(1, 10**9)


@pytest.mark.parametrize(
    ("target", "decimals", "bound", "closed"),
    [
        (30, 0, "61/2", True),  # 30.5 prints 30: half to even
        (35, 0, "71/2", False),  # 35.5 prints 36
        (28.5, 1, "571/20", False),  # 28.55 prints 28.6
        ("28.57", 1, "571/20", False),  # the largest printable number is 28.5
    ],
)
def test_the_tie_decides_whether_the_bound_is_allowed(
    target: float | str, decimals: int, bound: str, closed: bool
) -> None:
    found = printed_at_most(Decimal(target) if isinstance(target, str) else target, decimals)
    assert (found.value, found.closed) == (Fraction(bound), closed)


def test_a_worked_year() -> None:
    """300 days with a mean of 31 and 65 to come; the year must print 30 (grade II of 2026)."""
    found = from_sum(31 * 300, 300, 65, 30, 0)
    assert found.rest() is not None
    assert found.rest().value == Fraction(61 * 365 - 2 * 9300, 130)  # type: ignore[union-attr]
    assert str(found.rest().largest(1)) == "28.1"  # type: ignore[union-attr]
    assert found.rest(lost=64).value == Fraction(61 * 301 - 2 * 9300, 2)  # type: ignore[union-attr]
    assert found.after(60, 70).remaining == 63
    assert found.present == 31


@given(
    st.lists(st.integers(0, 3000), max_size=20), st.integers(1, 30),
    st.integers(0, 2000), st.integers(0, 1), st.integers(0, 5),
)  # fmt: skip
def test_a_mean_budget_is_exactly_the_supremum(
    tenths: list[int], remaining: int, target: int, decimals: int, lost: int
) -> None:
    assume(lost < remaining)
    goal = Fraction(target, 10)
    found = mean_budget([Fraction(t, 10) for t in tenths], remaining, goal, decimals)
    bound = found.rest(lost)
    assert bound is not None
    coming = remaining - lost

    def printed(rest: Fraction) -> Fraction:
        mean = (found.total + rest * coming) / (found.days + coming)
        return Fraction(round_half_even(mean, decimals))

    assert printed(bound.value - TINY) <= goal
    assert printed(bound.value + TINY) > goal
    assert (printed(bound.value) <= goal) == bound.closed
    for places in (0, 1):
        assert bound.allows(bound.largest(places))
        assert not bound.allows(bound.largest(places) + Decimal(1).scaleb(-places))


def test_no_day_left_is_met_or_not() -> None:
    assert mean_budget([30.5], 0, 30, 0).met
    assert mean_budget([30.5], 0, 30, 0).reachable
    assert not mean_budget([30.51], 0, 30, 0).reachable
    assert mean_budget([30], 0, 30, 0).rest() is None


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 30), st.integers(0, 1000))
def test_bad_days_left_by_counting(good: int, bad: int, remaining: int, tenths: int) -> None:
    assume(good + bad + remaining > 0)
    found = good_day_budget(good, good + bad, remaining, target_pct=Fraction(tenths, 10))
    valid = good + bad + remaining
    doing = [
        b
        for b in range(remaining + 1)
        if round(Fraction((good + remaining - b) * 1000, valid)) >= tenths
    ]
    assert found.bad_left() == (max(doing) if doing else None)


def test_good_days_as_a_number() -> None:
    assert good_day_budget(200, 250, 60, target_days=255).bad_left() == 5
    assert good_day_budget(200, 250, 60, target_days=255).bad_left(lost=6) is None
    with pytest.raises(BadInput, match="budget-target"):
        good_day_budget(10, 5, 1, target_days=3)
    with pytest.raises(BadInput, match="budget-days"):
        good_day_budget(1, 5, -1, target_days=3)


def test_ozone_days_left() -> None:
    """365 days, 90th percentile: k = 1 + 364*0.9 = 328.6, so 36 days may lie above."""
    assert exceedance_days_left(365, 0, 90) == 36
    assert exceedance_days_left(365, 40, 90) == -4


@given(st.integers(1, 400), st.sampled_from([90, 95, 98]))
def test_days_above_left_by_trying(valid: int, percentile: int) -> None:
    """So many days may be as high as they like and one more may not (HJ 663: linear, inclusive)."""
    left = exceedance_days_left(valid, 0, percentile)
    for above, kept in ((left, True), (left + 1, False)):
        days = [100] * (valid - above) + [10**6] * above
        place = Fraction((valid - 1) * percentile, 100)
        low = floor(place)
        high = min(low + 1, valid - 1)
        value = days[low] + (days[high] - days[low]) * (place - low)
        assert (value <= 100) == kept


@settings(max_examples=50)
@given(st.sampled_from(SCHEMES), st.integers(0, 900), st.integers(0, 100), st.integers(0, 2))
def test_room_under_a_composite_is_exactly_the_largest_printable(
    id: str, target: int, shift: int, pm2_5_decimals: int
) -> None:
    scheme = tables.edition(id)
    city = {**TAIYUAN, "pm2_5": 20 + shift, "o3": 80 + shift}
    decimals = {"pm2_5": min(pm2_5_decimals, 1), "co": 1}

    def index(name: str, value: Decimal) -> float:
        cells = {COLUMNS[n]: [float(value if n == name else v)] for n, v in city.items()}
        return float(composite(pl.DataFrame(cells), scheme)["composite"].item())

    for room in composite_room(city, Fraction(target, 100), scheme, decimals):
        step = Decimal(1).scaleb(-decimals.get(room.name, 0))
        if room.largest is None:
            assert index(room.name, Decimal(0)) > target / 100
            continue
        assert index(room.name, room.largest) <= target / 100
        assert index(room.name, room.largest + step) > target / 100


def test_what_each_microgram_buys() -> None:
    others = pl.Series([4.71, 4.85, 4.85, 6.0])
    steps = whatif(TAIYUAN, others, tables.edition("composite 2012"))
    assert steps.filter(property="pm2_5", cut=1)["composite"].item() == 5.05
    gains = thresholds(steps).filter(property="pm2_5").select("cut", "rank", "gained").rows()
    assert gains == [(8.0, 2, 2), (13.0, 1, 3)]
    dense = whatif(TAIYUAN, others, tables.edition("composite 2012"), after_tie="dense", steps=8)
    assert dense.filter(property="pm2_5")["rank"].to_list() == [3] * 7 + [2]


@settings(max_examples=50)
@given(st.sampled_from(SCHEMES), st.sampled_from(sorted(TAIYUAN)))
def test_a_cut_never_makes_it_worse(id: str, name: str) -> None:
    steps = whatif(TAIYUAN, pl.Series([4.0, 5.0]), tables.edition(id)).filter(property=name)
    assert steps["composite"].is_sorted(descending=True)
    assert steps["rank"].is_sorted(descending=True)
