"""The hour pages of a city begin with: one station ahead of the others does not speak for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fenhe.domains.air.pages import facts
from fenhe.kernel.period import HOUR
from fenhe.observe.models import Latest
from fenhe.registry.models import Object, Series

pytestmark = pytest.mark.django_db
NOW = datetime(2015, 12, 31, 15, tzinfo=UTC)


def heard(*starts: datetime) -> list[Object]:
    """A station for each, with two series of which one is older."""
    made = []
    for number, start in enumerate(starts):
        one = Object.objects.create(kind="air_station", code=f"S{number}", name_zh="站")
        for name, at in (("so2", start - 5 * HOUR), ("pm2_5", start)):
            series = Series.objects.create(object=one, property=name, resolution="hour")
            Latest.objects.create(series=series.pk, start=at, value=1, known_at=NOW)
        made.append(one)
    return made


@pytest.mark.parametrize(
    ("back", "expected"),
    [
        ([0], 0),
        ([0, 3], 0),
        ([0, 0, 2], 0),
        ([0, 1, 2, 3], 1),
        ([-24 * 60, 0, 0, 0], 0),  # a stamp two months ahead
        ([-24 * 60, 0], -24 * 60),  # of two nobody can tell who is wrong
    ],
)
def test_half_the_stations_make_an_hour(back: list[int], expected: int) -> None:
    stations = heard(*(NOW - hours * HOUR for hours in back))
    assert facts.last_hour(facts.series_of(stations)) == NOW - timedelta(hours=expected)


def test_without_readings_there_is_none() -> None:
    Object.objects.create(kind="air_station", code="S", name_zh="站")
    assert facts.last_hour(facts.series_of(Object.objects.all())) is None
