from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from fenhe.kernel.errors import BadInput
from fenhe.kernel.period import Period, utc_now
from fenhe.observe import readings
from fenhe.observe.coverage import coverage, gaps
from fenhe.store.lake import Lake

pytestmark = pytest.mark.django_db
T0 = datetime(2026, 3, 1, tzinfo=UTC)
TEN_HOURS = Period(T0, T0 + timedelta(hours=10))


def put(lake: Lake, series: int, hours: dict[int, float | None], qualifier: int = 12) -> None:
    frame = pl.DataFrame(
        {
            "series": [series] * len(hours),
            "start": [T0 + timedelta(hours=hour) for hour in hours],
            "value": list(hours.values()),
            "qualifier": [qualifier if value is None else 0 for value in hours.values()],
        },
        schema_overrides={"value": pl.Float64},
    )
    readings.append(frame, "hour", "test", lake=lake)


def test_coverage_counts_values_among_what_should_be_there(lake: Lake) -> None:
    put(lake, 1, dict.fromkeys(range(10), 5.0))
    put(lake, 2, {0: 1.0, 1: None, 2: 3.0})
    found = coverage([2, 1, 3], TEN_HOURS, lake=lake)
    assert found.rows() == [(2, 10, 2, 20.0), (1, 10, 10, 100.0), (3, 10, 0, 0.0)]


def test_gaps_tell_marked_missing_from_never_arrived(lake: Lake) -> None:
    put(lake, 1, {0: 1.0, 1: None, 2: None, 5: 4.0, 6: 4.0, 8: 4.0})
    put(lake, 2, {9: 1.0})

    def at(hour: int) -> datetime:
        return T0 + timedelta(hours=hour)

    assert gaps([1, 2], TEN_HOURS, lake=lake).rows() == [
        (1, at(1), at(3), 2.0, "marked-missing", 12),
        (1, at(3), at(5), 2.0, "never-arrived", None),
        (1, at(7), at(8), 1.0, "never-arrived", None),
        (1, at(9), at(10), 1.0, "never-arrived", None),
        (2, at(0), at(9), 9.0, "never-arrived", None),
    ]


def test_no_gaps_in_full_series_and_none_asked(lake: Lake) -> None:
    put(lake, 1, dict.fromkeys(range(10), 5.0))
    assert gaps([1], TEN_HOURS, lake=lake).is_empty()
    assert gaps([], TEN_HOURS, lake=lake).is_empty()
    assert coverage([], TEN_HOURS, lake=lake).is_empty()


def test_coverage_and_gaps_as_known_then(lake: Lake) -> None:
    put(lake, 1, {0: 1.0})
    (then,) = readings.versions(1, T0, lake=lake)["known_at"]
    put(lake, 1, dict.fromkeys(range(10), 1.0))
    assert coverage([1], TEN_HOURS, known_at=then, lake=lake)["observed"].to_list() == [1]
    assert gaps([1], TEN_HOURS, known_at=then, lake=lake)["hours"].to_list() == [9.0]
    assert coverage([1], TEN_HOURS, lake=lake)["percent"].to_list() == [100.0]


def test_the_future_is_not_expected(lake: Lake) -> None:
    hour = utc_now().replace(minute=0, second=0, microsecond=0)
    period = Period(hour - timedelta(hours=3), hour + timedelta(hours=20))
    assert coverage([1], period, lake=lake)["expected"].to_list() == [3]
    assert gaps([1], period, lake=lake)["end"].to_list() == [hour]
    later = Period(hour + timedelta(days=1), hour + timedelta(days=2))
    assert coverage([1], later, lake=lake).row(0) == (1, 0, 0, None)
    assert gaps([1], later, lake=lake).is_empty()


def test_samples_have_no_step_to_expect(lake: Lake) -> None:
    with pytest.raises(BadInput, match=r"observe\.no-step"):
        coverage([1], TEN_HOURS, "sample", lake=lake)
