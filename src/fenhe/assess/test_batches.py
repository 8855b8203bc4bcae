"""Years in batches: order of versions, limits of period and series; grids read by counting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fenhe.assess.bulk import blocks
from fenhe.kernel.period import DAY, HOUR, Period
from fenhe.observe import maintenance
from fenhe.observe.block import Block
from fenhe.store import grid
from fenhe.store.batches import scan_batches
from fenhe.store.grid import Grid
from fenhe.store.lake import Lake
from fenhe.store.tables import COLUMNS

T0 = datetime(2025, 12, 31, 16, tzinfo=UTC)  # the civil year 2026
YEAR = Period(T0, T0 + 365 * DAY)
TWO_MONTHS = Period(T0, T0 + 59 * DAY)


def hours(
    series: list[int], offsets: list[int], known: int, value: float | None = 1.0
) -> pl.DataFrame:
    """Readings `offsets` hours after T0, known `known` seconds after the year."""
    return (
        pl.DataFrame({"series": series})
        .join(pl.DataFrame({"start": [T0 + k * HOUR for k in offsets]}), how="cross")
        .with_columns(
            value=pl.lit(value, pl.Float64),
            qualifier=pl.lit(0),
            known_at=pl.lit(T0 + timedelta(days=400, seconds=known)),
            source=pl.lit("test"),
        )
        .select([pl.col(name).cast(kind) for name, kind in COLUMNS["readings"].items()])
    )


def numbered(frame: pl.DataFrame) -> pl.DataFrame:
    """The same rows, each with a value of its own; every seventh is missing."""
    place = pl.int_range(pl.len())
    return frame.with_columns(value=pl.when(place % 7 > 0).then(place.cast(pl.Float64)))


@pytest.fixture
def small_grids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grid, "LEAST_ROWS", 1)


@pytest.mark.parametrize("order", [[1, 2, 3], [3, 1, 2]])
def test_versions_come_oldest_first(lake: Lake, order: list[int]) -> None:
    offsets = [0, 30 * 24, 60 * 24]
    for known in order:
        lake.append("readings", hours([1, 2, 3, 4], offsets, known, float(known)), "hour")
    ranges = lake.batches("hour", YEAR, rows=18)
    assert ranges == [(1, 2), (3, 4)]
    batches = list(scan_batches(lake, "hour", YEAR, ranges, ["series", "start", "value"]))
    frames = [part for parts in batches for part in parts if isinstance(part, pl.DataFrame)]
    assert [sum(len(part) for part in parts) for parts in batches] == [18, 18]
    for key, found in pl.concat(frames).group_by("series", "start", maintain_order=True):
        assert found["value"].to_list() == [1.0, 2.0, 3.0], key


def test_batches_keep_to_period_series_and_moment(lake: Lake) -> None:
    lake.append("readings", hours([1, 2, 9], [0, 10 * 24, 40 * 24], 1), "hour")
    lake.append("readings", hours([1, 2, 9], [10 * 24], 5), "hour")
    period = Period(T0 + 10 * DAY, T0 + 40 * DAY)
    known = T0 + timedelta(days=400, seconds=4)
    found = scan_batches(lake, "hour", period, [(1, 2), (5, 6)], known_at=known)
    first, nothing = (pl.concat(parts) for parts in found)
    assert first.rows() == [(1, period.start, 1.0), (2, period.start, 1.0)]
    assert nothing.is_empty()
    assert nothing.columns == first.columns


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("nothing", True),
        ("an hour lacks", False),
        ("an hour twice", False),
        ("a series lacks", False),
        ("off the hour", False),
        ("another resolution", False),
        ("one series begins later", False),
    ],
)
def test_only_a_file_without_a_hole_is_a_grid(
    lake: Lake, small_grids: None, change: str, expected: bool
) -> None:
    frame = hours([4, 5, 6], list(range(16, 64)), 1).sort("series", "start")
    changed = {
        "an hour lacks": frame.filter(pl.int_range(pl.len()) != 50),
        "an hour twice": pl.concat([frame, frame[50:51]]).filter(pl.int_range(pl.len()) != 40),
        "a series lacks": frame.filter(pl.col("series") != 5),
        "off the hour": frame.with_columns(
            start=pl.when(pl.int_range(pl.len()) == 50)
            .then(pl.col("start") + timedelta(minutes=1))
            .otherwise("start")
        ),
        "one series begins later": frame.with_columns(
            start=pl.when(pl.col("series") == 6).then(pl.col("start") + HOUR).otherwise("start")
        ),
    }.get(change, frame)
    lake.append("readings", changed, "minute" if change == "another resolution" else "hour")
    (file,) = lake.snapshot().files
    assert (grid.width_of(file) is not None) is expected


def test_a_name_alone_makes_no_grid(lake: Lake, small_grids: None) -> None:
    lake.append("readings", hours([1, 2], [16, 17, 18], 1), "hour")
    (file,) = lake.snapshot().files
    assert grid.width_of(file) == 3
    lying = grid.DataFile(
        file.path, file.resolution, file.month, file.rows - 1, file.series, file.start,
        file.known_at,
    )  # fmt: skip
    assert grid.width_of(lying) is None


def test_a_small_batch_is_no_grid(lake: Lake) -> None:
    lake.append("readings", hours([1, 2], [16, 17, 18], 1), "hour")
    (file,) = lake.snapshot().files
    assert grid.width_of(file) is None


def test_of_a_grid_values_alone_are_read_and_corrections_overwrite_it(
    lake: Lake, small_grids: None
) -> None:
    whole = numbered(hours([1, 2, 3, 4], list(range(59 * 24)), 1))
    lake.append("readings", whole, "hour")
    lake.append("readings", hours([2, 4], [30, 1000], 2, -1.0), "hour")
    lake.append("readings", hours([3], [31], 3, None), "hour")
    batches = list(scan_batches(lake, "hour", TWO_MONTHS, [(1, 2), (3, 4)]))
    grids = [sum(isinstance(part, Grid) for part in parts) for parts in batches]
    assert grids == [3, 4], "three UTC months; the single value is a grid of one"
    built = list(blocks(lake, TWO_MONTHS, [(1, 2), (3, 4)]))
    expected = Block.build(lake.scan("readings", "hour", TWO_MONTHS), TWO_MONTHS)
    found = np.concatenate([block.values for block in built])
    np.testing.assert_array_equal(found, expected.values)
    assert found[1, 30] == found[3, 1000] == -1
    assert np.isnan(found[2, 31])


def test_a_grid_that_reaches_beyond_the_period_is_cut(lake: Lake, small_grids: None) -> None:
    lake.append("readings", numbered(hours([1, 2], list(range(20 * 24)), 1)), "hour")
    period = Period(T0 + 3 * DAY, T0 + 5 * DAY)
    (block,) = blocks(lake, period, [(1, 2)])
    expected = Block.build(lake.scan("readings", "hour", period), period)
    np.testing.assert_array_equal(block.values, expected.values)


def test_compaction_leaves_a_grid_and_gathers_what_came_later(
    lake: Lake, small_grids: None
) -> None:
    lake.append("readings", numbered(hours([1, 2], list(range(8, 248)), 1)), "hour")
    for known in range(2, 6):
        lake.append("readings", hours([1], [20, 22 + known], known, -float(known)), "hour")
    before = lake.scan("readings", "hour", YEAR)
    maintenance.tidy(lake, hot=1, closed=1, retention=timedelta(0))
    widths = [grid.width_of(file) for file in lake.snapshot().files]
    assert sorted(widths, key=str) == [240, None]
    assert lake.scan("readings", "hour", YEAR).equals(before)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    commits=st.lists(
        st.tuples(
            st.sets(st.integers(1, 5), min_size=1),  # series
            st.integers(0, 70),  # first hour
            st.integers(1, 40),  # hours
            st.integers(0, 6),  # known
            st.booleans(),  # without a hole?
        ),
        min_size=1,
        max_size=5,
    )
)
def test_grids_change_no_answer(
    tmp_path_factory: pytest.TempPathFactory,
    small_grids: None,
    commits: list[tuple[set[int], int, int, int, bool]],
) -> None:
    lake = Lake(tmp_path_factory.mktemp("lake"))
    period = Period(T0, T0 + 5 * DAY)
    for number, (series, first, count, known, full) in enumerate(commits):
        ids = list(range(min(series), max(series) + 1)) if full else sorted(series)
        frame = hours(ids, list(range(first, first + count)), known * 10 + number, float(number))
        lake.append("readings", frame, "hour")
    built = list(blocks(lake, period, [(1, 2), (3, 5)]))
    expected = Block.build(lake.scan("readings", "hour", period), period, range(1, 6))
    np.testing.assert_array_equal(np.concatenate([one.values for one in built]), expected.values)
