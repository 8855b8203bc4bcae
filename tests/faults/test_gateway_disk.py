"""F4 with a gateway of its own process, whose files may grow no further: no root needed."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from fenhe.ingest.hj212 import decode_frame
from fenhe.ingest.hj212.gateway.conftest import Client, packet, run
from fenhe.store.spool import SpoolReader

HERE = Path(__file__).parent
MN = f"{1:024X}"
LIMIT = 200_000


@pytest.mark.slow
def test_files_that_may_not_grow_stop_the_answers_until_they_may(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, str(HERE / "gateway.py"), str(tmp_path), "1"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(HERE.parents[1] / "src")},
    )  # fmt: skip
    assert child.stdout is not None
    try:
        port = int(child.stdout.readline())
        run(lambda: _filled_and_freed(port, child.pid, tmp_path))
    finally:
        child.terminate()
        child.wait()
        child.stdout.close()


async def _filled_and_freed(port: int, pid: int, folder: Path) -> None:
    client = Client(*await asyncio.open_connection("127.0.0.1", port))
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (LIMIT, hard))
    answered: set[str] = set()
    sent = 0
    answer = None
    while sent < 50 or answer is not None:
        raw = b"".join(packet(sent + number, mn=MN) for number in range(50))
        await client.send(raw)
        sent += 50
        for _ in range(50):
            answer = await client.heard(1.5)
            if answer is None:
                break
            answered.add(answer.field("QN"))
        assert sent < 20_000, "the limit was never felt"
    assert _stored(folder) >= answered  # nobody was answered whose packet is not on the disk
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
    while len(answered) < sent:
        answer = await client.heard(20)
        assert answer is not None, "room again, and still no answer"
        answered.add(answer.field("QN"))
    assert _stored(folder) == answered
    reader = SpoolReader(folder)
    assert [reader.verify(day) for day in reader.days] == [None] * len(reader.days)
    client.close()


def _stored(folder: Path) -> set[str]:
    reader = SpoolReader(folder)
    rows = [row for day in reader.days for row in reader.after(day, 0, 100_000)]
    found = {decode_frame(row.raw).field("QN") for row in rows}
    assert len(found) == len(rows)
    return found
