"""The nightly sweep: which clocks have come to a step of their policy; a few set-based statements.

For each policy and step one instant parts the clocks that have come to it (`Step.reached`). The
gravest step comes first, and each milder one looks only at the clocks between its instant and the
graver one's: every clock that is open and near its day is looked at once, whatever the number that
is not. Moving clocks and writing the outbox rows that tell of them, up to NEWS in one, is one
transaction of one batch: killed anywhere, the next sweep goes on where this one stopped, and each
clock and step is told of exactly once. Several sweeps may run at once: PostgreSQL passes over rows
another holds, SQLite has one writer.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from fenhe.act import notices
from fenhe.act.deadlines import Calendar, Result
from fenhe.act.models_obligation import Obligation
from fenhe.act.obligations.life import counted, take
from fenhe.act.obligations.policy import policies
from fenhe.store.models import Outbox

BATCH = 20_000  # SQLite has one writer: nobody may wait long for it
WIDER = 20  # PostgreSQL keeps nobody waiting, and would walk over what earlier batches moved
NEWS = 500  # clocks that one outbox row tells of
RECOUNTED = 5_000
TOPIC = "obligation.step"
CLOCKS, ROWS = Obligation._meta.db_table, Outbox._meta.db_table
TOLD = f"INSERT INTO {ROWS} (topic, payload, created_at, attempts, not_before, error)"


@dataclass(frozen=True, slots=True)
class Range:
    """Clocks of a policy that have come to its step number `rank` (from 1), and to no graver one:
    `due` after `above` and not after `upto`."""

    policy: str
    step: str
    rank: int
    overdue: bool
    above: datetime | None
    upto: datetime

    def where(self) -> tuple[str, list[Any]]:
        instant = connection.ops.adapt_datetimefield_value
        said = (
            f"policy = %s AND due <= %s AND met_at IS NULL AND step < {self.rank}"
            " AND state IN ('running', 'overdue')"
        )
        asked: list[Any] = [self.policy, instant(self.upto)]
        if self.above is not None:
            said, asked = f"{said} AND due > %s", [*asked, instant(self.above)]
        return said, asked

    @property
    def change(self) -> str:
        state = "CASE WHEN accuses THEN 'overdue' ELSE state END" if self.overdue else "state"
        return f"step = {self.rank}, state = {state}"


def sweep(now: datetime, calendar: Calendar | None = None) -> int:
    """Counts provisional clocks again where the calendar has grown, then moves every clock to the
    gravest step it has come to; returns how many moved."""
    calendar = calendar or notices.current()
    recount(now, calendar)
    move = _on_postgresql if connection.vendor == "postgresql" else _on_sqlite
    moved = 0
    for policy in policies():
        above = None
        for rank in range(len(policy.steps), 0, -1):
            step = policy.steps[rank - 1]
            upto = step.reached(now, calendar)
            moved += move(Range(policy.id, step.id, rank, step.overdue, above, upto))
            above = upto
    return moved


def recount(now: datetime, calendar: Calendar) -> int:
    """Provisional clocks that were counted on another calendar, counted on this one; how many days
    were looked at again."""
    done, last, known = 0, 0, Known(calendar)
    while True:
        with transaction.atomic():
            clocks = list(
                Obligation.objects.select_for_update()
                .filter(provisional=True, pk__gt=last)
                .exclude(calendar=calendar.version)
                .exclude(state="met")
                .order_by("pk")[:RECOUNTED]
            )
            for clock in clocks:
                take(clock, known.result(clock))
                if _late(clock, now):
                    clock.state = "overdue"
            _write(clocks)
        done += len(clocks)
        if len(clocks) < RECOUNTED:
            return done
        last = clocks[-1].pk


class Known:
    """What was counted during one recount: most clocks share rule, trigger and what was granted."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._results: dict[tuple[object, ...], Result] = {}

    def result(self, clock: Obligation) -> Result:
        granted = (len(clock.extensions), json.dumps(clock.excluded))
        same = (clock.rule, clock.variant, clock.trigger, *granted)
        if same not in self._results:
            self._results[same] = counted(clock, self._calendar)
        return self._results[same]


