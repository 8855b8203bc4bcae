"""Blocks: readings as one dense array, the form in which bulk statistics are cheap.

In: long rows (series, start, value[, known_at][, flag]), every version of every hour (or day). Out:
float64 [n_series, n_hours] over whole civil days, NaN where nothing is known. A version known later
overwrites the earlier one by landing in the same cell after it, so no version is ever sorted out
or joined.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

from fenhe.kernel.period import DAY, HOUR, Period, civil_midnight
from fenhe.store.grid import Grid

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

UNUSABLE: frozenset[int] = frozenset({4, 9})
"""Flags that take a reading out of every statistic: FAIL and MISSING (observe.flags.Flag)."""

MICROSECOND = timedelta(microseconds=1)
ROWS_AT_ONCE = 131_072  # what is computed on the way stays in the processor's cache
LONG_RUN = 128  # rows; runs longer than this are cheaper to copy one by one


@dataclass(frozen=True, slots=True)
class Block:
    """`values[i, h]` is series `series[i]` in hour `h` after `start` (00:00 civil, as UTC); in day
    `h` where the `step` is a day."""

    values: Floats
    start: datetime
    series: Integers
    step: timedelta = HOUR

    @classmethod
    def empty(
        cls, period: Period, series: Sequence[int] | Integers, step: timedelta = HOUR
    ) -> Self:
        """All hours (days) of a period of whole civil days, nothing known yet."""
        if period.start != civil_midnight(period.first_day) or period.length % DAY:
            raise ValueError(f"a block holds whole civil days, not {period}")
        ids = np.unique(np.asarray(series, dtype=np.int64))
        return cls(np.full((len(ids), period.length // step), np.nan), period.start, ids, step)

    @classmethod
    def build(
        cls,
        rows: pl.DataFrame,
        period: Period,
        series: Sequence[int] | Integers | None = None,
        unusable: Collection[int] = UNUSABLE,
        step: timedelta = HOUR,
    ) -> Self:
        """The block of a period. Rows of other series or hours are left out; rows with an
        `unusable` flag count as missing. Without `series`, those that occur in the rows."""
        if series is None:
            series = rows["series"].unique().to_numpy()
        block = cls.empty(period, series, step)
        block.scatter(rows, unusable)
        return block

    def scatter(self, rows: pl.DataFrame, unusable: Collection[int] = UNUSABLE) -> None:
        """Writes rows into the block. Within one call the version known last wins whatever the
        order of the rows; between calls, the later call wins. Without a column `known_at` the
        order of the rows is the order in which they became known."""
        rows = _in_known_order(_usable(rows, unusable))
        plain = rows.select(
            pl.col("series"), pl.col("start").dt.epoch("us"), pl.col("value").cast(pl.Float64)
        )
        for some in plain.iter_slices(ROWS_AT_ONCE):
            self._write(*(some[name].to_numpy() for name in some.columns))

    def lay(self, grid: Grid) -> None:
        """Writes a grid, whole, into the block; its series and hours must be the block's own."""
        first, rest = divmod(grid.start - self.start, self.step)
        n_series, n_hours = grid.values.shape
        rows = self.rows_of(np.arange(grid.series, grid.series + n_series))
        if rest or first < 0 or first + n_hours > self.values.shape[1]:
            raise ValueError(f"a grid from {grid.start} does not fit the block from {self.start}")
        self.values[rows[0] : rows[-1] + 1, first : first + n_hours] = grid.values

    @property
    def by_day(self) -> Floats:
        """The same numbers as [n_series, n_days, 24 (1)]; a view, not a copy."""
        return self.values.reshape(len(self.series), self.n_days, DAY // self.step)

    @property
    def n_days(self) -> int:
        return int(self.values.shape[1]) * self.step // DAY

    @property
    def period(self) -> Period:
        return Period(self.start, self.start + self.n_days * DAY)

    def rows_of(self, series: Sequence[int] | Integers) -> Integers:
        """Where the given series stand in the block; every one must be there."""
        wanted = np.asarray(series, dtype=np.int64)
        places = np.searchsorted(self.series, wanted)
        found = self.series[np.minimum(places, max(len(self.series) - 1, 0))]
        if not np.array_equal(found, wanted):
            missing = np.setdiff1d(wanted, self.series)
            raise KeyError(f"not in the block: series {missing.tolist()}")
        return places.astype(np.int64)

    def _write(self, series: Integers, start: Integers, values: Floats) -> None:
        """Rows mostly follow hour upon hour: only where such a run begins is a cell looked up.
        Where a cell repeats, the last value stays: the version known last."""
        step = self.step // MICROSECOND
        heads = _run_heads(series, start, step)
        lengths = np.diff(heads, append=len(start))
        if not self._holds(series[heads], start[heads], (lengths - 1) * step).all():
            inside = self._holds(series, start)
            if inside.any():
                self._write(series[inside], start[inside], values[inside])
            return
        cells = self._cells(series[heads], start[heads])
        flat = self.values.reshape(-1)
        if len(start) > LONG_RUN * len(heads):
            for cell, head, length in np.stack([cells, heads, lengths], axis=1).tolist():
                flat[cell : cell + length] = values[head : head + length]
        else:
            flat[np.repeat(cells - heads, lengths) + np.arange(len(start))] = values

    def _holds(self, series: Integers, start: Integers, more: Integers | int = 0) -> Booleans:
        """Whether these series are in the block, and their time from start to start + more."""
        if len(self.series) == 0:
            return np.zeros(len(series), dtype=np.bool_)
        places = np.minimum(np.searchsorted(self.series, series), len(self.series) - 1)
        since = start - _microseconds(self.start)
        length = self.values.shape[1] * (self.step // MICROSECOND)
        held = (self.series[places] == series) & (since >= 0) & (since + more < length)
        return np.asarray(held, dtype=np.bool_)

    def _cells(self, series: Integers, start: Integers) -> Integers:
        """The flat cell of each (series, start) of the block."""
        hour, rest = np.divmod(start - _microseconds(self.start), self.step // MICROSECOND)
        if rest.any():
            raise ValueError("a start is not on the hour (or civil day) of the block")
        cells = np.searchsorted(self.series, series) * self.values.shape[1] + hour
        return np.asarray(cells, dtype=np.int64)


def _microseconds(instant: datetime) -> int:
    return int(instant.timestamp()) * 1_000_000


def _run_heads(series: Integers, start: Integers, step: int) -> Integers:
    """Where a row does not follow the one before it by one step of the same series."""
    begins = np.ones(len(start), dtype=np.bool_)
    np.not_equal(np.diff(start), step, out=begins[1:])
    begins[1:] |= series[1:] != series[:-1]
    return np.flatnonzero(begins)


def _in_known_order(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows such that a later version comes later. Files of the lake are sorted by (series, start,
    known_at), so the check is all that is usually paid."""
    if "known_at" not in rows.columns:
        return rows
    series, start, known = (pl.col(name) for name in ("series", "start", "known_at"))
    same_hour = (start == start.shift()) & (known >= known.shift())
    same_series = (series == series.shift()) & ((start > start.shift()) | same_hour)
    if rows.select(((series > series.shift()) | same_series).all()).item():
        return rows
    return rows.sort("known_at", maintain_order=True)


def _usable(rows: pl.DataFrame, unusable: Collection[int]) -> pl.DataFrame:
    """A value with an `unusable` flag counts as missing."""
    if "flag" not in rows.columns or not unusable:
        return rows
    bad = pl.col("flag").is_in(list(unusable)).fill_null(False)
    return rows.with_columns(value=pl.when(~bad).then(pl.col("value")))
