"""Course of a target and points of the appraisal: every reading, and the invariants."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenhe.domains.planning.rules import appraisal, course
from fenhe.domains.planning.rules.appraisal import Deduction
from fenhe.domains.planning.rules.course import Course
from fenhe.kernel.text import Text


@pytest.mark.parametrize(
    ("met", "left", "reachable", "then", "expected"),
    [
        (None, 100, None, None, Course.UNKNOWN),
        (True, 100, True, True, Course.ON),
        (True, 100, True, False, Course.RISK),
        (False, 100, True, True, Course.RISK),
        (False, 100, True, False, Course.OFF),
        (True, 100, False, True, Course.OFF),  # no rest would do: what is so far does not help
        (False, 100, None, True, Course.RISK),  # whether it can be reached is not known
        (True, 100, True, None, Course.ON),  # no forecast: as it is so far
        (False, 100, True, None, Course.OFF),
        (True, 0, True, None, Course.ON),
        (False, 0, None, True, Course.OFF),  # the year is over: a forecast says nothing any more
    ],
)
def test_the_table_of_readings(
    met: bool | None, left: int, reachable: bool | None, then: bool | None, expected: Course
) -> None:
    found = course.judge(met, left, reachable, then)
    assert found.course is expected
    assert found.reason.zh
    assert found.reason.en


@given(
    left=st.integers(0, 366),
    reachable=st.sampled_from([True, False, None]),
    then=st.sampled_from([True, False, None]),
)
def test_being_within_is_never_worse(left: int, reachable: bool | None, then: bool | None) -> None:
    order = [Course.OFF, Course.RISK, Course.ON]
    without = course.judge(False, left, reachable, then).course
    within = course.judge(True, left, reachable, then).course
    assert order.index(within) >= order.index(without)


def test_the_way_from_the_baseline() -> None:
    assert course.progress(50, 45, 40) == 50
    assert course.progress(70, 76, 80) == 60
    assert course.progress(50, 52, 40) == -20
    assert course.progress(None, 45, 40) is None
    assert course.progress(40, 45, 40) is None


def _lost(unit: str, points: float) -> Deduction:
    return Deduction(unit, "overdue", points, "x", Text("", ""), "/")


def test_scores_are_traced_and_never_below_zero() -> None:
    found = appraisal.scores(["甲", "乙", "甲"], [_lost("甲", 5), _lost("甲", 3), _lost("丙", 9)])
    assert [(one.unit, one.points) for one in found] == [("乙", 100), ("甲", 92)]
    assert sum(one.points for one in found[1].deductions) == 8
    assert appraisal.scores(["甲"], [_lost("甲", 130)])[0].points == 0


def test_a_cause_costs_at_most_what_the_edition_says() -> None:
    assert appraisal.cost("unreported", 1) == 0.5
    assert appraisal.cost("unreported", 40) == 5
    assert appraisal.cost("returned", 2) == 4
    assert {row.confidence for row in appraisal.edition().table("deductions")} == {"unconfirmed"}
