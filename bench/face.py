"""Medians of the pages people look at all day over a large installation: 100,000 objects,
10 million readings, 50,000 verdicts, made here, on SQLite or PostgreSQL.

    python bench/face.py [--objects 100000] [--readings 10000000] [--verdicts 50000] [--times 11]
                         [--database postgresql://…] [--keep DIR] [--json]

Answers are made in process by the same code that serves people. Exit code 1 when a median is over
200 ms. `--keep` leaves the data for the next run; the database named must be an empty one.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

MOST_MS = 200
START = datetime(2026, 9, 30, 16, tzinfo=UTC)
DAYS = 30
PROPERTIES = ("pm2_5", "pm10", "o3", "no2", "so2", "co")
ROADS = ("迎泽", "小店", "杏花岭", "万柏林", "尖草坪", "晋源", "清徐", "阳曲", "娄烦", "古交")
SORTS = ("化工厂", "焦化厂", "污水处理厂", "加油站", "工地", "医院", "热电厂", "水泥厂")
CHUNK_DAYS = 5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--readings", type=int, default=10_000_000)
    parser.add_argument("--verdicts", type=int, default=50_000)
    parser.add_argument("--times", type=int, default=11)
    parser.add_argument("--database", default="")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fenhe-bench-") as temporary:
        os.environ["FENHE_DATA_DIR"] = str(asked.keep or temporary)
        os.environ["FENHE_DATABASE_URL"] = asked.database
        from fenhe.app.boot import boot

        boot()
        made = make(asked)
        measured = measure(asked.times)
    if asked.json:
        print(json.dumps({"made": made, "pages": measured}))
    else:
        print(f"{made}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        for page, (median, busy, slowest, size) in measured.items():
            print(
                f"{median:7.1f} ms median {busy:7.1f} of it computing {slowest:7.1f} slowest "
                f"{size / 1024:5.0f} kB  {page}"
            )
    return int(any(median > MOST_MS for median, *_ in measured.values()))


def make(asked: Any) -> dict[str, int]:
    """Everything, unless it is there from an earlier run."""
    import structlog

    from fenhe.access.models import Person
    from fenhe.app import records
    from fenhe.assess.models import Verdict
    from fenhe.registry.models import Object, Series

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    records.migrate()
    if not Object.objects.exists():
        objects(asked.objects)
        stations = max(1, asked.readings // (len(PROPERTIES) * DAYS * 24))
        readings(stations)
        verdicts(stations, asked.verdicts)
        Person.objects.create(username="chief", role="administrator")
        settle()
    return {
        "objects": Object.objects.count(),
        "readings": Series.objects.count() * DAYS * 24,
        "verdicts": Verdict.objects.count(),
    }


def settle() -> None:
    """What the databases do by themselves after a while."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def objects(count: int) -> None:
    """Cities and stations over Shanxi, each station in a city."""
    from fenhe.registry.models import Area, Object, Relation

    areas = [
        Area.objects.create(
            adcode=f"14{n:02d}00", name_zh=f"第{n}市", name_en=f"City {n}", level="city"
        )
        for n in range(1, 12)
    ]
    cities = [
        Object(kind="air_city", code=area.adcode, name_zh=area.name_zh, area=area,
               longitude=110.5 + n * 0.3, latitude=35 + n * 0.4)
        for n, area in enumerate(areas)
    ]  # fmt: skip
    Object.objects.bulk_create(cities)
    for begin in range(0, count - len(cities), 5000):
        numbers = range(begin, min(begin + 5000, count - len(cities)))
        stations = [_station(n, areas) for n in numbers]
        Object.objects.bulk_create(stations, batch_size=1000)
        Relation.objects.bulk_create(
            (
                Relation(subject=one, predicate="part_of", object=cities[n % len(cities)])
                for n, one in zip(numbers, stations, strict=True)
            ),
            batch_size=1000,
        )


def _station(n: int, areas: list[Any]) -> Any:
    from fenhe.registry.models import Object

    return Object(
        kind="air_station",
        code=f"S{n:06d}",
        name_zh=f"{ROADS[n % 10]}{n}号{SORTS[n // 10 % 8]}{'汾河' if n % 9973 == 0 else ''}",
        name_en=f"Site {n}",
        area=areas[n % len(areas)],
        longitude=110.3 + (n * 7919 % 40_000) / 10_000,
        latitude=34.6 + (n * 104_729 % 60_000) / 10_000,
        attributes={
            "station_type": ("national", "micro", "city")[n % 3],
            "district": f"{ROADS[n % 10]}区",
            "address": f"{ROADS[n * 3 % 10]}路{n % 300}号",
        },
    )


