"""The checks on arriving hours: what is objected to, by which check, and that only a value that
cannot have been measured fails."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl

from fenhe.domains.air.inspection import inspect
from fenhe.kernel.period import HOUR, Period
from fenhe.observe.flags import Flag

WINDOW = Period.days(date(2015, 7, 1), date(2015, 7, 2))


def hours(
    series: int,
    member: int,
    property: str,
    values: list[float],
    group: int | None = None,
    known_at: datetime | None = None,
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "series": series,
            "member": member,
            "property": property,
            "start": [WINDOW.start + hour * HOUR for hour in range(len(values))],
            "value": values,
            "group": 100 if group is None else group,
            "known_at": WINDOW.end if known_at is None else known_at,
        },
        schema_overrides={
            "series": pl.Int32,
            "group": pl.Int64,
            "start": pl.Datetime("us", "UTC"),
            "known_at": pl.Datetime("us", "UTC"),
        },
    )


def lively(level: float) -> list[float]:
    return [float(level + hour % 5) for hour in range(48)]


def test_nothing_is_said_of_ordinary_hours() -> None:
    assert inspect(hours(1, 1, "pm2_5", lively(40)), WINDOW).is_empty()


def test_an_impossible_value_fails_and_a_flat_line_is_only_suspect() -> None:
    values = lively(40)
    values[3] = -500.0
    values[20:40] = [7.0] * 20
    found = inspect(hours(1, 1, "no2", values), WINDOW)
    fails = found.filter(pl.col("flag") == int(Flag.FAIL))
    assert fails["check"].to_list() == ["range"]
    assert fails["start"].to_list() == [WINDOW.start + 3 * HOUR]
    assert found.filter(pl.col("check") == "flat_line").height == 20


def test_fine_dust_above_coarse_dust_doubts_both() -> None:
    fine = lively(40)
    fine[10] = 120.0
    rows = pl.concat([hours(1, 7, "pm2_5", fine), hours(2, 7, "pm10", lively(60))])
    found = inspect(rows, WINDOW).filter(pl.col("check") == "pm_order")
    assert sorted(found["series"].to_list()) == [1, 2]
    assert set(found["start"].to_list()) == {WINDOW.start + 10 * HOUR}


def test_two_stations_are_not_held_against_each_other() -> None:
    rows = pl.concat([hours(1, 7, "pm2_5", lively(90)), hours(2, 8, "pm10", lively(60))])
    assert inspect(rows, WINDOW).filter(pl.col("check") == "pm_order").is_empty()


def test_an_hour_received_before_it_had_ended_fails_the_clock() -> None:
    received = WINDOW.start + 10 * HOUR
    found = inspect(hours(1, 1, "no2", lively(40)[:12], known_at=received), WINDOW)
    assert found.select("check", "flag").unique().rows() == [("clock", int(Flag.FAIL))]
    assert found["start"].to_list() == [WINDOW.start + 10 * HOUR, WINDOW.start + 11 * HOUR]


def test_neighbours_are_those_of_the_same_city() -> None:
    far = [400.0] * 12
    city = [hours(n, n, "pm2_5", lively(40)[:12]) for n in range(1, 5)]
    elsewhere = hours(9, 9, "pm2_5", far, group=200)
    beside = hours(9, 9, "pm2_5", far)
    for other, apart in ((elsewhere, []), (beside, [9])):
        found = inspect(pl.concat([*city, other]), WINDOW).filter(pl.col("check") == "neighbours")
        assert found["series"].unique().to_list() == apart
