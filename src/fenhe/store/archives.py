"""Whether an archive is what it seems: nothing in it is so packed, so deep or so named that opening
it would harm (ASVS 5.0 V5.2.3, V5.3.2).

Every entry is unpacked and counted here, in a stream and within limits, since the sizes an archive
declares may lie. Office documents are archives too and are looked at the same way.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, BinaryIO

from fenhe.kernel.errors import BadInput

CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    unpacked: int = 512 * 1024**2  # bytes, all entries together, archives inside included
    ratio: int = 100  # unpacked to packed; a sheet of zeros reaches 20 to 50
    small: int = 1024**2  # below so many unpacked bytes the ratio says nothing
    entries: int = 10_000
    depth: int = 1  # an archive inside an archive, and none inside that


DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,  # an offset before the beginning
    OSError,
)
"""What the reader of archives raises when one lies about itself."""


def require_sound(stream: BinaryIO, limits: Limits = Limits()) -> list[str]:
    """The names of the entries; raises BadInput `files.archive` with what is wrong."""
    return _Look(limits).into(stream, 0)


class _Look:
    def __init__(self, limits: Limits) -> None:
        self.limits, self.unpacked, self.entries = limits, 0, 0

    def into(self, stream: IO[bytes], depth: int) -> list[str]:
        stream.seek(0, 2)
        packed = stream.tell()
        stream.seek(0)
        before = self.unpacked
        try:
            with zipfile.ZipFile(stream) as archive:
                listed = archive.infolist()
                self._declared(listed, packed)
                for entry in listed:
                    self._entry(archive, entry, depth)
        except DAMAGED as error:
            raise _refused("压缩包损坏", "the archive is damaged") from error
        grown = self.unpacked - before
        if grown > self.limits.small and grown > self.limits.ratio * max(packed, 1):
            raise _bomb()
        return [entry.filename for entry in listed]

    def _declared(self, listed: list[zipfile.ZipInfo], packed: int) -> None:
        self.entries += len(listed)
        if self.entries > self.limits.entries:
            raise _refused("压缩包内文件过多", "the archive holds too many files")
        if sum(entry.compress_size for entry in listed) > packed:
            raise _refused("压缩包内文件相互重叠", "entries of the archive overlap")
        if sum(entry.file_size for entry in listed) > self.limits.unpacked:
            raise _bomb()

    def _entry(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, depth: int) -> None:
        name = entry.filename.replace("\\", "/")
        if name.startswith("/") or ".." in name.split("/") or ":" in name or "\0" in name:
            raise _refused("压缩包内有越界的路径", "the archive holds a path that leads outside")
        if entry.flag_bits & 1:
            raise _refused(
                "压缩包有密码，无法检查", "the archive has a password and cannot be seen into"
            )
        head, seen = b"", 0
        with archive.open(entry) as stream:
            while chunk := stream.read(CHUNK):
                head = head or chunk[:4]
                seen += len(chunk)
                self.unpacked += len(chunk)
                if self.unpacked > self.limits.unpacked:
                    raise _bomb()
                if seen > self.limits.small and seen > self.limits.ratio * entry.compress_size:
                    raise _bomb()
        if head == b"PK\x03\x04":
            if depth >= self.limits.depth:
                raise _refused("压缩包嵌套过深", "archives are nested too deep")
            with archive.open(entry) as inner:
                self.into(inner, depth + 1)


def _bomb() -> BadInput:
    return _refused("解压后过大，像是压缩炸弹", "it unpacks to far more than is plausible")


def _refused(zh: str, en: str) -> BadInput:
    return BadInput("files.archive", f"文件不能接受：{zh}", f"the file will not do: {en}")
