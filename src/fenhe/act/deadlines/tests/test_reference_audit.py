"""rules.yaml against the reference table, row for row and cell for cell; the calendar of 2026
against the reference calendar, day for day."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from conftest import SHARED

from fenhe.act.deadlines import Calendar, rules
from fenhe.act.deadlines.limits import Unit, procedures
from fenhe.act.deadlines.tests.oracle import BY_WORKING_DAYS, REMARKS, holidays, table

if not (SHARED / "reference" / "governance_deadlines.csv").exists():
    pytest.skip("the reference tables are not beside this checkout", allow_module_level=True)

ROWS = table(SHARED)


def test_every_row_is_a_rule_and_every_rule_a_row() -> None:
    assert [rule.id for rule in rules()] == [row["id"] for row in ROWS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_the_words_of_the_row_are_kept(row: dict[str, str]) -> None:
    rule = next(one for one in rules() if one.id == row["id"])
    written = rule.written
    assert {
        "id": rule.id,
        "procedure": rule.procedure,
        "step": rule.step.zh,
        "trigger_event": rule.trigger.zh,
        "limit": written.limit,
        "unit": written.unit,
        "extension": written.extension,
        "extension_authority": written.authority,
        "excluded_time": written.excluded,
        "last_day_on_holiday": written.holiday,
        "owner": rule.owner,
        "source": written.source or rule.article,
        "confidence": rule.confidence.value,
    } == row
    assert rule.step.en
    assert rule.trigger.en
    assert rule.procedure in procedures()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_it_is_counted_as_the_row_is_written(row: dict[str, str]) -> None:
    """Every number that is counted stands in the row, in the row's unit; what the row does not
    roll is not rolled."""
    rule = next(one for one in rules() if one.id == row["id"])
    numbers = [int(number) for number in re.findall(r"\d+", row["limit"])]
    counts = [limit.count for limit in rule.limits if limit.count]
    assert set(counts) <= set(numbers)
    if row["unit"] in ("natural_day", "working_day", "month", "year", "hour"):
        assert {limit.unit.value for limit in rule.limits} == {row["unit"]}
        assert counts[0] == numbers[0]
    elif row["id"] in BY_WORKING_DAYS:
        assert rule.limits[0].unit is Unit.WORKING_DAY  # the first reading; the other is offered
        assert Unit.NATURAL_DAY in {limit.unit for limit in rule.limits}
        assert not rule.confidence.firm
    elif row["id"] in REMARKS:
        assert not rule.confidence.accuses
    assert rule.roll == (row["last_day_on_holiday"] == "roll_forward")
    assert (
        rule.extensions
        == [int(number) for number in re.findall(r"\d+", row["extension"])][: len(rule.extensions)]
    )
    if rule.limits[0].unit.is_time:
        assert bool(rule.extensions or rule.extension_open) == bool(row["extension"])


def test_excluded_time_is_what_the_rows_say() -> None:
    """permit.correct says there what follows from being late, daily.count when no fine runs;
    that excludes nothing."""
    excluding = {rule.id for rule in rules() if rule.excluded}
    said = {row["id"] for row in ROWS if row["excluded_time"]}
    assert said - excluding == {"permit.correct", "daily.count"}
    assert excluding <= said
    for rule in rules():
        assert all(word in rule.written.excluded for word in rule.excluded)


def test_the_calendar_of_2026_is_the_reference_calendar() -> None:
    marked, calendar = holidays(SHARED), Calendar()
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
    assert {day for day in days if calendar.working(day)} == {
        day for day in days if marked.get(day, day.weekday() < 5)
    }
    assert calendar.covers(2026)
