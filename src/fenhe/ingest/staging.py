"""Where parsed readings wait between dry-run and commit: Parquet on disk, by month.

A file of any size becomes groups that fit in memory, each holding all readings of its keys, so
that duplicates and differences from the lake are found group by group.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from fenhe.ingest.parse import READINGS

ROWS_AT_ONCE = 4_000_000
_CONTENT = ["object", "property", "start", "value", "qualifier"]


class Staging:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sizes: dict[str, int] = {}
        self.repeated = 0  # equal rows that were not staged again
        self._parts = 0

    def begin(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def add(self, readings: pl.DataFrame) -> None:
        months = readings.with_columns(month=pl.col("start").dt.strftime("%Y-%m"))
        for (month,), part in months.partition_by("month", as_dict=True).items():
            name = str(month)
            (self.folder / name).mkdir(exist_ok=True)
            if self.sizes.get(name, 0) > ROWS_AT_ONCE:
                # A file that says the same over and over must not fill memory later.
                every = part.height
                part = part.unique(_CONTENT, keep="first")
                self.repeated += every - part.height
            path = self.folder / name / f"{self._parts:06}.parquet"
            part.drop("month").write_parquet(path, compression="lz4")
            self.sizes[name] = self.sizes.get(name, 0) + part.height
        self._parts += 1

    def finish(self) -> None:
        """Mark it whole: a process killed before this leaves a staging that is not used."""
        (self.folder / "whole").touch()

    @property
    def is_whole(self) -> bool:
        return (self.folder / "whole").exists()

    def groups(self) -> Iterator[pl.DataFrame]:
        """READINGS in groups of whole keys, in time order, at most about ROWS_AT_ONCE rows."""
        waiting: list[str] = []
        rows = 0
        for month, size in sorted(self._sizes().items()):
            if rows and rows + size > ROWS_AT_ONCE:
                yield self._read(waiting).collect()
                waiting, rows = [], 0
            if size > ROWS_AT_ONCE:
                yield from self._by_object(month, size)
                continue
            waiting.append(month)
            rows += size
        if waiting:
            yield self._read(waiting).collect()

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Whether this process alone works on it; a process that dies lets go of it."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with self._lock.open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    def discard(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.unlink(missing_ok=True)

    @property
    def _lock(self) -> Path:
        return self.folder.with_name(self.folder.name + ".lock")

    def _sizes(self) -> dict[str, int]:
        if not self.sizes and self.folder.exists():
            for folder in self.folder.iterdir():
                if folder.is_dir():
                    count = self._read([folder.name]).select(pl.len()).collect().item()
                    self.sizes[folder.name] = count
        return self.sizes

    def _by_object(self, month: str, size: int) -> Iterator[pl.DataFrame]:
        """One month of a whole nation, or one that repeats itself: so many objects at a time."""
        counts = self._read([month]).group_by("object").len().sort("object").collect()
        bounds = counts.with_columns(
            slice=(pl.col("len").cum_sum() - 1) // ROWS_AT_ONCE
        ).group_by("slice", maintain_order=True).agg(
            first=pl.col("object").min(), last=pl.col("object").max()
        )  # fmt: skip
        for _, first, last in bounds.iter_rows():
            within = pl.col("object").is_between(first, last)
            yield self._read([month]).filter(within).collect()

    def _read(self, months: list[str]) -> pl.LazyFrame:
        files = [path for month in months for path in sorted((self.folder / month).glob("*"))]
        return pl.scan_parquet(files, schema=READINGS, glob=False)
