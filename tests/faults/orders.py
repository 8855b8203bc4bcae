"""Run by test_orders_kill: `prepare` a city whose alarms are still to be raised, `work` until every
alarm has become an order and every order was accepted, or print the final `state`."""

from __future__ import annotations

import json
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

from fenhe.app.boot import boot

boot()

from fenhe.access.models import Organ, Person  # noqa: E402 (the platform first)
from fenhe.act import cases, history  # noqa: E402 (as below: models after the platform)
from fenhe.act.models import Case, CaseDocument  # noqa: E402
from fenhe.alert import alarms  # noqa: E402
from fenhe.alert.models import Alarm  # noqa: E402
from fenhe.app import records, wiring  # noqa: E402
from fenhe.evidence import ledger  # noqa: E402
from fenhe.kernel.errors import Conflict  # noqa: E402
from fenhe.kernel.text import Text  # noqa: E402
from fenhe.registry.models import Area, Object  # noqa: E402
from fenhe.store import outbox  # noqa: E402
from fenhe.store.models import Outbox  # noqa: E402

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ALARMS = 30


def prepare() -> None:
    records.migrate()
    area = Area.objects.create(adcode="140100", name_zh="太原市", name_en="Taiyuan", level="city")
    organ = Organ.objects.create(
        code="b", name_zh="示例市局", name_en="Bureau", kind="bureau", area="140100", issuing=True
    )
    Person.objects.create(username="worker", role="grid_worker", organ=organ)
    for number in range(ALARMS):
        Object.objects.create(kind="air_city", code=f"C{number}", name_zh="城", area=area)


def work() -> None:
    print("working", flush=True)  # noqa: T201
    handlers = wiring.handlers(lambda: NOW)
    worker = Person.objects.get(username="worker")
    for thing in Object.objects.order_by("pk"):
        if Alarm.objects.filter(subject=thing).exists():
            continue
        alarms.raise_(
            f"k:{thing.pk}", "air.heavy-pollution", "red", thing.pk, Text("重", "bad"), NOW
        )
    while outbox.run(handlers):
        pass
    for order in Case.objects.filter(state="ordered").order_by("pk"):
        try:
            cases.take(
                order.pk, "accept", worker, NOW + timedelta(hours=1), revision=order.revision,
                key="accept",
            )  # fmt: skip
        except Conflict:
            continue
    while outbox.run(handlers):
        pass
    print("done", flush=True)  # noqa: T201


def state() -> None:
    """Everything that must be the same, however often the work was interrupted."""
    sources = Counter(Case.objects.values_list("source", flat=True))
    numbers = sorted(Case.objects.values_list("number", flat=True))
    told = {
        "alarms": Alarm.objects.count(),
        "acknowledged": Alarm.objects.filter(state="acknowledged").count(),
        "orders": len(sources),
        "twice": [source for source, count in sources.items() if count > 1],
        "numbers": numbers,
        "states": sorted(Case.objects.values_list("state", "revision")),
        "documents": CaseDocument.objects.count(),
        "left": Outbox.objects.filter(done_at=None).count(),
        "broken": [str(one) for one in history.problems(Case.objects.all())],
        "ledger": [one.line() for one in ledger.verify().problems],
    }
    print(json.dumps(told, default=str, ensure_ascii=False))  # noqa: T201


{"prepare": prepare, "work": work, "state": state}[sys.argv[1]]()
