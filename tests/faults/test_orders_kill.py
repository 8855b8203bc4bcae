"""SIGKILL at any moment between an alarm and the order it becomes: after a restart each alarm has
exactly one order, numbers have no gap, every history agrees with the ledger."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).with_name("orders.py")
ROUNDS = [
    pytest.param(1, 2.0, 3, id="short"),
    pytest.param(2, 1.0, 30, id="long", marks=pytest.mark.slow),
]
RELEASE = (
    "from fenhe.app.boot import boot; boot()\n"
    "from django.utils import timezone\n"
    "from fenhe.store.models import Outbox\n"
    "Outbox.objects.filter(done_at=None).update(not_before=timezone.now())"
)
"""What a killed worker had claimed comes back when its lease runs out: let it run out now."""


def environment(home: Path) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("FENHE_")}
    return kept | {"FENHE_DATA_DIR": str(home)}


def run(home: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], env=environment(home), capture_output=True, text=True,
        cwd=home, check=False,
    )  # fmt: skip
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
def test_each_alarm_has_one_order(tmp_path: Path, seed: int, longest: float, limit: int) -> None:
    run(tmp_path, str(SCRIPT), "prepare")
    chance = random.Random(seed)  # noqa: S311 (when to kill, no secret)
    kills = 0
    while kills < limit and killed(tmp_path, chance.uniform(0.02, longest)):
        kills += 1
        run(tmp_path, "-c", RELEASE)
    run(tmp_path, str(SCRIPT), "work")
    assert kills
    told = state(tmp_path)
    assert (told["alarms"], told["orders"], told["acknowledged"]) == (30, 30, 30)
    assert told["numbers"] == sorted(f"示例市局派〔2026〕{number}号" for number in range(1, 31))
    assert told["states"] == [["accepted", 2]] * 30
    assert (told["twice"], told["broken"], told["ledger"], told["left"]) == ([], [], [], 0)
