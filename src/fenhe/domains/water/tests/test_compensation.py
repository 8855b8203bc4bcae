"""Compensation schemes: tiers, rates, caps, rewards, and what is not known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fenhe.domains.water.rules import compensation as rules
from fenhe.domains.water.rules import tables
from fenhe.domains.water.rules.compensation import Result

ROW = Result("甲县", "断面", "2026-01", "nh3n", 1.0, 1.0)


def amount(scheme: str, **changes: object) -> float | None:
    (found,) = rules.statements([replace(ROW, **changes)], tables.edition(scheme))  # type: ignore[arg-type]
    return found.amount


@pytest.mark.parametrize(
    ("value", "low", "high", "amount"),
    [
        (1.0, 0, 0, 0),
        (1.5, 50, 50, 50),
        (1.6, 50, 300, None),
        (11.0, 50, 300, None),
        (11.1, 300, 300, 300),
    ],
)
def test_shanxi_2013_bills_only_the_tiers_whose_amount_is_known(
    value: float, low: float, high: float, amount: float | None
) -> None:
    (found,) = rules.statements([replace(ROW, value=value)], tables.edition("shanxi-2013"))
    assert (found.low, found.high, found.amount) == (low, high, amount)


def test_zhoukou_grows_with_the_multiple_and_applies_to_high_targets_only() -> None:
    """SX: 10 × (1 + x) for 0.1 < x ≤ 0.5; targets COD > 40 or NH3-N > 2.0."""
    assert amount("zhoukou", item="cod", target=50.0, value=60.0) == pytest.approx(12.0)
    assert amount("zhoukou", item="cod", target=50.0, value=150.0) == pytest.approx(300.0)
    assert amount("zhoukou", item="cod", target=50.0, value=175.0) == pytest.approx(700.0)
    assert amount("zhoukou", item="cod", target=50.0, value=54.0) == 0
    assert amount("zhoukou", item="cod", target=40.0, value=90.0) == 0
    assert amount("zhoukou", item="cod", target=50.0, value=55.0, inflow=True) == pytest.approx(
        16.5
    )


def test_shandong_pays_and_charges_by_percentage_points_with_a_cap() -> None:
    assert amount("shandong-2019", value=0.9, last_year=1.0) == -40
    assert amount("shandong-2019", value=1.1, last_year=1.0) == 50
    assert amount("shandong-2019", value=3.0, last_year=1.0) == 200
    assert amount("shandong-2019", value=1.0, last_year=1.0, level=6) == 100
    assert amount("shandong-2019", value=1.0) is None


def test_yellow_river_agreement_by_class() -> None:
    year = {"period": "2021", "value": 1.0, "last_year": 1.0}
    assert [amount("yellow-river-2021", level=level, **year) for level in (2, 3, 4)] == [
        -6000, 0, 6000,
    ]  # fmt: skip
    assert amount("yellow-river-2021", period="2021", value=0.2, last_year=1.0) == -4000


def test_rewards_of_three_months_a_year_and_a_turn() -> None:
    months = [f"2026-{m:02d}" for m in range(1, 13)]
    rows = [replace(ROW, period=month, value=0.5, inflow=False) for month in months]
    rows.append(replace(ROW, period="2025-03", value=5.0, inflow=False))
    found = rules.statements(rows, tables.edition("shanxi-2013"))
    rewards = {one.period: one.amount for one in found if one.amount and one.amount < 0}
    # each third month 10, the year 100, March after a failing March 100
    assert rewards == {"2026-03": -110, "2026-06": -10, "2026-09": -10, "2026-12": -110}


def test_a_district_sums_its_sections_and_one_unknown_amount_leaves_only_a_range() -> None:
    rows = [ROW, replace(ROW, section="乙", value=1.4), replace(ROW, section="丙", value=1.7)]
    (found,) = rules.statements(rows, tables.edition("shanxi-2013"))
    assert (found.amount, found.low, found.high) == (None, 100, 350)
    assert {line.clause for line in found.lines} == {"SX2013-P1", "SX2013-P2"}
    assert all(line.measure is not None for line in found.lines)


def test_items_outside_the_scheme_do_not_count() -> None:
    assert amount("shanxi-2013", item="tp", value=9.0) == 0
