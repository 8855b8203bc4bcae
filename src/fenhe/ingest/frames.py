"""Tables for the command line's pure verbs: a CSV or Parquet file, or `-` for a pipe, whole in
memory; and back, complete or not at all.

CSV cells stay text, so that a column nobody asked about leaves as it came. UTF-8 (with or without
BOM), UTF-16 and GB18030 are told apart; comma, tab and semicolon too; `.gz` is unpacked.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import os
import sys
import tempfile
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import polars as pl

from fenhe.ingest.opening import why_not
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.text import Text
from fenhe.kernel.values import Qualifier, read_values

PIPE = "-"
HEADER_ROW = 1  # the header's row
LARGEST = 1 << 30  # bytes, unpacked: the table is held in memory
FITS = 10  # columns in the lines of a terminal
GZIP = b"\x1f\x8b"


@dataclass
class Sheet:
    """A table as read. `rows` are the numbers a person sees, the header counted; `problems`
    collects what is wrong with its cells until `refuse` raises them all at once."""

    name: str
    frame: pl.DataFrame
    rows: pl.Series
    problems: list[Problem] = field(default_factory=list)

    def rename(self, aliases: Mapping[str, str]) -> None:
        """Known columns get their plain name, whatever their case, width or blanks; two columns
        that mean the same are refused."""
        plain = {column: aliases.get(plain_header(column), column) for column in self.frame.columns}
        for name in set(aliases.values()):
            same = [column for column, new in plain.items() if new == name]
            if len(same) > 1:
                text = Text(
                    f"“{'”“'.join(same)}”是同一列，只留一个", f"{', '.join(same)} are one column"
                )
                self.problems += [
                    Problem("table.column-twice", text, self.name, HEADER_ROW, column)
                    for column in same
                ]
        self.refuse()
        self.frame = self.frame.rename(plain)

    def need(self, columns: Iterable[str]) -> None:
        """Refuses the table when a column is absent, naming every one."""
        text = Text("缺少这一列", "this column is missing")
        self.problems += [
            Problem("table.column-missing", text, self.name, HEADER_ROW, column)
            for column in columns
            if column not in self.frame.columns
        ]
        self.refuse()

    def numbers(
        self, column: str, *, missing: Iterable[str] = (), least: float | None = 0.0
    ) -> pl.Series:
        """The column as Float64; blank is null, and so are the texts of `missing`. Everything
        else that is not a plain number from `least` up becomes a problem."""
        read = read_values(self.frame[column], missing)
        kind, value = pl.col("qualifier"), pl.col("value")
        absent = kind >= Qualifier.MISSING_BLANK
        plain = pl.col("ok") & (kind == Qualifier.EXACT)
        small = plain & (value < least) if least is not None else pl.lit(value=False)
        judged = read.select(value, bad=~(absent | plain), small=small)
        self.blame(
            column,
            judged["bad"],
            "table.not-a-number",
            Text("不是半角数值", "this is not a plain number"),
        )
        too_small = Text(f"小于 {least:g}" if least else "不能为负", f"below {least or 0:g}")
        self.blame(column, judged["small"], "table.too-small", too_small)
        return judged["value"].alias(column)

    def blame(self, column: str, where: pl.Series, code: str, text: Text) -> None:
        """One problem for every row marked true; null is not marked."""
        marked = where.fill_null(value=False).arg_true()
        cells = self.frame[column].gather(marked).cast(pl.String).fill_null("")
        for row, cell in zip(self.rows.gather(marked), cells, strict=True):
            said = Text(f"“{cell}”{text.zh}", f"“{cell}”: {text.en}")
            self.problems.append(Problem(code, said, self.name, row, column, cell))

    def refuse(self) -> None:
        """Raises BadInput `table.refused` when anything was found."""
        if self.problems:
            count = len(self.problems)
            raise BadInput(
                "table.refused",
                f"{self.name} 有 {count} 处问题，没有写出任何结果；请改正后重试。",
                f"{self.name} has {count} problem(s); nothing was written. Mend and try again.",
                problems=sorted(self.problems, key=lambda p: (p.row or 0, p.column)),
            )


def plain_header(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().strip("\ufeff").lower()


def read_table(source: str) -> Sheet:
    """Reads a path or `-`. Raises BadInput `table.unreadable`."""
    name = "(stdin)" if source == PIPE else Path(source).name
    try:
        raw = _bytes(source)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise _unreadable(name, "压缩文件不完整", "is a broken archive") from error
    except OSError as error:
        why = why_not(source, error)
        raise _unreadable(name, why.zh, why.en) from error
    if len(raw) > LARGEST:
        zh, en = "超过 1 GB，请分成几个文件", "is larger than 1 GB; split it"
        raise _unreadable(name, zh, en)
    if not raw.strip():
        raise _unreadable(name, "是空的", "is empty")
    if raw[:4] == b"PAR1":
        return _parquet(name, raw)
    if raw[:4] == b"PK\x03\x04":
        raise _unreadable(name, "是 XLSX，请另存为 CSV", "is XLSX; save it as CSV")
    return _csv(name, _decode(name, raw))


def read_text(name: str, text: str) -> Sheet:
    """A CSV somebody pasted or sent with a form. Raises BadInput `table.unreadable`."""
    if not text.strip():
        raise _unreadable(name, "是空的", "is empty")
    return _csv(name, text.replace("\r\n", "\n").replace("\r", "\n"))


def _bytes(source: str) -> bytes:
    """The content, unpacked; one byte more than `LARGEST` shows that there is more."""
    if source == PIPE:
        raw = sys.stdin.buffer.read(LARGEST + 1)
    else:
        with Path(source).open("rb") as file:
            raw = file.read(LARGEST + 1)
    if raw[:2] != GZIP:
        return raw
    with gzip.open(io.BytesIO(raw)) as unpacked:
        return unpacked.read(LARGEST + 1)


def _parquet(name: str, raw: bytes) -> Sheet:
    try:
        frame = pl.read_parquet(io.BytesIO(raw))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(name, f"Parquet 不完整：{error}", f"broken Parquet: {error}") from error
    # A float32 stands for the decimal it prints: 0.35 must not become 0.3499999940395355.
    short = [c for c, dtype in frame.schema.items() if dtype == pl.Float32]
    frame = frame.with_columns(pl.col(short).cast(pl.String).cast(pl.Float64))
    rows = pl.int_range(1, frame.height + 1, eager=True)
    return Sheet(name, frame, rows)


def _decode(name: str, raw: bytes) -> str:
    utf16 = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ["utf-16"] if utf16 else ["utf-8-sig", "gb18030"]:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text.replace("\r\n", "\n").replace("\r", "\n")
    raise _unreadable(
        name, "不是 UTF-8 或 GB18030 文本", "is neither UTF-8 nor GB18030 text; save it as UTF-8"
    )


def _csv(name: str, text: str) -> Sheet:
    lines = io.StringIO(text)
    first = lines.readline()
    delimiter = max(",\t;", key=first.count)
    header = next(csv.reader([first], delimiter=delimiter), [])
    while header and not header[-1].strip():
        header.pop()
    twice = {column for column in header if header.count(column) > 1}
    if twice:
        listed = "、".join(sorted(twice))
        raise _unreadable(name, f"表头有重复的列：{listed}", f"has columns twice: {listed}")
    body = lines.read()
    if body.count('"') % 2:
        raise _unreadable(name, "有引号没有闭合", "has a quotation mark that is never closed")
    frame = pl.read_csv(
        body.encode() or b"\n",
        has_header=False,
        separator=delimiter,
        schema=dict.fromkeys(header, pl.String()),
        truncate_ragged_lines=True,
        missing_columns="insert",
        empty_string_is_null=False,
    )
    rows = pl.int_range(2, frame.height + 2, eager=True)
    sheet = Sheet(name, frame, rows)
    _check_widths(sheet, body, delimiter)
    frame = frame.with_columns(pl.all().replace({"": None}))
    blank = frame.select(blank=pl.all_horizontal(pl.all().is_null()))["blank"]
    sheet.frame, sheet.rows = frame.filter(~blank), rows.filter(~blank)
    return sheet


def _check_widths(sheet: Sheet, body: str, delimiter: str) -> None:
    width = sheet.frame.width
    if body.count(delimiter) == sheet.frame.height * (width - 1):
        return  # every record adds up
    for row, cells in enumerate(csv.reader(io.StringIO(body), delimiter=delimiter), 2):
        if any(cells) and (len(cells) < width or any(cells[width:])):
            count = len(cells)
            text = Text(f"应有 {width} 格，却有 {count} 格", f"{count} cells instead of {width}")
            sheet.problems.append(Problem("table.row-width", text, sheet.name, row))
    sheet.refuse()


def _unreadable(name: str, zh: str, en: str) -> BadInput:
    return BadInput("table.unreadable", f"{name} {zh}。", f"{name} {en}.")


def write_table(frame: pl.DataFrame, target: str, *, as_json: bool = False) -> None:
    """CSV or, by the name's ending, Parquet; JSON rows with `as_json` (to a pipe) or `.json`; lines
    a person reads to a terminal, where they fit. A file appears complete or not at all."""
    if target == PIPE and sys.stdout.isatty() and not as_json and frame.width <= FITS:
        _show(frame)
        return
    if target == PIPE:
        sys.stdout.buffer.write(_json(frame) if as_json else frame.write_csv().encode())
        return
    path = Path(target)
    with whole_file(path) as file:
        if path.suffix == ".parquet":
            frame.write_parquet(file)
        else:
            file.write(_json(frame) if path.suffix == ".json" else frame.write_csv().encode())
    if as_json:
        sys.stdout.write(json.dumps({"file": str(path), "rows": frame.height}) + "\n")


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to that takes its name only when everything is in it."""
    if not path.parent.is_dir():
        raise BadInput(
            "table.no-folder",
            f"没有文件夹 {path.parent}，请先建立。",
            f"There is no folder {path.parent}; make it first.",
        )
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        mask = os.umask(0)
        os.umask(mask)
        Path(temporary).chmod(0o666 & ~mask)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _show(frame: pl.DataFrame) -> None:
    """For a person at a terminal: columns in line, numbers to the right. A pipe gets CSV."""
    from rich.console import Console
    from rich.table import Table

    shown = Table(box=None, header_style="bold")
    for name, kind in frame.schema.items():
        shown.add_column(name, justify="right" if kind.is_numeric() else "left", overflow="fold")
    for row in frame.iter_rows():
        shown.add_row(*("—" if cell is None else str(cell) for cell in row))
    Console().print(shown)


def _json(frame: pl.DataFrame) -> bytes:
    return (frame.write_json() + "\n").encode()
