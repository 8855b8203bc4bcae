"""One way to kill a worker at any moment and to look at what it left."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RELEASE = """
from fenhe.app.boot import boot
boot()
from django.utils import timezone
from fenhe.store.models import Outbox
Outbox.objects.filter(done_at=None).update(not_before=timezone.now())
"""


@dataclass(frozen=True)
class Worker:
    """A script beside the tests with the verbs `prepare`, `work` and `state`, and where it works.
    `work` says `working` when it begins and `done` when it is through."""

    script: str
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: text for name, text in os.environ.items() if not name.startswith("FENHE_")}
        return kept | {"FENHE_DATA_DIR": str(self.home)}

    def run(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command], env=self.environment, capture_output=True, text=True,
            cwd=self.home, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def do(self, verb: str) -> str:
        return self.run(str(Path(__file__).with_name(self.script)), verb)

    def state(self) -> Any:
        return json.loads(self.do("state"))

    def killed(self, after: float) -> bool:
        """Start the work and kill it so many seconds after it began; whether it had not ended."""
        command = [sys.executable, str(Path(__file__).with_name(self.script)), "work"]
        with subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, text=True, cwd=self.home
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "working\n"
            time.sleep(after)
            process.kill()
            return "done" not in process.stdout.read()

    def storm(self, seed: int, longest: float, limit: int) -> None:
        """Kill the work up to `limit` times, each run later than the one before (so that a fast
        machine is hit too), then let it end. What a dead worker had claimed comes back when its
        lease runs out: it runs out at once."""
        chance = random.Random(seed)  # noqa: S311 (when to kill, no secret)
        kills = 0
        for after in sorted(chance.uniform(0.005, longest) for _ in range(limit)):
            if not self.killed(after):
                break
            kills += 1
            self.run("-c", RELEASE)
        self.do("work")
        assert kills
