"""SIGKILL at any moment of an import: after recovery the file is in the lake as a whole, told to
the later stages, or not at all and ready to be committed again; and the file itself is kept."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

IMPORTER = Path(__file__).with_name("importer.py")
STATIONS, HOURS = 40, 24 * 40  # two months of the lake
READINGS = STATIONS * HOURS * 6

ROUNDS = [
    pytest.param(7, 4, id="short"),
    pytest.param(8, 25, id="long", marks=pytest.mark.slow),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("import-kill")
    run(home, "set-up")
    (home / "hours.csv").write_text("station,time,so2,no2,pm10,pm2_5,co,o3\n" + rows())
    return home


def rows() -> str:
    first = datetime(2015, 1, 1)  # noqa: DTZ001 (civil, as in any file)
    return "".join(
        f"S{station:02},{first + timedelta(hours=hour):%Y-%m-%d %H:%M},1,2,3,4,0.5,6\n"
        for station in range(STATIONS)
        for hour in range(HOURS)
    )


def environment(home: Path) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("FENHE_")}
    return kept | {"FENHE_DATA_DIR": str(home)}


def start(home: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(IMPORTER), *arguments]
    return subprocess.Popen(
        command, env=environment(home), stdout=subprocess.PIPE, text=True, cwd=home
    )


def run(home: Path, *arguments: str) -> str:
    process = start(home, *arguments)
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 0
    return output


@pytest.mark.parametrize(("seed", "rounds"), ROUNDS)
def test_a_killed_import_is_whole_or_absent(home: Path, seed: int, rounds: int) -> None:
    chance = random.Random(seed)  # noqa: S311 (when to kill, no secret)
    for _ in range(rounds):
        process = start(home, "hours.csv")
        assert process.stdout is not None
        process.stdout.readline()  # the check is done; commit begins
        time.sleep(chance.uniform(0.0, 0.25))
        process.kill()
        acknowledged = "committed" in process.stdout.read()
        process.wait()
        states, found, told = run(home, "recover").split()
        assert "committing" not in states
        assert int(found) in (0, READINGS), "never half a file"
        if acknowledged or "committed" in states:
            assert int(found) == READINGS
        if int(found):
            assert told == "True", "later stages hear of what is in the lake"
    assert "committed" in run(home, "hours.csv")
    states, found, told = run(home, "recover").split()
    assert (int(found), told) == (READINGS, "True")