def readings(stations: int) -> None:
    import numpy as np
    import polars as pl

    from fenhe.observe import readings as observed
    from fenhe.registry.models import Object, Series
    from fenhe.store import outbox

    chosen = Object.objects.filter(kind="air_station").order_by("pk")[:stations]
    Series.objects.bulk_create(
        (
            Series(object=one, property=name, resolution="hour")
            for one in chosen
            for name in PROPERTIES
        ),
        batch_size=1000,
    )
    ids = np.array(list(Series.objects.order_by("id").values_list("id", flat=True)), np.int32)
    chance = np.random.default_rng(7)
    for day in range(0, DAYS, CHUNK_DAYS):
        hours = [START + timedelta(days=day, hours=n) for n in range(24 * CHUNK_DAYS)]
        values = chance.gamma(4, 12, ids.size * len(hours)).round(0)
        frame = pl.DataFrame(
            {
                "series": np.repeat(ids, len(hours)),
                "start": pl.Series(hours, dtype=pl.Datetime("us", "UTC")).gather(
                    np.tile(np.arange(len(hours)), ids.size)
                ),
                "value": values,
                "qualifier": pl.zeros(ids.size * len(hours), pl.Int8, eager=True),
            }
        )
        observed.append(frame, "hour", "bench")
    while outbox.run({"readings.appended": lambda news: None}):
        pass


def verdicts(stations: int, count: int) -> None:
    from fenhe.assess.models import Verdict
    from fenhe.registry.models import Object

    ids = list(
        Object.objects.filter(kind="air_station")
        .order_by("pk")
        .values_list("pk", flat=True)[:stations]
    )
    made = (
        Verdict(
            subject_id=ids[n % len(ids)], rule="air.station-day",
            start=START + timedelta(days=n // len(ids)),
            end=START + timedelta(days=n // len(ids) + 1), edition="HJ 633-2012",
            values={"aqi": 20 + n % 200}, category=str(1 + n % 5), expected=144, observed=140,
            lake_version=1, computed_at=START,
        )
        for n in range(count)
    )  # fmt: skip
    Verdict.objects.bulk_create(made, batch_size=1000)


def pages() -> list[str]:
    from fenhe.registry.models import Object

    first = Object.objects.filter(kind="air_station").order_by("pk").values_list("pk", flat=True)[0]
    return [
        "/objects",
        "/objects/air_station",
        "/objects/air_station?size=200",
        "/objects/air_station?sort=-name",
        "/objects/air_station?sort=district",
        "/objects/air_station?q=汾河",
        "/objects/air_station?q=焦化",
        "/objects/air_station?q=没有",
        "/objects/air_station?f.station_type=micro&f.district=小店",
        "/objects/air_station?area=140300&valid=now",
        f"/object/{first}",
        f"/object/{first}/data",
        f"/object/{first}/data?span=31",
        f"/object/{first}/verdicts",
        f"/object/{first}/history",
        "/series",
        "/series?q=小店&property=pm2_5",
        "/map",
        "/map/data?layer=air.aqi&zoom=6",
        "/map/data?layer=air.aqi&bbox=112,37,112.5,37.5&zoom=10",
        "/search?q=汾河",
        "/search?q=没有",
        "/search?q=小店 pm2.5",
    ]


def measure(times: int) -> dict[str, tuple[float, float, float, int]]:
    """page -> median ms, the median ms this process computed (on a machine that is busy with other
    work they differ), slowest ms, bytes; the first answer of each warms up and is left out."""
    from django.test import Client

    from fenhe.access.models import Person

    client = Client()
    client.force_login(Person.objects.order_by("id")[0])
    found = {}
    for page in pages():
        took, busy = [], []
        for _ in range(times + 1):
            began, worked = time.perf_counter(), time.process_time()
            answer = client.get(page)
            took.append(1000 * (time.perf_counter() - began))
            busy.append(1000 * (time.process_time() - worked))
            assert answer.status_code == 200, (page, answer.status_code)
        found[page] = (
            statistics.median(took[1:]),
            statistics.median(busy[1:]),
            max(took[1:]),
            len(answer.content),
        )
    return found


if __name__ == "__main__":
    sys.exit(main())
