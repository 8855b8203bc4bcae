"""CSV of any size: encoding found over the whole file, rows in blocks of whole records.

UTF-8 (with or without BOM), UTF-16 with BOM, GB18030; `\\n`, `\\r\\n` and `\\r` may be mixed;
quoted cells may hold separators and line ends; `.gz` is unpacked on the way. Memory holds one
block, whatever the size of the file.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

import polars as pl

from fenhe.ingest.findings import Findings
from fenhe.ingest.profile import FileFormat
from fenhe.ingest.table import Table, text_frame, unreadable
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.text import Text

BLOCK = 16 * 1024 * 1024  # characters
LONGEST_RECORD = 4 * BLOCK
LOOKED_AT = 4096  # bytes that tell text from anything else
_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\v\f\r\x1b")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass
class CsvTable(Table):
    path: Path = Path()
    encoding: str = "utf-8"
    delimiter: str = ","
    largest: int = 0  # bytes, unpacked
    head: int = 1  # records before the first row of data
    name: str = field(default="")

    def batches(
        self, wanted: Sequence[int], findings: Findings
    ) -> Iterator[tuple[pl.DataFrame, float]]:
        width, row = len(self.header), self.head + 1
        for number, (block, share) in enumerate(self._blocks()):
            text = _records(block, self.head, self.delimiter)[1] if number == 0 else block
            if not text:
                continue
            rows = self._frame(text, width)
            self._check_width(text, rows.height, row, width, findings)
            yield text_frame(rows, wanted, row), share
            row += rows.height

    def first(self, count: int) -> list[list[str]]:
        block = next((block for block, _ in self._blocks()), "")
        return _records(block, count, self.delimiter)[0]

    def _frame(self, text: str, width: int) -> pl.DataFrame:
        return pl.read_csv(
            text.encode(),
            has_header=False,
            separator=self.delimiter,
            schema={f"c{i}": pl.String() for i in range(width)},
            truncate_ragged_lines=True,
            missing_columns="insert",
            empty_string_is_null=False,
        )

    def _check_width(
        self, text: str, rows: int, first_row: int, width: int, findings: Findings
    ) -> None:
        # Counting separators proves most blocks sound; only a block that does not add up is
        # looked at record by record.
        if text.count(self.delimiter) == rows * (width - 1):
            return
        for row, cells in enumerate(csv.reader(io.StringIO(text), delimiter=self.delimiter)):
            if len(cells) == width or not any(cells):
                continue
            if len(cells) < width or any(cells[width:]):
                findings.add("ingest.row-width", first_row + row, value=str(len(cells)))

    def _blocks(self) -> Iterator[tuple[str, float]]:
        """Blocks of whole records, line ends made `\\n`, with the share of bytes read."""
        size = max(self.path.stat().st_size, 1)
        rest, read = "", 0
        with unpacked(self.path) as (stream, raw):
            text = io.TextIOWrapper(stream, self.encoding, newline=None)
            while chunk := text.read(BLOCK):
                read += len(chunk)
                if read > self.largest:
                    raise too_large(self.name, self.largest)
                block = rest + chunk
                cut = _end_of_record(block)
                if cut == 0 and len(block) > LONGEST_RECORD:
                    raise self._endless()
                rest = block[cut:]
                if cut:
                    yield block[:cut], raw.tell() / size
        if rest:
            if rest.count('"') % 2:
                raise self._endless()
            yield rest, 1.0

    def _endless(self) -> BadInput:
        return unreadable(
            self.name,
            "有一个引号没有闭合，或一行长得不像数据；请检查引号与换行",
            "a quotation mark is never closed, or one line is far too long; check quotes and lines",
        )


def open_csv(path: Path, shape: FileFormat, name: str, largest: int) -> CsvTable:
    encoding = find_encoding(path, shape.encoding, name)
    head = shape.header_row + (1 if shape.units_row else 0)
    table = CsvTable([], [], shape.header_row, path, encoding, shape.delimiter, largest, head, name)
    records = table.first(head)
    if len(records) < shape.header_row:
        raise unreadable(
            name, f"没有第 {shape.header_row} 行表头", f"no header in row {shape.header_row}"
        )
    table.header = records[shape.header_row - 1]
    table.units = records[shape.header_row] if len(records) > shape.header_row else []
    while table.header and not table.header[-1].strip():
        table.header.pop()
    return table


@contextmanager
def unpacked(path: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """The file's bytes, and the raw file below them (its position says how far reading got)."""
    with path.open("rb") as raw:
        if is_gzip(path):
            with gzip.open(raw, "rb") as stream:
                yield cast("IO[bytes]", stream), raw
        else:
            yield raw, raw


