"""The gateway over real TCP: answers after the disk, duplicates, strangers, limits, bursts, disks
that are full or slow, clocks that step. F-numbers: the fault catalogue."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fenhe.ingest.hj212 import Compat, Framer, crc, decode_frame, encode
from fenhe.ingest.hj212.gateway.asking import Desk, Dialogue
from fenhe.ingest.hj212.gateway.directory import Device, Directory, compat_of
from fenhe.ingest.hj212.gateway.server import Gateway, Limits
from fenhe.kernel.errors import BadInput, Unavailable
from fenhe.store.spool import Row, SpoolReader, SpoolState, SpoolWriter

MN = "010000A8900016F000169DC0"
OTHER = "010000A8900016F000169DC1"
FACTORS = {"a21026": {"Rtd": "12.5", "Flag": "N"}}


def packet(
    number: int = 0, flag: str = "5", mn: str = MN, pw: str = "123456", **more: str
) -> bytes:
    head = {
        "QN": f"20260801{number // 3600000 % 24:02d}{number // 60000 % 60:02d}"
        f"{number // 1000 % 60:02d}{number % 1000:03d}",
        "ST": "31", "CN": "2011", "PW": pw, "MN": mn, "Flag": flag, **more,
    }  # fmt: skip
    return encode(head, {"DataTime": head["QN"][:14]}, FACTORS)


class Slow(SpoolWriter):
    """A disk that takes its time, or refuses."""

    seconds = 0.0
    full = False
    largest = 0

    def write(self, rows: Any, now: datetime) -> int:
        self.largest = max(self.largest, len(rows))
        if self.full:
            raise Unavailable("spool.cannot-write", "满", "disk full")
        time.sleep(self.seconds)
        return super().write(rows, now)


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._framer, self._frames = Framer(), list[bytes]()

    async def send(self, raw: bytes) -> None:
        self.writer.write(raw)
        await self.writer.drain()

    async def heard(self, seconds: float = 5.0) -> Any:
        """The next packet of the gateway; None when it says nothing more."""
        while not self._frames:
            try:
                chunk = await asyncio.wait_for(self.reader.read(65536), seconds)
            except (TimeoutError, ConnectionError):
                return None
            if not chunk:
                return None
            self._frames += self._framer.feed(chunk)
        return decode_frame(self._frames.pop(0))

    async def closed(self, seconds: float = 5.0) -> bool:
        try:
            return await asyncio.wait_for(self.reader.read(1), seconds) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def close(self) -> None:
        self.writer.close()


class Site:
    def __init__(self, gateway: Gateway, spool: Slow, port: int, folder: Path) -> None:
        self.gateway, self.spool, self.port, self.folder = gateway, spool, port, folder

    async def connect(self, **more: Any) -> Client:
        return Client(*await asyncio.open_connection("127.0.0.1", self.port, **more))

    def rows(self) -> list[Any]:
        reader = SpoolReader(self.folder)
        return [row for day in reader.days for row in reader.after(day, 0, 1_000_000)]


@asynccontextmanager
async def site(
    folder: Path, limits: Limits | None = None, tls: ssl.SSLContext | None = None, **agreed: Any
) -> AsyncIterator[Site]:
    spool = Slow(folder)
    directory = Directory(
        [Device(MN, "123456", compat=Compat(**agreed)), Device(OTHER, "123456", enabled=False)]
    )
    gateway = Gateway(spool, directory, limits)
    port = await gateway.listen("127.0.0.1", 0, tls)
    try:
        yield Site(gateway, spool, port, folder)
    finally:
        spool.full, spool.seconds = False, 0.0
        await gateway.drain()


def run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(_awaited(work), 60))


async def _awaited(work: Callable[[], Awaitable[None]]) -> None:
    await work()


async def until(true: Callable[[], Any], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never became true"
        await asyncio.sleep(0.01)


# -- answers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (packet(flag="5"), {"CN": "9014", "ST": "91", "Flag": "4", "QN": "20260801000000000"}),
        (packet(flag="9"), {"CN": "9014", "Flag": "8"}),
        (packet(flag="1"), {"CN": "9014", "Flag": "0"}),
        (packet(flag="5", CN="1013"), {"CN": "9013"}),
        (packet(flag="9", CN="9015"), {"CN": "9013", "Flag": "8"}),
        (packet(flag="9", RF="1"), {"CN": "9014"}),
        (packet(flag="1", CN="9021"), {"CN": "9022"}),
    ],
)
def test_a_packet_is_answered_in_its_own_edition(
    tmp_path: Path, raw: bytes, expected: dict[str, str]
) -> None:
    async def work() -> None:
        async with site(tmp_path) as here:
            client = await here.connect()
            await client.send(raw)
            answer = await client.heard()
            assert answer.verdict == "accept" or answer.edition == "2005"
            assert {name: answer.field(name) for name in expected} == expected
            assert answer.field("MN") == MN
            if answer.edition == "2005":
                assert answer.cp["QN"] == "20260801000000000"
            client.close()

    run(work)


def test_what_wants_no_answer_gets_none_and_is_kept(tmp_path: Path) -> None:
    async def work() -> None:
        async with site(tmp_path) as here:
            client = await here.connect()
            await client.send(packet(1, flag="4") + packet(2, CN="9014"))
            assert await client.heard(0.3) is None
            assert len(here.rows()) == 2
            client.close()

    run(work)


def test_nobody_is_answered_before_the_disk_has_it(tmp_path: Path) -> None:
    async def work() -> None:
        async with site(tmp_path) as here:
            here.spool.full = True
            client = await here.connect()
            await client.send(packet(1))
            assert await client.heard(0.5) is None
            assert here.gateway.writer.error
            here.spool.full = False
            answer = await client.heard()
            assert answer.field("CN") == "9014"
            assert [row.mn for row in here.rows()] == [MN]
            assert not here.gateway.writer.error
            client.close()

    run(work)


def test_a_packet_sent_again_is_answered_again_and_stored_once(tmp_path: Path) -> None:
    """F6: also when it comes over another connection, and after a restart."""

    async def work() -> None:
        for _ in range(2):
            async with site(tmp_path) as here:
                for _ in range(2):
                    client = await here.connect()
                    await client.send(packet(1) + packet(1) + packet(2))
                    heard = [await client.heard() for _ in range(3)]
                    assert [one.field("QN")[-1] for one in heard] == ["1", "1", "2"]
                    client.close()
                assert len(here.rows()) == 2

    run(work)


# -- strangers and broken frames (F13) ------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (packet(mn="F" * 24), "unknown_mn"),
        (packet(pw="654321"), "wrong_pw"),
        (packet(mn=OTHER), "disabled"),
        (packet()[:-6] + b"0000\r\n", "rejected"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "noise"),
    ],
)
def test_what_is_not_taken_is_kept_unanswered_and_harms_nobody(
    tmp_path: Path, raw: bytes, why: str
) -> None:
    async def work() -> None:
        async with site(tmp_path) as here:
            client = await here.connect()
            await client.send(raw + packet(7))
            answer = await client.heard()
            assert answer.field("QN").endswith("7")
            assert await client.heard(0.2) is None
            kept = SpoolReader(tmp_path).kept_back(SpoolReader(tmp_path).days[0], 10)
            assert [(row.quarantine, row.raw.strip()) for row in kept] == [(why, raw.strip())]
            client.close()

    run(work)


def test_what_is_agreed_with_a_device_counts_for_it_alone(tmp_path: Path) -> None:
    good = packet(3)
    value = crc.modbus(good[6:-6])
    foreign = good[:-6] + b"%04X\r\n" % value

    async def work() -> None:
        async with site(tmp_path / "strict") as here:
            client = await here.connect()
            await client.send(foreign)
            assert await client.heard(0.3) is None
            client.close()
        async with site(tmp_path / "agreed", crc=frozenset({"modbus"})) as here:
            client = await here.connect()
            await client.send(foreign)
            assert (await client.heard()).field("CN") == "9014"
            client.close()

    run(work)


@pytest.mark.parametrize(
    "agreed", [{"crc": ["md5"]}, {"sm4_keys": ["12"]}, {"sm4_keys": ["xx"]}, {"cap": 99999}]
)
def test_settings_of_a_device_are_checked(agreed: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        compat_of(agreed)


# -- connections (F14) ----------------------------------------------------------------------------


def test_silent_and_slow_connections_are_closed_and_others_live(tmp_path: Path) -> None:
    async def work() -> None:
        async with site(tmp_path, Limits(idle_seconds=1.5, frame_seconds=1.5)) as here:
            silent, slow, alive = [await here.connect() for _ in range(3)]

            async def drip() -> None:
                for byte in packet(1)[:-8]:
                    slow.writer.write(bytes([byte]))
                    await asyncio.sleep(0.05)

            task = asyncio.create_task(drip())
            for number in range(20):
                await alive.send(packet(number + 10))
                assert (await alive.heard()).field("CN") == "9014"
                await asyncio.sleep(0.2)
            assert await silent.closed()
            assert await slow.closed()
            task.cancel()
            assert here.gateway.counts.closed_idle == 1
            assert here.gateway.counts.closed_slow == 1
            assert any(row.quarantine == "noise" for row in here.rows())
            await alive.send(packet(99))
            assert (await alive.heard()).field("CN") == "9014"
            alive.close()

    run(work)


def test_a_half_open_peer_does_not_keep_its_place(tmp_path: Path) -> None:
    """The peer vanished without a word: the same device connects anew and is served at once."""

    async def work() -> None:
        async with site(tmp_path, Limits(idle_seconds=1.0)) as here:
            gone = await here.connect()
            await gone.send(packet(1))
            await gone.heard()
            back = await here.connect()
            await back.send(packet(2))
            assert (await back.heard()).field("QN").endswith("2")
            assert here.gateway.by_mn[MN].peer == ":".join(
                map(str, back.writer.get_extra_info("sockname"))
            )
            for number in range(3, 12):
                await back.send(packet(number))
                await back.heard()
                await asyncio.sleep(0.25)
            assert here.gateway.counts.closed_idle == 1
            assert len(here.gateway.connections) == 1
            back.close()

    run(work)


def test_connections_are_limited_in_all_and_per_peer(tmp_path: Path) -> None:
    async def work() -> None:
        async with site(tmp_path, Limits(per_peer=3)) as here:
            clients = [await here.connect() for _ in range(5)]
            await until(lambda: here.gateway.counts.refused == 2)
            assert len(here.gateway.connections) == 3
            closed = [await client.closed(0.3) for client in clients]
            assert closed.count(True) == 2
            clients[closed.index(False)].close()
            await until(lambda: len(here.gateway.connections) == 2)
            again = await here.connect()
            await again.send(packet(1))
            assert (await again.heard()).field("CN") == "9014"

    run(work)


def test_a_peer_that_does_not_read_its_answers_is_no_longer_read(tmp_path: Path) -> None:
    async def work() -> None:
        async with site(tmp_path, Limits(stuck_seconds=1.0)) as here:
            deaf = socket.socket()
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect(("127.0.0.1", here.port))
            deaf.setblocking(False)
            raw = b"".join(packet(number) for number in range(500))
            rest = raw
            while not here.gateway.counts.closed_stuck:
                try:
                    rest = rest[deaf.send(rest) :] or raw
                except BlockingIOError:
                    await asyncio.sleep(0.02)
                except OSError:
                    break
                await asyncio.sleep(0)
            await until(lambda: here.gateway.counts.closed_stuck == 1)
            deaf.close()

    run(work)


# -- bursts and disks (F4, F12) -------------------------------------------------------------------


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


def test_a_full_disk_refuses_cleanly_and_what_was_stored_stays(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path)
    now = datetime(2026, 8, 1, tzinfo=UTC)
    assert writer.write([_row(0)], now) == 1
    day = tmp_path / "2026-08-01.sqlite3"
    writer._open(now).execute("PRAGMA max_page_count = 30")
    stored = 1
    refusal = ""
    while not refusal:
        try:
            writer.write([_row(stored)], now)
            stored += 1
        except Unavailable as error:
            refusal = error.en
    assert "full" in refusal
    assert day.exists()
    reader = SpoolReader(tmp_path)
    assert len(reader.after("2026-08-01", 0, 99_999)) == stored
    assert reader.verify("2026-08-01") is None
    assert writer.write([_row(20_000)], now) == 1  # room again


def _row(number: int, mn: str = MN) -> Row:
    raw = packet(number, mn=mn)
    stamp = f"2026{number:010d}"
    return Row(number, "p", mn, "2011", stamp, raw[-14:-6], "accept", "", "", raw)


# -- clocks (F5) ----------------------------------------------------------------------------------


def test_a_clock_that_steps_back_does_not_reopen_yesterday(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path)
    writer.write([_row(1)], datetime(2026, 8, 1, 23, 30, tzinfo=UTC))
    writer.write([_row(2)], datetime(2026, 8, 2, 0, 10, tzinfo=UTC))
    writer.write([_row(3)], datetime(2026, 8, 1, 23, 10, tzinfo=UTC))
    writer.close()
    again = SpoolWriter(tmp_path)
    again.write([_row(4)], datetime(2026, 8, 1, 23, 20, tzinfo=UTC))
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
    writer.write([_row(number) for number in range(5)], now)
    first = SpoolState(tmp_path).next("lake", reader, 100)
    writer.write([_row(number) for number in range(5, 9)], now)
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
        writer.write([_row(number) for number in range(start, start + 10)], now)
    assert reader.verify("2026-08-01") is None
    writer._open(now).execute("UPDATE frames SET raw = ? WHERE id = 15", [b"other"])
    writer._open(now).commit()
    assert reader.verify("2026-08-01") == 11


# -- drain, TLS -----------------------------------------------------------------------------------


def test_what_was_read_is_stored_and_answered_before_the_end(tmp_path: Path) -> None:
    async def work() -> None:
        async with site(tmp_path) as here:
            here.spool.seconds = 0.3
            client = await here.connect()
            await client.send(b"".join(packet(number) for number in range(50)))
            await until(lambda: here.gateway.counts.frames == 50)
            await here.gateway.drain()
            assert len([1 for _ in range(50) if await client.heard(1)]) == 50
            assert len(here.rows()) == 50
            assert await client.closed()

    run(work)


def test_over_tls(tmp_path: Path) -> None:
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate, key)
    trust = ssl.create_default_context(cafile=str(certificate))
    trust.check_hostname = False

    async def work() -> None:
        async with site(tmp_path / "spool", tls=server) as here:
            client = await here.connect(ssl=trust)
            await client.send(packet(1))
            assert (await client.heard()).field("CN") == "9014"
            client.close()

    run(work)


# -- dialogues ------------------------------------------------------------------------------------


def dialogue(**more: Any) -> Dialogue:
    qn = "20260801090000001"
    raw = packet(1, CN="2061", QN=qn)
    return Dialogue("1", MN, qn, "2061", raw, **more)


def said(cn: str, cp: dict[str, str], qn: str = "20260801090000001", **more: str) -> Any:
    head = {"QN": qn, "ST": "91", "CN": cn, "PW": "123456", "MN": MN, "Flag": "4", **more}
    return decode_frame(encode(head, cp))


def test_a_history_request_runs_to_its_end() -> None:
    ended: list[Dialogue] = []
    one = dialogue(ended=ended.append)
    one.start(0.0)
    one.hear(said("9011", {"QnRtn": "1"}), 1.0)
    for number in range(3):
        one.hear(
            said("2061", {"DataTime": f"2026080108{number:02d}00"}, f"2026080109000010{number}"), 2
        )
    one.hear(said("9012", {"ExeRtn": "1"}, qn="20260801090000999"), 2.5)  # of another exchange
    assert one.state == "accepted"
    one.hear(said("9012", {"ExeRtn": "1"}), 3.0)
    assert (one.state, one.packets, ended) == ("done", 3, [one])


@pytest.mark.parametrize(
    ("cn", "cp", "state", "code"),
    [
        ("9011", {"QnRtn": "3"}, "refused", "3"),
        ("9012", {"ExeRtn": "100"}, "done", "100"),
        ("9012", {"ExeRtn": "5"}, "failed", "5"),
        ("9011", {"QnRtn": "1", "QN": "20260801090000001"}, "accepted", "1"),
    ],
)
def test_every_answer_means_something(cn: str, cp: dict[str, str], state: str, code: str) -> None:
    one = dialogue()
    one.start(0.0)
    one.hear(said(cn, cp, qn="20260801090000001" if "QN" not in cp else "20200101000000000"), 1.0)
    assert (one.state, one.code) == (state, code)


def test_silence_is_asked_again_and_then_given_up() -> None:
    one = dialogue()
    assert one.start(0.0) == one.raw
    assert one.tick(9.9) is None
    assert [one.tick(10.0 * n) for n in (1, 2, 3)] == [one.raw] * 3
    assert one.tick(40.0) is None
    assert (one.state, one.sent) == ("dead", 4)
    half = dialogue()
    half.start(0.0)
    half.hear(said("9011", {"QnRtn": "1"}), 1.0)
    assert half.tick(100.0) is None
    assert half.tick(400.0) is None
    assert half.state == "failed"


def test_one_dialogue_at_a_time_and_only_with_who_is_there() -> None:
    desk = Desk()
    first, second = dialogue(), dialogue(is_notice=True)
    desk.put(first)
    desk.put(second)
    assert list(desk.tick(0.0, set())) == []
    assert list(desk.tick(0.0, {MN})) == [(MN, first.raw)]
    assert list(desk.tick(1.0, {MN})) == []
    desk.hear(MN, said("9012", {"ExeRtn": "1"}))
    assert list(desk.tick(2.0, {MN})) == [(MN, second.raw)]
    desk.hear(MN, said("9013", {}))
    assert second.state == "done"


def test_a_dialogue_over_the_wire(tmp_path: Path) -> None:
    async def work() -> None:
        async with site(tmp_path) as here:
            client = await here.connect()
            await client.send(packet(1))
            await client.heard()
            ended: list[Dialogue] = []
            one = dialogue(ended=ended.append)
            here.gateway.desk.put(one)
            asked = await client.heard()
            assert asked.field("CN") == "2061"
            await client.send(said("9011", {"QnRtn": "1"}).raw)
            await client.send(packet(5, CN="2061", flag="4") + said("9012", {"ExeRtn": "1"}).raw)
            await until(lambda: ended)
            assert (one.state, one.packets) == ("done", 1)
            client.close()

    run(work)
