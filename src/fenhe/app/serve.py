"""`fenhe serve`: one supervisor; web, worker, and where loggers are listened to their gateways and
the reader of what they sent, as processes of their own.

A child that falls over is started again, later each time it falls quickly. SIGTERM or Ctrl-C stops
all of them gracefully: requests and the step under way are finished. A child that finds its parent
gone stops too.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event

import structlog

from fenhe.kernel.errors import Conflict
from fenhe.store.config import settings

log = structlog.get_logger(__name__)

PARTS = ("web", "worker")
DEVICES = ("gateway", "spool", "relay")
"""Run when `gateway_port` is set: the port loggers connect to, spool → lake, and, where there is a
`relays.yaml`, spool → upper platforms."""
GRACE = 25.0
"""Seconds a child has to finish what it is doing."""
LONGEST_WAIT = 30.0
FLUSH_SECONDS = 2.0
TIDY_SECONDS = 3600.0
STEADY = 60.0
"""A child that lived this long starts again without waiting."""


@dataclass
class Child:
    """One part, and how it has fared."""

    part: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    falls: int = 0
    due: float = field(default=0.0)

    def start(self) -> None:
        environment = {**os.environ, "FENHE_SUPERVISED": "1"}
        self.process = subprocess.Popen(self.command, env=environment, start_new_session=True)
        self.began = time.monotonic()
        log.info("serve.started", part=self.part, pid=self.process.pid)

    def look_after(self) -> None:
        """Start it when it is due, note that it has fallen, say when it may come back."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.due:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        self.falls = 1 if now - self.began > STEADY else self.falls + 1
        wait = min(2.0 ** (self.falls - 1), LONGEST_WAIT)
        self.process, self.due = None, now + wait
        log.error("serve.fell", part=self.part, code=code, again_in=wait)

    def stop(self, deadline: float) -> None:
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.error("serve.killed", part=self.part)
            self.process.kill()
            self.process.wait()


def supervise(
    host: str,
    port: int,
    parts: tuple[str, ...] | None = None,
    announce: Callable[[str], None] = print,
    beside: Sequence[Child] = (),
) -> None:
    """Runs until stopped; port 0 takes a free one. `announce` gets the URL once pages answer.
    `beside` are further processes to look after."""
    stop = stop_on_signal()
    parts = configured() if parts is None else parts
    port = free_port(host, port) if "web" in parts else port
    os.environ |= {"FENHE_HOST": host, "FENHE_PORT": str(port)}  # in the links that pages hand out
    address = ["--host", host, "--port", str(port)]
    serve = [sys.executable, "-m", "fenhe", "serve", "--only"]
    children = [Child(part, [*serve, part, *address]) for part in parts if part != "gateway"]
    if "gateway" in parts:
        children += [
            Child(f"gateway {number}", [*serve, "gateway", "--number", str(number)])
            for number in range(settings().gateway_processes)
        ]
    children += beside
    if "web" in parts:
        threading.Thread(
            target=_announce_when_up, args=(host, port, announce, stop), daemon=True
        ).start()
    while not stop.is_set():
        for child in children:
            child.look_after()
        stop.wait(0.2)
    for child in children:
        if child.process is not None:
            child.process.terminate()
    deadline = time.monotonic() + GRACE
    for child in children:
        child.stop(deadline)
    log.info("serve.stopped")


def configured() -> tuple[str, ...]:
    """The parts that the settings in force ask for."""
    from fenhe.ingest.hj212 import relay

    if not settings().gateway_port:
        return PARTS
    return PARTS + tuple(part for part in DEVICES if part != "relay" or relay.targets())


def run_gateway(number: int) -> None:
    from fenhe.ingest.hj212.gateway import process
    from fenhe.kernel.errors import BadInput

    if not settings().gateway_port:
        raise BadInput(
            "gateway.no-port",
            "没有设置 gateway_port，网关未启用",
            "gateway_port is not set: the gateway is off",
        )
    stop_with_parent()
    process.run(number)


def run_relay() -> None:
    """What was taken, on to upper platforms; ends at once where none is named."""
    import asyncio

    from fenhe.ingest.hj212 import relay
    from fenhe.ingest.hj212.gateway import records
    from fenhe.ingest.hj212.packet import STRICT

    stop_with_parent()
    compats = {device.mn: device.compat for device in records.known_devices()}
    asyncio.run(relay.run_all(relay.targets(), lambda mn: compats.get(mn, STRICT)))


def run_spool() -> None:
    """What loggers sent, into the lake; what is old, out of the spool."""
    from django.db import close_old_connections

    from fenhe.observe import devices

    stop = stop_on_signal()
    stop_with_parent()
    tidy_due = 0.0
    while not stop.is_set():
        close_old_connections()
        try:
            done = devices.flush()
            if time.monotonic() >= tidy_due:
                devices.tidy()
                tidy_due = time.monotonic() + TIDY_SECONDS
        except Exception:
            log.exception("spool.failed")
            stop.wait(5.0)
            continue
        if done.frames < devices.FRAMES:
            stop.wait(FLUSH_SECONDS)


def run_web(host: str, port: int) -> None:
    """Answers pages in this process's own server until it is told to stop."""
    from granian.constants import Interfaces
    from granian.server import Server

    stop_with_parent()
    free_port(host, port)
    Server(
        "fenhe.app.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,  # counters of /metrics live in one process; threads answer at the same time
        blocking_threads=settings().web_threads,
        respawn_failed_workers=True,
        workers_kill_timeout=int(GRACE) - 5,
        log_enabled=False,
        websockets=False,
    ).serve()


def run_worker() -> None:
    from fenhe.app import wiring, worker

    stop = stop_on_signal()
    stop_with_parent()
    worker.run(stop, wiring.HANDLERS, wiring.PERIODIC)


def stop_on_signal() -> Event:
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def stop_with_parent() -> None:
    """Under a supervisor nobody outlives the process that started them, however that one ended."""
    if not os.environ.get("FENHE_SUPERVISED"):
        return
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def free_port(host: str, port: int) -> int:
    """The port, or a free one for 0; Conflict `serve.port-taken` when somebody sits there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Conflict(
                "serve.port-taken",
                f"无法监听 {host}:{port}（{error.strerror}）；换端口：fenhe serve --port 0",
                f"cannot listen on {host}:{port} ({error.strerror}); another port: "
                "fenhe serve --port 0",
            ) from error
        return int(probe.getsockname()[1])


def _announce_when_up(host: str, port: int, announce: Callable[[str], None], stop: Event) -> None:
    here = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 (a name, no bind)
    url = f"http://{here}:{port}"
    while not stop.is_set():
        try:
            urllib.request.urlopen(f"{url}/health/live", timeout=2).close()  # noqa: S310 (own URL)
        except OSError:
            stop.wait(0.2)
        else:
            announce(settings().public_url or url)
            return