def is_gzip(path: Path) -> bool:
    with path.open("rb") as handle:
        return handle.read(2) == b"\x1f\x8b"


def find_encoding(path: Path, wanted: str, name: str) -> str:
    """The encoding under which every byte of the file can be read."""
    start = _start(path, name)
    bom = next((encoding for mark, encoding in _BOMS if start.startswith(mark)), "")
    if bom != "utf-16" and _is_binary(start):
        raise unreadable(
            name, "不是文本文件，也不是认识的表格", "is neither text nor a known table"
        )
    candidates = ([bom] if bom else ["utf-8", "gb18030"]) if wanted == "auto" else [wanted]
    places = []
    for encoding in candidates:
        if encoding == "utf-8" and bom == "utf-8-sig":
            encoding = bom
        line = _first_bad_line(path, encoding, name)
        if line is None:
            return encoding
        places.append(
            Problem(
                "ingest.encoding",
                Text(f"此行不是 {encoding}", f"this line is not {encoding}"),
                name,
                line,
            )
        )
    raise BadInput(
        "ingest.encoding",
        f"{name}：文字编码不是 {' 或 '.join(candidates)}；请另存为 UTF-8",
        f"{name}: the text is not {' or '.join(candidates)}; save it as UTF-8",
        places,
    )


def _start(path: Path, name: str) -> bytes:
    try:
        with unpacked(path) as (stream, _):
            return stream.read(LOOKED_AT)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise unreadable(name, "压缩文件不完整", "the archive is broken") from error


def _is_binary(start: bytes) -> bool:
    """Text has next to no control characters: one sentence then, not one for every encoding."""
    strange = sum(byte in _CONTROLS for byte in start)
    return b"\0" in start or strange > len(start) / 50


def too_large(name: str, largest: int) -> BadInput:
    limit = largest // 1024 // 1024
    return BadInput(
        "ingest.too-large",
        f"{name} 超过上传上限 {limit} MB；请分成几个文件，或提高设置 max_upload_mb",
        f"{name} is larger than {limit} MB; split it, or raise the setting max_upload_mb",
    )


def _first_bad_line(path: Path, encoding: str, name: str) -> int | None:
    decoder, line = codecs.getincrementaldecoder(encoding)(), 1
    try:
        with unpacked(path) as (stream, _):
            while True:
                chunk = stream.read(BLOCK)
                try:
                    text = decoder.decode(chunk, final=not chunk)
                except UnicodeDecodeError as error:
                    return line + error.object[: error.start].count(b"\n")
                if "\0" in text:
                    raise unreadable(
                        name, "不是文本文件（含零字节）", "not a text file (holds zero bytes)"
                    )
                line += text.count("\n")
                if not chunk:
                    return None
    except (EOFError, gzip.BadGzipFile, OSError) as error:
        raise unreadable(name, "压缩文件不完整", "the archive is broken") from error


def _end_of_record(block: str) -> int:
    """Where the last whole record ends: after a line end that no quotes enclose; 0 if nowhere."""
    cut = block.rfind("\n") + 1
    if '"' not in block:
        return cut
    quotes = block.count('"', 0, cut)
    while cut and quotes % 2:
        before = block.rfind("\n", 0, cut - 1) + 1
        quotes -= block.count('"', before, cut)
        cut = before
    return cut


def _records(block: str, count: int, delimiter: str) -> tuple[list[list[str]], str]:
    """The first records of a block, and the rest of it."""
    stream = io.StringIO(block, newline="")
    reader = csv.reader(iter(stream.readline, ""), delimiter=delimiter)
    records = [record for _, record in zip(range(count), reader, strict=False)]
    return records, block[stream.tell() :]
