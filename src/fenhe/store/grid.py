"""Grids: files that hold each step of each of their series exactly once.

A month in which nothing is missing is such a file, and so are the days an assessment writes. Its
rows need no key: the n-th is known by counting, so a reader of whole years decodes the values
alone. The writer looks at every row before it says so in the file's name; the reader believes the
name only where the number of rows and the ranges of the commit's statistics allow nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from fenhe.store.snapshot import GRID_PREFIX, DataFile

STEP = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
"""Resolutions in which every series has a reading at each step."""

LEAST_ROWS = 100_000  # many small files are read faster together, as rows


@dataclass(frozen=True, slots=True)
class Grid:
    """`values[i, k]` is series `series + i`, `k` steps after `start`; NaN where it was missing."""

    values: npt.NDArray[np.float64]
    series: int
    start: datetime


def is_grid(frame: pl.DataFrame, resolution: str) -> bool:
    """Whether rows sorted by (series, start) are a grid: looked at row by row, once, at writing."""
    step = STEP.get(resolution)
    if step is None or frame.height < LEAST_ROWS:
        return False
    series, start = frame["series"].to_numpy(), frame["start"].dt.epoch("us").to_numpy()
    width = int(np.searchsorted(series, series[0], side="right"))
    if frame.height % width:
        return False
    steps = start[0] + np.arange(width) * (step // timedelta(microseconds=1))
    numbers = series[0] + np.arange(frame.height // width)
    return bool(
        (series.reshape(-1, width) == numbers[:, None]).all()
        and (start.reshape(-1, width) == steps).all()
    )


def width_of(file: DataFile) -> int | None:
    """Steps per series of a grid; None where the file is none."""
    step = STEP.get(file.resolution)
    if step is None or not file.name.startswith(GRID_PREFIX):
        return None
    width = (file.start[1] - file.start[0]) // step + 1
    return width if file.rows == width * (file.series[1] - file.series[0] + 1) else None


def values_of(column: pl.LazyFrame, file: DataFile, first: int, last: int) -> pl.LazyFrame:
    """Of the column of values of a grid, the rows of those of series first .. last it has."""
    width = width_of(file) or 0
    low, high = _within(file, first, last)
    return column.slice((low - file.series[0]) * width, (high - low + 1) * width)


def grid_of(values: pl.Series, file: DataFile, first: int, last: int) -> Grid:
    """What `values_of` has collected, as a grid."""
    low, high = _within(file, first, last)
    numbers = values.to_numpy().astype(np.float64, copy=False)
    return Grid(numbers.reshape(high - low + 1, -1), low, file.start[0])


def _within(file: DataFile, first: int, last: int) -> tuple[int, int]:
    return max(first, file.series[0]), min(last, file.series[1])
