"""Whole years of readings, batch of series after batch: for sums over a nation.

Memory is that of one batch, and nothing is sorted as long as commits became known in the order in
which they were made. Of files that are grids (store.grid) the values alone are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby

import polars as pl

from fenhe.kernel.period import Period
from fenhe.store.grid import Grid, grid_of, values_of, width_of
from fenhe.store.lake import Lake, where
from fenhe.store.snapshot import DataFile, versions_in_order

KEYED_VALUES = ("series", "start", "value")  # what follows from a grid's values by counting

Run = tuple[DataFile | None, pl.LazyFrame]
"""What is read at once: a grid by itself, or all of several files."""


def scan_batches(
    lake: Lake,
    resolution: str,
    period: Period,
    batches: Iterable[tuple[int, int]],
    columns: Sequence[str] = KEYED_VALUES,
    known_at: datetime | None = None,
) -> Iterator[list[pl.DataFrame | Grid]]:
    """All versions of the readings, a list per batch of series (first .. last, both included):
    frames, and grids where all that is asked follows from one. A later version always comes after
    an earlier one, in a frame and from part to part."""
    files = lake.snapshot().of(resolution, period, known_at=known_at)
    files.sort(key=lambda file: (file.month, file.known_at))
    in_order = versions_in_order(files)
    grids = in_order and known_at is None and tuple(columns) == KEYED_VALUES
    for first, last in batches:
        some = [file for file in files if file.series[0] <= last and file.series[1] >= first]
        runs = list(_runs(lake, some, period, (first, last), known_at, grids))
        if not in_order:
            rows = pl.concat([run for _, run in runs]).sort("known_at", maintain_order=True)
            yield [rows.select(columns).collect()]
            continue
        found = pl.collect_all(run.select(columns) if not file else run for file, run in runs)
        yield [
            grid_of(part["value"], file, first, last) if file else part
            for (file, _), part in zip(runs, found, strict=True)
        ] or [lake.read("readings", [], columns=columns)]


def _runs(
    lake: Lake,
    files: Sequence[DataFile],
    period: Period,
    series: tuple[int, int],
    known_at: datetime | None,
    grids: bool,
) -> Iterator[Run]:
    """The time of a row is looked at only where a file says it must be."""

    def sort(file: DataFile) -> tuple[bool, DataFile | None]:
        inside = file.starts_in(period)
        return inside, file if grids and inside and width_of(file) else None

    for (inside, grid), alike in groupby(files, sort):
        rows = lake.lazy(list(alike))
        if grid:
            yield grid, values_of(rows.select("value"), grid, *series)
        else:
            rows = rows.filter(where(None if inside else period, None, known_at))
            yield None, rows.filter(pl.col("series").is_between(*series))
