"""Many frames in one commit: a thread that writes whatever has gathered while it wrote before.

`put` never blocks; `crowded` tells the server to stop reading. When the disk refuses (full, gone)
the same rows are tried again, later each time: nobody is answered in between, nothing is lost that
was, and memory is bounded because the server has stopped reading.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import structlog

from fenhe.ingest.hj212.gateway.intake import Entry
from fenhe.kernel.errors import Unavailable
from fenhe.store.spool import SpoolWriter

log = structlog.get_logger(__name__)

PER_COMMIT = 2000
CROWDED = 20_000  # frames waiting; from here on nobody is read
CROWDED_BYTES = 32 << 20
FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0


class GroupWriter:
    """`on_kept` runs in the writer's thread, with the entries that are now on the disk."""

    def __init__(
        self, spool: SpoolWriter, on_kept: Callable[[list[tuple[Entry, Any]]], None]
    ) -> None:
        self._spool = spool
        self._on_kept = on_kept
        self._waiting: deque[tuple[Entry, Any]] = deque()
        self._bytes = 0
        self._wake = threading.Condition()
        self._stopping = False
        self.error = ""
        self.stored = self.duplicates = 0
        self.slowest_commit = 0.0
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    def put(self, entry: Entry, whom: Any) -> None:
        with self._wake:
            self._waiting.append((entry, whom))
            self._bytes += len(entry.row.raw)
            if len(self._waiting) == 1:
                self._wake.notify()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def crowded(self) -> bool:
        return len(self._waiting) >= CROWDED or self._bytes >= CROWDED_BYTES

    @property
    def has_room(self) -> bool:
        return len(self._waiting) <= CROWDED // 2 and self._bytes <= CROWDED_BYTES // 2

    def stop(self, seconds: float) -> bool:
        """Write what is there, then end; False when that took too long."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._waiting and not self._stopping:
                    self._wake.wait()
                some = list(islice(self._waiting, PER_COMMIT))
            if not some:
                break
            if not self._write(some):
                break
            with self._wake:
                for entry, _ in some:
                    self._waiting.popleft()
                    self._bytes -= len(entry.row.raw)
            self._on_kept(some)
        self._spool.close()

    def _write(self, some: list[tuple[Entry, Any]]) -> bool:
        """Until it is done; False when the process is to end and the disk still refuses."""
        wait = FIRST_WAIT
        while True:
            began = time.monotonic()
            try:
                added = self._spool.write([entry.row for entry, _ in some], datetime.now(UTC))
            except Unavailable as error:
                if not self.error:
                    log.error("gateway.spool-refuses", why=error.en)
                self.error = error.en
                if self._stopping:
                    return False
                time.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)
                continue
            if self.error:
                log.warning("gateway.spool-recovered")
            self.error = ""
            self.stored += added
            self.duplicates += len(some) - added
            self.slowest_commit = max(self.slowest_commit, time.monotonic() - began)
            return True
