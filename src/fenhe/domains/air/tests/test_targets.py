"""What targets are bound to in air: value, room and forecast of a mean, of good and of heavy days,
against numbers worked out by hand."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from fenhe.app.boot import boot
from fenhe.assess.models import Verdict
from fenhe.domains.air import measuring
from fenhe.kernel.period import Period, utc_now
from fenhe.observe import readings
from fenhe.publish.metric import Aim, get
from fenhe.registry.models import Object, Relation, Series
from fenhe.store.lake import Lake

boot()
pytestmark = pytest.mark.django_db

LAST_YEAR = Period.year(2022)
SO_FAR = Period.days(date(2023, 1, 1), date(2023, 9, 30))  # 273 days; 92 are left


@pytest.fixture
def city(lake: Lake) -> Object:
    """Every day of 2022 at 30 µg/m³ and good; of 2023 up to September at 42, each third day bad and
    each thirtieth heavy."""
    thing = Object.objects.create(kind="air_city", code="C", name_zh="试验市")
    station = Object.objects.create(kind="air_station", code="S", name_zh="试验站")
    Relation.objects.create(subject=station, predicate="part_of", object=thing)
    hourly = Series.objects.create(object=station, property="pm2_5", resolution="hour")
    last = Period.day(SO_FAR.last_day).end
    readings.append(
        pl.DataFrame({"series": [hourly.pk], "start": [last.replace(hour=15)], "value": [42.0]},
                     {"series": pl.Int32, "start": pl.Datetime("us", "UTC"),
                      "value": pl.Float64}),
        resolution="hour", source="test",
    )  # fmt: skip
    days = Series.objects.create(
        object=thing, property="pm2_5", resolution="day", statistic="mean", source="derived"
    )
    calendar = [*LAST_YEAR.civil_days(), *SO_FAR.civil_days()]
    starts = pl.Series([Period.day(day).start for day in calendar], dtype=pl.Datetime("us", "UTC"))
    values = [30.0 if day.year == 2022 else 42.0 for day in calendar]
    frame = pl.DataFrame({"start": starts, "value": values}).select(
        pl.lit(days.pk, pl.Int32).alias("series"), "start", "value"
    )
    readings.append(frame, resolution="day", source="derived")
    Verdict.objects.bulk_create(_days(thing, calendar))
    return thing


def _days(thing: Object, calendar: list[date]) -> list[Verdict]:
    found = []
    for number, day in enumerate(calendar):
        level = 2 if day.year == 2022 or number % 3 else 5 if number % 30 == 0 else 3
        period = Period.day(day)
        found.append(
            Verdict(
                subject=thing, rule="air.city-day", start=period.start, end=period.end, edition="",
                values={"level": level}, expected=1, observed=1, lake_version=1,
                computed_at=utc_now(),
            )
        )  # fmt: skip
    return found


def test_a_mean_with_its_room_and_its_end_like_last_years(city: Object) -> None:
    """Room: (40.5·365 − 42·273) / 92 = 36.05; end: (42·273 + 30·92) / 365 = 38.98."""
    found = get("air.pm2_5").measure(city, Aim(2023, 40))
    assert found is not None
    assert (found.value, found.met, found.reachable) == (42, False, True)
    assert (found.as_of, found.days_left) == (date(2023, 9, 30), 92)
    assert found.room is not None
    assert "36.0" in found.room.zh
    assert (found.forecast, found.forecast_met) == (39, True)
    assert found.method is not None
    assert "92/92" in found.method.zh
    assert found.before == 30
    assert (found.observed, found.expected) == (273, 273)


def test_an_earlier_day_is_seen_as_it_was(city: Object) -> None:
    found = get("air.pm2_5").measure(city, Aim(2023, 40, on=date(2023, 3, 31)))
    assert found is not None
    assert (found.as_of, found.observed) == (date(2023, 3, 31), 90)
    assert get("air.pm2_5").measure(city, Aim(2024, 40)) is None
    assert get("air.pm2_5").measure(city, Aim(2023, 40, on=date(2022, 3, 31))) is None


def test_a_target_that_no_rest_can_reach(city: Object) -> None:
    found = get("air.pm2_5").measure(city, Aim(2023, 20))
    assert found is not None
    assert found.reachable is False
    assert found.room is not None
    assert "达不到" in found.room.zh


def test_good_days_by_share_and_how_many_may_still_be_bad(city: Object) -> None:
    """91 of 273 days were bad: 66.7 % good. With 92 good days to come 274 of 365 are: 75.1 %. For
    70 % (69.95 before rounding) 256 good days are needed: 18 may be bad."""
    found = get("air.good_days").measure(city, Aim(2023, 70))
    assert found is not None
    assert (found.value, found.forecast) == (66.7, 75.1)
    assert (found.met, found.forecast_met) == (False, True)
    assert found.room is not None
    assert " 18 " in found.room.zh
    lost = get("air.good_days").measure(city, Aim(2023, 80))
    assert lost is not None
    assert lost.reachable is False


def test_heavy_days_are_counted_against_what_is_left(city: Object) -> None:
    heavy = len([level for level in measuring._levels(city, SO_FAR) if level == 5])
    found = get("air.heavy_days").measure(city, Aim(2023, heavy + 2))
    assert found is not None
    assert (found.value, found.forecast) == (heavy, heavy)
    assert found.room is not None
    assert "2" in found.room.zh
    over = get("air.heavy_days").measure(city, Aim(2023, heavy - 1))
    assert over is not None
    assert over.reachable is False
