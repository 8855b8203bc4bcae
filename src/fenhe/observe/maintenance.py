"""Keeping the lake quick: many small files of a month become few sorted ones, and files nobody
refers to any more are deleted. What a query answers does not change, now or as known earlier.

A grid (store.grid) is left as it is: years are summed from its values alone, and the corrections
of its hours are few; they are gathered beside it.

Runs beside appends and readers. Rows are rewritten first; one commit then puts the new files in
the place of exactly those that were read, so what was appended meanwhile stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl
import structlog
from deltalake.transaction import AddAction

from fenhe.kernel.errors import Conflict
from fenhe.kernel.period import utc_now
from fenhe.store.grid import width_of
from fenhe.store.lake import ROWS_PER_FILE, Lake, open_lake
from fenhe.store.snapshot import DataFile, runs_on
from fenhe.store.tables import COLUMNS

HOT_FILES = 100  # in the month that is being written; a reader opens them all
CLOSED_FILES = 8  # in an earlier month, where only late values arrive
RETENTION = timedelta(days=7)  # how long a version can be read by its number

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Tidied:
    months: int = 0
    files_before: int = 0
    files_after: int = 0
    deleted: int = 0


def tidy(
    lake: Lake | None = None,
    now: datetime | None = None,
    hot: int = HOT_FILES,
    closed: int = CLOSED_FILES,
    retention: timedelta = RETENTION,
) -> Tidied:
    """Compact the months that need it, then delete what no kept version refers to.

    Returns zeros when another process is at it.
    """
    lake = lake or open_lake()
    this_month = f"{now or utc_now():%Y-%m}"
    months = before = after = deleted = 0
    with lake.alone("tidy") as may:
        for table in COLUMNS if may else ():
            for (_, month), present in lake.snapshot(table).months().items():
                files = [file for file in present if width_of(file) is None]
                if not _worth_it(files, hot if month >= this_month else closed):
                    continue
                written = compact(lake, table, files)
                if written:
                    months, before, after = months + 1, before + len(files), after + written
            deleted += lake.vacuum(table, retention)
    if months or deleted:
        log.info("lake.tidied", months=months, before=before, after=after, deleted=deleted)
    return Tidied(months, before, after, deleted)


def compact(lake: Lake, table: str, files: Sequence[DataFile]) -> int:
    """Rewrite the files of one month, sorted as a whole, in series ranges that fit in memory.
    Returns the number of files now, 0 when somebody else was faster."""
    added: list[AddAction] = []
    rows = 0
    for first, last in _ranges(files):
        frame = lake.read(table, files, pl.col("series").is_between(first, last))
        rows += frame.height
        if not frame.is_empty():
            added += lake.write(table, frame, files[0].resolution)
    expected = sum(file.rows for file in files)
    if rows != expected:  # never commit a loss; the old files are still the truth
        raise RuntimeError(f"compaction read {rows} rows where the files promise {expected}")
    try:
        lake.replace(table, files, added)
    except Conflict:
        return 0
    return len(added)


def _worth_it(files: Sequence[DataFile], limit: int) -> bool:
    ordered = sorted(files, key=lambda file: file.series)
    return len(files) > limit and not runs_on(ordered)


def _ranges(files: Sequence[DataFile]) -> list[tuple[int, int]]:
    first = min(file.series[0] for file in files)
    last = max(file.series[1] for file in files)
    parts = -(-sum(file.rows for file in files) // ROWS_PER_FILE)
    width = -(-(last - first + 1) // parts)
    return [(low, low + width - 1) for low in range(first, last + 1, width)]
