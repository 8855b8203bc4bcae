"""Alert levels from observed days: 环办大气函〔2018〕875号 and the levels of 2024."""

from __future__ import annotations

import pytest

from fenhe.domains.air.rules import heavy_pollution, tables


@pytest.mark.parametrize(
    ("edition", "aqis", "level"),
    [
        ("alert levels 2018", [210], None),  # one day is not yet 48 h
        ("alert levels 2018", [210, 220], 3),
        ("alert levels 2018", [90, 210, 220, 230], 2),
        ("alert levels 2018", [210, 220, 230, 240], 2),
        ("alert levels 2018", [210, 310, 320, 240], 1),  # 96 h above 200 with 48 h above 300
        ("alert levels 2018", [310, 210, 320, 240], 2),  # not 48 h together
        ("alert levels 2018", [500], 1),  # AQI reaching 500
        ("alert levels 2018", [210, 220, 200], None),  # above 200, not 200 itself
        ("alert levels 2024", [151], None),
        ("alert levels 2024", [151, 160], 3),
        ("alert levels 2024", [201], 3),
        ("alert levels 2024", [151, 160, 170], 2),
        ("alert levels 2024", [201, 210], 2),
        ("alert levels 2024", [201, 310, 210], 1),
        ("alert levels 2024", [201, 300, 210], 2),
        ("alert levels 2024", [], None),
    ],
)
def test_level(edition: str, aqis: list[int], level: int | None) -> None:
    days = [(aqi, True) for aqi in aqis]
    assert heavy_pollution.level_of(days, tables.edition(edition)) == level


def test_a_day_led_by_another_pollutant_or_missing_ends_the_run() -> None:
    plan = tables.edition("alert levels 2024")
    assert heavy_pollution.level_of([(210, True), (210, False), (210, True)], plan) == 3
    assert heavy_pollution.level_of([(210, True), (None, True), (160, True)], plan) is None
    assert heavy_pollution.level_of([(210, True), (210, False)], plan) is None