def _write(clocks: Sequence[Obligation]) -> None:
    """One statement for all that came out alike: most clocks share rule, trigger and result."""
    alike: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for clock in clocks:
        alike[tuple(getattr(clock, name) for name in RECOUNTED_FIELDS)].append(clock.pk)
    for values, ids in alike.items():
        Obligation.objects.filter(pk__in=ids).update(
            **dict(zip(RECOUNTED_FIELDS, values, strict=True))
        )


def _late(clock: Obligation, now: datetime) -> bool:
    """A day that has become final may be held against somebody who was only warned so far."""
    if not clock.step or clock.state != "running" or not clock.accuses or clock.due is None:
        return False
    steps = next(one.steps for one in policies() if one.id == clock.policy)
    return steps[clock.step - 1].overdue and clock.due <= now


RECOUNTED_FIELDS = [
    "state", "due_day", "due", "provisional", "accuses", "calendar", "article", "round", "step",
]  # fmt: skip


def _on_postgresql(some: Range) -> int:
    moved = 0
    while True:
        with transaction.atomic():
            batch = _batch_on_postgresql(some)
        moved += batch
        if batch < BATCH * WIDER:
            return moved


def _batch_on_postgresql(some: Range) -> int:
    where, asked = some.where()
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH moved AS (UPDATE {CLOCKS} SET {some.change} WHERE ctid = ANY(ARRAY("  # noqa: S608 (our own names)
            f"SELECT ctid FROM {CLOCKS} WHERE {where} LIMIT {BATCH * WIDER}"
            " FOR UPDATE SKIP LOCKED)) RETURNING id, round),"
            f" placed AS (SELECT id, round, (row_number() OVER (ORDER BY id) - 1) / {NEWS} AS row"
            f" FROM moved) {TOLD}"
            " SELECT %s, jsonb_build_object('step', %s::text, 'clocks',"
            " jsonb_agg(jsonb_build_array(id, round) ORDER BY id)), %s, 0, %s, ''"
            " FROM placed GROUP BY row ORDER BY row"
            " RETURNING jsonb_array_length(payload -> 'clocks')",
            [*asked, TOPIC, some.step, now, now],
        )
        return sum(count for (count,) in cursor.fetchall())


def _on_sqlite(some: Range) -> int:
    """Batch after batch in the order of the index, each beginning where the last one ended."""
    moved, after = 0, None
    while True:
        with transaction.atomic():
            batch, after = _batch_on_sqlite(some, after)
        moved += batch
        if batch < BATCH:
            return moved


def _batch_on_sqlite(some: Range, after: tuple[Any, Any] | None) -> tuple[int, tuple[Any, Any]]:
    """How many clocks moved, and the due instant and id of the last."""
    where, asked = some.where()
    if after is not None:
        where, asked = f"{where} AND (due, id) > (%s, %s)", [*asked, *after]
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE IF NOT EXISTS moving"
            " (place INTEGER PRIMARY KEY, id INTEGER, round INTEGER, due TEXT)"
        )
        cursor.execute("DELETE FROM moving")
        cursor.execute(
            f"INSERT INTO moving (id, round, due) SELECT id, round, due FROM {CLOCKS}"  # noqa: S608 (our own names)
            f" WHERE {where} ORDER BY due, id LIMIT {BATCH}",
            asked,
        )
        moved = int(cursor.rowcount)
        cursor.execute(
            f"{TOLD} SELECT %s, json_object('step', %s,"  # noqa: S608 (our own names)
            " 'clocks', json_group_array(json_array(id, round))),"
            f" %s, 0, %s, '' FROM moving GROUP BY (place - 1) / {NEWS}",
            [TOPIC, some.step, now, now],
        )
        cursor.execute(
            f"UPDATE {CLOCKS} SET {some.change} WHERE id IN (SELECT id FROM moving)"  # noqa: S608 (our own names)
        )
        cursor.execute("SELECT due, id FROM moving ORDER BY place DESC LIMIT 1")
        return moved, cursor.fetchone() or (None, None)
