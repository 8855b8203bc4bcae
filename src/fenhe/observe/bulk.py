"""A batch larger than memory, appended as one: all of it or nothing, like `readings.append`.

The parts have disjoint keys. Each is compared with what is known and written to files of the lake;
one commit at the end makes all files part of it. A process killed on the way leaves files nobody
refers to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl
from django.db import transaction as database

from fenhe.kernel.period import utc_now
from fenhe.observe import latest
from fenhe.observe.readings import Commit, known_around, moment_after, tell
from fenhe.observe.versions import KEY, clean, compare, current, span
from fenhe.store.lake import Lake, open_lake
from fenhe.store.tables import COLUMNS


@dataclass
class _Written:
    """What the parts have come to so far. `newest` holds one row a series, for `latest`."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    spans: list[datetime] = field(default_factory=list)
    newest: list[pl.DataFrame] = field(default_factory=list)

    def note(self, rows: pl.DataFrame) -> None:
        self.spans += span(rows)
        by_series = rows.sort("series", "start", "known_at")
        self.newest.append(current(by_series, ["series"]).select(latest.FIELDS))


def append_parts(
    parts: Iterable[pl.DataFrame], resolution: str, source: str, transaction: str
) -> Commit:
    """Add what is new or different in frames[series, start, value, qualifier].

    A `transaction` that is already in the lake adds nothing, but lets later stages be told again:
    the crash may have come between the two.
    """
    lake, now = open_lake(), utc_now()
    done = _Written()
    with lake.writing():
        if lake.committed(transaction):
            return _told_again(lake, parts, resolution, now)
        based_on = lake.version()
        moment = moment_after(lake, resolution, None, None)
        files = []
        for part in parts:
            arriving = clean(part, now)
            arrival = compare(arriving, known_around(lake, arriving, resolution))
            done.new += arrival.new
            done.changed += arrival.changed
            done.unchanged += arrival.unchanged
            if arrival.rows.is_empty():
                continue
            rows = arrival.rows.with_columns(
                known_at=pl.lit(moment, COLUMNS["readings"]["known_at"]), source=pl.lit(source)
            )
            files += lake.write("readings", rows, resolution)
            done.note(rows)
        if not files:
            return Commit(based_on, 0, 0, done.unchanged)
        number = lake.add("readings", files, resolution, transaction, based_on)
    _follow(done, resolution, number, moment, now)
    return Commit(number, done.new, done.changed, done.unchanged, moment)


def _follow(done: _Written, resolution: str, number: int, moment: datetime, now: datetime) -> None:
    with database.atomic():
        latest.move(pl.concat(done.newest), now)
        period = min(done.spans), max(done.spans)
        tell(resolution, number, moment, period, done.new + done.changed)


def _told_again(
    lake: Lake, parts: Iterable[pl.DataFrame], resolution: str, now: datetime
) -> Commit:
    """A replay: the readings are there; `latest` and the outbox may not know yet."""
    told = _Written()
    moments: set[datetime] = set()
    for part in parts:
        arriving = clean(part, now)
        told.unchanged += arriving.height
        rows = known_around(lake, arriving, resolution).join(
            arriving, on=[*KEY, "value", "qualifier"], how="semi", nulls_equal=True
        )
        if not rows.is_empty():
            told.note(rows)
            moments |= set(rows["known_at"].unique())
    if told.newest:
        with database.atomic():
            latest.move(pl.concat(told.newest), now)
            for moment in sorted(moments):
                period = min(told.spans), max(told.spans)
                tell(resolution, lake.version(), moment, period, told.unchanged)
    return Commit(lake.version(), 0, 0, told.unchanged)
