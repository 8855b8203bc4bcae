"""What was taken, on to upper platforms: each with a durable place of its own in the spool.

The queue of a target is the spool itself; how far it has come is a batch that is written down
before it is worked on. A frame counts as passed on when the upper platform has answered 9014 (if
the frame asks for that); otherwise it is sent again, and the connection is made anew with growing
pauses. After a crash a batch begins again: an upper platform may hear a frame twice, never miss it.

`relays.yaml` in the data directory:

    relays:
      - id: province
        host: 10.1.2.3
        port: 9001
        form: exact                # byte for byte; `encoded`: written anew, strictly
        mns: [010000A8900016F000169DC0]          # left out: all
        cns: ["2011", "2051", "2061", "2031"]    # left out: all data commands
        codes: [a21026, a21002]    # left out: all; needs form encoded
        map: {010000A8900016F000169DC0: {mn: 0200…, pw: "654321", st: "31"}}
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import structlog
from pydantic import Field, model_validator

from fenhe.ingest.hj212.codec import encode_parts
from fenhe.ingest.hj212.framer import Framer
from fenhe.ingest.hj212.packet import Compat, Packet, decode_frame
from fenhe.kernel.declared import Declared, read
from fenhe.store import spool, yaml
from fenhe.store.config import settings

log = structlog.get_logger(__name__)

FILE = "relays.yaml"
BATCH = 200
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
IDLE_SECONDS = 1.0
DATA = frozenset({"2011", "2013", "2021", "2031", "2041", "2051", "2052", "2061", "2062", "2111",
                  "3019", "3020"})  # fmt: skip


class As(Declared):
    """How a device is called at the upper platform."""

    mn: str = ""
    pw: str = ""
    st: str = ""


class Target(Declared):
    id: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    host: str
    port: int = Field(ge=1, le=65535)
    form: Literal["exact", "encoded"] = "exact"
    mns: frozenset[str] = frozenset()
    cns: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    map: dict[str, As] = {}
    over_time: float = Field(10.0, gt=0)
    re_count: int = Field(3, ge=0)

    @model_validator(mode="after")
    def _writes_anew(self) -> Target:
        if self.form == "exact" and (self.codes or self.map):
            raise ValueError("map and codes need form: encoded")
        return self


class Targets(Declared):
    relays: list[Target]


def targets(path: Path | None = None) -> list[Target]:
    path = path or settings().data_dir / FILE
    return read(Targets, yaml.read(path), FILE).relays if path.exists() else []


def frames_for(target: Target, one: spool.Stored, compat: Compat) -> list[bytes]:
    """What the target gets of a frame: nothing, the frame, or one written anew (in parts, if it
    became long)."""
    wanted = one.cn in (target.cns or DATA) and (not target.mns or one.mn in target.mns)
    if one.quarantine or not wanted:
        return []
    if target.form == "exact":
        return [one.raw]
    packet = decode_frame(one.raw, compat)
    if not packet.accepted:
        return []
    return _anew(target, packet)


def _anew(target: Target, packet: Packet) -> list[bytes]:
    factors = {
        code: items
        for code, items in (packet.factors or {}).items()
        if not target.codes or code in target.codes
    }
    if packet.factors and not factors:
        return []
    called = target.map.get(packet.field("MN"), As())
    header = dict(packet.header or {})
    header = {name: header[name] for name in header if name not in ("PNUM", "PNO")}
    flag = int(header.get("Flag", "4")) & ~2 | 1  # whole again, and always with an answer
    header |= {"Flag": str(flag)}
    header |= {"MN": called.mn} if called.mn else {}
    header |= {"PW": called.pw} if called.pw else {}
    header |= {"ST": called.st} if called.st else {}
    return encode_parts(header, packet.cp, factors)


class Relay:
    """One target. `compat_of` says what is agreed with a device, for frames written anew."""

    def __init__(
        self, target: Target, root: Path, compat_of: Callable[[str], Compat] = lambda mn: Compat()
    ) -> None:
        self.target, self.root, self._compat_of = target, root, compat_of
        self._link: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._framer = Framer()
        self.passed = self.again = 0

    async def run(self) -> None:
        """For ever."""
        while True:
            if not await self.step():
                await asyncio.sleep(IDLE_SECONDS)

    async def step(self) -> bool:
        """The next batch of every gateway; False when there was nothing."""
        worked = False
        for name in spool.gateways(self.root):
            folder = self.root / name
            state = spool.SpoolState(folder)
            try:
                batch = state.next(f"relay-{self.target.id}", spool.SpoolReader(folder), BATCH)
                if batch is None:
                    continue
                rows = spool.SpoolReader(folder).between(batch.day, batch.first, batch.last)
                for raw in self._wanted(rows):
                    await self._pass_on(raw)
                state.done(batch)
                worked = True
            finally:
                state.close()
        return worked

    def _wanted(self, rows: list[spool.Stored]) -> Iterator[bytes]:
        for one in rows:
            yield from frames_for(self.target, one, self._compat_of(one.mn))

    async def _pass_on(self, raw: bytes) -> None:
        """Until it is answered, however long the target is away."""
        packet = decode_frame(raw)
        wants_answer = packet.flags is not None and packet.flags.needs_ack
        pause, tries = FIRST_PAUSE, 0
        while True:
            try:
                reader, writer = await self._connected()
                writer.write(raw)
                await writer.drain()
                if not wants_answer or await self._answered(reader, packet):
                    self.passed += 1
                    return
            except OSError as error:
                log.warning("relay.away", target=self.target.id, why=str(error))
                self._drop()
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            self.again += 1
            tries += 1
            if tries > self.target.re_count:
                self._drop()
                tries = 0
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _answered(self, reader: asyncio.StreamReader, packet: Packet) -> bool:
        qn = packet.field("QN")
        try:
            async with asyncio.timeout(self.target.over_time):
                while True:
                    chunk = await reader.read(65536)
                    if not chunk:
                        raise ConnectionResetError("closed by the upper platform")
                    for frame in self._framer.feed(chunk):
                        answer = decode_frame(frame)
                        ours = qn in (answer.field("QN"), (answer.cp or {}).get("QN", ""))
                        if answer.field("CN") == "9014" and ours:
                            return True
        except TimeoutError:
            return False

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._link is None or self._link[1].is_closing():
            opening = asyncio.open_connection(self.target.host, self.target.port)
            self._link = await asyncio.wait_for(opening, self.target.over_time)
            self._framer = Framer()
        return self._link

    def _drop(self) -> None:
        if self._link is not None:
            self._link[1].close()
        self._link = None


async def run_all(found: list[Target], compat_of: Callable[[str], Compat]) -> None:
    await asyncio.gather(*(Relay(target, spool.root(), compat_of).run() for target in found))
