"""One gateway process: the port, the spool, and the look into the records every few seconds.

Needs Django. Several processes share the port; each has a spool folder of its own, held by a lock,
so that a second process of the same number does not start.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import ssl
import time
from collections import deque
from dataclasses import asdict
from pathlib import Path
from typing import Any

import structlog
from django.db import close_old_connections

from fenhe.ingest.hj212.gateway import records
from fenhe.ingest.hj212.gateway.asking import Dialogue
from fenhe.ingest.hj212.gateway.directory import Directory
from fenhe.ingest.hj212.gateway.server import Gateway, Limits
from fenhe.kernel.errors import BadInput, Conflict
from fenhe.store import disk, spool
from fenhe.store.config import settings

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
STATUS = "status.json"


def name_of(number: int) -> str:
    return f"gateway-{number}"


def run(number: int = 0, host: str = "", port: int | None = None) -> None:
    """Until SIGTERM or Ctrl-C; then what was read is stored and answered."""
    folder = spool.root() / name_of(number)
    with disk.lock(folder / "writing.lock", wait=False) as mine:
        if not mine:
            raise Conflict(
                "gateway.already-runs",
                f"网关进程 {number} 已在运行",
                f"gateway process {number} is running already",
            )
        asyncio.run(_serve(folder, host or settings().gateway_host, port))


async def _serve(folder: Path, host: str, port: int | None) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    chosen = settings()
    gateway = Gateway(
        spool.SpoolWriter(folder),
        Directory(await asyncio.to_thread(records.known_devices)),
        Limits(
            connections=chosen.gateway_connections,
            per_peer=chosen.gateway_connections_per_peer,
            idle_seconds=chosen.gateway_idle_seconds,
        ),
    )
    bound = await gateway.listen(
        host, chosen.gateway_port if port is None else port, tls_context(), share=True
    )
    log.info("gateway.listening", host=host, port=bound, devices=len(gateway.directory))
    follow = asyncio.create_task(_follow(gateway, folder, bound))
    await stop.wait()
    follow.cancel()
    await gateway.drain()
    log.info("gateway.stopped", **asdict(gateway.counts))


def tls_context() -> ssl.SSLContext | None:
    chosen = settings()
    if not chosen.gateway_tls_certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(chosen.gateway_tls_certificate, chosen.gateway_tls_key or None)
    except (OSError, ssl.SSLError) as error:
        raise BadInput(
            "gateway.tls", f"网关证书不可用：{error}", f"the gateway's certificate fails: {error}"
        ) from error
    return context


async def _follow(gateway: Gateway, folder: Path, port: int) -> None:
    """The status file, devices as the records have them, and requests for those connected. While
    the records cannot be reached, the devices known last go on being served."""
    follower = Follower(gateway.directory)
    while True:
        try:
            await asyncio.to_thread(_tell, folder, gateway, port)
            for dialogue in await asyncio.to_thread(follower.look, list(gateway.by_mn)):
                gateway.desk.put(dialogue)
        except Exception:
            log.exception("gateway.records")
        await asyncio.sleep(LOOK_SECONDS)


class Follower:
    """What of the records concerns a gateway process. A look that fails is tried again: a dialogue
    that has ended is settled once the records can be written, and not before forgotten."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._mark: object = None
        self._ended: deque[Dialogue] = deque()

    def look(self, connected: list[str]) -> list[Dialogue]:
        """Dialogues to begin now. Raises what the database raises."""
        close_old_connections()
        mark = records.mark()
        if mark != self._mark:
            self._directory.replace(records.known_devices())
            self._mark = mark
        while self._ended:
            records.settle(self._ended[0])
            self._ended.popleft()
        begun = records.claim(connected)
        for dialogue in begun:
            dialogue.ended = self._ended.append
        return begun


def _tell(folder: Path, gateway: Gateway, port: int) -> None:
    status: dict[str, Any] = {
        "at": time.time(),
        "pid": os.getpid(),
        "port": port,
        **asdict(gateway.counts),
        "waiting": gateway.writer.waiting,
        "stored": gateway.writer.stored,
        "duplicates": gateway.writer.duplicates,
        "slowest_commit_ms": round(gateway.writer.slowest_commit * 1000, 1),
        "error": gateway.writer.error,
        "connected": sorted(gateway.by_mn),
    }
    path = folder / f".{STATUS}"
    path.write_text(json.dumps(status))
    path.replace(folder / STATUS)


def statuses() -> list[dict[str, Any]]:
    """What each gateway process last said of itself."""
    found = []
    for name in spool.gateways():
        try:
            status = json.loads((spool.root() / name / STATUS).read_text())
        except (OSError, ValueError):
            continue
        found.append({"name": name, **status})
    return found
