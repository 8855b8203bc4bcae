"""Files kept by what they contain: the name is the SHA-256 of the content.

`put` streams to a temporary file, flushes it to disk and only then gives it its name, so a name
always stands for the whole content; the same content put twice is kept once.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fenhe.kernel.errors import NotFound
from fenhe.store import disk
from fenhe.store.config import settings

CHUNK = 1024 * 1024
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Stored:
    hash: str
    size: int


class Files:
    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    def put(self, stream: BinaryIO) -> Stored:
        self.root.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        descriptor, name = tempfile.mkstemp(prefix=".arriving-", dir=self.root)
        arriving = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as handle:
                while chunk := stream.read(CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
                    handle.write(chunk)
                handle.flush()
                os.fsync(handle.fileno())
            place = self.path(digest.hexdigest())
            place.parent.mkdir(exist_ok=True)
            arriving.chmod(0o440)
            arriving.replace(place)
            for folder in (place.parent, self.root):
                disk.flush(folder)
        finally:
            arriving.unlink(missing_ok=True)
        return Stored(digest.hexdigest(), size)

    def open(self, content_hash: str) -> BinaryIO:
        try:
            return self.path(content_hash).open("rb")
        except FileNotFoundError as error:
            raise NotFound(
                "files.absent",
                f"没有内容为 {content_hash} 的文件",
                f"no file with content {content_hash} is kept",
            ) from error

    def remove(self, content_hash: str) -> int:
        """Bytes freed; 0 when it was not there."""
        try:
            size = self.path(content_hash).stat().st_size
            self.path(content_hash).unlink()
        except FileNotFoundError:
            return 0
        return size

    def verify(self) -> Iterator[tuple[str, bool]]:
        """Every kept file's hash and whether its content still has it."""
        for place in sorted(self.root.glob("??/*")):
            with place.open("rb") as handle:
                yield place.name, hashlib.file_digest(handle, "sha256").hexdigest() == place.name

    def path(self, content_hash: str) -> Path:
        if not _HASH.fullmatch(content_hash):
            raise ValueError(f"not a SHA-256: {content_hash!r}")
        return self.root / content_hash[:2] / content_hash


def hash_of(path: Path) -> str:
    """The name the file would be kept under."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def open_files() -> Files:
    """The files of the settings in force."""
    return Files(settings().files_root)
