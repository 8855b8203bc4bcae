"""Alert levels: 环办大气函〔2018〕875号 and the 2024 thresholds, boundary by boundary."""

from __future__ import annotations

import pytest

from fenhe.domains.air.rules import tables
from fenhe.domains.air.rules.alert_levels import episodes, other_response

OLD, NEW = tables.edition("alert levels 2018"), tables.edition("alert levels 2024")
YELLOW, ORANGE, RED = 3, 2, 1


@pytest.mark.parametrize(
    ("aqi", "level"),
    [
        ([201], None), ([201, 201], YELLOW), ([200, 201, 200], None), ([201] * 3, ORANGE),
        ([201] * 4, ORANGE), ([201, 201, 301, 301], RED), ([301, 301, 201], ORANGE),
        ([301, 301, 201, 201], RED), ([499], None), ([500], RED),
    ],
)  # fmt: skip
def test_levels_of_2018(aqi: list[int | None], level: int | None) -> None:
    found = episodes([100, *aqi, 100, 100, 100], OLD)
    assert [e.level for e in found] == ([] if level is None else [level])


@pytest.mark.parametrize(
    ("aqi", "level"),
    [
        ([151], None), ([201], YELLOW), ([151, 151], YELLOW), ([151] * 3, ORANGE),
        ([201, 201], ORANGE), ([201, 201, 201], ORANGE), ([201, 301, 201], RED),
        ([301], YELLOW),
    ],
)  # fmt: skip
def test_levels_of_2024(aqi: list[int | None], level: int | None) -> None:
    found = episodes([100, *aqi, 100, 100, 100], NEW)
    assert [e.level for e in found] == ([] if level is None else [level])


def test_a_pause_shorter_than_the_release_time_does_not_part_episodes() -> None:
    """Release needs 36 h below: one day is too short, two days are enough."""
    together = episodes([201, 201, 100, 201, 201, 100, 100], OLD)
    assert [(e.first, e.last, e.level, e.released) for e in together] == [(0, 4, ORANGE, 6)]
    apart = episodes([201, 201, 100, 100, 201, 201], OLD)
    assert [(e.first, e.last, e.level, e.released) for e in apart] == [
        (0, 1, YELLOW, 3),
        (4, 5, YELLOW, None),
    ]
    assert together[0].colour == "orange"


def test_any_24_hours_are_values_an_hour_apart() -> None:
    """25 running means an hour apart cover 48 h, 24 of them 47 h."""
    assert episodes([201] * 24, OLD, step_hours=1) == []
    assert episodes([201] * 25, OLD, step_hours=1)[0].level == YELLOW


def test_ozone_has_no_colour() -> None:
    aqi: list[int | None] = [210, 215, 220]
    primary: list[str | None] = ["O3", "O3", "PM2.5,O3"]
    found = episodes(aqi, NEW, primary)
    assert [(e.first, e.level) for e in found] == [(2, YELLOW)]
    assert other_response(aqi, primary, NEW) == [0, 1]


def test_a_missing_value_is_above_nothing() -> None:
    assert episodes([201, None, None, 201], OLD) == []
