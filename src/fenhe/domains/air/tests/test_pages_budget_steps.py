"""The explanation of a budget says the numbers the budget computes, and cites what they rest on."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from fenhe.domains.air.pages import budget_steps
from fenhe.domains.air.rules import budget
from fenhe.domains.air.rules.method import method

WAY = method(date(2015, 9, 30))
ITEM = WAY.item("pm2_5")


@pytest.mark.parametrize(("target", "bound"), [(80, "≤ 80.5"), (35, "< 35.5")])
def test_an_even_target_keeps_its_tie_and_an_odd_one_does_not(target: int, bound: str) -> None:
    found = budget.from_sum(Fraction(700), 10, 10, target, 0)
    steps = budget_steps.rest(found, WAY, ITEM)
    said = "\n".join(step.zh for step in steps)
    assert bound in said
    rest = found.rest()
    assert rest is not None
    assert f"{rest.largest(1)}" in steps[-1].zh
    assert all(step.clause and step.confidence for step in steps[:-1])
    assert all(step.zh and step.en for step in steps)


def test_days_above_are_explained_by_the_rank_of_the_percentile() -> None:
    steps = budget_steps.days_over(364, 98, WAY, ITEM)
    spare = budget.exceedance_days_left(364, 98, int(ITEM.percent))
    assert "345.85" in steps[1].en
    assert f"{spare}" in steps[2].en
    assert steps[0].edition == WAY.limits_edition
