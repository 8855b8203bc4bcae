"""The newest reading of every series, kept in the records for live pages.

Derived: `rebuild` makes it again from the lake. It moves forward in valid time only, or to a later
version of the same reading, and never onto a stamp that lies in the future.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

import polars as pl
from django.db import connection, transaction

from fenhe.kernel.period import utc_now
from fenhe.observe import versions
from fenhe.observe.models import Latest
from fenhe.store.lake import Lake, open_lake
from fenhe.store.tables import COLUMNS

FIELDS = ["series", "start", "value", "qualifier", "known_at"]
_UPSERT = """
    INSERT INTO observe_latest (series, start, value, qualifier, known_at)
    VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (series) DO UPDATE SET
        start = excluded.start, value = excluded.value,
        qualifier = excluded.qualifier, known_at = excluded.known_at
    WHERE excluded.start > observe_latest.start
        OR (excluded.start = observe_latest.start AND excluded.known_at > observe_latest.known_at)
"""


def read(series: Sequence[int] | None = None) -> pl.DataFrame:
    """`series, start, value, qualifier, known_at`, for these series or for all."""
    rows = Latest.objects.all() if series is None else Latest.objects.filter(series__in=series)
    return pl.DataFrame(
        list(rows.order_by("series").values_list(*FIELDS)),
        schema={name: COLUMNS["readings"][name] for name in FIELDS},
        orient="row",
    )


def move(rows: pl.DataFrame, now: datetime) -> None:
    """Let rows that were just appended move it. Runs inside the caller's transaction."""
    newest = rows.filter(pl.col("start") <= now).sort("series", "start", "known_at").select(FIELDS)
    newest = versions.current(newest, ["series"])
    _upsert(newest)


def rebuild(resolutions: Sequence[str] = ("hour", "day"), lake: Lake | None = None) -> int:
    """Make the whole table again from the lake; returns how many series it holds."""
    lake = lake or open_lake()
    now = utc_now()
    with transaction.atomic():
        Latest.objects.all().delete()
        for (resolution, _), files in lake.snapshot().months().items():
            if resolution in resolutions:
                move(versions.current(lake.read("readings", files, columns=FIELDS)), now)
    return Latest.objects.count()


def _upsert(newest: pl.DataFrame) -> None:
    """One statement that decides in the database, so that two writers cannot set it back."""

    @cache  # a batch has few different instants
    def stored(instant: datetime) -> Any:
        return connection.ops.adapt_datetimefield_value(instant)

    rows = [
        (series, stored(start), value, qualifier, stored(known_at))
        for series, start, value, qualifier, known_at in newest.select(FIELDS).iter_rows()
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_UPSERT, rows)
