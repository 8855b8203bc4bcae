"""`./dev bench air`: what must be fast in ambient air, measured in one run.

Each part runs in a process of its own; contenders take turns, and medians and ratios are printed.
Data are made in a folder that is deleted afterwards. `--scale small` only proves that it works.
PyPI's aqi-hub and PySpark are measured where they are installed (requirements/bench.lock).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

HERE = Path(__file__).resolve().parent
PATHS = [str(HERE), str(HERE.parent / "src")]
sys.path[:0] = PATHS

from contenders.alone import equal  # noqa: E402
from contenders.nation import SCALES, SHAPES, of  # noqa: E402

GENERAL = {
    "ours": "Fenhe",
    "by_polars": "Polars, group by",
    "by_polars_keys": "Polars, sorted key",
    "by_polars_grid": "Polars, grid",
    "by_duckdb": "DuckDB",
}
BLIND = "by_polars_pieces"
"""Cuts the column of values into days without looking whose they are: wrong once a row lacks."""
CONTENDERS = {
    "complete": GENERAL | {BLIND: "Polars, pieces of 24"},
    "gaps": GENERAL,
}
LIMITS = {"aqi": 100, "nation": 1.3, "memory_mb": 1536, "late_ms": 200}


def run(part: str, folder: Path, scale: str) -> dict[str, Any]:
    """One part in its own process."""
    paths = [*PATHS, os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "-m", "contenders.alone", part, str(folder), scale],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(scale: str, repeats: int, root: Path, progress: Progress) -> dict[str, Any]:
    spark = importlib.util.find_spec("pyspark") is not None and shutil.which("java") is not None
    steps = 2 + sum(1 + len(names) * repeats for names in CONTENDERS.values()) + spark
    task = progress.add_task("准备数据 | making the data", total=steps)

    def step(part: str, label: str, shape: str = "gaps") -> dict[str, Any]:
        progress.update(task, description=label)
        found = run(part, root / shape, scale)
        progress.advance(task)
        return found

    for shape in SHAPES:
        (root / shape).mkdir()
        step(f"generate.{shape}", "准备数据 | making the data", shape)
    index = step("aqi", "AQI")
    nation = {}
    for shape, contenders in CONTENDERS.items():
        runs: dict[str, list[dict[str, Any]]] = {name: [] for name in contenders}
        for _ in range(repeats):
            for name, label in contenders.items():
                label = f"全国一年 | nation-year ({shape}): {label}"
                runs[name].append(step(f"query.{name}", label, shape))
        nation[shape] = judged(root / shape, runs)
    on_spark = step("spark", "Spark local[2]") if spark else None
    late = step("late", "迟到数据 | one late value")  # changes the lake, so it comes last
    return {
        "scale": scale,
        "hours": of(scale).rows,
        "repeats": repeats,
        "aqi": index,
        "nation": nation,
        "late": late,
        "spark": on_spark,
    }


def judged(folder: Path, runs: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Medians, ours against the best of the others, and whether all found the same."""
    seconds = {name: median(one["seconds"] for one in some) for name, some in runs.items()}
    others = [name for name in runs if name != "ours"]
    best = min(others, key=lambda name: seconds[name])
    by_key = min((name for name in others if name != BLIND), key=lambda name: seconds[name])
    return {
        "seconds": seconds,
        "cpu_seconds": {
            name: median(one["cpu_seconds"] for one in some) for name, some in runs.items()
        },
        "peak_mb": {name: max(one["peak_mb"] for one in some) for name, some in runs.items()},
        "best": best,
        "ratio_to_best": seconds["ours"] / seconds[best],
        "ratio_to_best_by_key": seconds["ours"] / seconds[by_key],
        "equal": all(equal(folder, "ours", name) for name in runs),
    }


def table_of(found: dict[str, Any]) -> Table:
    table = Table("项目 | what", "结果 | result", "要求 | asked", title=f"{found['hours']:,} hours")
    index, nation, late, spark = (found[name] for name in ("aqi", "nation", "late", "spark"))
    table.add_row(f"AQI, {index['rows']:,} rows", f"{index['rate'] / 1e6:.2f} M rows/s", "")
    if index["package_rate"]:
        ratio = index["rate"] / index["package_rate"]
        table.add_row("  / aqi-hub row by row", f"{ratio:,.0f}×", f"≥ {LIMITS['aqi']}×")
    else:
        table.add_row("  / aqi-hub row by row", "未安装 | not installed", f"≥ {LIMITS['aqi']}×")
    for shape, contenders in CONTENDERS.items():
        rows_of_shape(table, shape, contenders, nation[shape])
    cells = f"{late['median_ms']:.0f} ms (max {late['max_ms']:.0f})"
    table.add_row("one late value -> ranking", cells, f"≤ {LIMITS['late_ms']} ms")
    table.add_row("  equal to full recomputation", str(late["equal"]), "True")
    if spark:
        cells = f"{spark['seconds']:.1f} s + {spark['start_seconds']:.1f} s start"
        table.add_row("Spark local[2]", cells, "")
        table.add_row("  equal to in-process", str(spark["equal"]), "True")
    else:
        table.add_row("Spark local[2]", "没有 PySpark 或 Java | no PySpark or Java", "")
    return table


def rows_of_shape(
    table: Table, shape: str, contenders: dict[str, str], found: dict[str, Any]
) -> None:
    for name, label in contenders.items():
        cells = f"{found['seconds'][name]:.2f} s, {found['peak_mb'][name]:,.0f} MB"
        table.add_row(
            f"nation-year, {shape}: {label}", cells, "≤ 1,536 MB" if name == "ours" else ""
        )
    for text, ratio in (
        ("best", "ratio_to_best"),
        ("best that reads its keys", "ratio_to_best_by_key"),
    ):
        table.add_row(f"  ours / {text}", f"{found[ratio]:.2f}×", f"≤ {LIMITS['nation']}×")
    table.add_row("  equal results", str(found["equal"]), "True")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", choices=SCALES, default="full")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--folder", type=Path, help="where to make the data (default: temporary)")
    asked = parser.parse_args()
    console = Console(stderr=True)
    with (
        tempfile.TemporaryDirectory(dir=asked.folder, prefix="fenhe-bench-") as folder,
        Progress(console=console, transient=True) as progress,
    ):
        found = measure(asked.scale, asked.repeats, Path(folder), progress)
    Console().print(table_of(found))
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
