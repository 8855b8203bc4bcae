"""The lake: append-only Delta tables of readings and flags, on local disk or object storage.

Rows are versions; nothing is overwritten. A table is partitioned by resolution and UTC month, and
every file is sorted by its KEY, then `known_at`: that is why finding the current version of a row
is a comparison with the next row. What a row means is decided one floor up, in `fenhe.observe`.

A write is two steps: the sorted files, flushed to disk; then one commit that names them. A process
killed between the two leaves files nobody refers to, never half a batch (docs/decisions/0002).
"""

from __future__ import annotations

import io
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache, reduce
from operator import and_
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
from deltalake import CommitProperties, Transaction
from deltalake.exceptions import CommitFailedError
from deltalake.fs import DeltaStorageHandler
from deltalake.transaction import AddAction, RemoveAction

from fenhe.kernel.errors import Conflict, Unavailable
from fenhe.kernel.period import Period
from fenhe.store import disk
from fenhe.store.config import settings
from fenhe.store.grid import is_grid
from fenhe.store.handles import Handles
from fenhe.store.snapshot import (
    GRID_PREFIX,
    SORTED_PREFIX,
    DataFile,
    Snapshot,
    runs_on,
)
from fenhe.store.tables import COLUMNS, PARTITIONS, delta_schema, sorted_by, statistics

ROWS_PER_FILE = 4_000_000
ROWS_PER_GROUP = 131_072  # small enough that one series-month decodes in milliseconds


