"""Run by test_clock_kill: `prepare` clocks of which each has come to a step, `work` sweep and
reminders off as the worker does, or print the final `state`. Data directory by environment."""

from __future__ import annotations

import json
import sys
from datetime import date, datetime, timedelta

from fenhe.app.boot import boot

boot()

from fenhe.act import history, obligations  # noqa: E402 (models after the platform)
from fenhe.act.models import Case, CaseDocument, Obligation, Reminder  # noqa: E402
from fenhe.act.obligations import sweeping  # noqa: E402
from fenhe.app import records, wiring  # noqa: E402
from fenhe.kernel.period import CIVIL  # noqa: E402
from fenhe.store import outbox  # noqa: E402
from fenhe.store.models import Outbox  # noqa: E402

CLOCKS = 400
STARTED = datetime(2026, 3, 2, 9, tzinfo=CIVIL)
NOW = datetime(2026, 6, 20, 6, tzinfo=CIVIL)


def prepare() -> None:
    records.migrate()
    for number in range(CLOCKS):
        day = date(2026, 3, 2) + timedelta(days=number % 40)
        obligations.start(f"case:{number}:decision", "pen.decision", day, STARTED)


def work() -> None:
    sweeping.BATCH = 7  # many transactions, so that a kill falls between two of them
    print("working", flush=True)  # noqa: T201
    handlers = wiring.handlers(lambda: NOW)
    while obligations.sweep(NOW) or outbox.run(handlers):
        pass
    print("done", flush=True)  # noqa: T201


def state() -> None:
    swept = Obligation.objects.filter(rule="pen.decision").order_by("key")
    clocks = swept.values_list("key", "state", "step", "round")
    reminders = Reminder.objects.order_by("obligation__key", "step")
    told = reminders.values_list("obligation__key", "step", "round", "light")
    rows = Outbox.objects.filter(topic=sweeping.TOPIC)
    payloads = rows.values_list("payload", flat=True)
    left = [sum(len(news["clocks"]) for news in payloads), rows.filter(done_at=None).count()]
    notices = CaseDocument.objects.filter(case__procedure="dispatch.supervision", kind="notice")
    supervised = sorted(notices.values_list("case__source", flat=True))
    broken = [one.as_dict() for one in history.problems(Case.objects.all())]
    numbers = Case.objects.count()
    print(json.dumps([list(clocks), list(told), left, supervised, numbers, broken]))  # noqa: T201


{"prepare": prepare, "work": work, "state": state}[sys.argv[1]]()
