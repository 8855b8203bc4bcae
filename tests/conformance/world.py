"""A small world for the interfaces: two places, stations with hourly readings, a verdict, an alarm
that lies open, a bulletin; and callers of three kinds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import polars as pl
from django.test import Client

from fenhe.access import gate, keys
from fenhe.access.models import Organ, Person
from fenhe.alert import alarms
from fenhe.alert.models import Alarm
from fenhe.app.boot import boot
from fenhe.assess.models import Verdict
from fenhe.kernel.text import Text
from fenhe.observe import readings
from fenhe.publish.models import Publication
from fenhe.registry.models import Area, Object, Relation, Series

boot()
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
HOURS = 48
DAYTIME = timedelta(hours=1)


def hours(series: int, values: list[float | None], begin: datetime = BEGIN) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "series": [series] * len(values),
            "start": [begin + i * DAYTIME for i in range(len(values))],
            "value": values,
            "qualifier": [10 if value is None else 0 for value in values],
        },
        {"series": pl.Int32, "start": pl.Datetime("us", "UTC"), "value": pl.Float64,
         "qualifier": pl.Int8},
    )  # fmt: skip


@dataclass
class World:
    here: Area
    there: Area
    city: Object
    station: Object
    elsewhere: Object
    pm: Series
    ozone: Series
    far: Series
    verdict: Verdict
    alarm: Alarm
    bulletin: Publication
    full: str
    """An administrator's key."""
    narrow: str
    """A viewer's key that reaches `there` only."""

    begin = BEGIN
    hours = staticmethod(hours)

    def client(self, key: str | None = None) -> Client:
        token = self.full if key is None else key
        return Client(headers={"authorization": f"Bearer {token}"} if token else {})


def make_world() -> World:
    here = Area.objects.create(
        adcode="140100", name_zh="太原市", name_en="Taiyuan", level="city",
        geometry={"type": "Point", "coordinates": [112.5, 37.9]},
    )  # fmt: skip
    there = Area.objects.create(adcode="140200", name_zh="大同市", name_en="Datong", level="city")
    Organ.objects.create(code="ty", name_zh="太原市局", name_en="Taiyuan bureau", kind="bureau")
    city = Object.objects.create(
        kind="air_city", code="140100", name_zh="太原市", area=here, attributes={"adcode": "140100"}
    )
    station = Object.objects.create(
        kind="air_station", code="S1", name_zh="尖草坪", name_en="Jiancaoping", area=here,
        longitude=112.49, latitude=37.94, attributes={"station_type": "national"},
        valid_from=date(2020, 1, 1),
    )  # fmt: skip
    elsewhere = Object.objects.create(
        kind="air_station", code="S2", name_zh="云冈", name_en="Yungang", area=there,
        longitude=113.13, latitude=40.11,
    )  # fmt: skip
    Relation.objects.create(subject=station, predicate="part_of", object=city)
    pm, ozone, far = (
        Series.objects.create(object=one, property=name, resolution="hour")
        for one, name in ((station, "pm2_5"), (station, "o3"), (elsewhere, "pm2_5"))
    )
    values: list[float | None] = [float(20 + i) for i in range(HOURS)]
    holed = [None if i == 5 else v for i, v in enumerate(values)]
    rows = [hours(pm.pk, holed), hours(ozone.pk, values[:24]), hours(far.pk, values)]
    readings.append(pl.concat(rows), "hour", "a")
    end = BEGIN + timedelta(days=1)
    verdict = Verdict.objects.create(
        subject=station, rule="air.daily", start=BEGIN, end=end, edition="GB 3095-2012",
        values={"pm2_5": 31}, category="good", expected=24, observed=23, lake_version=1,
        computed_at=end,
    )  # fmt: skip
    alarm = alarms.raise_(
        "air.test:1", "air.test", "yellow", station.pk, Text("超标", "high"), end, {"value": 31}
    )
    bulletin = Publication.objects.create(
        kind="air.city-bulletin", subject=city, start=BEGIN, end=end, edition=1, state="published",
        content={"title": "空气"}, content_hash="0" * 64, drafted_at=end, published_at=end,
    )  # fmt: skip
    chief = Person.objects.create(username="chief", role="administrator")
    guest = Person.objects.create(username="guest", role="viewer")
    _, full = keys.make(chief, "full", [*gate.ACTIONS])
    _, narrow = keys.make(guest, "narrow", ["page.view"], area="140200")
    return World(
        here, there, city, station, elsewhere, pm, ozone, far, verdict, alarm, bulletin, full,
        narrow,
    )  # fmt: skip
