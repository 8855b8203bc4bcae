"""SIGKILL at any moment of the judging: after a restart the verdicts, the derived series and what
is left to do are the same as in a run that nobody disturbed."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from killing import Worker

# A run is killed after how long at most, and how many times.
ROUNDS = [
    pytest.param(1, 1.5, 2, id="short"),
    pytest.param(2, 0.5, 40, id="long", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("seed", "longest", "limit"), ROUNDS)
def test_judging_survives_being_killed(
    tmp_path: Path, seed: int, longest: float, limit: int
) -> None:
    calm, stormy = (Worker("judging.py", tmp_path / name) for name in ("calm", "stormy"))
    calm.home.mkdir()
    calm.do("prepare")
    shutil.copytree(calm.home, stormy.home)
    calm.do("work")
    expected = calm.state()
    assert expected[0]
    assert expected[1]
    assert expected[2:] == [[0, 0], 0]

    stormy.storm(seed, longest, limit)
    assert stormy.state() == expected
