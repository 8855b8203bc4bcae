"""The demonstration: Beijing 2014-2015, twelve stations hour by hour, brought in through the same
import, checks, rules and bulletins as anybody's data. Done once; a second call changes nothing.

The data end with 2015 and every page says so. Alarms are looked at as of that moment.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import datetime
from importlib.resources import as_file, files

from fenhe.access.sign_in import person_for_link
from fenhe.act.models import Case
from fenhe.app import demo_cases, demo_water, wiring
from fenhe.assess import dirty, engine
from fenhe.assess.models import Verdict
from fenhe.ingest.models import Import
from fenhe.kernel.errors import Conflict
from fenhe.kernel.period import Period
from fenhe.observe import imports
from fenhe.publish import editions
from fenhe.publish.models import Publication
from fenhe.registry.models import Area, Object, Relation
from fenhe.store import outbox

DATA = files("fenhe.app") / "demo_data"
FILE = "beijing_prsa_2014_2015.parquet"
PROFILE = "beijing-prsa"
CITY = {"kind": "air_city", "code": "110000"}
BULLETIN = "air.city-bulletin"
DATA_END = Period.year(2015).end
PUBLISHED = ("2015-12", "2015")
DRAFTED = ("2015-Q4",)

Progress = Callable[[str, float], None]  # which step, share done


def require_own_data() -> None:
    """Refuses a data directory in which somebody else already works."""
    ours = [CITY["code"], *(row["code"] for row in _stations()), *_water_codes()]
    if not _brought() and Object.objects.exclude(code__in=ours).exists():
        raise Conflict(
            "demo.data-dir-in-use",
            "这个数据目录里已有正式数据；请用 --data-dir 指定一个空目录",
            "this data directory holds real data already; name an empty one with --data-dir",
        )


def prepare(progress: Progress = lambda step, share: None) -> dict[str, object]:
    """Register, import, judge, publish, work; returns what there is then."""
    demo_cases.organ()
    city = register()
    progress("register", 1.0)
    bring(lambda share: progress("import", share))
    progress("import", 1.0)
    if demo_water.available():
        demo_water.prepare(lambda share: progress("water", share))
    settle(lambda share: progress("judge", share))
    progress("judge", 1.0)
    release(city, lambda share: progress("publish", share))
    if demo_water.available():
        demo_water.release()
    demo_cases.tell(lambda share: progress("cases", share))
    settle(lambda share: None)
    return {
        "city": city.code,
        "stations": Relation.objects.filter(object=city).count(),
        "verdicts": Verdict.objects.filter(current=True).count(),
        "publications": Publication.objects.count(),
        "cases": Case.objects.count(),
    }


def _water_codes() -> list[str]:
    return demo_water.codes() if demo_water.available() else []


def _brought() -> bool:
    return Import.objects.filter(profile=PROFILE, file_name=FILE).exists()


def register() -> Object:
    area, _ = Area.objects.get_or_create(
        adcode="110000",
        defaults={"name_zh": "北京市", "name_en": "Beijing", "level": "province"},
    )
    city, _ = Object.objects.update_or_create(
        kind=CITY["kind"],
        code=CITY["code"],
        defaults={
            "name_zh": "北京市",
            "name_en": "Beijing",
            "area": area,
            "longitude": 116.4,
            "latitude": 39.9,
            "attributes": {"adcode": "110000", "ranked_168": True},
        },
    )
    for row in _stations():
        station, _ = Object.objects.update_or_create(
            kind="air_station",
            code=row["code"],
            defaults={
                "name_zh": row["name_zh"],
                "name_en": row["name_en"],
                "area": area,
                "longitude": float(row["longitude"]),
                "latitude": float(row["latitude"]),
                "attributes": {
                    "station_type": "national",
                    "district": row["district"],
                    "district_en": row["district_en"],
                    "control_point": row["control_point"] == "true",
                },
            },
        )
        Relation.objects.get_or_create(subject=station, predicate="part_of", object=city)
    return city


def _stations() -> list[dict[str, str]]:
    return list(csv.DictReader((DATA / "stations.csv").read_text("utf-8").splitlines()))


def bring(progress: Callable[[float], None]) -> None:
    """The file, through the same dry-run and commit as anybody's."""
    if Import.objects.filter(profile=PROFILE, file_name=FILE, state="committed").exists():
        return
    person = person_for_link()
    with as_file(DATA / FILE) as path:
        report = imports.check(
            path,
            PROFILE,
            file_name=FILE,
            person=person,
            progress=lambda share: progress(share / 2),
        )
    imports.commit(report.id, person, progress=lambda share: progress(0.5 + share / 2))


def settle(progress: Callable[[float], None], now: datetime = DATA_END) -> None:
    """What the worker does, until nothing is left to do."""
    handlers = wiring.handlers(lambda: now)
    while outbox.run(handlers) or dirty.count():
        engine.assess(lambda judged, waiting: progress(judged / max(1, judged + waiting)))


def release(city: Object, progress: Callable[[float], None]) -> None:
    person = person_for_link()
    for number, text in enumerate((*PUBLISHED, *DRAFTED), start=1):
        period = Period.parse(text)
        if not editions.editions(BULLETIN, city, period).exists():
            draft = editions.draft(BULLETIN, city, period)
            if text in PUBLISHED:
                editions.publish(draft, person)
        progress(number / (len(PUBLISHED) + len(DRAFTED)))
