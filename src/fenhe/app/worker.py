"""The worker: runs what stages have put into the outbox, and what is due by the clock.

What belongs to which topic is written in `app.wiring`. Any number of workers may run; each step
is idempotent, and the outbox hands a row to one worker at a time.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import NamedTuple

import structlog
from django.db import close_old_connections

from fenhe.app.models import Heartbeat
from fenhe.kernel.period import utc_now
from fenhe.store import outbox

log = structlog.get_logger(__name__)

IDLE_SECONDS = 0.5
BEAT_SECONDS = 10.0
FORGET = timedelta(days=1)


class Periodic(NamedTuple):
    """A job that is due every so often; each worker runs it, so it must not mind company."""

    name: str
    every: timedelta
    run: Callable[[], object]


def run(
    stop: Event,
    handlers: dict[str, outbox.Handler],
    periodic: list[Periodic],
    *,
    idle_seconds: float = IDLE_SECONDS,
) -> None:
    """Works until `stop` is set; what is under way is finished first."""
    due = dict.fromkeys(periodic, 0.0)
    beat_due = 0.0
    log.info("worker.started", topics=sorted(handlers), periodic=[job.name for job in periodic])
    while not stop.is_set():
        close_old_connections()
        if time.monotonic() >= beat_due:
            beat()
            beat_due = time.monotonic() + BEAT_SECONDS
        done = _tried("outbox", lambda: outbox.run(handlers, limit=20))
        for job in periodic:
            if time.monotonic() >= due[job] and not stop.is_set():
                _tried(job.name, job.run)
                due[job] = time.monotonic() + job.every.total_seconds()
        if not done:
            stop.wait(idle_seconds)
    log.info("worker.stopped")


def beat() -> None:
    me = f"worker@{socket.gethostname()}:{os.getpid()}"
    mark = {"at": utc_now()}
    _tried("heartbeat", lambda: Heartbeat.objects.update_or_create(process=me, defaults=mark))
    _tried("forget", lambda: Heartbeat.objects.filter(at__lt=utc_now() - FORGET).delete())


def _tried(name: str, act: Callable[[], object]) -> object:
    """A job that fails is logged and comes round again; the worker goes on."""
    try:
        return act()
    except Exception:
        log.exception("worker.failed", job=name)
        return None
