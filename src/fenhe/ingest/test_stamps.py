"""Stamps: every spelling people use, and what must not be guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenhe.ingest.profile import Profile
from fenhe.ingest.stamps import starts
from fenhe.kernel.period import CIVIL

NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)  # 12:00 civil


def profile(**time: Any) -> Profile:
    return Profile(
        id="p",
        name={"zh": "测", "en": "test"},
        object_kind="k",
        time={"side": "begin", **time},
        object={"column": "s"},
        properties={},
    )


def read(text: str | None, **time: Any) -> tuple[datetime | None, str | None]:
    return starts(pl.Series([text], dtype=pl.String), profile(**time), NOW).row(0)


@pytest.mark.parametrize(
    "text",
    [
        "2015-01-01 03:00",
        "2015-01-01 03",
        "2015/1/1 3:00",
        "2015.01.01 03:00:00",
        "2015-01-01T03:00:00",
        "2015-01-01T03:00:00.000000",
        "2015年1月1日3时",
        "2015年01月01日 3时00分",
        "2015010103",
        "20150101 3",
        "２０１５－０１－０１　０３：００",
        "2014-12-31T19:00:00Z",
        "2014-12-31 19:00+00:00",
        "2015-01-01T05:00+1000",
    ],
)
def test_one_hour_in_every_spelling(text: str) -> None:
    assert read(text) == (datetime(2014, 12, 31, 19, tzinfo=UTC), None)


def test_hour_24_closes_the_day() -> None:
    assert read("2015-01-01 24:00") == read("2015-01-02 00:00")


def test_hour_ending_stamps_name_the_hour_before() -> None:
    assert read("2015-01-01 24:00", side="end") == read("2015-01-01 23:00")
    assert read("2015-01-01 00:00", side="end") == read("2014-12-31 23:00")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "ingest.time-unreadable"),
        (None, "ingest.time-unreadable"),
        ("2015-01-01 24:30", "ingest.time-unreadable"),
        ("2015-01-01 25:00", "ingest.time-unreadable"),
        ("2015-02-29 01:00", "ingest.time-unreadable"),
        ("03/04/2015 01:00", "ingest.time-unreadable"),  # two meanings: never guessed
        ("2015-01-01 03:30", "ingest.time-off-grid"),
        ("1900-01-01 00:00", "ingest.time-too-early"),
        ("2026-03-01 12:00", "ingest.time-future"),  # the hour from 12 to 13 has just begun
        ("2099-01-01 00:00", "ingest.time-future"),
    ],
)
def test_what_is_not_a_stamp(text: str | None, code: str) -> None:
    assert read(text) == (None, code)


def test_the_last_whole_hour_is_not_the_future() -> None:
    assert read("2026-03-01 11:00") == (datetime(2026, 3, 1, 3, tzinfo=UTC), None)
    assert read("2026-03-01 12:00", side="end") == (datetime(2026, 3, 1, 3, tzinfo=UTC), None)


def test_a_format_of_the_profile_decides_day_and_month() -> None:
    assert read("03/04/2015 01:00", formats=["%d/%m/%Y %H:%M"]) == read("2015-04-03 01:00")


def test_a_zone_of_the_profile_counts_where_the_stamp_has_none() -> None:
    assert read("2014-12-31 19:00", offset="+00:00") == read("2015-01-01 03:00")
    assert read("2015-01-01T03:00+08:00", offset="+00:00") == read("2015-01-01 03:00")


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2025, 12, 31)).map(  # noqa: DTZ001 (civil below)
        lambda d: d.replace(minute=0, second=0, microsecond=0, tzinfo=CIVIL)
    )
)
def test_begin_and_end_stamps_of_an_hour_agree(start: datetime) -> None:
    # Includes 1986-1991, when the tz database has a summer time no record used.
    end = start + timedelta(hours=1)
    wanted = (start.astimezone(UTC), None)
    assert read(f"{start:%Y-%m-%d %H:%M}") == wanted
    assert read(f"{end:%Y-%m-%d %H:%M}", side="end") == wanted
