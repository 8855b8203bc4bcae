"""F1: kill -9 of the gateway loses no answered packet and stores none twice. The long form of two
hundred kills is `python tests/faults/kill_gateway.py 200`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from kill_gateway import kill


@pytest.mark.slow
def test_no_answered_packet_is_lost_and_none_is_stored_twice(tmp_path: Path) -> None:
    tally, wrong = kill(12, 20261123, tmp_path)
    assert wrong == []
    assert len(tally.acked) > 100
