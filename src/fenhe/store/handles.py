"""Open Delta tables, kept open: one handle per table, brought to the newest version when asked.

A handle that only ever advances grows slower with every commit, so it is opened anew now and then,
and checkpoints come as often.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from fenhe.kernel.errors import NotFound
from fenhe.store.snapshot import Snapshot, take
from fenhe.store.tables import PARTITIONS, delta_schema

REOPEN_AFTER = 20  # versions
_CONFIGURATION = {"delta.checkpointInterval": str(REOPEN_AFTER)}


class Handles:
    """Not for several threads at once: `Lake` sees to that."""

    def __init__(self, root: str, options: dict[str, str] | None) -> None:
        self.root = root
        self.options = options
        self.is_local = "://" not in root
        self._tables: dict[str, DeltaTable] = {}
        self._opened_at: dict[str, int] = {}
        self._snapshots: dict[str, Snapshot] = {}

    def uri(self, table: str) -> str:
        return f"{self.root}/{table}"

    def log(self, table: str) -> Path:
        return Path(self.root, table, "_delta_log")

    def newest(self, table: str) -> DeltaTable:
        handle = self._tables.get(table)
        if handle is not None:
            if self.is_newest(table, handle.version()):
                return handle
            handle.update_incremental()
            if handle.version() - self._opened_at[table] < REOPEN_AFTER:
                return handle
        handle = self._tables[table] = self._open(table)
        self._opened_at[table] = handle.version()
        return handle

    def snapshot(self, table: str) -> Snapshot:
        handle = self.newest(table)
        known = self._snapshots.get(table)
        if known is None or known.version != handle.version():
            known = self._snapshots[table] = take(handle, self.uri(table))
        return known

    def past(self, table: str, version: int) -> Snapshot:
        """The snapshot of an older version, if its files are still kept."""
        try:
            handle = DeltaTable(self.uri(table), version=version, storage_options=self.options)
            past = take(handle, self.uri(table))
        except DeltaError as error:
            raise _version_gone(version) from error
        if self.is_local and not all(Path(file.path).exists() for file in past.files):
            raise _version_gone(version)
        return past

    def is_newest(self, table: str, version: int) -> bool:
        """Whether nothing was committed since; a look at two names is 100 times faster than
        asking the table. Ours must still be there: old names are cleaned away one day."""
        if not self.is_local:
            return False
        ours, next_one = (
            self.log(table) / f"{number:020d}.json" for number in (version, version + 1)
        )
        return ours.exists() and not next_one.exists()

    def _open(self, table: str) -> DeltaTable:
        try:
            return DeltaTable(self.uri(table), storage_options=self.options)
        except TableNotFoundError:
            self._create(table)
            return DeltaTable(self.uri(table), storage_options=self.options)

    def _create(self, table: str) -> None:
        # Another process may be creating it as well; whoever comes second finds it made.
        with suppress(DeltaError):
            DeltaTable.create(
                self.uri(table),
                delta_schema(table),
                mode="ignore",
                partition_by=PARTITIONS,
                configuration=_CONFIGURATION,
                storage_options=self.options,
            )


def _version_gone(version: int) -> NotFound:
    return NotFound(
        "lake.version-gone",
        f"数据湖第 {version} 版已不再保留；请改用“截至时刻”（known_at）查询",
        f"version {version} of the lake is no longer kept; ask by `known_at` instead",
    )
