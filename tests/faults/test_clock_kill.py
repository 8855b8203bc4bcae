"""SIGKILL at any moment of the sweep, or between two steps of the outbox: every clock has exactly
one reminder in effect, and each that came to supervision one case with one notice, as in a run
that nobody disturbed."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from killing import Worker

# A run is killed after how long at most, and how many times.
ROUNDS = [
    pytest.param(1, 0.8, 3, id="short"),
    pytest.param(2, 0.4, 30, id="long", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("seed", "longest", "limit"), ROUNDS)
def test_every_clock_reminds_once_however_often_the_worker_dies(
    tmp_path: Path, seed: int, longest: float, limit: int
) -> None:
    calm, stormy = (Worker("clocks.py", tmp_path / name) for name in ("calm", "stormy"))
    calm.home.mkdir()
    calm.do("prepare")
    shutil.copytree(calm.home, stormy.home)
    calm.do("work")
    expected = calm.state()
    clocks, told, left, supervised, numbers, broken = expected
    assert len(clocks) == len(told) == left[0]
    assert left[1] == 0
    assert len(set(supervised)) == len(supervised) == numbers
    assert len(supervised) == sum(step == "supervision" for _, step, _, _ in told) > 0
    assert broken == []

    stormy.storm(seed, longest, limit)
    assert stormy.state() == expected
