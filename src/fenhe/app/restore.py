"""`fenhe restore`: a backup back into an empty place, all of it or nothing.

Everything is copied beside the target while its hash is computed; only when every hash agrees does
the copy get the target's name. Records of a PostgreSQL backup go into the database the settings
name, in one transaction, before that. A backup of an older version is restored as it was; `fenhe
migrate` then brings it up to date. One of a newer version is refused.
"""

from __future__ import annotations

import json
import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from fenhe.app.backup import FORM, copy_hashed
from fenhe.kernel.errors import BadInput, Conflict, Problem
from fenhe.kernel.text import Text

Entries = Iterator[tuple[str, IO[bytes]]]


def restore(source: Path, data_dir: Path) -> dict[str, Any]:
    """Returns the manifest. Raises Conflict when the target holds something, BadInput with every
    file that is missing, changed or unknown."""
    if data_dir.exists() and any(data_dir.iterdir()):
        raise Conflict(
            "restore.not-empty",
            f"{data_dir} 不是空目录；恢复只写入空目录",
            f"{data_dir} is not empty; a backup is restored into an empty folder only",
        )
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".restoring-", dir=data_dir.parent) as scratch:
        copy = Path(scratch) / "data"
        copy.mkdir(mode=0o700)
        manifest = _verified(copy, _unpack(source, copy))
        _place_records(copy, manifest)
        if data_dir.exists():
            data_dir.rmdir()
        copy.rename(data_dir)
    return manifest


def _unpack(source: Path, copy: Path) -> dict[str, str]:
    """Copies every entry; returns the hash found for each name."""
    found = {}
    with _entries(source) as entries:
        for name, stream in entries:
            pure = PurePosixPath(name)
            if pure.is_absolute() or ".." in pure.parts:
                raise _not_a_backup(source, f"entry {name}")
            path = copy / pure
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as target:
                found[str(pure)] = copy_hashed(stream, target)
                target.flush()
                os.fsync(target.fileno())
    return found


@contextmanager
def _entries(source: Path) -> Iterator[Entries]:
    if source.is_dir():
        yield _folder_entries(source)
        return
    try:
        with tarfile.open(source, "r:") as tar:
            yield (
                (entry.name, stream)
                for entry in tar
                if entry.isfile() and (stream := tar.extractfile(entry))
            )
    except (OSError, tarfile.TarError) as error:
        raise _not_a_backup(source, str(error)) from error


def _folder_entries(source: Path) -> Entries:
    for path in sorted(source.rglob("*")):
        if path.is_file():
            with path.open("rb") as stream:
                yield path.relative_to(source).as_posix(), stream


def _verified(copy: Path, found: dict[str, str]) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
        expected = {name: entry["sha256"] for name, entry in manifest["files"].items()}
        form, records = manifest["form"], manifest["records"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _not_a_backup(copy, f"manifest.json: {error}") from error
    if form != FORM or records not in expected:
        raise _not_a_backup(copy, f"manifest.json: form {form}")
    del found["manifest.json"]
    findings = [
        Problem("restore.hash", _what_is_wrong(name, expected, found), file=name)
        for name in sorted(expected.keys() | found.keys())
        if expected.get(name) != found.get(name)
    ]
    if findings:
        raise BadInput(
            "restore.damaged",
            f"备份有 {len(findings)} 个文件对不上，什么也没有恢复",
            f"{len(findings)} files of the backup do not agree; nothing was restored",
            findings,
        )
    (copy / "manifest.json").unlink()
    return manifest


def _what_is_wrong(name: str, expected: dict[str, str], found: dict[str, str]) -> Text:
    if name not in found:
        return Text("缺少", "is missing")
    if name not in expected:
        return Text("清单上没有", "is not in the manifest")
    return Text("哈希不符，被改动或损坏", "its hash differs: changed or damaged")


def _place_records(copy: Path, manifest: dict[str, Any]) -> None:
    if (copy / "secret_key").exists():
        (copy / "secret_key").chmod(0o600)
    if manifest["records"] == "records.sqlite3":
        (copy / "records.sqlite3").rename(copy / "fenhe.sqlite3")
        return
    _load_into_database(copy, copy / "records.jsonl")
    (copy / "records.jsonl").unlink()


def _load_into_database(copy: Path, records: Path) -> None:
    from fenhe.store.config import settings

    if not settings().database_url:
        raise BadInput(
            "restore.needs-database",
            "这份备份来自 PostgreSQL：请先设置 database_url，指向一个空库",
            "this backup comes from PostgreSQL: set database_url to an empty database first",
        )
    os.environ["FENHE_DATA_DIR"] = str(copy)  # nothing is written beside the copy
    settings.cache_clear()
    from fenhe.app.boot import boot

    boot()
    from django.core.management import call_command
    from django.db import transaction

    from fenhe.access.models import Person
    from fenhe.app import records as database
    from fenhe.registry.models import Object

    database.migrate()
    if Person.objects.exists() or Object.objects.exists():
        raise Conflict(
            "restore.database-not-empty",
            "database_url 所指的库里已有记录；请给一个空库",
            "the database named by database_url holds records; give an empty one",
        )
    with transaction.atomic():
        call_command("loaddata", str(records), verbosity=0)


def _not_a_backup(source: Path, why: str) -> BadInput:
    return BadInput(
        "restore.not-a-backup",
        f"{source.name} 不是完整的备份：{why}",
        f"{source.name} is not a complete backup: {why}",
    )
