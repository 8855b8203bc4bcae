"""A file far larger than memory should hold at once is read in bounded memory.

FENHE_TEST_LARGE_MB sets the size; the bound does not grow with it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

MEGABYTES = int(os.environ.get("FENHE_TEST_LARGE_MB", "300"))
LARGEST_RESIDENT_MB = 2500
STATIONS = 1600
IMPORT = """
import resource, sys
from pathlib import Path
from fenhe.app.boot import boot
boot()
from fenhe.app import records
records.migrate()
from fenhe.observe import imports
from fenhe.registry.models import Object
Object.objects.bulk_create(
    Object(kind="air_station", code=f"S{i:04}", name_zh=f"S{i:04}") for i in range(1600)
)
report = imports.check(Path(sys.argv[1]), "air-hourly")
done = imports.commit(report.id)
print(report.rows, report.problem_count, done.new)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.slow
def test_memory_is_bounded_whatever_the_size(tmp_path: Path) -> None:
    path, rows = tmp_path / "nation.csv", 0
    hour = datetime(2015, 1, 1)  # noqa: DTZ001 (civil, as in any file)
    with path.open("w", encoding="utf-8") as out:
        out.write("station,time,so2,no2,pm10,pm2_5,co,o3\n")
        while out.tell() < MEGABYTES * 1_000_000:
            stamp = f"{hour:%Y-%m-%d %H:%M}"
            out.writelines(
                f"S{i:04},{stamp},{i % 90},{i % 80},{i % 150},{i % 75},{i % 40 / 10},{i % 200}\n"
                for i in range(STATIONS)
            )
            rows += STATIONS
            hour += timedelta(hours=1)
    kept = {name: text for name, text in os.environ.items() if not name.startswith("FENHE_")}
    ran = subprocess.run(
        [sys.executable, "-c", IMPORT, str(path)],
        env=kept | {"FENHE_DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    counts, resident = ran.stdout.splitlines()
    assert counts == f"{rows} 0 {rows * 6}"
    assert int(resident) < LARGEST_RESIDENT_MB
