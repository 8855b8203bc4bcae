"""Runs one part in this process and prints what it took as JSON: seconds and peak memory.

python -m contenders.alone nation.ours FOLDER
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl

from contenders import aqi, late, nation

REPEATS = {"full": 15, "small": 3}


def query(name: str, folder: Path) -> dict[str, Any]:
    """A contender over the nation's year; its results are kept for comparison."""
    contender = importlib.import_module(f"contenders.{name}")
    contender.prepare(folder)
    begin, cpu = time.perf_counter(), time.process_time()
    stations, cities = contender.run(folder)
    took, cpu = time.perf_counter() - begin, time.process_time() - cpu
    stations.write_parquet(folder / f"{name}-stations.parquet")
    cities.write_parquet(folder / f"{name}-cities.parquet")
    return {"seconds": took, "cpu_seconds": cpu}


def spark(folder: Path, parts: int) -> dict[str, Any]:
    """The roll-up on Spark and in process; seconds without the start of Spark."""
    from fenhe.assess import bulk
    from fenhe.assess import spark as engine
    from fenhe.store.lake import Lake

    one = nation.Nation.load(folder)
    lake, network = Lake(folder / "lake"), one.network()
    batches = lake.batches("hour", one.period, min(bulk.ROWS, one.rows // parts))
    begin = time.perf_counter()
    session = engine.session()
    started = time.perf_counter()
    series, days = engine.days_of_all(session, lake, one.period, network, batches)
    ended = time.perf_counter()
    session.stop()
    here, expected = bulk.days_of_all(lake, one.period, network)
    equal = np.array_equal(series, here) and np.array_equal(days, expected, equal_nan=True)
    return {"seconds": ended - started, "start_seconds": started - begin, "equal": equal}


def index(count: int, sample: int, repeats: int = 3) -> dict[str, Any]:
    """Rows per second, in turns, medians."""
    frame = aqi.rows(count)
    turns = [(aqi.ours(frame), aqi.package(frame.head(sample))) for _ in range(repeats)]
    package = [rate for _, rate in turns if rate is not None]
    return {
        "rows": count,
        "rate": median(rate for rate, _ in turns),
        "package_rate": median(package) if package else None,
    }


def equal(folder: Path, one: str, other: str) -> bool:
    """Days counted, printed figures and ranks exactly; means and percentiles to 1e-9."""
    stations = [pl.read_parquet(folder / f"{name}-stations.parquet") for name in (one, other)]
    cities = [pl.read_parquet(folder / f"{name}-cities.parquet") for name in (one, other)]
    figures = [table.select("mean", "percentile").to_numpy() for table in stations]
    counted = [table.select("series", "n").cast(pl.Int64) for table in stations]
    return (
        counted[0].equals(counted[1])
        and np.allclose(figures[0], figures[1], rtol=1e-9, atol=0, equal_nan=True)
        and cities[0].equals(cities[1])
    )


def main(part: str, folder: Path, scale: str) -> dict[str, Any]:
    kind, _, name = part.partition(".")
    found: dict[str, Any] = {
        "generate": lambda: nation.generate(nation.of(scale, name), folder) or {},
        "query": lambda: query(name, folder),
        "late": lambda: late.run(folder, REPEATS[scale]),
        "spark": lambda: spark(folder, 4),
        "aqi": lambda: index(*((14_000_000, 20_000) if scale == "full" else (50_000, 500))),
    }[kind]()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found | {"peak_mb": peak}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])))
