"""Readings: append a batch, read the current view or what was known at an earlier moment.

Append only: a correction is a further version with its own `known_at` (one per commit); a row that
says what is already known is dropped, so the same file twice changes nothing. Times are UTC,
`start` is the beginning of the reading's period.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl
from django.db import transaction as database

from fenhe.kernel.errors import BadInput, Conflict
from fenhe.kernel.period import Period, civil, utc_now
from fenhe.observe import flags as flag_history
from fenhe.observe import latest as latest_table
from fenhe.observe.versions import KEY, clean, compare, span
from fenhe.observe.versions import current as newest
from fenhe.store import outbox
from fenhe.store.lake import Lake, open_lake
from fenhe.store.tables import COLUMNS

TICK = timedelta(microseconds=1)
ATTEMPTS = 20
FEW = 2_000  # up to so many series are worth naming one by one to the reader of the lake


@dataclass(frozen=True, slots=True)
class Commit:
    """`version` of the lake holds the batch; `known_at` is None when nothing had to be added."""

    version: int
    new: int
    changed: int
    unchanged: int
    known_at: datetime | None = None


def append(
    frame: pl.DataFrame,
    resolution: str,
    source: str,
    known_at: datetime | None = None,
    transaction: str | None = None,
    now: datetime | None = None,
    lake: Lake | None = None,
) -> Commit:
    """Add what is new or different in `frame[series, start, value, qualifier]`, all or nothing.

    A `transaction` that is already in the lake adds nothing: replay it after a crash. `known_at`
    is for archives and demonstrations; it may not be earlier than the version it replaces.
    `now` decides what lies in the future. Raises BadInput `observe.*` with every problem.
    """
    lake = lake or open_lake()
    now = now or utc_now()
    arriving = clean(frame, now)
    for _ in range(ATTEMPTS):
        try:
            commit, rows = _append(lake, arriving, resolution, source, known_at, transaction)
        except Conflict:
            continue  # on object storage another machine came first: compare again
        _follow(rows, resolution, commit.version, now)
        return commit
    raise Conflict(
        "lake.busy",
        "数据湖写入过于繁忙，请稍后重试",
        "the lake is too busy; try again later",
        retryable=True,
    )


def current(
    series: Sequence[int] | None,
    period: Period,
    resolution: str = "hour",
    known_at: datetime | None = None,
    flags: bool = True,
    version: int | None = None,
    lake: Lake | None = None,
) -> pl.DataFrame:
    """One row per reading, sorted by series and start: `series, start, value, qualifier, flag,
    known_at, source` (without `flag` if `flags` is False). `series` None means all of them.

    `known_at` asks what was known then; `version` what a version of the lake held.
    """
    lake = lake or open_lake()
    rows = newest(lake.scan("readings", resolution, period, series, version, known_at=known_at))
    if not flags:
        return rows
    return flag_history.join(rows, period, resolution, known_at, lake).select(
        "series", "start", "value", "qualifier", "flag", "known_at", "source"
    )


def versions(
    series: int, start: datetime, resolution: str = "hour", lake: Lake | None = None
) -> pl.DataFrame:
    """Every version of one reading, the oldest first."""
    lake = lake or open_lake()
    return lake.scan("readings", resolution, Period(start, start + TICK), [series])


def touched(
    known_at: datetime, resolution: str, period: Period | None = None, lake: Lake | None = None
) -> pl.DataFrame:
    """`series, start` of what one commit added: the lake itself remembers."""
    lake = lake or open_lake()
    files = [
        file
        for file in lake.snapshot().of(resolution, period)
        if file.known_at[0] <= known_at <= file.known_at[1]
    ]
    return lake.read("readings", files, pl.col("known_at") == known_at, KEY)


def _append(
    lake: Lake,
    arriving: pl.DataFrame,
    resolution: str,
    source: str,
    known_at: datetime | None,
    transaction: str | None,
) -> tuple[Commit, pl.DataFrame]:
    """The commit, and the rows of the lake that later stages have to see."""
    with lake.writing():
        based_on = lake.version()
        known = known_around(lake, arriving, resolution)
        if transaction is not None and lake.committed(transaction):
            # The crash may have come between the commit and what follows it: let it follow again.
            replayed = known.join(
                arriving, on=[*KEY, "value", "qualifier"], how="semi", nulls_equal=True
            )
            return Commit(based_on, 0, 0, arriving.height), replayed
        arrival = compare(arriving, known)
        if arrival.rows.is_empty():
            return Commit(based_on, 0, 0, arrival.unchanged), known.clear()
        moment = moment_after(lake, resolution, known_at, arrival.last_known)
        rows = arrival.rows.with_columns(
            known_at=pl.lit(moment, COLUMNS["readings"]["known_at"]), source=pl.lit(source)
        )
        number = lake.append("readings", rows, resolution, transaction, based_on)
        return Commit(number, arrival.new, arrival.changed, arrival.unchanged, moment), rows


def known_around(lake: Lake, arriving: pl.DataFrame, resolution: str) -> pl.DataFrame:
    """The current view around the arriving keys; reads nothing where the lake has nothing."""
    if arriving.is_empty():
        return lake.read("readings", [], columns=latest_table.FIELDS)
    first, last = span(arriving)
    series = arriving["series"].unique()
    named = series.to_list() if series.len() <= FEW else None
    period = Period(first, last + TICK)
    return newest(lake.scan("readings", resolution, period, named, columns=latest_table.FIELDS))


def moment_after(
    lake: Lake, resolution: str, known_at: datetime | None, last_known: datetime | None
) -> datetime:
    """When the batch becomes known. Later commits are known later, whatever the clock does."""
    if known_at is None:
        files = lake.snapshot().of(resolution)
        return max([utc_now(), *(file.known_at[1] + TICK for file in files)])
    if last_known is not None and last_known >= known_at:
        raise BadInput(
            "observe.known-order",
            f"指定的获知时刻不晚于已有版本（{civil(last_known):%Y-%m-%d %H:%M:%S}），"
            "历史不可改写；请用更晚的 known_at 或留空",
            f"known_at is not later than a version already there ({last_known.isoformat()}); "
            "history is not rewritten: give a later one or none",
        )
    return known_at


def _follow(rows: pl.DataFrame, resolution: str, number: int, now: datetime) -> None:
    """Move `latest` and tell the later stages, in one transaction of the records."""
    if rows.is_empty():
        return
    with database.atomic():
        latest_table.move(rows, now)
        for part in rows.partition_by("known_at"):
            tell(resolution, number, part["known_at"][0], span(part), part.height)


def tell(
    resolution: str, number: int, known_at: datetime, span: tuple[datetime, datetime], rows: int
) -> None:
    """The outbox row of one commit."""
    outbox.put(
        "readings.appended",
        {
            "resolution": resolution,
            "version": number,
            "known_at": known_at.isoformat(),
            "first": span[0].isoformat(),
            "last": span[1].isoformat(),
            "rows": rows,
        },
    )
