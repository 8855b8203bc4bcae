"""Any table as a file: CSV, XLSX, GeoJSON, Parquet. One function for all of them.

Rows come as an iterator and go out in pieces, so that a file of any size needs no memory of its
size. CSV and GeoJSON are sent as they are made; XLSX and Parquet have an index at their end and are
made in a temporary file first. Text that a spreadsheet would run as a formula is marked as text.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any, BinaryIO, Literal

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from fenhe.kernel.errors import BadInput
from fenhe.publish.page import Table

Kind = Literal["text", "number", "integer", "boolean", "instant", "date"]
ROWS_AT_ONCE = 5_000
CHUNK = 256 * 1024
MOST_IN_SHEET = 1_048_575
"""Rows that Excel can hold below the header."""
_RUNS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: Kind = "text"


@dataclass
class Download:
    """`place`: the positions of longitude and latitude among the columns, for GeoJSON. `about`:
    what stands beside the rows in formats that have room for it."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]]
    place: tuple[int, int] | None = None
    about: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Form:
    media_type: str
    write: Callable[[Download], Iterator[bytes]]


def harmless(cell: Any) -> Any:
    """Text that a spreadsheet would run as a formula is marked as text."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in _RUNS else cell


def of_table(table: Table) -> Download:
    """A table of a page. A column is one of numbers where every cell is one or empty."""
    rows = [list(row) for row in table.rows]
    kinds: list[Kind] = ["text"] * len(table.columns)
    for at in range(len(table.columns)):
        cells = [row[at] for row in rows if at < len(row) and row[at] not in (None, "")]
        if cells and all(isinstance(c, int | float) and not isinstance(c, bool) for c in cells):
            kinds[at] = "number"
    columns = [Column(str(name), kind) for name, kind in zip(table.columns, kinds, strict=True)]
    return Download(table.name, columns, rows)


def write(download: Download, form: str) -> Iterator[bytes]:
    """The file in pieces. Raises BadInput `download.format` for a format that is not offered, and
    `download.too-many-rows` before anything was sent."""
    return of_form(form).write(download)


def of_form(form: str) -> Form:
    found = FORMS.get(form)
    if found is None:
        raise BadInput(
            "download.format",
            f"没有这种格式；可用：{'、'.join(FORMS)}",
            f"there is no such format; offered: {', '.join(FORMS)}",
        )
    return found


# -- CSV -------------------------------------------------------------------------------------------


def _csv(download: Download) -> Iterator[bytes]:
    out = io.StringIO()
    writer = csv.writer(out)
    out.write("\ufeff")  # spreadsheet programs then read UTF-8
    writer.writerow([harmless(column.name) for column in download.columns])
    for some in _pieces(download.rows):
        writer.writerows([[harmless(_written(cell)) for cell in row] for row in some])
        yield _taken(out)
    rest = _taken(out)
    if rest:
        yield rest


def _taken(out: io.StringIO) -> bytes:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text.encode("utf-8", "replace")


def _written(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat().replace("+00:00", "Z") if cell.tzinfo else str(cell)
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, dict | list):
        return json.dumps(cell, ensure_ascii=False, default=str)
    return cell.isoformat() if isinstance(cell, date) else cell


# -- GeoJSON ---------------------------------------------------------------------------------------


def _geojson(download: Download) -> Iterator[bytes]:
    """RFC 7946; what has no place has no geometry. Licence and freshness are foreign members."""
    head = {"type": "FeatureCollection", **download.about}
    yield json.dumps(head, ensure_ascii=False)[:-1].encode() + b', "features": ['
    begun = False
    for some in _pieces(download.rows):
        text = ",\n".join(json.dumps(_feature(download, row), ensure_ascii=False) for row in some)
        yield (",\n" if begun else "\n").encode() + text.encode("utf-8", "replace")
        begun = True
    yield b"\n]}\n"


def _feature(download: Download, row: Sequence[Any]) -> dict[str, Any]:
    geometry = None
    if download.place is not None:
        point = [row[at] for at in download.place]
        geometry = None if None in point else {"type": "Point", "coordinates": point}
    properties = {
        column.name: cell if isinstance(cell, bool | dict | list) else _written(cell)
        for at, (column, cell) in enumerate(zip(download.columns, row, strict=True))
        if download.place is None or at not in download.place
    }
    return {"type": "Feature", "geometry": geometry, "properties": properties}


# -- XLSX ------------------------------------------------------------------------------------------


def _xlsx(download: Download) -> Iterator[bytes]:
    with tempfile.TemporaryFile() as file:
        options = {
            "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
            "strings_to_numbers": False,
        }  # fmt: skip
        book = xlsxwriter.Workbook(file, options)
        book.set_properties({"comments": "\n".join(f"{k}: {v}" for k, v in download.about.items())})
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True, "bottom": 1})
        for at, column in enumerate(download.columns):
            sheet.write_string(0, at, column.name, bold)
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(download.rows, start=1):
            if number > MOST_IN_SHEET:
                book.close()
                raise _too_many()
            for at, cell in enumerate(row):
                _put(sheet, number, at, cell)
        book.close()
        yield from _content(file)


def _put(sheet: Any, row: int, at: int, cell: Any) -> None:
    plain = _written(cell)
    if plain is None or plain == "":
        return
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        sheet.write_number(row, at, cell)
    else:
        text = str(plain)[:32_767].encode("utf-8", "replace").decode()
        sheet.write_string(row, at, text)


def _too_many() -> BadInput:
    return BadInput(
        "download.too-many-rows",
        f"超过 XLSX 的 {MOST_IN_SHEET} 行，请改用 CSV 或 Parquet，或缩小范围",
        f"more than the {MOST_IN_SHEET} rows of XLSX; take CSV or Parquet, or narrow the question",
    )


# -- Parquet ---------------------------------------------------------------------------------------

_ARROW: dict[Kind, pa.DataType] = {
    "text": pa.string(), "number": pa.float64(), "integer": pa.int64(), "boolean": pa.bool_(),
    "instant": pa.timestamp("us", "UTC"), "date": pa.date32(),
}  # fmt: skip


def _parquet(download: Download) -> Iterator[bytes]:
    fields = [(column.name, _ARROW[column.kind]) for column in download.columns]
    schema = pa.schema(fields).with_metadata(download.about)
    with tempfile.TemporaryFile() as file:
        with pq.ParquetWriter(file, schema, compression="zstd") as writer:
            for some in _pieces(download.rows):
                arrays = [
                    pa.array([_arrow(row[at], column.kind) for row in some], _ARROW[column.kind])
                    for at, column in enumerate(download.columns)
                ]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
        yield from _content(file)


def _arrow(cell: Any, kind: Kind) -> Any:
    if cell is None or kind != "text":
        return None if cell == "" else cell
    return str(_written(cell)).encode("utf-8", "replace").decode()


# -- parts -----------------------------------------------------------------------------------------


def _pieces(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    source = iter(rows)
    while some := list(islice(source, ROWS_AT_ONCE)):
        yield some


def _content(file: BinaryIO | Any) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(CHUNK):
        yield chunk


FORMS: dict[str, Form] = {
    "csv": Form("text/csv; charset=utf-8", _csv),
    "xlsx": Form("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _xlsx),
    "geojson": Form("application/geo+json", _geojson),
    "parquet": Form("application/vnd.apache.parquet", _parquet),
}
