"""A day without data, or one that is no day, is never answered with another day in silence."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from fenhe.access.models import Person
from fenhe.app.boot import boot
from fenhe.assess.models import Verdict
from fenhe.domains.air.pages import asked
from fenhe.kernel.period import Period, utc_now
from fenhe.publish.page import Ask
from fenhe.registry.models import Object

boot()
pytestmark = pytest.mark.django_db
NEWEST = date(2026, 10, 31)


@pytest.fixture
def city() -> Object:
    thing = Object.objects.create(kind="air_city", code="1", name_zh="试验市")
    for day in (date(2026, 10, 3), NEWEST):
        period = Period.day(day)
        Verdict.objects.create(
            subject=thing, rule="air.city-day", start=period.start, end=period.end, edition="",
            values={}, expected=1, observed=1, lake_version=1, computed_at=timezone.now(),
        )  # fmt: skip
    return thing


def ask(written: str) -> Ask:
    person: Person | None = None
    return Ask(person, {"date": written} if written else {}, "zh", utc_now())


@pytest.mark.parametrize("written", ["", "2026-10-31", "2026-10-03"])
def test_a_day_with_data_needs_no_word(city: Object, written: str) -> None:
    day, notice = asked.day(ask(written), NEWEST, city)
    assert day == (date.fromisoformat(written) if written else NEWEST)
    assert notice is None


@pytest.mark.parametrize("written", ["2026-11-20", "2026-02-30", "soon", "0001-01-01"])
def test_a_day_that_cannot_be_shown_is_named(city: Object, written: str) -> None:
    day, notice = asked.day(ask(written), NEWEST, city)
    assert day == NEWEST
    assert notice is not None
    assert notice["asked"] == written
    assert notice["impossible"] == (written != "2026-11-20")


def test_a_day_in_a_gap_offers_the_nearest_with_data(city: Object) -> None:
    day, notice = asked.day(ask("2026-10-05"), NEWEST, city)
    assert day == date(2026, 10, 5)
    assert notice is not None
    assert notice["nearest"] == date(2026, 10, 3)
