"""The files of a lake table at one version, and what their statistics allow a reader to skip:
files that cannot hold an answer, and sorting where the order is known already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TypeVar

import polars as pl
from deltalake import DeltaTable

from fenhe.kernel.period import Period

SORTED_PREFIX = "sorted-"
GRID_PREFIX = "grid-"  # sorted, and nothing missing between (store.grid)
T = TypeVar("T", int, datetime)


@dataclass(frozen=True, slots=True)
class DataFile:
    """One Parquet file and the ranges its statistics promise, both ends included."""

    path: str
    resolution: str
    month: str
    rows: int
    series: tuple[int, int]
    start: tuple[datetime, datetime]
    known_at: tuple[datetime, datetime]

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @property
    def is_sorted(self) -> bool:
        """Files of another engine (a foreign `optimize`) carry no prefix of ours."""
        return self.name.startswith((SORTED_PREFIX, GRID_PREFIX))

    def starts_in(self, period: Period) -> bool:
        """Whether no row lies outside, so that none need be looked at."""
        return self.start[0] in period and self.start[1] in period

    def shares_keys(self, other: DataFile) -> bool:
        return _overlap(self.series, other.series) and _overlap(self.start, other.start)


@dataclass(frozen=True, slots=True)
class Snapshot:
    version: int
    files: tuple[DataFile, ...]

    def of(
        self,
        resolution: str,
        period: Period | None = None,
        series: tuple[int, int] | None = None,
        known_at: datetime | None = None,
    ) -> list[DataFile]:
        """The files that may hold rows of the period, of series first .. last, known by then."""
        return [
            file
            for file in self.files
            if file.resolution == resolution
            and (period is None or (file.start[0] < period.end and file.start[1] >= period.start))
            and (series is None or _overlap(file.series, series))
            and (known_at is None or file.known_at[0] <= known_at)
        ]

    def months(self) -> dict[tuple[str, str], list[DataFile]]:
        """Files by (resolution, month), in that order."""
        parts: dict[tuple[str, str], list[DataFile]] = {}
        for file in sorted(self.files, key=lambda file: (file.resolution, file.month, file.path)):
            parts.setdefault((file.resolution, file.month), []).append(file)
        return parts


def take(handle: DeltaTable, uri: str) -> Snapshot:
    actions = pl.DataFrame(handle.get_add_actions(flatten=True))
    files = tuple(
        DataFile(
            path=f"{uri}/{row['path']}",
            resolution=row["partition.resolution"],
            month=row["partition.month"],
            rows=row["num_records"],
            series=(row["min.series"], row["max.series"]),
            start=(row["min.start"], row["max.start"]),
            known_at=(row["min.known_at"], row["max.known_at"]),
        )
        for row in actions.iter_rows(named=True)
    )
    return Snapshot(handle.version(), files)


def runs_on(files: Sequence[DataFile]) -> bool:
    """Whether files, ordered by series, are sorted as a whole: each in itself, none overlapping."""
    return all(file.is_sorted for file in files) and all(
        before.series[1] < after.series[0] for before, after in pairwise(files)
    )


def versions_in_order(files: Sequence[DataFile]) -> bool:
    """Whether files, ordered by `known_at`, give the versions of every key oldest first."""
    in_themselves = all(file.is_sorted or file.known_at[0] == file.known_at[1] for file in files)
    return in_themselves and not any(
        before.known_at[1] > after.known_at[0] and before.shares_keys(after)
        for index, after in enumerate(files)
        for before in files[:index]
    )


def _overlap(one: tuple[T, T], other: tuple[T, T]) -> bool:
    return one[0] <= other[1] and one[1] >= other[0]
