"""Two years of twelve real stations agree with figures computed independently, to 1e-5."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from fenhe.domains.air.rules import frames
from fenhe.domains.air.rules.method import method
from fenhe.kernel.period import Period

METHOD = method(date(2014, 12, 31))
CITY_OF_12, CITY_OF_11 = "CITY_mean_of_12", "CITY_mean_of_11_without_Dingling"


@pytest.fixture(scope="module")
def air_data(pytestconfig: pytest.Config) -> Path:
    folder = pytestconfig.rootpath.parent / "shared" / "data" / "air"
    if not folder.is_dir():
        pytest.skip("the Beijing data set is kept outside the repository and is not here")
    return folder


@pytest.fixture(scope="module")
def readings(air_data: Path) -> pl.DataFrame:
    table = pl.read_parquet(air_data / "beijing_prsa_2014_2015.parquet")
    properties = [item.property for item in METHOD.items]
    return (
        table.with_columns(
            co=pl.col("co").cast(pl.Float64) / 1000,  # a float32 quotient would blur the limit
            start=pl.col("time").dt.offset_by("-8h").dt.replace_time_zone("UTC"),
        )
        .unpivot(properties, index=["station", "start"], variable_name="property")
        .rename({"station": "unit"})
        .drop_nulls("value")
    )


@pytest.fixture(scope="module")
def days(readings: pl.DataFrame) -> pl.DataFrame:
    stations = frames.station_days(readings, Period.parse("2014-01-01..2015-12-31"), METHOD)
    return pl.concat(
        [
            stations,
            frames.city_days(stations, CITY_OF_12),
            frames.city_days(stations, CITY_OF_11, exclude=["Dingling"]),
        ]
    )


def test_every_published_figure_of_both_years(days: pl.DataFrame, air_data: Path) -> None:
    expected = pl.read_csv(air_data / "beijing_2014_2015_expected_annual.csv")
    found = pl.concat(
        frames.period_statistics(days, Period.year(year), METHOD) for year in (2014, 2015)
    ).with_columns(year=pl.col("period").cast(pl.Int64))
    both = expected.join(found, on=["unit", "year", "pollutant"], suffix="_found")
    assert both.height == expected.height == found.height == 168
    for name in ("mean", "percentile_value"):
        assert (both[name] - both[f"{name}_found"]).abs().max() < 1e-5, name
    for name in ("n_valid_days", "min_month_days", "percentile"):
        assert both[name].cast(pl.Float64).equals(both[f"{name}_found"].cast(pl.Float64)), name
    assert both["valid_annual"].equals(both["valid"].alias("valid_annual"))
    over = both["days_over_gb3095_2012_grade2_daily"]
    assert over.equals(both["days_over"].alias(over.name))


def test_coverage_stands_beside_every_aggregate(days: pl.DataFrame) -> None:
    one = days.filter(
        (pl.col("unit") == CITY_OF_11)
        & (pl.col("day") == date(2015, 7, 1))
        & (pl.col("pollutant") == "pm2_5")
    ).row(0, named=True)
    assert one["expected"] == 11
    assert 0 < one["observed"] <= 11
    year = frames.period_statistics(days, Period.year(2015), METHOD)
    assert (year["expected_days"] == 365).all()
    assert year["coverage_pct"].is_between(0, 100).all()


@pytest.mark.parametrize("text", ["2015-07", "2015-Q4", "2015-01-01..2015-06-30"])
def test_any_period_is_the_plain_mean_of_its_days(days: pl.DataFrame, text: str) -> None:
    period = Period.parse(text)
    found = frames.period_statistics(days, period, METHOD)
    plain = (
        days.filter(pl.col("day").is_between(period.first_day, period.last_day))
        .group_by("unit", "pollutant")
        .agg(plain=pl.col("value").mean(), days=pl.col("value").count())
    )
    both = found.join(plain, on=["unit", "pollutant"])
    assert both.height == found.height
    assert (both["mean"] - both["plain"]).abs().max() < 1e-9
    assert (both["n_valid_days"] == both["days"]).all()
