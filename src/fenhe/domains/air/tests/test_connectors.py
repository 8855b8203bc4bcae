"""The national feed in the forms it is met in; missing values in every spelling."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from fenhe.domains.air.connectors import read_feed
from fenhe.kernel.errors import BadInput

STATION = {
    "TimePoint": "2017-07-07T16:00:00", "StationCode": "1001A", "AQI": "55", "Quality": "良",
    "PrimaryPollutant": "臭氧1小时", "SO2": "1", "NO2": "13", "PM10": "45", "PM2_5": "34",
    "CO": "0.8", "O3": "179", "O3_24h": "160", "O3_8h": "140", "O3_8h_24h": "137",
}  # fmt: skip


def feed(**changes: object) -> bytes:
    return json.dumps([{**STATION, **changes}]).encode()


def test_the_current_ozone_is_in_the_field_named_24h() -> None:
    row = read_feed(feed()).row(0, named=True)
    assert row["o3"] == 160.0
    assert (row["aqi"], row["primary"]) == (55, "臭氧1小时")


def test_a_stamp_ends_its_hour() -> None:
    start = datetime(2017, 7, 7, 7, tzinfo=UTC)  # 15:00-16:00 civil
    assert read_feed(feed())["start"][0] == start
    assert read_feed(feed(TimePoint="2017-07-07 16:00"))["start"][0] == start
    assert read_feed(feed(TimePoint="/Date(1499414400000)/"))["start"][0] == start


@pytest.mark.parametrize("text", ["—", "&mdash;", "mdash", "-;", "-", "", None, "NA"])
def test_missing_in_every_spelling(text: str | None) -> None:
    row = read_feed(feed(CO=text, AQI=text, PrimaryPollutant=text)).row(0, named=True)
    assert row["co"] is None
    assert row["aqi"] is None
    assert row["so2"] == 1.0


def test_json_wrapped_and_csv_say_the_same() -> None:
    plain = read_feed(feed())
    assert read_feed(json.dumps({"data": [STATION]}).encode()).equals(plain)
    csv = ",".join(STATION) + "\n" + ",".join(STATION.values()) + "\n"
    assert read_feed(b"\xef\xbb\xbf" + csv.encode()).equals(plain)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<html>busy</html>", "air.feed-columns"),
        (b"[]", "air.feed-columns"),
        (b"[{", "air.feed-unreadable"),
        (b"", "air.feed-unreadable"),
        (b"\xff\xfe\x00", "air.feed-unreadable"),
        (feed(SO2="many"), "air.feed-values"),
        (feed(TimePoint="soon"), "air.feed-values"),
    ],
)
def test_what_is_not_the_feed_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_feed(content)
    assert caught.value.code == code
