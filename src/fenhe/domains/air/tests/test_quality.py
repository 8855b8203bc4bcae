"""Every boundary of every quality check by name, and what holds for all of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fenhe.domains.air import quality
from fenhe.observe.flags import Flag

GOOD, UNKNOWN, SUSPECT, FAIL, MISSING = (int(flag) for flag in Flag)
NAN = float("nan")
HOUR = 3600


def row(*values: float) -> np.ndarray:
    return np.array([values], dtype=np.float64)


class TestRange:
    def flags(self, *values: float) -> list[int]:
        found = quality.value_range(row(*values), fail=(-10, 1000), suspect=(-5, 500))
        return found[0].tolist()

    def test_both_ends_of_a_span_are_inside(self) -> None:
        assert self.flags(-5, 500) == [GOOD, GOOD]
        assert self.flags(-10, 1000) == [SUSPECT, SUSPECT]

    def test_just_outside_the_suspect_span(self) -> None:
        assert self.flags(-5.1, 500.1) == [SUSPECT, SUSPECT]

    def test_just_outside_the_fail_span(self) -> None:
        assert self.flags(-10.1, 1000.1) == [FAIL, FAIL]

    def test_noise_below_zero_is_good(self) -> None:
        assert self.flags(-1.0) == [GOOD]

    def test_missing_is_missing(self) -> None:
        assert self.flags(NAN) == [MISSING]

    def test_without_a_suspect_span_only_failures_are_marked(self) -> None:
        assert quality.value_range(row(999.0, 1001.0), (-10, 1000)).tolist() == [[GOOD, FAIL]]


class TestFlatLine:
    def flags(self, *values: float, tolerance: float = 0.0) -> list[int]:
        return quality.flat_line(row(*values), suspect=3, fail=5, tolerance=tolerance)[0].tolist()

    def test_two_equal_hours_are_good(self) -> None:
        assert self.flags(7, 7, 8) == [GOOD, GOOD, GOOD]

    def test_three_are_suspect_from_the_first_on(self) -> None:
        assert self.flags(1, 7, 7, 7, 8) == [GOOD, SUSPECT, SUSPECT, SUSPECT, GOOD]

    def test_four_are_still_suspect(self) -> None:
        assert self.flags(7, 7, 7, 7) == [SUSPECT] * 4

    def test_five_fail(self) -> None:
        assert self.flags(7, 7, 7, 7, 7) == [FAIL] * 5

    def test_a_missing_hour_ends_the_run(self) -> None:
        assert self.flags(7, 7, NAN, 7, 7) == [GOOD, GOOD, MISSING, GOOD, GOOD]

    def test_a_change_of_exactly_the_tolerance_is_no_change(self) -> None:
        assert self.flags(7, 8, 7, tolerance=1) == [SUSPECT] * 3
        assert self.flags(7, 8.5, 7, tolerance=1) == [GOOD] * 3

    def test_what_lies_near_the_detection_limit_needs_a_longer_run(self) -> None:
        found = quality.flat_line(row(2, 2, 2, 9, 9, 9), suspect=3, floor=2, low=4)
        assert found[0].tolist() == [GOOD] * 3 + [SUSPECT] * 3
        assert (quality.flat_line(row(2, 2, 2, 2), suspect=3, floor=2, low=4) == SUSPECT).all()

    def test_runs_do_not_join_across_series(self) -> None:
        values = np.array([[1.0, 7.0, 7.0], [7.0, 7.0, 1.0]])
        assert (quality.flat_line(values, suspect=3, fail=5) == GOOD).all()


class TestSpike:
    def flags(self, *values: float) -> list[int]:
        return quality.spike(row(*values), suspect=100, fail=400)[0].tolist()

    def test_the_first_and_the_last_hour_cannot_be_judged(self) -> None:
        assert self.flags(0, 0, 0) == [UNKNOWN, GOOD, UNKNOWN]

    def test_a_jump_of_exactly_the_threshold_is_good(self) -> None:
        assert self.flags(0, 100, 0)[1] == GOOD

    def test_above_the_suspect_threshold(self) -> None:
        assert self.flags(0, 101, 0)[1] == SUSPECT
        assert self.flags(0, 400, 0)[1] == SUSPECT

    def test_above_the_fail_threshold(self) -> None:
        assert self.flags(0, 401, 0)[1] == FAIL

    def test_a_drop_is_a_spike_too(self) -> None:
        assert self.flags(200, 0, 200)[1] == SUSPECT

    def test_a_steady_climb_is_none(self) -> None:
        assert self.flags(0, 300, 600)[1] == GOOD

    def test_beside_a_missing_hour_nothing_can_be_said(self) -> None:
        assert self.flags(NAN, 500, 0, 0) == [MISSING, UNKNOWN, SUSPECT, UNKNOWN]


class TestPmOrder:
    def flag(self, fine: float, coarse: float) -> int:
        return int(quality.pm_order(row(fine), row(coarse), tolerance=5)[0, 0])

    def test_equal_is_good(self) -> None:
        assert self.flag(80, 80) == GOOD

    def test_within_the_noise_is_good(self) -> None:
        assert self.flag(85, 80) == GOOD

    def test_above_the_noise_is_suspect(self) -> None:
        assert self.flag(85.1, 80) == SUSPECT

    def test_one_alone_cannot_be_judged(self) -> None:
        assert self.flag(85, NAN) == UNKNOWN
        assert self.flag(NAN, 85) == UNKNOWN


class TestNeighbours:
    def flags(self, *stations: float, **options: object) -> list[int]:
        values = np.array(stations, dtype=np.float64)[:, None]
        given = {"least": 3, "deviations": 4.0, "noise": 10.0} | options
        return quality.neighbours(values, **given)[:, 0].tolist()

    def test_one_that_stands_apart_is_suspect_and_the_others_are_not(self) -> None:
        assert self.flags(50, 52, 48, 51, 300) == [GOOD, GOOD, GOOD, GOOD, SUSPECT]

    def test_exactly_four_deviations_is_good(self) -> None:
        assert self.flags(50, 50, 50, 90)[3] == GOOD
        assert self.flags(50, 50, 50, 90.1)[3] == SUSPECT

    def test_a_spread_city_allows_a_wider_distance(self) -> None:
        assert self.flags(20, 60, 100, 140, 180, 300)[5] == GOOD

    def test_two_neighbours_are_too_few(self) -> None:
        assert self.flags(50, 50, 300) == [UNKNOWN] * 3

    def test_a_missing_neighbour_does_not_count(self) -> None:
        assert self.flags(50, 50, NAN, 300) == [UNKNOWN, UNKNOWN, MISSING, UNKNOWN]

    def test_only_the_stations_named_as_near_count(self) -> None:
        near = np.ones((5, 5), dtype=bool)
        near[4, 0] = False
        assert self.flags(50, 50, 50, NAN, 300, near=near)[4] == UNKNOWN


class TestClock:
    def flag(self, end: int, received: int) -> int:
        given = {"ahead": 300, "late": 86400, "skew": 60}
        found = quality.clock(np.array([end * 1]), np.array([received]), **given)
        return int(found[0])

    def test_received_as_the_hour_ends(self) -> None:
        assert self.flag(HOUR, HOUR) == GOOD

    def test_five_minutes_ahead_is_tolerated_and_a_second_more_is_not(self) -> None:
        assert self.flag(HOUR, HOUR - 300) == GOOD
        assert self.flag(HOUR, HOUR - 301) == FAIL

    def test_a_day_late_is_tolerated_and_a_second_more_is_not(self) -> None:
        assert self.flag(HOUR, HOUR + 86400) == GOOD
        assert self.flag(HOUR, HOUR + 86401) == SUSPECT

    def test_lateness_is_judged_only_where_asked_for(self) -> None:
        late = quality.clock(np.array([HOUR]), np.array([HOUR * 100_000]), ahead=300)
        assert late.tolist() == [GOOD]

    def test_a_minute_off_the_hour_is_tolerated_and_a_second_more_is_not(self) -> None:
        for side in (-1, 1):
            assert self.flag(HOUR + side * 60, HOUR) == GOOD
            assert self.flag(HOUR + side * 61, HOUR) == SUSPECT


VALUES = hnp.arrays(
    np.float64, (4, 30), elements=st.one_of(st.just(NAN), st.floats(-100, 20000, width=32))
)
ON_ONE_SERIES = ("range", "flat_line", "spike", "neighbours")


@pytest.mark.parametrize("check", ON_ONE_SERIES)
@given(VALUES)
def test_every_check_keeps_the_shape_and_marks_exactly_the_missing_as_missing(
    check: str, values: np.ndarray
) -> None:
    one = quality.CHECKS[check]
    flags = one.function(values.copy(), **(one.of("pm2_5") or {}))
    assert flags.shape == values.shape
    np.testing.assert_array_equal(flags == MISSING, np.isnan(values))
    assert set(np.unique(flags)) <= {GOOD, UNKNOWN, SUSPECT, FAIL, MISSING}


@pytest.mark.parametrize("check", ON_ONE_SERIES)
@given(VALUES)
def test_no_check_touches_the_readings(check: str, values: np.ndarray) -> None:
    before = values.copy()
    one = quality.CHECKS[check]
    one.function(values, **(one.of("co") or {}))
    np.testing.assert_array_equal(values, before)


@given(VALUES, st.floats(0, 500))
def test_widening_a_range_never_marks_more(values: np.ndarray, more: float) -> None:
    narrow = quality.value_range(values, (-10, 1000), (-5, 500)) >= SUSPECT
    wide = quality.value_range(values, (-10 - more, 1000 + more), (-5 - more, 500 + more))
    assert ((wide >= SUSPECT) <= narrow).all()


def test_the_table_of_checks_speaks_both_languages_and_names_its_thresholds() -> None:
    for check in quality.CHECKS.values():
        assert check.name.zh
        assert check.name.en
        assert check.reason.zh
        assert check.reason.en
        assert check.of("pm2_5")
