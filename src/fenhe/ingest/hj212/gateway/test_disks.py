"""Disks that are full or stall, bursts, and clocks that step. F-numbers: the fault catalogue."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fenhe.ingest.hj212.gateway import server, writer
from fenhe.ingest.hj212.gateway.conftest import Client, Site, packet, row, run, site, until
from fenhe.ingest.hj212.gateway.server import Limits
from fenhe.kernel.errors import Unavailable
from fenhe.store.spool import SpoolReader, SpoolState, SpoolWriter


def test_a_full_disk_refuses_cleanly_and_what_was_stored_stays(tmp_path: Path) -> None:
    """F4 by SQLite's own limit of pages, for those who may not mount."""
    writer = SpoolWriter(tmp_path)
    now = datetime(2026, 8, 1, tzinfo=UTC)
    assert writer.write([row(0)], now) == 1
    day = tmp_path / "2026-08-01.sqlite3"
    writer._open(now).execute("PRAGMA max_page_count = 30")
    stored = 1
    refusal = ""
    while not refusal:
        try:
            writer.write([row(stored)], now)
            stored += 1
        except Unavailable as error:
            refusal = error.en
    assert "full" in refusal
    assert day.exists()
    reader = SpoolReader(tmp_path)
    assert len(reader.after("2026-08-01", 0, 99_999)) == stored
    assert reader.verify("2026-08-01") is None
    assert writer.write([row(20_000)], now) == 1  # room again


# -- bursts (F12) --------------------------------------------------------------------------------


def test_a_burst_on_a_stalled_disk_is_held_back_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fenhe.ingest.hj212.gateway import writer

    monkeypatch.setattr(writer, "CROWDED", 200)
    monkeypatch.setattr(writer, "PER_COMMIT", 100)
    total = 3000

    async def work() -> None:
        async with site(tmp_path) as here:
            here.spool.seconds = 0.01
            client = await here.connect()
            highest = 0

            async def watch() -> None:
                nonlocal highest
                while True:
                    highest = max(highest, here.gateway.writer.waiting)
                    await asyncio.sleep(0.002)

            watching = asyncio.create_task(watch())
            sending = asyncio.create_task(
                client.send(b"".join(packet(number) for number in range(total)))
            )
            heard = {(await client.heard(20)).field("QN") for _ in range(total)}
            await sending
            watching.cancel()
            assert len(heard) == len(here.rows()) == total
            # One read of the socket may still come in full after the pause.
            assert highest < 200 + 262_144 // 190
            assert here.spool.largest <= 100
            client.close()

    run(work)


# -- a real disk without room (F4) ----------------------------------------------------------------

