"""Run by test_judging_kill: `prepare` a small city with readings whose consequences are still to
come, `work` them off as the worker does, or print the final `state`. Data directory by environment.
"""

from __future__ import annotations

import json
import math
import sys
from datetime import UTC, date, datetime

from fenhe.app.boot import boot

boot()

import polars as pl  # noqa: E402 (the platform first)

from fenhe.app import records, wiring  # noqa: E402 (as below: models after the platform)
from fenhe.assess import engine  # noqa: E402
from fenhe.assess.models import Dirty, Verdict  # noqa: E402
from fenhe.kernel.period import HOUR, Period  # noqa: E402
from fenhe.observe import readings  # noqa: E402
from fenhe.registry.models import Object, Relation, Series  # noqa: E402
from fenhe.store import outbox  # noqa: E402
from fenhe.store.models import Outbox  # noqa: E402

PERIOD = Period.days(date(2015, 11, 20), date(2016, 1, 10))
LEVELS = {"so2": 12.0, "no2": 48.0, "pm10": 90.0, "pm2_5": 60.0, "co": 1.2, "o3": 55.0}
NOW = datetime(2016, 2, 1, tzinfo=UTC)


def prepare() -> None:
    records.migrate()
    city = Object.objects.create(kind="air_city", code="140100", name_zh="太原市")
    starts = [PERIOD.start + hour * HOUR for hour in range(PERIOD.hours)]
    frames = []
    for number in (1, 2):
        station = Object.objects.create(kind="air_station", code=f"S{number}", name_zh="站")
        Relation.objects.create(subject=station, predicate="part_of", object=city)
        for name, level in LEVELS.items():
            series = Series.objects.create(object=station, property=name, resolution="hour").pk
            values = [
                level * (1 + number / 10 + 0.5 * math.sin(hour / 17)) for hour in range(len(starts))
            ]
            frames.append(pl.DataFrame({"series": series, "start": starts, "value": values}))
    readings.append(pl.concat(frames), "hour", source="test")


def work() -> None:
    print("working", flush=True)  # noqa: T201
    handlers = wiring.handlers(lambda: NOW)
    while outbox.run(handlers) or engine.assess():
        pass
    print("done", flush=True)  # noqa: T201


def state() -> None:
    """Everything that must be the same, however often the work was interrupted."""
    verdicts = Verdict.objects.order_by("rule", "subject__code", "start", "end")
    told = verdicts.filter(current=True).values_list(
        "rule", "subject__code", "start", "category", "values", "expected", "observed", "edition"
    )
    derived = Series.objects.filter(source=engine.SOURCE)
    names = {
        one.pk: f"{one.object.code}.{one.property}.{one.statistic}"
        for one in derived.select_related("object")
    }
    rows = readings.current(list(names), PERIOD, "day", flags=False)
    lake = [
        (names[series], start, value)
        for series, start, value in rows.select("series", "start", "value").iter_rows()
    ]
    left = [Dirty.objects.count(), Outbox.objects.filter(done_at=None).count()]
    twice = verdicts.filter(current=False).count()
    print(json.dumps([list(told), sorted(lake), left, twice], default=str))  # noqa: T201


{"prepare": prepare, "work": work, "state": state}[sys.argv[1]]()
