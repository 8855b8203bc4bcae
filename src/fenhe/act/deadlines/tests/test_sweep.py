"""Every date of 2026 by every rule, against a second computation that walks day by day."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from conftest import SHARED

from fenhe.act.deadlines import Calendar, compute, rules
from fenhe.act.deadlines.limits import Rule
from fenhe.act.deadlines.tests.oracle import NO_DAY, Oracle, table

DAYS = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
CALENDAR = Calendar()


def as_day(due: date | datetime | None) -> date:
    assert due is not None
    return due.date() if isinstance(due, datetime) else due


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_every_day_of_2026(rule: Rule) -> None:
    results = [compute(rule.id, day, CALENDAR) for day in DAYS]
    if rule.id in NO_DAY:
        assert {result.due for result in results} == {None}
        assert all(result.steps for result in results)
        return
    dues = [as_day(result.due) for result in results]
    pairs = list(zip(DAYS, dues, strict=True))
    if rule.limits[0].unit.backwards:
        assert all(due < day for day, due in pairs)
    else:
        assert all(due >= day for day, due in pairs)
    assert dues == sorted(dues)  # a later trigger never ends earlier
    if rule.roll:
        assert all(CALENDAR.working(due) for due in dues)
    for result in results:
        assert result.article
        assert result.calendar
        assert result.steps
        assert (result.reason is not None) == result.provisional


@pytest.mark.skipif(
    not (SHARED / "reference" / "governance_deadlines.csv").exists(),
    reason="the reference tables are not beside this checkout",
)
@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_the_same_as_by_walking(rule: Rule) -> None:
    oracle = Oracle(SHARED)
    row = next(row for row in table(SHARED) if row["id"] == rule.id)
    for day in DAYS:
        assert compute(rule.id, day, CALENDAR).due == oracle.due(row, day), day


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_each_extension_moves_the_day_out(rule: Rule) -> None:
    for day in DAYS[::7]:
        dues = [
            as_day(compute(rule.id, day, CALENDAR, extend=times).due)
            for times in range(len(rule.extensions) + 1)
            if rule.id not in NO_DAY
        ]
        assert dues == sorted(set(dues))
