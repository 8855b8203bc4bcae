"""The same roll-up on Spark: ranges of series numbers go to tasks, and each task reads its range
of the lake and condenses it with the very function used in process, so the days are equal.

Needs the extra `fenhe[spark]` and Java. The lake must be readable from every executor: a shared
disk or object storage.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from fenhe.assess import bulk
from fenhe.kernel.errors import Unavailable
from fenhe.kernel.period import Period
from fenhe.observe.block import Floats, Integers
from fenhe.store.lake import Lake

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SCHEMA = "series long, days array<double>"
LOOPBACK = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}


def session(master: str = "local[2]", memory: str = "2g") -> SparkSession:
    """A session on this machine, or on the cluster named. Raises Unavailable without PySpark."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise Unavailable(
            "assess.no-spark",
            "没有安装 PySpark：pip install 'fenhe[spark]'，并需要 Java",
            "PySpark is not installed: pip install 'fenhe[spark]'; Java is needed too",
        ) from error
    if master.startswith("local"):  # tasks must run on the Python that is running here
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder: Any = SparkSession.builder
    spark: SparkSession = (
        builder.master(master)
        .appName("fenhe")
        .config("spark.driver.memory", memory)
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config(map=LOOPBACK if master.startswith("local") else {})
        .getOrCreate()
    )
    return spark


def days_of_all(
    spark: SparkSession,
    lake: Lake,
    period: Period,
    condense: bulk.Condense,
    batches: Sequence[tuple[int, int]] | None = None,
) -> tuple[Integers, Floats]:
    """`bulk.days_of_all` with one task per batch; the same numbers in the same order."""
    if batches is None:
        batches = lake.batches("hour", period, bulk.ROWS)
    ranges = spark.createDataFrame(list(batches), "first long, last long")
    task = _task(lake.root, lake.options, period, condense)
    spread = ranges.repartition(max(1, len(batches)), "first")
    table = spread.mapInArrow(task, SCHEMA).toArrow()
    series = np.asarray(table["series"].to_numpy(), dtype=np.int64)
    flat = table["days"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    days = np.asarray(flat, dtype=np.float64).reshape(len(series), -1)
    order = np.argsort(series)
    return series[order], days[order]


def _task(
    root: str, options: dict[str, str] | None, period: Period, condense: bulk.Condense
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def run(ranges: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        lake = Lake(root, options)
        for some in ranges:
            for row in some.to_pylist():
                for block in bulk.blocks(lake, period, [(row["first"], row["last"])]):
                    yield _batch(block.series, condense(block))

    return run


def _batch(series: Integers, days: Floats) -> pa.RecordBatch:
    offsets = np.arange(0, days.size + 1, days.shape[1], dtype=np.int32)
    lists = pa.ListArray.from_arrays(pa.array(offsets), pa.array(days.reshape(-1)))
    return pa.RecordBatch.from_arrays([pa.array(series), lists], names=["series", "days"])
