"""The rules and the watch of pollution sources on made-up data.

    python bench/sources.py [--outlets 20] [--json]

A month of minutes of that many outlets to valid hours, their hours judged against standard and
permit, and the fraud watch over a year of each. Exit code 1 when a result is not what was made.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from fenhe.domains.sources.fraud import watch
from fenhe.domains.sources.fraud.simulated import outlet
from fenhe.domains.sources.rules import exceedance, validity
from fenhe.domains.sources.rules.exceedance import Outlet

DAYS = 30
BEGIN = datetime(2026, 6, 1)  # noqa: DTZ001  # civil and naive, as devices send


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--outlets", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    measured, right = measure(asked.outlets)
    if asked.json:
        print(json.dumps(measured))
    else:
        for what, (count, seconds) in measured.items():
            print(f"{seconds:7.2f} s {count:10,} {what:20} {count / seconds:12,.0f} /s")
    return int(not right)


def measure(outlets: int) -> tuple[dict[str, tuple[int, float]], bool]:
    minutes = made(outlets)
    measured: dict[str, tuple[int, float]] = {}
    start = time.perf_counter()
    hours = validity.hours(minutes)
    measured["minutes to hours"] = (minutes.height, time.perf_counter() - start)
    held = {
        name: Outlet(name, "GB 13271-2014", "coal boiler", "new coal boiler", permit={"a21026": 99})
        for name in minutes["outlet"].unique()
    }
    start = time.perf_counter()
    judged = exceedance.judged(hours, held, "hour")
    measured["hours judged"] = (hours.height, time.perf_counter() - start)
    years = [outlet(900 + k) for k in range(outlets)]
    start = time.perf_counter()
    watch.watch(years)
    measured["outlet-hours watched"] = (
        sum(series.n for series in years),
        time.perf_counter() - start,
    )
    kept = hours.height == outlets * DAYS * 24 and bool(hours["valid"].all())
    return measured, kept and judged["verdict"].is_in(["kept", "exceeded"]).all()


def made(outlets: int) -> pl.DataFrame:
    rng = np.random.default_rng(1)
    count = DAYS * 1440
    times = [BEGIN + timedelta(minutes=minute) for minute in range(count)]
    one = pl.DataFrame({"time": times, "code": ["a21026"] * count, "flag": ["N"] * count})
    return pl.concat(
        one.with_columns(
            pl.lit(f"B{k:03d}").alias("outlet"),
            pl.Series("value", rng.normal(80, 10, count).round(2)),
        )
        for k in range(outlets)
    )


if __name__ == "__main__":
    raise SystemExit(main())
