"""SIGKILL at any moment between an alarm and the order it becomes: after a restart each alarm has
exactly one order, numbers have no gap, every history agrees with the ledger."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from killing import Worker

# A run is killed after how long at most, and how many times.
ROUNDS = [
    pytest.param(1, 2.0, 3, id="short"),
    pytest.param(2, 1.0, 30, id="long", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("seed", "longest", "limit"), ROUNDS)
def test_each_alarm_has_one_order(tmp_path: Path, seed: int, longest: float, limit: int) -> None:
    city = Worker("orders.py", tmp_path)
    city.do("prepare")
    city.storm(seed, longest, limit)
    told = city.state()
    assert (told["alarms"], told["orders"], told["acknowledged"]) == (30, 30, 30)
    assert told["numbers"] == sorted(f"示例市局派〔2026〕{number}号" for number in range(1, 31))
    assert told["states"] == [["accepted", 2]] * 30
    assert (told["twice"], told["broken"], told["ledger"], told["left"]) == ([], [], [], 0)