class Lake:
    """Opens on first use; one per process and root (`open_lake`). Safe to share among threads."""

    def __init__(self, root: str | Path, storage_options: dict[str, str] | None = None) -> None:
        self.root = str(root)
        self.options = storage_options
        self.is_local = "://" not in self.root
        self._handles = Handles(self.root, storage_options)
        self._guard = threading.Lock()  # of the handles, held briefly
        self._writer = threading.RLock()  # of the writers of this process
        self._depth = 0

    # -- looking -----------------------------------------------------------------------------

    def version(self, table: str = "readings") -> int:
        return self.snapshot(table).version

    def snapshot(self, table: str = "readings", version: int | None = None) -> Snapshot:
        """The newest snapshot, or that of a version still kept (see `vacuum`)."""
        with self._guard:
            if version is not None:
                return self._handles.past(table, version)
            return self._handles.snapshot(table)

    def committed(self, transaction: str, table: str = "readings") -> bool:
        """Whether the batch that carried this idempotency key is in the table."""
        with self._guard:
            return self._handles.newest(table).transaction_version(transaction) is not None

    def scan(
        self,
        table: str,
        resolution: str,
        period: Period | None,
        series: Sequence[int] | None = None,
        version: int | None = None,
        columns: Sequence[str] | None = None,
        known_at: datetime | None = None,
    ) -> pl.DataFrame:
        """All versions of the rows that start in the period, sorted by key and known_at.

        `series` None means every series; `known_at` leaves out what became known later.
        """
        if series is not None and not series:
            return self.read(table, [], columns=columns)
        span = (min(series), max(series)) if series else None
        files = self.snapshot(table, version).of(resolution, period, span, known_at)
        return self.read(table, files, where(period, series, known_at), columns)

    def read(
        self,
        table: str,
        files: Sequence[DataFile],
        where: pl.Expr | None = None,
        columns: Sequence[str] | None = None,
    ) -> pl.DataFrame:
        """The rows of these files, sorted by key and known_at; sorting only where files overlap."""
        wanted = list(columns or COLUMNS[table])
        order = sorted_by(table)
        if not files:
            return pl.DataFrame(schema={name: COLUMNS[table][name] for name in wanted})
        files = sorted(files, key=lambda file: file.series)
        needs_sort = not runs_on(files)
        read = list(dict.fromkeys([*wanted, *order])) if needs_sort else wanted
        lazy = self.lazy(files)
        if where is not None:
            lazy = lazy.filter(where)
        frame = lazy.select(read).collect()
        return frame.sort(order).select(wanted) if needs_sort else frame

    def batches(
        self, resolution: str, period: Period, rows: int = 6_000_000
    ) -> list[tuple[int, int]]:
        """Ranges of series that hold about so many rows each, where numbers are used evenly."""
        files = self.snapshot().of(resolution, period)
        if not files:
            return []
        first = min(file.series[0] for file in files)
        last = max(file.series[1] for file in files)
        parts = max(1, -(-sum(file.rows for file in files) // rows))
        width = -(-(last - first + 1) // parts)
        return [(low, min(low + width - 1, last)) for low in range(first, last + 1, width)]

    def lazy(self, files: Sequence[DataFile]) -> pl.LazyFrame:
        """The files, in the order given, as one lazy frame."""
        return pl.scan_parquet(
            [file.path for file in files],
            hive_partitioning=False,
            storage_options=self.options,
            glob=False,
        )

    # -- writing -----------------------------------------------------------------------------

    @contextmanager
    def alone(self, purpose: str) -> Iterator[bool]:
        """True for one process of this machine at a time; the others need not wait."""
        if not self.is_local:
            yield True
            return
        with disk.lock(Path(self.root, f"{purpose}.lock"), wait=False) as mine:
            yield mine

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One writer at a time on this machine: compare with what is there, then append.

        On object storage there is no such lock; there `based_on` of `append` refuses a commit
        that was compared with an older version.
        """
        with self._writer:
            self._depth += 1
            try:
                if not self.is_local or self._depth > 1:
                    yield
                    return
                with disk.lock(Path(self.root, "writing.lock")):
                    yield
            finally:
                self._depth -= 1

    def append(
        self,
        table: str,
        frame: pl.DataFrame,
        resolution: str,
        transaction: str | None = None,
        based_on: int | None = None,
    ) -> int:
        """Add the rows in one commit and return the version that holds them.

        `frame` has exactly COLUMNS[table]. A `transaction` seen before adds nothing. With
        `based_on`, `Conflict` is raised when somebody has appended since that version.
        """
        with self.writing():
            if transaction is not None and self.committed(transaction, table):
                return self.version(table)
            files = self.write(table, frame, resolution)
            return self.add(table, files, resolution, transaction, based_on)

    def add(
        self,
        table: str,
        files: Iterable[AddAction],
        resolution: str,
        transaction: str | None = None,
        based_on: int | None = None,
    ) -> int:
        """Make files that `write` has put there part of the table, in one commit: a batch larger
        than memory is written piece by piece and appears at once."""
        with self.writing():
            if transaction is not None and self.committed(transaction, table):
                return self.version(table)
            keys = [] if transaction is None else [Transaction(transaction, 1)]
            return self._commit(table, files, [], f"append/{resolution}", keys, based_on)

    def write(self, table: str, frame: pl.DataFrame, resolution: str) -> list[AddAction]:
        """Sorted files, on disk but not yet part of the table."""
        frame = frame.select(
            [pl.col(name).cast(kind) for name, kind in COLUMNS[table].items()]
        ).with_columns(month=pl.col("start").dt.strftime("%Y-%m"))
        parts = frame.sort(["month", *sorted_by(table)]).partition_by(
            "month", maintain_order=True, include_key=True
        )
        return [
            self._put(table, piece.drop("month"), resolution, part["month"][0])
            for part in parts
            for piece in _pieces(part)
        ]

    def replace(self, table: str, old: Sequence[DataFile], new: Sequence[AddAction]) -> int:
        """Put `new` files, holding the same rows, in the place of `old` ones, in one commit.

        Appends go on beside it. `Conflict` when an old file is already gone.
        """
        for file in new:
            file.data_change = False
        with self.writing():
            here = {file.path for file in self.snapshot(table).files}
            if not all(file.path in here for file in old):
                raise _moved_on()
            gone = [self._remove(table, file) for file in old]
            return self._commit(table, new, gone, "replace")

    def _commit(
        self,
        table: str,
        adds: Iterable[AddAction],
        removes: Iterable[RemoveAction],
        purpose: str,
        keys: Sequence[Transaction] = (),
        based_on: int | None = None,
    ) -> int:
        """Two commits of the same purpose that started from the same version exclude each other:
        the second fails, also on object storage where no lock is held."""
        with self._guard:
            handle = self._handles.newest(table)
            if based_on is not None and handle.version() != based_on:
                raise _moved_on()
            try:
                handle.create_write_transaction(
                    [*adds, *removes],
                    "append",
                    delta_schema(table),
                    PARTITIONS,
                    commit_properties=CommitProperties(
                        app_transactions=[*keys, Transaction(purpose, handle.version() + 1)]
                    ),
                )
            except CommitFailedError as error:
                raise _moved_on() from error
            version = self._handles.newest(table).version()
        if self.is_local:
            log = self._handles.log(table)
            disk.flush(log / f"{version:020d}.json")
            disk.flush(log)
        return version

    def _put(self, table: str, frame: pl.DataFrame, resolution: str, month: str) -> AddAction:
        prefix = GRID_PREFIX if is_grid(frame, resolution) else SORTED_PREFIX
        name = f"resolution={resolution}/month={month}/{prefix}{uuid.uuid4()}.parquet"
        buffer = io.BytesIO()
        # Arrow's writer keeps a dictionary of the values: smaller than Polars' plain numbers.
        pq.write_table(frame.to_arrow(), buffer, compression="zstd", row_group_size=ROWS_PER_GROUP)
        content = buffer.getbuffer()
        try:
            self._store(table, name, content)
        except OSError as error:
            raise _no_room(error) from error
        return AddAction(
            path=name,
            size=len(content),
            partition_values={"resolution": resolution, "month": month},
            modification_time=int(time.time() * 1000),
            data_change=True,
            stats=statistics(frame),
        )

    def _store(self, table: str, name: str, content: memoryview) -> None:
        if self.is_local:
            disk.write(Path(self.root, table, name), content)
            return
        store = DeltaStorageHandler(self._handles.uri(table), self.options)
        with store.open_output_stream(name) as stream:
            stream.write(bytes(content))

    def _remove(self, table: str, file: DataFile) -> RemoveAction:
        return RemoveAction(
            path=file.path.removeprefix(self._handles.uri(table) + "/"),
            data_change=False,
            deletion_timestamp=int(time.time() * 1000),
            partition_values={"resolution": file.resolution, "month": file.month},
        )

    # -- keeping -----------------------------------------------------------------------------

    def vacuum(self, table: str, retention: timedelta) -> int:
        """Delete files no version younger than `retention` refers to, orphans of killed writers
        included. Versions older than that can no longer be read by number; `known_at` can."""
        hours = int(retention / timedelta(hours=1))
        with self.writing(), self._guard:  # it writes a note of its own into the log
            gone = self._handles.newest(table).vacuum(
                hours, dry_run=False, enforce_retention_duration=False, full=True
            )
        return len(gone)


@cache
def _opened(root: str) -> Lake:
    return Lake(root)


def open_lake() -> Lake:
    """The lake of the settings in force; one per process."""
    return _opened(settings().lake_root)


def _pieces(frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Cut between two series, so that files of one writing never share a key."""
    series, start = frame["series"], 0
    while frame.height - start > ROWS_PER_FILE:
        cut = int(series.search_sorted(series[start + ROWS_PER_FILE], side="left"))
        if cut <= start:  # one series longer than a file
            cut = int(series.search_sorted(series[start], side="right"))
        yield frame.slice(start, cut - start)
        start = cut
    yield frame.slice(start)


def where(
    period: Period | None, series: Sequence[int] | None, known_at: datetime | None
) -> pl.Expr:
    terms = []
    if series is not None:
        column = pl.col("series")
        terms.append(column == series[0] if len(series) == 1 else column.is_in(list(series)))
    if period is not None:
        terms.append((pl.col("start") >= period.start) & (pl.col("start") < period.end))
    if known_at is not None:
        terms.append(pl.col("known_at") <= known_at)
    return reduce(and_, terms) if terms else pl.lit(True)


def _moved_on() -> Conflict:
    return Conflict(
        "lake.moved-on",
        "数据湖在此期间已有新的提交，请重试",
        "the lake has moved on meanwhile; try again",
        retryable=True,
    )


def _no_room(error: OSError) -> Unavailable:
    return Unavailable(
        "lake.not-written",
        f"数据湖写不进去（{error.strerror}），未写入任何一行；请检查磁盘空间与权限后重试",
        f"the lake cannot be written ({error.strerror}); nothing was written: check free space and "
        "permissions, then try again",
        retryable=True,
    )
