"""Readings of a few series, read month by month from one end of a period until there are enough:
a page of ten years costs what a page of one month does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import polars as pl

from fenhe.kernel.period import Period
from fenhe.observe import readings
from fenhe.store.lake import open_lake

_AT_MOST = 64  # months read at once when the first ones had nothing


def nearest(
    series: Sequence[int],
    resolution: str,
    period: Period,
    limit: int,
    known_at: datetime | None = None,
    newest: bool = False,
    keep: Callable[[pl.DataFrame], pl.DataFrame] | None = None,
) -> pl.DataFrame:
    """At most `limit` readings of each series, those nearest to the beginning of the period, or to
    its end (`newest`, then the newest first). Columns as `observe.readings.current`. `keep` leaves
    rows out before they are counted."""
    wanting = dict.fromkeys(series, limit)
    found: list[pl.DataFrame] = []
    for stretch in stretches(series, resolution, period, known_at, newest):
        rows = readings.current(sorted(wanting), stretch, resolution, known_at)
        rows = keep(rows) if keep is not None else rows
        if rows.is_empty():
            continue
        rows = rows.sort("series", "start", descending=[False, newest])
        taken = _first(rows, wanting)
        found.append(taken)
        for one, count in taken.group_by("series").agg(pl.len()).iter_rows():
            wanting[one] -= count
        wanting = {one: left for one, left in wanting.items() if left > 0}
        if not wanting:
            break
    if not found:
        return readings.current([], period, resolution)
    return pl.concat(found).sort("series", "start", descending=[False, newest])


def _first(rows: pl.DataFrame, wanting: dict[int, int]) -> pl.DataFrame:
    """As many of each series as are still wanted."""
    if len(set(wanting.values())) == 1:
        return rows.group_by("series", maintain_order=True).head(next(iter(wanting.values())))
    left = pl.col("series").replace_strict(wanting, return_dtype=pl.Int64)
    return rows.filter(pl.int_range(pl.len()).over("series") < left)


def stretches(
    series: Sequence[int],
    resolution: str,
    period: Period,
    known_at: datetime | None,
    newest: bool,
) -> Iterator[Period]:
    """The months that hold anything, from one end, joined ever more at a time."""
    if not series:
        return
    files = open_lake().snapshot().of(resolution, period, (min(series), max(series)), known_at)
    months = sorted({file.month for file in files}, reverse=newest)
    width = 1
    while months:
        some, months = months[:width], months[width:]
        first, last = min(some), max(some)
        start, end = max(_begin(first), period.start), min(_after(last), period.end)
        if start < end:
            yield Period(start, end)
        width = min(width * 2, _AT_MOST)


def _begin(month: str) -> datetime:
    year, number = map(int, month.split("-"))
    return datetime(year, number, 1, tzinfo=UTC)


def _after(month: str) -> datetime:
    year, number = map(int, month.split("-"))
    return datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
