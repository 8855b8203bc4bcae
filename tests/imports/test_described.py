"""Whoever fills in a form finds its columns, units, stamp side and missing markers."""

from __future__ import annotations

import pytest

from fenhe.app import discovery
from fenhe.ingest import profile
from fenhe.ingest.described import describe


@pytest.fixture(autouse=True)
def shipped() -> None:
    discovery.load()


def test_our_own_form() -> None:
    columns, stamps, missing = describe(profile.get("air-hourly"))
    assert columns.zh.startswith("列：station, time；so2 (µg/m³)")
    assert "co (mg/m³)" in columns.en
    assert (stamps.zh, stamps.en) == (
        "时间标记时段的开始（+08:00）", "stamps mark the beginning (+08:00)",
    )  # fmt: skip
    assert missing.zh == "缺测写作：NA  /；空白不改动已有数据"


def test_every_profile_says_all_that_it_declares() -> None:
    for one in profile.all():
        told = " ".join(line.en for line in describe(one))
        for word in (*one.required_columns(), *one.properties, *one.missing, *one.ignore):
            assert word in told
