"""Statistics of GB 3095 Table 4 and HJ 663: boundaries one by one, invariants, real stations."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fenhe.domains.air.rules import statistics
from fenhe.domains.air.rules.validity import Months, Validity, valid_period
from fenhe.kernel.period import Period

NAN = float("nan")
VALIDITY = Validity(20, 6, 14, 324, 27, 25)


def day(*values: float) -> np.ndarray:
    """One row, one day; hours not given are missing."""
    hours = np.full((1, 1, 24), NAN)
    hours[0, 0, : len(values)] = values
    return hours


class TestDailyMean:
    def test_20_hours_make_a_day(self) -> None:
        days = statistics.daily_mean(day(*[10.0] * 19, 30.0), VALIDITY)
        assert days.values[0, 0] == 11.0
        assert (days.observed[0, 0], days.expected) == (20, 24)

    def test_19_hours_do_not(self) -> None:
        days = statistics.daily_mean(day(*[10.0] * 19), VALIDITY)
        assert np.isnan(days.values[0, 0])
        assert days.observed[0, 0] == 19


class TestMda8:
    def test_windows_lie_wholly_in_the_day(self) -> None:
        """The first window ends at 08:00: a peak at 00:00 counts in one window only."""
        days = statistics.mda8(day(80.0, *[0.0] * 23), VALIDITY, 160)
        assert days.values[0, 0] == 10.0
        assert (days.observed[0, 0], days.expected) == (17, 17)

    def test_a_window_needs_6_hours(self) -> None:
        hours = day(*[50.0] * 24)
        hours[0, 0, 0:2] = NAN  # the window ending 08:00 keeps 6 hours
        assert statistics.mda8(hours, VALIDITY, 160).observed[0, 0] == 17
        hours[0, 0, 2] = NAN  # … keeps 5, the next keeps 6
        assert statistics.mda8(hours, VALIDITY, 160).observed[0, 0] == 16

    def test_14_windows_make_a_day(self) -> None:
        hours = day(*[50.0] * 24)
        hours[0, 0, :5] = NAN  # windows ending 08, 09, 10 keep 3, 4, 5 hours
        days = statistics.mda8(hours, VALIDITY, 160)
        assert (days.observed[0, 0], days.values[0, 0]) == (14, 50.0)

    def test_13_windows_count_only_above_the_limit(self) -> None:
        hours = day(*[160.0] * 24)
        hours[0, 0, :6] = NAN
        days = statistics.mda8(hours, VALIDITY, 160)
        assert days.observed[0, 0] == 13
        assert np.isnan(days.values[0, 0])
        days = statistics.mda8(hours + 0.5, VALIDITY, 160)
        assert days.values[0, 0] == 160.5

    def test_a_day_without_a_window_never_counts(self) -> None:
        assert np.isnan(statistics.mda8(day(*[900.0] * 5), VALIDITY, 160).values[0, 0])


def test_the_hourly_maximum_tells_how_many_hours_it_rests_on() -> None:
    days = statistics.daily_maximum(day(3.0, 9.0, 4.0))
    assert (days.values[0, 0], days.observed[0, 0]) == (9.0, 3)
    assert np.isnan(statistics.daily_maximum(day()).values[0, 0])


class TestCityDay:
    STATIONS = np.array([[10.0, 20.0, NAN], [20.0, NAN, NAN], [60.0, NAN, NAN], [NAN, NAN, NAN]])

    def test_it_is_the_mean_of_the_stations_that_are_valid(self) -> None:
        days = statistics.city_days(self.STATIONS)
        np.testing.assert_equal(days.values, [[30.0, 20.0, NAN]])
        np.testing.assert_equal(days.observed, [[3, 1, 0]])
        assert days.expected == 4

    def test_the_share_of_stations_is_an_option(self) -> None:
        days = statistics.city_days(self.STATIONS, least_share=0.75)
        np.testing.assert_equal(days.values, [[30.0, NAN, NAN]])

    def test_a_group_computed_alone_equals_the_group_among_many(self) -> None:
        stations = np.random.default_rng(1).uniform(0, 300, (40, 5))
        group = np.arange(40) % 3
        together = statistics.grouped_days(stations, group, 3).values
        for city in range(3):
            for one in range(5):
                alone = statistics.city_days(stations[group == city, one : one + 1]).values
                assert alone[0, 0] == together[city, one]


class TestPeriodValidity:
    def valid(self, period: Period, missing: list[date]) -> bool | None:
        days = list(period.civil_days())
        present = np.array([[day not in missing for day in days]])
        months = Months.of(period)
        result = valid_period(months.count(present), months, VALIDITY)
        return None if result is None else bool(result[0])

    def span(self, first: date, n: int) -> list[date]:
        return [first + timedelta(days=i) for i in range(n)]

    def test_324_days_and_27_in_every_month_make_a_year(self) -> None:
        year = Period.year(2015)
        lost = [d for month in (1, 3, 5, 7, 8, 10, 12) for d in self.span(date(2015, month, 1), 4)]
        lost += [d for month in (4, 6, 9) for d in self.span(date(2015, month, 1), 3)]
        assert 365 - len(lost) == 328
        assert self.valid(year, lost) is True
        assert self.valid(year, [*lost, date(2015, 1, 9)]) is False, "January has 26 days"

    def test_323_days_do_not_though_every_month_has_enough(self) -> None:
        loose = Validity(20, 6, 14, 324, 26, 25)
        months = Months.of(Period.year(2015))
        counts = np.full((2, 12), 27)
        counts[0, 0] = 26
        result = valid_period(counts, months, loose)
        assert result is not None
        assert result.tolist() == [False, True]

    def test_february_needs_25(self) -> None:
        february = Period.month(2015, 2)
        assert self.valid(february, self.span(date(2015, 2, 1), 3)) is True
        assert self.valid(february, self.span(date(2015, 2, 1), 4)) is False

    def test_a_quarter_needs_its_months(self) -> None:
        quarter = Period.quarter(2015, 1)
        assert self.valid(quarter, self.span(date(2015, 3, 1), 4)) is True
        assert self.valid(quarter, self.span(date(2015, 3, 1), 5)) is False

    def test_a_period_that_cuts_a_month_has_no_rule(self) -> None:
        assert self.valid(Period.days(date(2015, 1, 1), date(2015, 2, 10)), []) is None


DAYS = hnp.arrays(
    np.float64, (3, 31), elements=st.one_of(st.just(NAN), st.floats(0, 1000, width=32))
)


@given(DAYS, st.sampled_from([90.0, 95.0, 98.0]))
def test_percentiles_are_those_of_numpy(days: np.ndarray, percent: float) -> None:
    ours = statistics.percentile(days, percent)
    for row, value in zip(days, ours, strict=True):
        known = row[~np.isnan(row)]
        expected = np.percentile(known, percent) if len(known) else NAN
        np.testing.assert_allclose(value, expected, rtol=1e-12)


@given(DAYS)
def test_means_lie_between_the_extremes_and_count_their_days(days: np.ndarray) -> None:
    result = statistics.summary(days, Period.month(2015, 1), 95, VALIDITY)
    for row, mean, n in zip(days, result.mean, result.days, strict=True):
        known = row[~np.isnan(row)]
        assert n == len(known)
        if n:
            assert known.min() - 1e-9 <= mean <= known.max() + 1e-9
        else:
            assert np.isnan(mean)


@given(hnp.arrays(np.float64, (2, 3, 24), elements=st.one_of(st.just(NAN), st.floats(0, 500))))
def test_mda8_equals_its_definition_written_out(hours: np.ndarray) -> None:
    days = statistics.mda8(hours, VALIDITY, 160)
    for row in range(2):
        for place in range(3):
            windows = [hours[row, place, end - 8 : end] for end in range(8, 25)]
            means = [np.nanmean(w) for w in windows if np.isfinite(w).sum() >= 6]
            counts = means and (len(means) >= 14 or max(means) > 160 + 1e-9)
            if means and len(means) < 14 and abs(max(means) - 160) < 1e-9:
                continue  # on the very edge the order of addition decides
            np.testing.assert_allclose(
                days.values[row, place], max(means) if counts else NAN, rtol=1e-12
            )


def test_a_sliding_mean_needs_all_its_years() -> None:
    means = statistics.sliding_mean(np.array([[30.0, 33.0, 36.0, NAN, 30.0]]))
    np.testing.assert_equal(means, [[NAN, NAN, 33.0, NAN, NAN]])


def test_a_mean_that_is_the_limit_is_not_above_it() -> None:
    hours = day(*[0.1, 0.7] * 12)
    mean = statistics.daily_mean(hours, VALIDITY).values
    assert mean[0, 0] != 0.4, "float addition leaves noise; if it no longer does, choose others"
    assert statistics.days_above(mean, 0.4).tolist() == [0]
