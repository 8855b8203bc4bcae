# ruff: noqa: E402, T201 (Django is set up first; what is printed is the answer)
"""A small city for the journeys of all roles: six stations in two districts whose data ended five
hours ago, so that each has an alarm; people of every role; a key for a program. Prints how each
signs in, as JSON."""

from __future__ import annotations

import json
from datetime import timedelta

import polars as pl

from fenhe.app.boot import boot_with_records

boot_with_records()

from fenhe.access import keys, sign_in
from fenhe.access.models import Organ, Person
from fenhe.alert import desk, watch
from fenhe.alert.models import Alarm
from fenhe.app import wiring
from fenhe.assess import dirty, engine
from fenhe.kernel.period import utc_now
from fenhe.observe import readings
from fenhe.registry.models import Area, Object, Relation, Series
from fenhe.store import outbox

STATIONS = ("东四", "天坛", "官园", "奥体中心", "农展馆", "万柳")
LEVELS = {"so2": 12.0, "no2": 48.0, "pm10": 90.0, "pm2_5": 60.0, "co": 1.2, "o3": 55.0}
PEOPLE = {
    "duty": ("officer", "赵值班", ""),
    "head": ("leader", "钱科长", ""),
    "branch": ("branch_head", "孙分局", "110101"),
    "team": ("enforcer", "李执法", "110000"),
    "director": ("deputy_director", "周局长", "110000"),
    "plant": ("enterprise", "吴环保", ""),
    "keeper": ("administrator", "郑管理", ""),
}


def people(own: Object) -> dict[str, str]:
    """Everybody, each with an organ; name -> the address that signs in once."""
    links = {}
    for name, (role, full, area) in PEOPLE.items():
        organ = Organ.objects.create(
            code=name, name_zh=full, name_en=name, kind="office", area=area,
            object_id=own.pk if role == "enterprise" else None,
        )  # fmt: skip
        person = Person.objects.create(username=name, role=role, last_name=full, organ=organ)
        links[name] = f"/sign-in/{sign_in.make_link(person)}"
    return links


def stations() -> list[Object]:
    areas = {
        code: Area.objects.create(adcode=code, name_zh=zh, name_en=en, level=level)
        for code, zh, en, level in (
            ("110000", "北京市", "Beijing", "city"),
            ("110101", "东城区", "Dongcheng", "county"),
            ("110108", "海淀区", "Haidian", "county"),
        )
    }
    city = Object.objects.create(
        kind="air_city", code="110000", name_zh="北京市", name_en="Beijing", area=areas["110000"]
    )
    made = []
    for at, name in enumerate(STATIONS):
        area = areas["110101" if at < 2 else "110108"]
        one = Object.objects.create(
            kind="air_station", code=f"100{at}A", name_zh=name, name_en=f"Station {at}", area=area,
            longitude=116.3 + at / 20, latitude=39.9 + at / 40,
        )  # fmt: skip
        Relation.objects.create(subject=one, predicate="part_of", object=city)
        made.append(one)
    return made


def measure(made: list[Object]) -> None:
    last = utc_now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=6)
    hours = [last - timedelta(hours=back) for back in range(72)]
    frames = []
    for at, one in enumerate(made):
        for name, level in LEVELS.items():
            series = Series.objects.create(object=one, property=name, resolution="hour")
            values = [level + at + hour % 7 for hour in range(len(hours))]
            frames.append(pl.DataFrame({"series": series.pk, "start": hours, "value": values}))
    readings.append(pl.concat(frames), "hour", "test")
    while outbox.run(wiring.handlers(utc_now)) or dirty.count():
        engine.assess(lambda judged, waiting: None)


made = stations()
measure(made)
links = people(made[-1])
watch.silence(utc_now())
alarm = Alarm.objects.get(subject=made[1])
desk.assign(
    alarm, Person.objects.get(username="head"), Person.objects.get(username="team"), utc_now()
)
_, key = keys.make(Person.objects.get(username="head"), "联调", ["page.view"])
mine = Alarm.objects.get(subject=made[0]).pk
others = Alarm.objects.get(subject=made[3]).pk
print(json.dumps({"links": links, "key": key, "mine": mine, "others": others, "team": alarm.pk}))
