"""`fenhe backup`: everything the platform knows, at one moment, with a hash for every file.

A backup is a folder, or one .tar. Inside: `records.sqlite3` (SQLite's own online copy) or
`records.jsonl` (PostgreSQL: every row, from one snapshot), `lake/` at one version with only the
files of that version, `files/`, `fenhe.toml`, `secret_key`, and last `manifest.json`: without it a
backup is not complete. Records are copied before the lake, so the lake knows at least what they do.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any, BinaryIO, Protocol

import polars as pl
from deltalake import DeltaTable
from django.apps import apps
from django.core import serializers
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from fenhe import __version__
from fenhe.kernel.errors import Conflict, Unavailable
from fenhe.kernel.period import utc_now
from fenhe.store.config import settings

FORM = 1
CHUNK = 1 << 20
NOT_KEPT = ("contenttypes", "sessions", "auth.permission", "app.heartbeat")
"""Remade by migrations, or worth nothing tomorrow; no worker of ours runs where it is restored."""


class Sink(Protocol):
    def add(self, name: str, source: BinaryIO, size: int) -> str: ...


def backup(out: Path, secret_key: bool = True) -> dict[str, Any]:
    """Writes the backup and returns its manifest. `out` must not exist; a name ending in .tar gives
    one file."""
    if out.exists():
        raise Conflict("backup.exists", f"{out} 已存在，请换个名字", f"{out} exists; name another")
    lake_root = Path(settings().lake_root)
    if "://" in settings().lake_root:
        raise Unavailable(
            "backup.lake-remote",
            "数据湖在对象存储上，请用对象存储自己的版本与复制来备份",
            "the lake lives in object storage; back it up by the storage's own means",
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    held: dict[str, dict[str, Any]] = {}
    with _sink(out) as sink, tempfile.TemporaryDirectory(dir=out.parent) as scratch:

        def add(name: str, path: Path) -> None:
            size = path.stat().st_size
            with path.open("rb") as source:
                held[name] = {"sha256": sink.add(name, source, size), "size": size}

        records = _copy_records(Path(scratch))
        add(records.name, records)
        versions = {}
        for table in ("readings", "flags"):
            versions[table], files = _lake_files(lake_root / table)
            for path in files:
                add(f"lake/{table}/{path.relative_to(lake_root / table)}", path)
        for path in _kept_files(settings().files_root):
            add(f"files/{path.relative_to(settings().files_root)}", path)
        for name in ("fenhe.toml", *(["secret_key"] if secret_key else [])):
            if (path := settings().data_dir / name).is_file():
                add(name, path)
        manifest = {
            "form": FORM,
            "platform": __version__,
            "made_at": utc_now().isoformat(),
            "records": records.name,
            "migrations": _applied_migrations(),
            "lake": versions,
            "files": held,
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
        sink.add("manifest.json", io.BytesIO(text), len(text))
    return manifest


def _copy_records(scratch: Path) -> Path:
    if connection.vendor == "sqlite":
        copy = scratch / "records.sqlite3"
        connection.ensure_connection()
        with closing(sqlite3.connect(copy)) as target:
            connection.connection.backup(target)
            target.execute("DELETE FROM app_heartbeat")
            target.commit()
            target.execute("PRAGMA journal_mode=DELETE")  # one file, no -wal beside it
        return copy
    copy = scratch / "records.jsonl"
    with transaction.atomic(), copy.open("w", encoding="utf-8") as handle:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        serializers.serialize(
            "jsonl", _all_rows(), stream=handle, cls=_Exact, use_natural_foreign_keys=True
        )
    return copy


class _Exact(DjangoJSONEncoder):
    """Django's own encoder cuts microseconds off, and the chain of evidence would not verify."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if isinstance(o, datetime) else super().default(o)


def _all_rows() -> Iterator[Any]:
    """Every row of every kept model, referred-to models first."""
    kept = [(config, None) for config in apps.get_app_configs() if config.label not in NOT_KEPT]
    for model in serializers.sort_dependencies(kept, allow_cycles=True):
        if model._meta.label_lower not in NOT_KEPT and model._meta.managed:
            yield from model._default_manager.order_by("pk").iterator(2000)


def _applied_migrations() -> list[str]:
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in applied)


def _lake_files(root: Path) -> tuple[int | None, list[Path]]:
    """The newest version of a table, its data files, and its log up to that version."""
    if not (root / "_delta_log").is_dir():
        return None, []
    table = DeltaTable(str(root))
    version = table.version()
    data = [root / name for name in pl.DataFrame(table.get_add_actions(flatten=True))["path"]]
    log = [
        path
        for path in sorted((root / "_delta_log").iterdir())
        if (number := re.match(r"(\d{20})\.", path.name)) and int(number[1]) <= version
    ]
    return version, [*data, *log]


def _kept_files(root: Path) -> list[Path]:
    return [
        path for path in sorted(root.rglob("*")) if path.is_file() and not path.name.startswith(".")
    ]


class _Folder:
    def __init__(self, root: Path) -> None:
        self.root = root

    def add(self, name: str, source: BinaryIO, size: int) -> str:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as target:
            digest = copy_hashed(source, target)
            target.flush()
            os.fsync(target.fileno())
        return digest


class _Tar:
    def __init__(self, path: Path) -> None:
        self.tar = tarfile.open(path, "w")  # noqa: SIM115 (closed by _sink)

    def add(self, name: str, source: BinaryIO, size: int) -> str:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, 0o600
        hashing = _Hashing(source)
        self.tar.addfile(entry, hashing)
        return hashing.digest.hexdigest()


class _Hashing:
    """A stream that hashes what is read from it."""

    def __init__(self, source: BinaryIO) -> None:
        self.source, self.digest = source, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self.source.read(size)
        self.digest.update(chunk)
        return chunk


@contextmanager
def _sink(out: Path) -> Iterator[Sink]:
    """Writes beside `out` and gives it its name when all is there."""
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.unlink(missing_ok=True)
    try:
        if out.suffix == ".tar":
            tar = _Tar(partial)
            with tar.tar:
                yield tar
        else:
            partial.mkdir(mode=0o700)
            yield _Folder(partial)
        partial.replace(out)
    finally:
        if partial.is_dir():
            shutil.rmtree(partial)
        else:
            partial.unlink(missing_ok=True)


def copy_hashed(source: IO[bytes], target: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()
