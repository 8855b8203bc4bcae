"""Civil time is a fixed UTC+08:00; periods are half-open (docs/decisions/0003-civil-time.md)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenhe.kernel.period import Period, civil, civil_midnight

DAYS = st.dates(date(1901, 1, 2), date(2199, 12, 30))


def test_a_civil_day_has_24_hours_even_in_the_summers_of_1986_to_1991() -> None:
    """The tz database says UTC+9 in July 1988; environmental records were kept in UTC+8."""
    period = Period.day(date(1988, 7, 15))
    assert period.start == datetime(1988, 7, 14, 16, tzinfo=UTC)
    assert period.hours == 24


def test_months_quarters_and_years_begin_at_civil_midnight() -> None:
    assert Period.month(2015, 12).end == datetime(2015, 12, 31, 16, tzinfo=UTC)
    assert Period.quarter(2015, 4) == Period(
        Period.month(2015, 10).start, Period.month(2015, 12).end
    )
    assert Period.year(2016).hours == 366 * 24


@pytest.mark.parametrize(
    "text", ["2015", "2015-Q4", "2015-07", "2015-07-01", "2015-07-03..2015-09-30"]
)
def test_text_reads_back(text: str) -> None:
    assert str(Period.parse(text)) == text


@given(DAYS, st.integers(0, 800))
def test_every_span_of_days_reads_back(first: date, more: int) -> None:
    period = Period.days(first, min(first + timedelta(days=more), date(2199, 12, 31)))
    assert Period.parse(str(period)) == period


@given(DAYS)
def test_midnight_is_midnight(day: date) -> None:
    instant = civil(civil_midnight(day))
    assert (instant.date(), instant.hour, instant.minute) == (day, 0, 0)


def test_the_end_of_february_stays_the_end_of_february_a_year_before() -> None:
    assert Period.month(2016, 2).year_before() == Period.month(2015, 2)
    assert Period.month(2017, 2).year_before() == Period.month(2016, 2)


def test_half_open() -> None:
    day = Period.day(date(2015, 1, 1))
    assert day.start in day
    assert day.end not in day
    assert not day.overlaps(Period.day(date(2015, 1, 2)))


def test_a_period_without_length_or_zone_is_refused() -> None:
    now = datetime(2015, 1, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="ends after it starts"):
        Period(now, now)
    with pytest.raises(ValueError, match="time zone"):
        Period(now.replace(tzinfo=None), now)
    with pytest.raises(ValueError, match="naive"):
        civil(now.replace(tzinfo=None))
