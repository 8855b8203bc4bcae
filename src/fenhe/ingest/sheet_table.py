"""Spreadsheets (XLSX, XLS, ODS): one sheet as a table of text.

Numbers become their shortest text, dates ISO text (serial numbers are dates only where the cell
says so), merged header cells count for every row they cover.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import python_calamine as calamine

from fenhe.ingest.findings import Findings
from fenhe.ingest.profile import FileFormat
from fenhe.ingest.table import Table, text_frame, unreadable
from fenhe.kernel.errors import BadInput

BATCH = 20_000
LARGEST_UNPACKED = 4 * 1024**3  # a sheet that unpacks to more is a bomb, not a report


@dataclass
class SheetTable(Table):
    sheet: Any = None
    head: int = 1
    columns: list[int] = field(default_factory=list)

    def batches(
        self, wanted: Sequence[int], findings: Findings
    ) -> Iterator[tuple[pl.DataFrame, float]]:
        cells: list[list[str]] = []
        height, row = max(self.sheet.total_height, 1), self.head + 1
        for number, line in enumerate(self.sheet.iter_rows(), start=1):
            if number <= self.head:
                continue
            extra = [cell for cell in line[len(self.header) :] if cell not in ("", None)]
            if extra:
                findings.add("ingest.row-width", number, value=str(len(line)))
            cells.append([cell_text(line[i]) if i < len(line) else "" for i in wanted])
            if len(cells) == BATCH:
                yield self._frame(cells, wanted, row), number / height
                row, cells = number + 1, []
        if cells:
            yield self._frame(cells, wanted, row), 1.0

    def _frame(self, cells: list[list[str]], wanted: Sequence[int], row: int) -> pl.DataFrame:
        schema = {f"c{i}": pl.String() for i in wanted}
        return text_frame(pl.DataFrame(cells, schema, orient="row"), wanted, row)


def open_sheet(path: Path, shape: FileFormat, name: str) -> SheetTable:
    _refuse_bomb(path, name)
    try:
        book = calamine.load_workbook(path)
        sheets = book.sheet_names
        if shape.sheet and shape.sheet not in sheets:
            raise _no_sheet(name, shape.sheet, sheets)
        sheet = book.get_sheet_by_name(shape.sheet or sheets[0])
        rows = _first_rows(sheet, shape.header_row + 1)
    except calamine.PasswordError as error:
        raise unreadable(name, "文件有密码，请去掉后再导入", "has a password; remove it") from error
    except (calamine.CalamineError, OSError, ValueError, IndexError) as error:
        raise unreadable(
            name,
            "表格文件不完整或已损坏，请重新导出",
            "the spreadsheet is truncated or broken; export it again",
        ) from error
    if len(rows) < shape.header_row:
        raise unreadable(
            name, f"没有第 {shape.header_row} 行表头", f"no header in row {shape.header_row}"
        )
    header = [cell_text(cell).strip() for cell in rows[shape.header_row - 1]]
    header = _spread_merged(sheet, rows, header, shape.header_row - 1)
    while header and not header[-1]:
        header.pop()
    units = [cell_text(cell) for cell in rows[-1]] if shape.units_row else []
    head = shape.header_row + (1 if shape.units_row else 0)
    return SheetTable(header, units, shape.header_row, sheet, head)


def cell_text(cell: object) -> str:
    """What the cell says, as text."""
    match cell:
        case bool():
            return str(cell).lower()
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case datetime():
            # A serial date carries hours as fractions of a day: 02:59:59.999997 is 03:00.
            return (cell + timedelta(milliseconds=500)).replace(microsecond=0).isoformat(" ")
        case date() | time():
            return cell.isoformat()
        case _:
            return "" if cell is None else str(cell)


def _first_rows(sheet: Any, count: int) -> list[list[Any]]:
    return [list(row) for _, row in zip(range(count), sheet.iter_rows(), strict=False)]


def _spread_merged(sheet: Any, rows: list[list[Any]], header: list[str], row: int) -> list[str]:
    """A header cell merged with the rows above it stands in the topmost: read it there."""
    start = sheet.start
    left = start[1] if start else 0
    for (top, first), (bottom, _) in sheet.merged_cell_ranges or []:
        column = first - left
        if top < row <= bottom and 0 <= column < len(header) and not header[column]:
            header[column] = cell_text(rows[top][column]).strip()
    return header


def _refuse_bomb(path: Path, name: str) -> None:
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        if sum(item.file_size for item in archive.infolist()) > LARGEST_UNPACKED:
            raise unreadable(name, "解压后过大", "is far too large once unpacked")


def _no_sheet(name: str, wanted: str, sheets: list[str]) -> BadInput:
    return BadInput(
        "ingest.sheet-unknown",
        f"{name} 没有工作表“{wanted}”；现有：{'、'.join(sheets)}",
        f"{name} has no sheet “{wanted}”; it has: {', '.join(sheets)}",
    )