ROOM = 3 << 20


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of three megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_disk_without_room_answers_nobody_until_it_has_some(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F4: whoever was answered is stored, whoever was not is answered once there is room, without
    a restart and without sending again; the connection stays, however long it takes."""
    monkeypatch.setattr(writer, "LONGEST_WAIT", 0.2)
    ballast = small / "ballast"
    ballast.write_bytes(bytes(ROOM // 2))

    async def work() -> None:
        async with site(small / "spool", Limits(idle_seconds=0.5, frame_seconds=0.5)) as here:
            client = await here.connect()
            answered = await _until_refused(here, client)
            assert answered
            sent = here.gateway.counts.frames
            assert len(here.rows()) == len(answered) < sent
            monkeypatch.setattr(writer, "CROWDED", 1)
            await client.send(packet(sent))  # held back from now on
            await until(lambda: here.gateway.held)
            assert await client.heard(2.5) is None  # beyond both limits of silence
            assert here.gateway.counts.closed_idle == here.gateway.counts.closed_slow == 0
            monkeypatch.undo()
            ballast.unlink()
            while len(answered) <= sent:
                answered.append((await client.heard()).field("QN"))
            assert len(set(answered)) == len(here.rows()) == sent + 1
            assert not here.gateway.writer.error
            day = SpoolReader(small / "spool").days[0]
            assert SpoolReader(small / "spool").verify(day) is None
            client.close()

    run(work)


async def _until_refused(here: Site, client: Client) -> list[str]:
    """One packet at a time until the disk refuses; the QN of those that were answered."""
    answered: list[str] = []
    while True:
        await client.send(packet(len(answered)))
        answer = None
        while answer is None:
            answer = await client.heard(0.5)
            if answer is None and here.gateway.writer.error:
                return answered
        answered.append(answer.field("QN"))


def test_a_disk_that_stalls_holds_everybody_back_and_memory_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F4, F12: fifty loggers send ten times what they should while one write hangs; what waits is
    bounded for all of them together, not for each."""
    monkeypatch.setattr(writer, "CROWDED", 300)
    burst = 10 * 12
    peers = 50

    async def work() -> None:
        async with site(tmp_path) as here:
            here.spool.stalled.clear()
            clients = [await here.connect() for _ in range(peers)]
            raws = [
                b"".join(packet(peer * burst + number) for number in range(burst))
                for peer in range(peers)
            ]
            sending = [
                asyncio.create_task(client.send(raw))
                for client, raw in zip(clients, raws, strict=True)
            ]
            await until(lambda: here.gateway.held)
            await asyncio.sleep(0.3)
            one_read = 262_144 // len(packet()) + 1
            assert here.gateway.writer.waiting <= 300 + one_read
            late = await here.connect()  # comes in the middle of it
            await late.send(packet(peers * burst))
            assert await late.heard(0.2) is None
            here.spool.stalled.set()
            for client in clients:
                heard = {(await client.heard(20)).field("QN") for _ in range(burst)}
                assert len(heard) == burst
            assert (await late.heard()).field("CN") == "9014"
            await asyncio.gather(*sending)
            assert len(here.rows()) == peers * burst + 1
            assert not here.gateway.held
            for client in [*clients, late]:
                client.close()

    run(work)


# -- clocks (F5) ----------------------------------------------------------------------------------


def test_a_clock_that_steps_back_does_not_reopen_yesterday(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path)
    writer.write([row(1)], datetime(2026, 8, 1, 23, 30, tzinfo=UTC))
    writer.write([row(2)], datetime(2026, 8, 2, 0, 10, tzinfo=UTC))
    writer.write([row(3)], datetime(2026, 8, 1, 23, 10, tzinfo=UTC))
    writer.close()
    again = SpoolWriter(tmp_path)
    again.write([row(4)], datetime(2026, 8, 1, 23, 20, tzinfo=UTC))
    reader = SpoolReader(tmp_path)
    assert {day: len(reader.after(day, 0, 9)) for day in reader.days} == {
        "2026-08-01": 1, "2026-08-02": 3,
    }  # fmt: skip
    state = SpoolState(tmp_path)
    seen = []
    while batch := state.next("r", reader, 10):
        seen += [row.received for row in reader.between(batch.day, batch.first, batch.last)]
        state.done(batch)
    assert seen == [1, 2, 3, 4]


def test_a_batch_keeps_its_limits_until_it_is_done(tmp_path: Path) -> None:
    """F2: a reader that fell repeats exactly the same frames, whatever has come since."""
    now = datetime(2026, 8, 1, tzinfo=UTC)
    writer, reader = SpoolWriter(tmp_path), SpoolReader(tmp_path)
    writer.write([row(number) for number in range(5)], now)
    first = SpoolState(tmp_path).next("lake", reader, 100)
    writer.write([row(number) for number in range(5, 9)], now)
    state = SpoolState(tmp_path)
    assert state.next("lake", reader, 100) == first
    assert first is not None
    assert (first.first, first.last) == (1, 5)
    state.done(first)
    after = state.next("lake", reader, 100)
    assert after is not None
    assert (after.first, after.last) == (6, 9)
    assert SpoolState(tmp_path).next("relay", reader, 100) is not None


def test_a_changed_frame_breaks_the_chain(tmp_path: Path) -> None:
    now = datetime(2026, 8, 1, tzinfo=UTC)
    writer, reader = SpoolWriter(tmp_path), SpoolReader(tmp_path)
    for start in range(0, 30, 10):
        writer.write([row(number) for number in range(start, start + 10)], now)
    assert reader.verify("2026-08-01") is None
    writer._open(now).execute("UPDATE frames SET raw = ? WHERE id = 15", [b"other"])
    writer._open(now).commit()
    assert reader.verify("2026-08-01") == 11


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_clock_that_steps_an_hour_closes_nobody_and_mixes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: timedelta
) -> None:
    """F5: the clock of the machine steps at five minutes to midnight; limits of silence do not
    notice, the order of frames stays that in which they came, every packet is stored once."""
    wall = datetime(2026, 8, 1, 23, 55, tzinfo=UTC)
    clock = {"now": wall}

    class Wall(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return clock["now"]

    class Times:
        time_ns = staticmethod(lambda: int(clock["now"].timestamp() * 1e9))
        monotonic = staticmethod(time.monotonic)

    monkeypatch.setattr(writer, "datetime", Wall)
    monkeypatch.setattr(server, "time", Times)

    async def work() -> None:
        async with site(tmp_path, Limits(idle_seconds=60, frame_seconds=60)) as here:
            client = await here.connect()
            for number in range(6):
                if number == 3:
                    clock["now"] = wall + step
                await client.send(packet(number) + packet(number))
                assert [(await client.heard()).field("CN") for _ in "12"] == ["9014", "9014"]
            await asyncio.sleep(1.1)  # one look at the connections
            counts = here.gateway.counts
            assert (counts.closed_idle, counts.closed_slow, counts.connections) == (0, 0, 1)
            rows = here.rows()
            assert [one.raw for one in rows] == [packet(number) for number in range(6)]
            stamps = [one.received for one in rows]
            assert stamps[3] - stamps[2] == step // timedelta(microseconds=1)
            client.close()

    run(work)
