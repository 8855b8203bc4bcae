"""The nightly sweep: which clocks have come to a step of their policy; a few set-based statements.

For each policy and step one instant parts the clocks that have come to it (`Step.reached`), so the
sweep is an index scan of those that moved, whatever the number that did not. Moving clocks and
writing the outbox rows that tell of them, up to NEWS in one, is one transaction of one batch:
killed anywhere, the next sweep goes on where this one stopped, and each clock and step is told of
exactly once. Several sweeps may run at once: PostgreSQL passes over rows another holds, SQLite has
one writer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from fenhe.act import notices
from fenhe.act.deadlines import Calendar, Result
from fenhe.act.models_obligation import Obligation
from fenhe.act.obligations.life import counted, take
from fenhe.act.obligations.policy import Step, policies
from fenhe.store.models import Outbox

BATCH = 20_000  # SQLite has one writer: nobody may wait long for it
WIDER = 20  # PostgreSQL keeps nobody waiting, and would walk over what earlier batches left dead
NEWS = 500  # clocks that one outbox row tells of
RECOUNTED = 5_000
TOPIC = "obligation.step"


def sweep(now: datetime, calendar: Calendar | None = None) -> int:
    """Counts provisional clocks again where the calendar has grown, then moves every clock to the
    gravest step it has come to; returns how many moved."""
    calendar = calendar or notices.current()
    recount(now, calendar)
    moved = 0
    for policy in policies():
        # The gravest first: who has come to it skips the milder ones.
        for rank in range(len(policy.steps), 0, -1):
            step = policy.steps[rank - 1]
            reached = step.reached(now, calendar)
            while batch := _move(policy.id, step, rank, reached):
                moved += batch
                if batch < BATCH:
                    break
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
    """One statement with many rows of values: `bulk_update` spells every row out and takes longer
    than all the counting."""
    columns = ", ".join(f"{name} = %s" for name in RECOUNTED_FIELDS)
    day, instant = connection.ops.adapt_datefield_value, connection.ops.adapt_datetimefield_value
    rows = [
        (
            clock.state, day(clock.due_day), instant(clock.due), clock.provisional, clock.accuses,
            clock.calendar, clock.article, clock.round, clock.step, clock.pk,
        )
        for clock in clocks
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {Obligation._meta.db_table} SET {columns} WHERE id = %s",  # noqa: S608 (ours)
            rows,
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


def _move(policy: str, step: Step, rank: int, reached: datetime) -> int:
    """One batch: outbox rows and new step together, or neither."""
    milder = ", ".join(str(number) for number in range(rank))
    wanted = f"policy = %s AND step IN ({milder}) AND due <= %s AND state IN ('running', 'overdue')"
    state = "CASE WHEN accuses THEN 'overdue' ELSE state END" if step.overdue else "state"
    asked = [policy, connection.ops.adapt_datetimefield_value(reached)]
    move = _on_postgresql if connection.vendor == "postgresql" else _on_sqlite
    with transaction.atomic():
        return move(wanted, asked, f"step = {rank}, state = {state}", step.id)


def _on_postgresql(wanted: str, asked: Sequence[str | None], change: str, step: str) -> int:
    clocks, rows = Obligation._meta.db_table, Outbox._meta.db_table
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH picked AS (SELECT id FROM {clocks} WHERE {wanted}"  # noqa: S608 (our own names)
            f" LIMIT {BATCH * WIDER} FOR UPDATE SKIP LOCKED),"
            f" moved AS (UPDATE {clocks} SET {change} WHERE id IN (SELECT id FROM picked)"
            " RETURNING id, round),"
            f" placed AS (SELECT id, round, (row_number() OVER (ORDER BY id) - 1) / {NEWS} AS row"
            " FROM moved)"
            f" INSERT INTO {rows} (topic, payload, created_at, attempts, not_before, error)"
            " SELECT %s, jsonb_build_object('step', %s::text, 'clocks',"
            " jsonb_agg(jsonb_build_array(id, round) ORDER BY id)), %s, 0, %s, ''"
            " FROM placed GROUP BY row ORDER BY row"
            " RETURNING jsonb_array_length(payload -> 'clocks')",
            [*asked, TOPIC, step, now, now],
        )
        return sum(count for (count,) in cursor.fetchall())


def _on_sqlite(wanted: str, asked: Sequence[str | None], change: str, step: str) -> int:
    clocks, rows = Obligation._meta.db_table, Outbox._meta.db_table
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE IF NOT EXISTS moving (place INTEGER PRIMARY KEY, id INTEGER, round)"
        )
        cursor.execute("DELETE FROM moving")
        cursor.execute(
            f"INSERT INTO moving (id, round) SELECT id, round FROM {clocks} WHERE {wanted}"  # noqa: S608 (our own names)
            f" LIMIT {BATCH}",
            asked,
        )
        moved = int(cursor.rowcount)
        if not moved:
            return 0
        cursor.execute(
            f"INSERT INTO {rows} (topic, payload, created_at, attempts, not_before, error)"  # noqa: S608 (our own names)
            " SELECT %s, json_object('step', %s,"
            " 'clocks', json_group_array(json_array(id, round))),"
            f" %s, 0, %s, '' FROM moving GROUP BY (place - 1) / {NEWS}",
            [TOPIC, step, now, now],
        )
        cursor.execute(
            f"UPDATE {clocks} SET {change} WHERE id IN (SELECT id FROM moving)"  # noqa: S608 (our own names)
        )
        return moved
