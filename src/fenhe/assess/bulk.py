"""Roll-ups in bulk: all hours of a nation to days, one dirty day, a period from stored days.

What a day is, the domain says: a `Condense` takes a block of hours and gives its days, row by
row. It must treat each day alone; then one dirty day recomputed equals the same day of a full
recomputation to the bit, and a batch on Spark equals a batch here.
Days are kept in the lake as derived series of resolution "day".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from functools import partial

import numpy as np
import polars as pl

from fenhe.kernel.period import DAY, Period, civil_midnight
from fenhe.observe import flags
from fenhe.observe.block import UNUSABLE, Block, Floats, Integers
from fenhe.observe.versions import current
from fenhe.store.batches import scan_batches
from fenhe.store.grid import Grid
from fenhe.store.lake import Lake

Condense = Callable[[Block], Floats]
"""[n_series, n_hours] -> [n_series, n_days], NaN where a day is not valid."""

ROWS = 6_000_000  # of hourly readings in one batch
WORKERS = 2  # threads that condense while the next batch is read


def blocks(lake: Lake, period: Period, batches: Iterable[tuple[int, int]]) -> Iterator[Block]:
    """Hours as blocks, one per range of series numbers, versions resolved, failures left out."""
    for build in _builders(lake, period, list(batches)):
        yield build()


def days_of_all(
    lake: Lake,
    period: Period,
    condense: Condense,
    batches: Sequence[tuple[int, int]] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Integers, Floats]:
    """Every series of the lake: series numbers, and their days [n_series, n_days]. The next batch
    is read while others are condensed; memory is that of WORKERS + 1 batches."""
    if batches is None:
        batches = lake.batches("hour", period, ROWS)
    found: list[tuple[Integers, Floats]] = []
    waiting: deque[Future[tuple[Integers, Floats]]] = deque()

    def take(most: int) -> None:
        while len(waiting) > most:
            found.append(waiting.popleft().result())
            if progress is not None:
                progress(len(found), len(batches))

    with ThreadPoolExecutor(WORKERS) as workers:
        for build in _builders(lake, period, batches):
            waiting.append(workers.submit(_condensed, build, condense))
            del build  # the rows are the worker's, to be dropped when it is done
            take(WORKERS - 1)
        take(0)
    if not found:
        return np.empty(0, np.int64), np.empty((0, period.length // DAY))
    return np.concatenate([ids for ids, _ in found]), np.concatenate([days for _, days in found])


def recompute_day(lake: Lake, day: date, series: Sequence[int], condense: Condense) -> Floats:
    """The day of some series from their hours as they are now: one value each, in ascending
    order of the series numbers."""
    period = Period.day(day)
    rows = lake.scan("readings", "hour", period, series, columns=["series", "start", "value"])
    block = Block.empty(period, series)
    block.scatter(rows)  # sorted by known_at within the hour
    block.scatter(_failed(lake, period, series))
    return condense(block)[:, 0]


def stored_days(lake: Lake, period: Period, series: Sequence[int]) -> Floats:
    """Days kept in the lake, [n_series, n_days], in ascending order of the series numbers."""
    ids = np.unique(np.asarray(series, dtype=np.int64))
    first, last = int(ids[0]), int(ids[-1])
    block = Block.empty(period, ids, step=DAY)
    if last - first + 1 == len(ids):  # numbers in a row: the files are pruned by their ranges
        (parts,) = scan_batches(lake, "day", period, [(first, last)])
    else:
        columns = ["series", "start", "value"]
        parts = [lake.scan("readings", "day", period, ids.tolist(), columns=columns)]
    return _filled(block, parts).values


def day_rows(series: Sequence[int] | Integers, first_day: date, days: Floats) -> pl.DataFrame:
    """Days as rows for `observe.readings.append(…, resolution="day")`: series, start, value. A
    day that is not valid is a row without a value, so that it also takes an earlier one back."""
    days = days.reshape(len(series), -1)
    starts = pl.datetime_range(
        civil_midnight(first_day),
        civil_midnight(first_day) + (days.shape[1] - 1) * DAY,
        "1d",
        time_unit="us",
        eager=True,
    )
    return pl.DataFrame(
        {
            "series": np.repeat(np.asarray(series, dtype=np.int32), days.shape[1]),
            "start": pl.concat([starts] * len(series)) if len(series) else starts.clear(),
            "value": pl.Series(days.reshape(-1)).fill_nan(None),
        }
    )


def _builders(
    lake: Lake, period: Period, batches: Sequence[tuple[int, int]]
) -> Iterator[Callable[[], Block]]:
    """Reads batch after batch; what is handed out builds the block, in whichever thread."""
    failed = _failed(lake, period)
    read = scan_batches(lake, "hour", period, batches)
    for (first, last), parts in zip(batches, read, strict=True):
        yield partial(_build, period, first, last, [*parts, failed])


def _build(period: Period, first: int, last: int, parts: Sequence[pl.DataFrame | Grid]) -> Block:
    return _filled(Block.empty(period, np.arange(first, last + 1)), parts)


def _filled(block: Block, parts: Sequence[pl.DataFrame | Grid]) -> Block:
    """Later versions stand later in the parts, and what failed comes last."""
    for part in parts:
        if isinstance(part, Grid):
            block.lay(part)
        else:
            block.scatter(part)
    return block


def _condensed(build: Callable[[], Block], condense: Condense) -> tuple[Integers, Floats]:
    block = build()
    return block.series, condense(block)


def _failed(lake: Lake, period: Period, series: Sequence[int] | None = None) -> pl.DataFrame:
    """Hours whose current reading was judged unusable, as rows that empty them. Flags are few;
    only the series that carry one are looked at again."""
    said = lake.scan("flags", "hour", period, series)
    empty = pl.DataFrame(
        schema={"series": pl.Int32, "start": pl.Datetime("us", "UTC"), "value": pl.Float64}
    )
    if said.is_empty():
        return empty
    readings = current(lake.scan("readings", "hour", period, said["series"].unique().to_list()))
    verdicts = flags.effective(said, readings).filter(pl.col("flag").is_in(list(UNUSABLE)))
    return verdicts.select("series", "start", value=pl.lit(None, pl.Float64))
