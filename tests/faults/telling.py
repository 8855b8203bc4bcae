"""Run by test_hooks_kill: `prepare` alarms that two sinks and a dead one should hear of, or `work`
the deliveries off as the worker does. Data directory and addresses by environment."""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import timedelta

from fenhe.app.boot import boot

boot()

from fenhe.access.models import Person  # noqa: E402 (the platform first, as below)
from fenhe.alert import alarms  # noqa: E402
from fenhe.app import records, wiring  # noqa: E402
from fenhe.app.hooks import deliver, secret  # noqa: E402
from fenhe.app.models import Delivery, Hook  # noqa: E402
from fenhe.kernel.period import utc_now  # noqa: E402
from fenhe.kernel.text import Text  # noqa: E402
from fenhe.registry.models import Object  # noqa: E402
from fenhe.store import outbox  # noqa: E402

ALARMS = 30
# Waits of a test's length: the order of things is the same.
outbox.LEASE, outbox.FIRST_WAIT = timedelta(seconds=2), timedelta(milliseconds=50)
outbox.LONGEST_WAIT = timedelta(milliseconds=400)
deliver.FIRST_WAIT, deliver.LONGEST_WAIT = timedelta(milliseconds=50), timedelta(milliseconds=400)


def prepare() -> None:
    records.migrate()
    chief = Person.objects.create(username="chief", role="administrator")
    thing = Object.objects.create(kind="air_city", code="140100", name_zh="太原市")
    shown, kept = secret.fresh()
    targets = {"good": os.environ["WEB"], "dead": "http://127.0.0.1:9/"}
    for target in targets.values():
        Hook.objects.create(
            person=chief, kind="webhook", target=target, secret=kept, created_at=utc_now()
        )
    Hook.objects.create(person=chief, kind="email", target="li@example.org", created_at=utc_now())
    for number in range(ALARMS):
        words = Text(f"第 {number} 号", f"number {number}")
        alarms.raise_(f"k{number}", "air.test", "yellow", thing.pk, words, utc_now())
    print(json.dumps({"secret": shown, "alarms": ALARMS}))  # noqa: T201


def work() -> None:
    print("working", flush=True)  # noqa: T201
    handlers = wiring.handlers()
    living = Delivery.objects.exclude(hook__target__endswith=":9/")
    while living.filter(state="pending").exists() or living.count() < 2 * ALARMS:
        if not outbox.run(handlers, limit=5):
            time.sleep(0.02)
    print("done", flush=True)  # noqa: T201


def state() -> None:
    told = Delivery.objects.values_list("hook__kind", "hook__target", "state")
    counts: dict[str, int] = {}
    for kind, target, where in told:
        name = f"{'dead' if target.endswith(':9/') else kind}:{where}"
        counts[name] = counts.get(name, 0) + 1
    print(json.dumps(counts))  # noqa: T201


if __name__ == "__main__":
    {"prepare": prepare, "work": work, "state": state}[sys.argv[1]]()
