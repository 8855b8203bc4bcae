"""What a file really is, by its first bytes and, for archives, by what is inside; and its name made
harmless. What is not listed here is not taken: no page, script, macro or program ever is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from fenhe.kernel.errors import BadInput
from fenhe.store.archives import Limits, require_sound

ZIP = b"PK\x03\x04"
HEAD = 4096
LONGEST_NAME = 180


@dataclass(frozen=True, slots=True)
class Media:
    type: str
    suffixes: tuple[str, ...]
    begins: Callable[[bytes], bool]
    inside: str = ""
    """An archive with this entry."""


def _at(offset: int, *marks: bytes) -> Callable[[bytes], bool]:
    return lambda head: any(head[offset:].startswith(mark) for mark in marks)


def _webp(head: bytes) -> bool:
    return head.startswith(b"RIFF") and head[8:12] == b"WEBP"


def _is_text(head: bytes) -> bool:
    return bool(head) and not re.search(rb"[\x00-\x08\x0e-\x1f\x7f]", head)


OFFICE = "application/vnd.openxmlformats-officedocument."
KNOWN = (
    Media("application/pdf", ("pdf",), _at(0, b"%PDF-")),
    Media("image/png", ("png",), _at(0, b"\x89PNG\r\n\x1a\n")),
    Media("image/jpeg", ("jpg", "jpeg"), _at(0, b"\xff\xd8\xff")),
    Media("image/webp", ("webp",), _webp),
    Media("image/heic", ("heic",), _at(4, b"ftypheic", b"ftypheix", b"ftypmif1")),
    Media("video/mp4", ("mp4", "mov"), _at(4, b"ftyp")),
    Media("audio/mpeg", ("mp3",), _at(0, b"ID3", b"\xff\xfb", b"\xff\xf3")),
    Media(f"{OFFICE}spreadsheetml.sheet", ("xlsx",), _at(0, ZIP), "xl/workbook.xml"),
    Media(f"{OFFICE}wordprocessingml.document", ("docx",), _at(0, ZIP), "word/document.xml"),
    Media("application/ofd", ("ofd",), _at(0, ZIP), "OFD.xml"),
    Media("application/zip", ("zip",), _at(0, ZIP)),
    Media("text/csv", ("csv",), _is_text),
    Media("text/plain", ("txt",), _is_text),
)


def judge(name: str, stream: BinaryIO, limits: Limits = Limits()) -> str:  # noqa: B008 (frozen)
    """The media type; BadInput `evidence.file-type` when content and name disagree or it is of no
    known type, `files.archive` when an archive is not sound."""
    suffix = name.rpartition(".")[2].lower()
    stream.seek(0)
    head = stream.read(HEAD)
    found = next((one for one in KNOWN if suffix in one.suffixes and one.begins(head)), None)
    if found is None:
        known = "、".join(sorted({suffix for one in KNOWN for suffix in one.suffixes}))
        raise BadInput(
            "evidence.file-type",
            f"{name} 的内容与扩展名不符，或不是可接受的类型；可接受：{known}",
            f"what {name} contains does not fit its name, or is of no type that is taken: {known}",
        )
    if head.startswith(ZIP):
        entries = require_sound(stream, limits)
        macros = any("vbaproject" in entry.lower() for entry in entries)
        if macros or (found.inside and found.inside not in entries):
            raise BadInput(
                "evidence.file-type",
                f"{name} 含有宏，或不是它所称的文档",
                f"{name} holds macros, or is not the document it claims to be",
            )
    stream.seek(0)
    return found.type


def harmless(name: str) -> str:
    """A name to show and to offer on download: no folder, no control or direction character, no
    leading dot. It is never a path here: files are kept under their hash."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(c for c in last if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    kept = re.sub(r'[<>:"|?*]', "_", kept).strip(" .")
    stem, dot, suffix = kept.rpartition(".")
    if not kept or not (stem or not dot):
        return "file"
    return f"{stem[: LONGEST_NAME - len(suffix) - 1]}{dot}{suffix}" if dot else kept[:LONGEST_NAME]
