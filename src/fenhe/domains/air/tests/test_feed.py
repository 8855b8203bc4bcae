"""The published snapshots of the national feed: AQI, category and primary pollutant as printed."""

from __future__ import annotations

import polars as pl
import pytest
from conftest import SHARED

from fenhe.domains.air.rules.feed import feed
from fenhe.kernel.errors import BadInput

SNAPSHOTS = SHARED / "data" / "air" / "cnemc_live_snapshots.csv.gz"
EMPTY = {"so2": None, "no2": None, "pm10": None, "pm2_5": None, "co": None, "o3_24h": None}


def row(stamp: str, **values: float | None) -> pl.DataFrame:
    cells = {name: [value] for name, value in {**EMPTY, **values}.items()}
    return pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.Float64)).with_columns(
        timepoint=pl.lit(stamp).str.to_datetime()
    )


def test_every_published_row_is_reproduced() -> None:
    if not SNAPSHOTS.exists():
        pytest.skip("the snapshots are not beside this checkout")
    published = pl.read_csv(SNAPSHOTS, try_parse_dates=True)
    computed = feed(published).filter(pl.col("aqi").is_not_null())
    assert computed.height == 2882
    differing = computed.filter(
        (pl.col("aqi") != pl.col("aqi_computed"))
        | (pl.col("quality") != pl.col("category_computed"))
        | (pl.col("primarypollutant").fill_null("") != pl.col("primary_computed").fill_null(""))
    )
    assert differing.is_empty()


def test_the_ozone_of_the_hour_stands_in_o3_24h() -> None:
    frame = row("2019-07-18 12:00", o3_24h=100).with_columns(o3=pl.lit(300.0))
    assert feed(frame)["aqi_computed"].item() == 32


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [("2026-03-01 00:00", 82), ("2026-03-01 01:00", 100)],
)
def test_the_hour_that_ends_at_midnight_belongs_to_the_old_edition(
    stamp: str, expected: int
) -> None:
    frame = row(stamp, so2=1, no2=1, pm10=1, pm2_5=60, co=0.1, o3_24h=1)
    assert feed(frame)["aqi_computed"].item() == expected


def test_an_incomplete_hour_is_published_only_above_100_since_2026() -> None:
    """HJ 633-2026 5.3."""
    stamp = "2026-04-01 12:00"
    assert feed(row(stamp, pm2_5=60))["aqi_computed"].item() is None
    assert feed(row(stamp, pm2_5=61))["aqi_computed"].item() == 101
    assert feed(row(stamp, pm2_5=60))["primary_computed"].item() is None


def test_a_missing_field_is_named() -> None:
    with pytest.raises(BadInput) as caught:
        feed(row("2019-01-01 00:00").drop("o3_24h", "timepoint"))
    assert [p.column for p in caught.value.problems] == ["o3_24h", "timepoint"]
