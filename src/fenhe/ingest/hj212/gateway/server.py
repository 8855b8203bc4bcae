"""Connections: framed, judged, spooled, answered; bounded in number, silence, half frames and
memory.

One reader per connection and no task of its own: the protocol's callbacks do all. A connection is
never closed for a bad frame, only for silence, for a frame that does not get on, or for not
reading its answers.

Memory: what waits for the disk is at most writer.CROWDED frames or CROWDED_BYTES and one read of a
socket (256 KiB), because then nobody is read at all; per connection half a frame (the framer's cap)
and ANSWERS_WAITING of unread answers, after which that peer is not read.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections import Counter
from dataclasses import dataclass
from typing import cast

import structlog

from fenhe.ingest.hj212.framer import Framer
from fenhe.ingest.hj212.gateway import intake
from fenhe.ingest.hj212.gateway.asking import Desk
from fenhe.ingest.hj212.gateway.directory import Directory
from fenhe.ingest.hj212.gateway.intake import Entry
from fenhe.ingest.hj212.gateway.writer import GroupWriter
from fenhe.store.spool import SpoolWriter

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 1.0
QUIET_SECONDS = 0.1  # after which a frame without line end is taken as it is
ANSWERS_WAITING = 64 * 1024  # bytes a peer may leave unread before it is no longer read


@dataclass(frozen=True, slots=True)
class Limits:
    connections: int = 4000
    per_peer: int = 200
    idle_seconds: float = 600.0
    frame_seconds: float = 30.0  # how long the rest of a frame may take
    stuck_seconds: float = 60.0  # how long a peer may leave its answers unread
    drain_seconds: float = 15.0


@dataclass(slots=True)
class Counts:
    connections: int = 0
    refused: int = 0
    closed_idle: int = 0
    closed_slow: int = 0
    closed_stuck: int = 0
    frames: int = 0
    answered: int = 0
    quarantined: int = 0
    bytes: int = 0


class Gateway:
    """One process's share of the port."""

    def __init__(
        self,
        spool: SpoolWriter,
        directory: Directory,
        limits: Limits | None = None,
        desk: Desk | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.directory = directory
        self.counts = Counts()
        self.connections: set[Connection] = set()
        self.by_mn: dict[str, Connection] = {}
        self.desk = desk or Desk()
        self.draining = False
        self._peers: Counter[str] = Counter()
        self.held = False  # nobody is read: the writer is crowded
        self._loop = asyncio.get_running_loop()
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.TimerHandle | None = None
        self.writer = GroupWriter(spool, self._kept)

    async def listen(
        self, host: str, port: int, tls: ssl.SSLContext | None = None, share: bool = False
    ) -> int:
        """The port it listens on. `share`: several processes may (SO_REUSEPORT)."""
        self._server = await self._loop.create_server(
            lambda: Connection(self), host, port, ssl=tls, reuse_port=share or None, backlog=1024
        )
        self._sweep()
        bound = self._server.sockets[0].getsockname()
        return int(bound[1])

    async def drain(self) -> None:
        """No new connections, no more reading; what was read is stored and answered."""
        self.draining = True
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.pause()
            connection.finish()
        await self._loop.run_in_executor(None, self.writer.stop, self.limits.drain_seconds)
        await asyncio.sleep(0)  # the answers of the last commit
        for connection in list(self.connections):
            connection.close()
        if self._sweeper is not None:
            self._sweeper.cancel()
        await asyncio.sleep(0.05)

    # -- connections -------------------------------------------------------------------------

    def admit(self, connection: Connection) -> bool:
        full = len(self.connections) >= self.limits.connections
        if self.draining or full or self._peers[connection.host] >= self.limits.per_peer:
            self.counts.refused += 1
            return False
        self._peers[connection.host] += 1
        self.connections.add(connection)
        self.counts.connections = len(self.connections)
        if self.held:
            connection.pause()
        return True

    def leave(self, connection: Connection) -> None:
        if connection not in self.connections:
            return
        self.connections.discard(connection)
        self._peers[connection.host] -= 1
        if not self._peers[connection.host]:
            del self._peers[connection.host]
        self.counts.connections = len(self.connections)
        for mn in connection.mns:
            if self.by_mn.get(mn) is connection:
                del self.by_mn[mn]

    def take(self, entry: Entry, connection: Connection) -> None:
        self.counts.frames += 1
        packet = entry.packet
        if entry.row.quarantine:
            self.counts.quarantined += 1
        elif packet is not None:
            mn = entry.row.mn
            if self.by_mn.get(mn) is not connection:
                self.by_mn[mn] = connection
                connection.mns.add(mn)
            if not self.desk.listens(mn):
                # What waits for the disk is bytes and a row; its items are of no use any more.
                entry = entry._replace(packet=None)
        self.writer.put(entry, connection)
        if self.writer.crowded and not self.held:
            self.held = True
            for one in self.connections:
                one.pause()

    def send(self, mn: str, raw: bytes) -> bool:
        """To a device that is connected here."""
        connection = self.by_mn.get(mn)
        if connection is None or connection.transport.is_closing():
            return False
        connection.transport.write(raw)
        return True

    def _kept(self, some: list[tuple[Entry, Connection]]) -> None:
        self._loop.call_soon_threadsafe(self._answer, some)

    def _answer(self, some: list[tuple[Entry, Connection]]) -> None:
        for entry, connection in some:
            if entry.answer is not None and not connection.transport.is_closing():
                connection.transport.write(entry.answer)
                self.counts.answered += 1
            if entry.packet is not None and not entry.row.quarantine:
                self.desk.hear(entry.row.mn, entry.packet)
        if self.held and self.writer.has_room and not self.draining:
            self.held = False
            for connection in self.connections:
                connection.resume()

    def _sweep(self) -> None:
        now = self._loop.time()
        for connection in list(self.connections):
            connection.look(now)
        for mn, raw in self.desk.tick(time.monotonic(), set(self.by_mn)):
            self.send(mn, raw)
        self._sweeper = self._loop.call_later(SWEEP_SECONDS, self._sweep)


class Connection(asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._framer = Framer(sm4_text=True)
        self._heard = self._half_since = self._stuck_since = 0.0
        self._quiet: asyncio.TimerHandle | None = None
        self.mns: set[str] = set()
        self.host = self.peer = ""
        self._admitted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername") or ("?", 0)
        self.host, self.peer = str(peer[0]), f"{peer[0]}:{peer[1]}"
        self._admitted = self._gateway.admit(self)
        if not self._admitted:
            self.transport.abort()
            return
        self._heard = asyncio.get_running_loop().time()
        self.transport.set_write_buffer_limits(high=ANSWERS_WAITING)
        raw_socket = transport.get_extra_info("socket")
        if raw_socket is not None:
            raw_socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            # Unread answers shall not pile up in the kernel either.
            raw_socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ANSWERS_WAITING)

    def data_received(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        self._heard = now = loop.time()
        self._gateway.counts.bytes += len(data)
        frames = self._framer.feed(data)
        self._take(frames)
        if not self._framer.pending:
            self._half_since = 0.0
        else:
            if frames or not self._half_since:
                self._half_since = now
            if self._quiet is None:
                self._quiet = loop.call_later(QUIET_SECONDS, self._on_quiet)

    def connection_lost(self, error: Exception | None) -> None:
        if not self._admitted:
            return
        self.finish()
        self._gateway.leave(self)

    def pause_writing(self) -> None:
        self._stuck_since = asyncio.get_running_loop().time()
        self.pause()

    def resume_writing(self) -> None:
        self._stuck_since = 0.0
        if not self._gateway.held:
            self.resume()

    # -- asked by the gateway ------------------------------------------------------------------

    def look(self, now: float) -> None:
        """Close what is silent, half-open, slow beyond reason, or deaf."""
        limits, counts = self._gateway.limits, self._gateway.counts
        if self._stuck_since and now - self._stuck_since > limits.stuck_seconds:
            counts.closed_stuck += 1
            self.transport.abort()
        elif self._gateway.held:
            return  # it is we who do not read
        elif now - self._heard > limits.idle_seconds:
            counts.closed_idle += 1
            self.close()
        elif self._half_since and now - self._half_since > limits.frame_seconds:
            counts.closed_slow += 1
            self.close()

    def pause(self) -> None:
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def resume(self) -> None:
        if not self.transport.is_closing() and not self._stuck_since:
            self._heard = now = asyncio.get_running_loop().time()
            self._half_since = self._half_since and now
            self.transport.resume_reading()

    def finish(self) -> None:
        """What the buffer still holds, frames and noise."""
        if self._quiet is not None:
            self._quiet.cancel()
            self._quiet = None
        self._take(self._framer.close())

    def close(self) -> None:
        self.finish()
        self.transport.close()

    def _on_quiet(self) -> None:
        self._quiet = None
        self._take(self._framer.quiet())
        if not self._framer.pending:
            self._half_since = 0.0

    def _take(self, frames: list[bytes]) -> None:
        received = time.time_ns() // 1000
        gateway = self._gateway
        for frame in frames:
            gateway.take(intake.judge(frame, self.peer, received, gateway.directory), self)
        noise = self._framer.take_noise()
        if noise:
            gateway.take(intake.noise(noise, self.peer, received), self)
