"""`./dev bench water`: what must be fast in surface water, measured in one run on simulated data.

A national snapshot of 1,868 stations classed item by item; and a year of four-hourly samples of all
of them: the real-time class of every sample, months and the year by means rounded for assessment,
with classes and main pollutants of months; against a plain Polars pass over the same Parquet file
that reads the same columns and only takes the means by station and month. `--scale small` only
proves that it works. Limits: 50 ms and 5 s on two cores.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

from fenhe.domains.water.rules import classes, periods, pollutants, tables

STATIONS = 1868
DAYS = {"full": 365, "small": 20}
LIMITS = {"snapshot_ms": 50.0, "year_seconds": 5.0}
ITEMS = ("ph", "do", "codmn", "nh3n", "tp")
MIDDLE = {"ph": 7.9, "do": 8.0, "codmn": 3.5, "nh3n": 0.3, "tp": 0.09}
SPREAD = {"ph": 0.05, "do": 0.25, "codmn": 0.5, "nh3n": 1.0, "tp": 0.7}


def generate(path: Path, days: int) -> int:
    """Samples of every station, log-normal around plausible middles, 3 % missing; sorted."""
    random = np.random.default_rng(3)
    count = days * 6
    starts = np.datetime64("2025-01-01T00:00") + np.arange(count) * np.timedelta64(4, "h")
    columns: dict[str, Any] = {
        "section": np.repeat(np.arange(STATIONS, dtype=np.int32), count),
        "time": np.tile(starts.astype("datetime64[us]"), STATIONS),
    }
    for item in ITEMS:
        level = random.lognormal(0, SPREAD[item], STATIONS)
        own = random.lognormal(0, SPREAD[item] / 3, (STATIONS, count))
        values = np.round(MIDDLE[item] * level[:, None] * own, 3).reshape(-1)
        values[random.random(len(values)) < 0.03] = np.nan
        columns[item] = np.clip(values, 0, 13.9 if item == "ph" else None)
    frame = pl.DataFrame(columns).with_columns(
        pl.col(ITEMS).fill_nan(None),
        waterbody=pl.when(pl.col("section") % 20 == 0).then(pl.lit("lake")).otherwise(
            pl.lit("river")
        ),
    )  # fmt: skip
    frame.write_parquet(path)
    return frame.height


def year(path: Path) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Read, class every sample, then months and the year."""
    edition = tables.surface()
    samples = pl.read_parquet(path)
    judged = periods.real_time(samples, edition, ITEMS)
    share = judged.group_by("section", "level").len()
    means = periods.monthly(samples, ITEMS)
    months = pollutants.main(periods.judged(means, edition, ITEMS), edition, ITEMS)
    whole = pollutants.main(
        periods.judged(periods.yearly(means, ITEMS), edition, ITEMS), edition, ITEMS
    )
    return share, months, whole


def plain(path: Path) -> pl.DataFrame:
    """What anybody writes in Polars: the means by station and month, nothing judged."""
    return (
        pl.scan_parquet(path)
        .with_columns(month=pl.col("time").dt.truncate("1mo"))
        .group_by("section", "month")
        .agg(pl.col(ITEMS).mean())
        .collect()
    )


def timed(act: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Median seconds by the clock and of processor time."""
    wall, cpu = [], []
    for _ in range(repeats):
        begun, used = time.perf_counter(), time.process_time()
        act()
        wall.append(time.perf_counter() - begun)
        cpu.append(time.process_time() - used)
    return median(wall), median(cpu)


def measure(scale: str, repeats: int, folder: Path) -> dict[str, Any]:
    path = folder / "water.parquet"
    rows = generate(path, DAYS[scale])
    edition = tables.surface()
    snapshot = pl.read_parquet(path).group_by("section", maintain_order=True).first()

    def classed() -> pl.DataFrame:
        judged = classes.classify(snapshot, edition)
        return pollutants.main(judged, edition, ITEMS)

    classed()
    year(path)
    _, months, whole = year(path)
    ours, theirs = timed(lambda: year(path), repeats), timed(lambda: plain(path), repeats)
    return {
        "scale": scale,
        "rows": rows,
        "stations": STATIONS,
        "snapshot_ms": 1000 * timed(classed, max(repeats, 20))[0],
        "year_seconds": ours[0],
        "year_cpu_seconds": ours[1],
        "plain_seconds": theirs[0],
        "plain_cpu_seconds": theirs[1],
        "ratio": ours[1] / theirs[1],
        "months": months.height,
        "years": whole.height,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", choices=DAYS, default="full")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--folder", type=Path, help="where to make the data (default: temporary)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder, prefix="fenhe-bench-") as folder:
        found = measure(asked.scale, asked.repeats, Path(folder))
    table = Table(
        "项目 | what", "结果 | result", "要求 | asked", title=f"{found['rows']:,} samples"
    )
    table.add_row(
        f"snapshot of {STATIONS:,} stations", f"{found['snapshot_ms']:.1f} ms",
        f"≤ {LIMITS['snapshot_ms']:.0f} ms",
    )  # fmt: skip
    table.add_row(
        "year: sample classes, months, year",
        f"{found['year_seconds']:.2f} s ({found['year_cpu_seconds']:.2f} s of processor)",
        f"≤ {LIMITS['year_seconds']:.0f} s",
    )  # fmt: skip
    table.add_row(
        "plain Polars means by month",
        f"{found['plain_seconds']:.2f} s ({found['plain_cpu_seconds']:.2f} s)",
        "",
    )
    table.add_row("  ours / plain, processor time", f"{found['ratio']:.1f}×", "")
    Console().print(table)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
