"""One late value, carried through kept days, gives what a full recomputation gives, to the bit."""

from __future__ import annotations

import importlib.util
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fenhe.assess import bulk
from fenhe.domains.air.rules import rollup, tables
from fenhe.domains.air.rules.method import method
from fenhe.kernel.period import HOUR, Period, civil
from fenhe.observe import flags
from fenhe.observe.flags import Flag
from fenhe.store.lake import Lake

METHOD = method(date(2025, 12, 31))
ITEMS = len(METHOD.items)
STATIONS, CITIES, PERIOD = 5, 2, Period.month(2025, 3)
SERIES = np.arange(STATIONS * ITEMS)
CITY_SERIES = np.arange(CITIES * ITEMS) + len(SERIES)
NETWORK = rollup.Network(METHOD, SERIES % ITEMS, SERIES // ITEMS * CITIES // STATIONS, CITIES)
SCHEME = tables.in_force("composite", PERIOD.last_day)
KNOWN = datetime(2025, 5, 1, tzinfo=UTC)


class Kept:
    """A small nation in a lake of its own, with its days kept."""

    def __init__(self, root: Path) -> None:
        self.lake, self.commits = Lake(root), 0
        random = np.random.default_rng(5)
        values = np.round(random.gamma(3, 20, (len(SERIES), PERIOD.hours)), 1)
        values[random.random(values.shape) < 0.15] = np.nan
        starts = pl.datetime_range(PERIOD.start, PERIOD.end, "1h", closed="left", eager=True)
        hours = pl.DataFrame(
            {
                "series": np.repeat(SERIES, PERIOD.hours),
                "start": pl.concat([starts] * len(SERIES)),
                "value": values.reshape(-1),
            }
        )
        self.append(hours.filter(pl.col("value").is_not_nan()), "hour")
        series, days = self.all_days()
        self.append(bulk.day_rows(series, PERIOD.first_day, days), "day")
        cities = NETWORK.city_days(series, days).reshape(len(CITY_SERIES), -1)
        self.append(bulk.day_rows(CITY_SERIES, PERIOD.first_day, cities), "day")

    def append(self, rows: pl.DataFrame, resolution: str) -> None:
        self.commits += 1
        marks = {
            "qualifier": pl.lit(0, pl.Int8),
            "known_at": KNOWN + timedelta(seconds=self.commits),
            "source": pl.lit("test"),
        }
        self.lake.append("readings", rows.with_columns(**marks), resolution)

    def late(self, series: int, start: datetime, value: float | None) -> None:
        self.append(hour_row(series, start, value), "hour")
        day = civil(start).date()
        own = bulk.recompute_day(self.lake, day, [series], NETWORK)
        self.append(bulk.day_rows([series], day, own), "day")
        city, item = int(NETWORK.city[series]), int(NETWORK.item[series])
        alike = np.flatnonzero((NETWORK.city == city) & (NETWORK.item == item))
        stations = bulk.stored_days(self.lake, Period.day(day), alike)
        mean = NETWORK.city_days(alike, stations)[city, item]
        self.append(bulk.day_rows([len(SERIES) + city * ITEMS + item], day, mean), "day")

    def all_days(self) -> tuple[np.ndarray, np.ndarray]:
        return bulk.days_of_all(self.lake, PERIOD, NETWORK, [(0, 12), (13, len(SERIES) - 1)])

    def kept_cities(self) -> np.ndarray:
        days = bulk.stored_days(self.lake, PERIOD, CITY_SERIES)
        return days.reshape(CITIES, ITEMS, -1)


def hour_row(series: int, start: datetime, value: float | None) -> pl.DataFrame:
    return pl.DataFrame(
        {"series": [series], "start": [start], "value": [value]},
        schema_overrides={"value": pl.Float64},
    )


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("lake"))


LATE = st.lists(
    st.tuples(
        st.integers(0, len(SERIES) - 1),
        st.integers(0, PERIOD.hours - 1),
        st.one_of(st.none(), st.floats(0, 900).map(lambda value: round(value, 3))),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LATE)
def test_late_values_through_kept_days_equal_full_recomputation(
    kept: Kept, late: list[tuple[int, int, float | None]]
) -> None:
    """The lake grows from example to example, so corrections are corrected again."""
    for series, hour, value in late:
        kept.late(series, PERIOD.start + hour * HOUR, value)
    series, days = kept.all_days()
    cities = NETWORK.city_days(series, days)
    np.testing.assert_array_equal(bulk.stored_days(kept.lake, PERIOD, SERIES), days)
    np.testing.assert_array_equal(kept.kept_cities(), cities)
    from_kept = rollup.ranking(METHOD, kept.kept_cities(), PERIOD, SCHEME)
    assert from_kept.equals(rollup.ranking(METHOD, cities, PERIOD, SCHEME))


def test_a_failed_check_takes_an_hour_out_and_a_good_review_puts_it_back(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    before = kept.all_days()[1]
    mark = hour_row(0, PERIOD.start, None).drop("value").with_columns(detail=pl.lit(""))
    hours = pl.concat(
        [mark.with_columns(start=pl.col("start") + hour * HOUR) for hour in range(12)]
    )
    flags.record(
        hours.with_columns(check=pl.lit("range"), flag=pl.lit(int(Flag.FAIL))), lake=kept.lake
    )
    failed = kept.all_days()[1]
    assert np.isnan(failed[0, 0])
    np.testing.assert_array_equal(failed[1:], before[1:])
    assert np.isnan(bulk.recompute_day(kept.lake, PERIOD.first_day, [0], NETWORK)[0])
    flags.record(
        hours.with_columns(check=pl.lit("review"), flag=pl.lit(int(Flag.GOOD))), lake=kept.lake
    )
    np.testing.assert_array_equal(kept.all_days()[1], before)


def test_an_empty_lake_has_no_days(tmp_path: Path) -> None:
    series, days = bulk.days_of_all(Lake(tmp_path), PERIOD, NETWORK)
    assert (len(series), days.shape) == (0, (0, 31))


@pytest.mark.slow
def test_spark_gives_equal_days(kept: Kept) -> None:
    if importlib.util.find_spec("pyspark") is None or shutil.which("java") is None:
        pytest.skip("needs the extra fenhe[spark] and Java")
    from fenhe.assess import spark

    session = spark.session()
    try:
        batches = [(0, 9), (10, 19), (20, len(SERIES) - 1)]
        series, days = spark.days_of_all(session, kept.lake, PERIOD, NETWORK, batches)
    finally:
        session.stop()
    expected, expected_days = kept.all_days()
    np.testing.assert_array_equal(series, expected)
    np.testing.assert_array_equal(days, expected_days)
