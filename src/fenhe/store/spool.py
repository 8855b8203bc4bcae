"""The spool: what devices sent, byte for byte, on the disk before anybody is answered.

One folder per gateway process, one SQLite file per UTC day in it (WAL, synchronous=FULL); rows are
only ever added, many in one commit. Every commit seals its rows into a hash chain. What becomes of
a frame later (read into the lake, relayed, released from quarantine) is kept in a file of its own,
so that a reader never holds up the writer.

A frame that comes again (same device, command, DataTime and bytes) on the same UTC day is stored
once; one that was kept back before and is taken now, because its device has been registered since,
is stored as taken.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from fenhe.kernel.errors import Unavailable
from fenhe.store.config import settings

SUFFIX = ".sqlite3"
BUSY_SECONDS = 10.0
DIGEST = 8

_SCHEMA = """
CREATE TABLE IF NOT EXISTS frames (
    id INTEGER PRIMARY KEY,
    received INTEGER NOT NULL,      -- microseconds since 1970, UTC
    peer TEXT NOT NULL,
    mn TEXT NOT NULL,
    cn TEXT NOT NULL,
    stamp TEXT NOT NULL,            -- DataTime as sent
    digest BLOB NOT NULL,
    verdict TEXT NOT NULL,
    reasons TEXT NOT NULL,
    quarantine TEXT NOT NULL,       -- why it is not read; empty: it is
    raw BLOB NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS frames_once ON frames (mn, cn, stamp, digest, quarantine);
CREATE INDEX IF NOT EXISTS frames_kept_back ON frames (quarantine, id) WHERE quarantine <> '';
CREATE TABLE IF NOT EXISTS seals (last INTEGER PRIMARY KEY, hash BLOB NOT NULL);
"""
_INSERT = """
INSERT OR IGNORE INTO frames (received, peer, mn, cn, stamp, digest, verdict, reasons, quarantine,
                              raw)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


class Row(NamedTuple):
    """A frame on its way into the spool."""

    received: int
    peer: str
    mn: str
    cn: str
    stamp: str
    digest: bytes
    verdict: str
    reasons: str
    quarantine: str
    raw: bytes


class Stored(NamedTuple):
    """A frame of the spool; `day` and `id` name it within its gateway."""

    id: int
    received: int
    peer: str
    mn: str
    cn: str
    stamp: str
    verdict: str
    reasons: str
    quarantine: str
    raw: bytes

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.received / 1e6, UTC)


_COLUMNS = ", ".join(Stored._fields)


def digest(raw: bytes) -> bytes:
    return hashlib.blake2b(raw, digest_size=DIGEST).digest()


def root() -> Path:
    return settings().data_dir / "spool"


def gateways(folder: Path | None = None) -> list[str]:
    """Those that have ever written here."""
    folder = folder or root()
    return (
        sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    )


