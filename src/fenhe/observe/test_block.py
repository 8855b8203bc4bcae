"""A block holds, for every hour, the version known last."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenhe.kernel.period import DAY, HOUR, Period, civil_midnight
from fenhe.observe.block import Block

DAYS = Period.days(date(2026, 3, 1), date(2026, 3, 2))
T0 = datetime(2026, 3, 3, tzinfo=UTC)


def rows(*tuples: tuple[int, int, float | None, int]) -> pl.DataFrame:
    """(series, hour of the period, value, seconds after T0 at which it was known)"""
    return pl.DataFrame(
        {
            "series": [row[0] for row in tuples],
            "start": [DAYS.start + row[1] * HOUR for row in tuples],
            "value": [row[2] for row in tuples],
            "known_at": [T0 + timedelta(seconds=row[3]) for row in tuples],
        },
        schema={
            "series": pl.Int32,
            "start": pl.Datetime("us", "UTC"),
            "value": pl.Float64,
            "known_at": pl.Datetime("us", "UTC"),
        },
    )


def test_hours_without_a_row_are_missing() -> None:
    block = Block.build(rows((7, 0, 1.5, 0), (9, 47, 2.5, 0)), DAYS)
    assert block.series.tolist() == [7, 9]
    assert block.values.shape == (2, 48)
    assert np.nansum(block.values) == 4.0
    assert block.by_day[1, 1, 23] == 2.5
    assert block.period == DAYS


def test_a_later_version_wins_though_it_stands_first() -> None:
    assert Block.build(rows((1, 0, 9.0, 5), (1, 0, 1.0, 0)), DAYS).values[0, 0] == 9.0


def test_a_later_empty_version_takes_the_value_back() -> None:
    assert np.isnan(Block.build(rows((1, 0, 9.0, 0), (1, 0, None, 5)), DAYS).values[0, 0])


def test_a_failed_or_missing_flag_takes_the_value_out_and_a_suspect_one_does_not() -> None:
    frame = rows((1, 0, 1.0, 0), (1, 1, 2.0, 0), (1, 2, 3.0, 0), (1, 3, 4.0, 0))
    block = Block.build(frame.with_columns(flag=pl.Series([1, 4, 9, 3])), DAYS)
    assert np.isfinite(block.values[0, :4]).tolist() == [True, False, False, True]


def test_rows_outside_the_period_or_of_other_series_are_left_out() -> None:
    frame = rows((1, -1, 5.0, 0), (1, 48, 5.0, 0), (3, 1, 5.0, 0), (-1, 1, 5.0, 0))
    assert np.isnan(Block.build(frame, DAYS, series=[1, 2]).values).all()


def test_no_rows_and_no_series_make_an_empty_block() -> None:
    assert Block.build(rows(), DAYS).values.shape == (0, 48)
    assert Block.build(rows((1, 0, 1.0, 0)), DAYS, series=[]).values.shape == (0, 48)


def test_days_are_civil_days() -> None:
    day = Period.day(date(2026, 3, 1))
    assert day.start == civil_midnight(date(2026, 3, 1))
    with pytest.raises(ValueError, match="whole civil days"):
        Block.empty(Period(day.start + HOUR, day.end + HOUR), [1])


def test_half_hours_are_refused() -> None:
    frame = rows((1, 0, 1.0, 0)).with_columns(pl.col("start") + pl.duration(minutes=30))
    with pytest.raises(ValueError, match="on the hour"):
        Block.build(frame, DAYS)


def test_a_block_of_days_has_one_cell_a_day() -> None:
    frame = rows((1, 0, 5.0, 0), (1, 24, 6.0, 0))
    block = Block.build(frame, DAYS, step=DAY)
    assert block.values.tolist() == [[5.0, 6.0]]
    assert block.by_day.shape == (1, 2, 1)
    assert block.period == DAYS


def test_rows_of_finds_series_and_refuses_strangers() -> None:
    block = Block.empty(DAYS, [3, 5, 9])
    assert block.rows_of([9, 3]).tolist() == [2, 0]
    with pytest.raises(KeyError, match="4"):
        block.rows_of([4])
    with pytest.raises(KeyError, match="10"):
        block.rows_of([10])


VERSION = st.tuples(
    st.integers(1, 3),
    st.integers(0, 47),
    st.one_of(st.none(), st.floats(-10, 1000)),
    st.integers(0, 10**6),
)


@given(st.lists(VERSION, max_size=60, unique_by=lambda row: row[3]), st.booleans())
def test_a_block_equals_the_newest_version_of_every_hour(
    versions: list[tuple[int, int, float | None, int]], file_order: bool
) -> None:
    """Whatever the order of the rows, sorted as in the lake's files or not."""
    if file_order:
        versions = sorted(versions, key=lambda row: (row[0], row[1], row[3]))
    newest: dict[tuple[int, int], float | None] = {}
    for series, hour, value, _ in sorted(versions, key=lambda row: row[3]):
        newest[series, hour] = value
    block = Block.build(rows(*versions), DAYS, series=[1, 2, 3])
    for (series, hour), value in newest.items():
        np.testing.assert_equal(block.values[series - 1, hour], np.nan if value is None else value)
    known = sum(value is not None for value in newest.values())
    assert np.isfinite(block.values).sum() == known
