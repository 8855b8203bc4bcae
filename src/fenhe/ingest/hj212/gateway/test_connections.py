"""Peers that are silent, slow, half-open, deaf or too many at once; the end; TLS. F-numbers: the
fault catalogue."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
from pathlib import Path

from fenhe.ingest.hj212.gateway.conftest import MN, Client, leap, packet, run, site, until
from fenhe.ingest.hj212.gateway.server import Limits

LIMIT, MOST = 60.0, 240.0
STEP = 0.6 * LIMIT
"""One step is within the limit, two are not; a machine that stalls for 20 s changes neither."""

# -- connections (F14) ----------------------------------------------------------------------------


def test_silent_and_slow_connections_are_closed_and_others_live(tmp_path: Path) -> None:
    async def work() -> None:
        async with site(tmp_path, Limits(idle_seconds=LIMIT, frame_seconds=LIMIT)) as here:
            silent, slow, alive = [await here.connect() for _ in range(3)]
            most = packet(1)[:-8]
            await slow.send(most[:20])
            await answered(alive, 10)
            await until(lambda: here.gateway.counts.bytes == len(packet(10)) + 20)
            leap(STEP)
            await slow.send(most[20:])
            await answered(alive, 11)
            await until(lambda: here.gateway.counts.bytes == 2 * len(packet(10)) + len(most))
            leap(STEP)
            assert await silent.closed(20)
            assert await slow.closed(20)
            assert here.gateway.counts.closed_idle == 1
            assert here.gateway.counts.closed_slow == 1
            await until(lambda: any(row.quarantine == "noise" for row in here.rows()), 20)
            await answered(alive, 99)
            alive.close()

    run(work, MOST)


async def answered(client: Client, number: int) -> None:
    await client.send(packet(number))
    assert (await client.heard(20)).field("CN") == "9014"


def test_a_half_open_peer_does_not_keep_its_place(tmp_path: Path) -> None:
    """The peer vanished without a word: the same device connects anew and is served at once."""

    async def work() -> None:
        async with site(tmp_path, Limits(idle_seconds=LIMIT)) as here:
            gone = await here.connect()
            await gone.send(packet(1))
            await gone.heard()
            back = await here.connect()
            await back.send(packet(2))
            assert (await back.heard()).field("QN").endswith("2")
            assert here.gateway.by_mn[MN].peer == ":".join(
                map(str, back.writer.get_extra_info("sockname"))
            )
            leap(STEP)
            await answered(back, 3)
            leap(STEP)
            await until(lambda: here.gateway.counts.closed_idle, 20)
            await answered(back, 4)
            await until(lambda: len(here.gateway.connections) == 1, 20)
            assert here.gateway.counts.closed_idle == 1
            assert here.gateway.by_mn[MN] in here.gateway.connections
            back.close()

    run(work, MOST)


def test_connections_are_limited_in_all_and_per_peer(tmp_path: Path) -> None:
    async def work() -> None:
        async with site(tmp_path, Limits(per_peer=3)) as here:
            clients = [await here.connect() for _ in range(5)]
            await until(lambda: here.gateway.counts.refused == 2)
            assert len(here.gateway.connections) == 3
            closed = await asyncio.gather(*(client.closed(1.0) for client in clients))
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