class SpoolWriter:
    """The one writer of one gateway's spool; not for use from two threads at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._day = ""
        self._connection: sqlite3.Connection | None = None
        self._chain = b""

    def write(self, rows: Sequence[Row], now: datetime) -> int:
        """All rows in one commit, durable when this returns; how many were not there before.

        Raises Unavailable `spool.cannot-write` (disk full, disk gone); nothing of it is stored.
        """
        try:
            connection = self._open(now)
            with connection:
                before = connection.total_changes
                connection.executemany(_INSERT, rows)
                added = connection.total_changes - before
                if added:
                    self._seal(connection, added)
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise Unavailable(
                "spool.cannot-write",
                f"暂存写不进磁盘（{error}）；设备暂不应答，腾出空间后自动恢复",
                f"the spool cannot be written ({error}); devices are not answered until it can",
                retryable=True,
            ) from error
        return added

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _open(self, now: datetime) -> sqlite3.Connection:
        # A clock that steps back over midnight must not reopen the day before.
        day = max(self._day, f"{now.astimezone(UTC):%Y-%m-%d}")
        if self._connection is not None and day == self._day:
            return self._connection
        self.close()
        self.folder.mkdir(parents=True, exist_ok=True)
        days = days_of(self.folder)
        if days and days[-1] > day:
            day = days[-1]
        connection = sqlite3.connect(
            self.folder / f"{day}{SUFFIX}", timeout=BUSY_SECONDS, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA wal_autocheckpoint=4000")
        connection.executescript(_SCHEMA)
        row = connection.execute("SELECT hash FROM seals ORDER BY last DESC LIMIT 1").fetchone()
        self._chain = row[0] if row else b""
        self._day, self._connection = day, connection
        return connection

    def _seal(self, connection: sqlite3.Connection, added: int) -> None:
        rows = connection.execute(
            "SELECT id, received, raw FROM frames ORDER BY id DESC LIMIT ?", [added]
        ).fetchall()
        self._chain = chain(self._chain, reversed(rows))
        connection.execute("INSERT INTO seals VALUES (?, ?)", [rows[0][0], self._chain])


def chain(before: bytes, rows: Iterable[tuple[int, int, bytes]]) -> bytes:
    seal = hashlib.blake2b(before, digest_size=32)
    for id, received, raw in rows:
        seal.update(f"{id}:{received}:{len(raw)}:".encode())
        seal.update(raw)
    return seal.digest()


def days_of(folder: Path) -> list[str]:
    return sorted(path.name.removesuffix(SUFFIX) for path in folder.glob(f"????-??-??{SUFFIX}"))


class SpoolReader:
    """Reads one gateway's spool beside its writer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def days(self) -> list[str]:
        return days_of(self.folder)

    def last(self, day: str) -> int:
        with closing(self._connect(day)) as connection:
            return int(connection.execute("SELECT coalesce(max(id), 0) FROM frames").fetchone()[0])

    def after(self, day: str, id: int, limit: int) -> list[Stored]:
        return self._rows(day, "WHERE id > ? ORDER BY id LIMIT ?", [id, limit])

    def between(self, day: str, first: int, last: int) -> list[Stored]:
        return self._rows(day, "WHERE id BETWEEN ? AND ? ORDER BY id", [first, last])

    def one(self, day: str, id: int) -> Stored | None:
        rows = self._rows(day, "WHERE id = ?", [id])
        return rows[0] if rows else None

    def carrying(self, day: str, mn: str, cn: str, stamp: str) -> list[Stored]:
        """The frames in which a device said something of one DataTime."""
        return self._rows(day, "WHERE mn = ? AND cn = ? AND stamp = ? ORDER BY id", [mn, cn, stamp])

    def kept_back(self, day: str, limit: int, mn: str = "") -> list[Stored]:
        """Quarantined frames, the newest first."""
        where, given = ("AND mn = ?", [mn]) if mn else ("", [])
        return self._rows(
            day, f"WHERE quarantine <> '' {where} ORDER BY id DESC LIMIT ?", [*given, limit]
        )

    def newest(self, day: str, limit: int, mn: str = "") -> list[Stored]:
        where, given = ("WHERE mn = ?", [mn]) if mn else ("", [])
        return self._rows(day, f"{where} ORDER BY id DESC LIMIT ?", [*given, limit])

    def forget(self, day: str) -> None:
        """Delete a day; its writer has long gone on."""
        for suffix in (SUFFIX, f"{SUFFIX}-wal", f"{SUFFIX}-shm"):
            (self.folder / f"{day}{suffix}").unlink(missing_ok=True)

    def verify(self, day: str) -> int | None:
        """The first frame id whose seal does not hold; None when the whole chain does."""
        with closing(self._connect(day)) as connection:
            before, first = b"", 0
            for last, sealed in connection.execute("SELECT last, hash FROM seals ORDER BY last"):
                rows = connection.execute(
                    "SELECT id, received, raw FROM frames WHERE id > ? AND id <= ? ORDER BY id",
                    [first, last],
                )
                before = chain(before, rows)
                if before != sealed:
                    return int(first) + 1
                first = last
        return None

    def _rows(self, day: str, where: str, given: Sequence[object]) -> list[Stored]:
        with closing(self._connect(day)) as connection:
            return [
                Stored(*row)
                for row in connection.execute(f"SELECT {_COLUMNS} FROM frames {where}", given)  # noqa: S608
            ]

    def _connect(self, day: str) -> sqlite3.Connection:
        path = (self.folder / f"{day}{SUFFIX}").resolve()
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=BUSY_SECONDS)


