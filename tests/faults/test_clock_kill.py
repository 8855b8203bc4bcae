"""SIGKILL at any moment of the sweep, or between two steps of the outbox: every clock has exactly
one reminder in effect, as in a run that nobody disturbed."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).with_name("clocks.py")
RELEASE = """
from fenhe.app.boot import boot
boot()
from django.utils import timezone
from fenhe.store.models import Outbox
Outbox.objects.filter(done_at=None).update(not_before=timezone.now())
"""
# After how long at most a run is killed, and how many times.
ROUNDS = [
    pytest.param(1, 0.8, 3, id="short"),
    pytest.param(2, 0.4, 30, id="long", marks=pytest.mark.slow),
]


def environment(home: Path) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("FENHE_")}
    return kept | {"FENHE_DATA_DIR": str(home)}


def run(home: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        env=environment(home),
        capture_output=True,
        text=True,
        cwd=home,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def state(home: Path) -> Any:
    return json.loads(run(home, str(SCRIPT), "state"))


def killed(home: Path, after: float) -> bool:
    """Start the work and kill it so long after it began; whether it had not finished."""
    command = [sys.executable, str(SCRIPT), "work"]
    with subprocess.Popen(
        command, env=environment(home), stdout=subprocess.PIPE, text=True, cwd=home
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n"
        time.sleep(after)
        process.kill()
        return "done" not in process.stdout.read()


@pytest.mark.parametrize(("seed", "longest", "limit"), ROUNDS)
def test_every_clock_reminds_once_however_often_the_worker_dies(
    tmp_path: Path, seed: int, longest: float, limit: int
) -> None:
    calm, stormy = tmp_path / "calm", tmp_path / "stormy"
    calm.mkdir()
    run(calm, str(SCRIPT), "prepare")
    shutil.copytree(calm, stormy)
    run(calm, str(SCRIPT), "work")
    expected = state(calm)
    clocks, told, left = expected
    assert len(clocks) == len(told) == left[0]
    assert left[1] == 0

    chance = random.Random(seed)  # noqa: S311 (when to kill, no secret)
    kills = 0
    while kills < limit and killed(stormy, chance.uniform(0.02, longest)):
        kills += 1
        # What the dead worker had claimed comes back when its lease runs out: let it run out now.
        run(stormy, "-c", RELEASE)
    run(stormy, str(SCRIPT), "work")
    assert kills
    assert state(stormy) == expected
