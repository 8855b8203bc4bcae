"""A gateway over real TCP on a spool of its own, and loggers that talk to it."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from fenhe.ingest.hj212 import Compat, Framer, decode_frame, encode
from fenhe.ingest.hj212.gateway.directory import Device, Directory
from fenhe.ingest.hj212.gateway.server import Gateway, Limits
from fenhe.kernel.errors import Unavailable
from fenhe.store.spool import Row, SpoolReader, SpoolWriter

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
    """A disk that takes its time, hangs, or refuses."""

    seconds = 0.0
    full = False
    largest = 0

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.stalled = threading.Event()  # clear it, and a write hangs until it is set again
        self.stalled.set()

    def write(self, rows: Any, now: datetime) -> int:
        self.stalled.wait()
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
        spool.stalled.set()
        await gateway.drain()


def run(work: Callable[[], Awaitable[None]], seconds: float = 60.0) -> None:
    asyncio.run(asyncio.wait_for(_awaited(work), seconds))


async def _awaited(work: Callable[[], Awaitable[None]]) -> None:
    await work()


def leap(seconds: float) -> None:
    """From now on the clock of the running loop is ahead by so much more."""
    loop = asyncio.get_running_loop()
    before = loop.time
    loop.time = lambda: before() + seconds  # type: ignore[method-assign]


async def until(true: Callable[[], Any], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never became true"
        await asyncio.sleep(0.01)


def row(number: int, mn: str = MN) -> Row:
    raw = packet(number, mn=mn)
    stamp = f"2026{number:010d}"
    return Row(number, "p", mn, "2011", stamp, raw[-14:-6], "accept", "", "", raw)