# -- what became of it -----------------------------------------------------------------------


_STATE = """
CREATE TABLE IF NOT EXISTS batches (
    id INTEGER PRIMARY KEY, reader TEXT NOT NULL, day TEXT NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, done INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS batches_open ON batches (reader, done, id);
CREATE TABLE IF NOT EXISTS released (day TEXT, frame INTEGER, PRIMARY KEY (day, frame));
CREATE TABLE IF NOT EXISTS refused (
    day TEXT, frame INTEGER, item TEXT, why TEXT, PRIMARY KEY (day, frame, item)
);
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """A stretch of frames one reader works on; its limits never change once they are written."""

    id: int
    day: str
    first: int
    last: int


class SpoolState:
    """How far each reader has come, what was released from quarantine, which items were refused.
    A batch is written down before it is worked on, so that a crash repeats exactly the same one."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(
            folder / "state.db", timeout=BUSY_SECONDS, isolation_level=None
        )
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.executescript(_STATE)

    def close(self) -> None:
        self._connection.close()

    def next(self, reader: str, spool: SpoolReader, limit: int) -> Batch | None:
        """The batch under way, or a new one; None when the reader has seen everything."""
        row = self._connection.execute(
            "SELECT id, day, first, last FROM batches WHERE reader = ? AND done = 0 ORDER BY id",
            [reader],
        ).fetchone()
        if row:
            return Batch(*row)
        row = self._connection.execute(
            "SELECT day, last FROM batches WHERE reader = ? ORDER BY id DESC LIMIT 1", [reader]
        ).fetchone()
        here, cursor = row or ("", 0)
        for day in spool.days:
            if day < here:
                continue
            seen = cursor if day == here else 0
            last = min(spool.last(day), seen + limit)
            if last <= seen:
                continue
            made = self._connection.execute(
                "INSERT INTO batches (reader, day, first, last) VALUES (?, ?, ?, ?)",
                [reader, day, seen + 1, last],
            )
            return Batch(int(made.lastrowid or 0), day, seen + 1, last)
        return None

    def place(self, reader: str) -> tuple[str, int]:
        """The day and frame up to which the reader is done."""
        row = self._connection.execute(
            "SELECT day, last FROM batches WHERE reader = ? AND done = 1 ORDER BY id DESC LIMIT 1",
            [reader],
        ).fetchone()
        return (row[0], row[1]) if row else ("", 0)

    def done(self, batch: Batch) -> None:
        self._connection.execute("UPDATE batches SET done = 1 WHERE id = ?", [batch.id])
        # The newest one is the reader's place; older ones have said all they had to say.
        self._connection.execute(
            "DELETE FROM batches WHERE done = 1 AND id < ? "
            "AND reader = (SELECT reader FROM batches WHERE id = ?)",
            [batch.id, batch.id],
        )

    def release(self, day: str, frames: Sequence[int]) -> None:
        self._connection.executemany(
            "INSERT OR IGNORE INTO released VALUES (?, ?)", [(day, frame) for frame in frames]
        )

    def released(self, day: str) -> set[int]:
        rows = self._connection.execute("SELECT frame FROM released WHERE day = ?", [day])
        return {row[0] for row in rows}

    def refuse(self, day: str, items: Sequence[tuple[int, str, str]]) -> None:
        """Items that could not be taken, and why; the rest of their batch goes on."""
        self._connection.executemany(
            "INSERT OR REPLACE INTO refused VALUES (?, ?, ?, ?)",
            [(day, frame, item, why) for frame, item, why in items],
        )

    def refused(self, limit: int = 200) -> list[tuple[str, int, str, str]]:
        return self._connection.execute(
            "SELECT day, frame, item, why FROM refused ORDER BY day DESC, frame DESC LIMIT ?",
            [limit],
        ).fetchall()

    def accept(self, day: str, frame: int) -> None:
        """A frame's refused items were taken after all."""
        self._connection.execute("DELETE FROM refused WHERE day = ? AND frame = ?", [day, frame])

    def forget(self, day: str) -> None:
        """What was noted of the frames of a day that are gone."""
        for table in ("released", "refused"):
            self._connection.execute(f"DELETE FROM {table} WHERE day = ?", [day])  # noqa: S608
