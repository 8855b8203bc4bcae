"""SIGKILL at any moment of the judging: after a restart the verdicts, the derived series and what
is left to do are the same as in a run that nobody disturbed."""

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

SCRIPT = Path(__file__).with_name("judging.py")
# How long a run may work before it is killed, and after how many kills it is left alone.
ROUNDS = [
    pytest.param(1, 1.5, 2, id="short"),
    pytest.param(2, 0.5, 40, id="long", marks=pytest.mark.slow),
]


def environment(home: Path) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("FENHE_")}
    return kept | {"FENHE_DATA_DIR": str(home)}


def run(home: Path, verb: str) -> str:
    command = [sys.executable, str(SCRIPT), verb]
    done = subprocess.run(
        command, env=environment(home), capture_output=True, text=True, cwd=home, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def state(home: Path) -> Any:
    return json.loads(run(home, "state"))


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
def test_judging_survives_being_killed(
    tmp_path: Path, seed: int, longest: float, limit: int
) -> None:
    calm, stormy = tmp_path / "calm", tmp_path / "stormy"
    calm.mkdir()
    run(calm, "prepare")
    shutil.copytree(calm, stormy)
    run(calm, "work")
    expected = state(calm)
    assert expected[0]
    assert expected[1]
    assert expected[2:] == [[0, 0], 0]

    chance = random.Random(seed)  # noqa: S311 (when to kill, no secret)
    kills = 0
    while kills < limit and killed(stormy, chance.uniform(0.02, longest)):
        kills += 1
    # What a killed worker had claimed comes back when its lease runs out: let it run out now.
    release(stormy)
    run(stormy, "work")
    assert kills
    assert state(stormy) == expected


def release(home: Path) -> None:
    command = [
        sys.executable,
        "-c",
        "from fenhe.app.boot import boot; boot()\n"
        "from django.utils import timezone\n"
        "from fenhe.store.models import Outbox\n"
        "Outbox.objects.filter(done_at=None).update(not_before=timezone.now())",
    ]
    subprocess.run(command, env=environment(home), cwd=home, check=True)
