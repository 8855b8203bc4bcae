"""Any table as a file: what is written is read back, no cell runs, nothing is held in memory."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from fenhe.kernel.errors import BadInput
from fenhe.publish import downloads
from fenhe.publish.downloads import Column, Download, of_table, write
from fenhe.publish.page import Table

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
COLUMNS = [Column("name"), Column("lon", "number"), Column("lat", "number"), Column("n", "integer"),
           Column("at", "instant"), Column("on", "date"), Column("yes", "boolean")]  # fmt: skip
ROWS: list[list[Any]] = [
    ["=cmd|'/c calc'!A1", 112.5, 37.9, 1, AT, date(2026, 3, 1), True],
    ["@SUM(1)", None, None, -5, None, None, False],
    ["尖草坪\nline \ud800 two", 1.5, -2.5, 0, AT, None, None],
]


def made(form: str, rows: Any = ROWS) -> bytes:
    about = {"licence": "CC BY 4.0", "data_up_to": "2026-03-01"}
    return b"".join(write(Download("t", COLUMNS, rows, (1, 2), about), form))


def test_csv_marks_what_a_spreadsheet_would_run() -> None:
    text = made("csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["name"][:2] for row in rows] == ["'=", "'@", "尖草"]
    assert (rows[0]["at"], rows[1]["n"], rows[0]["yes"]) == ("2026-03-01T08:00:00Z", "-5", "true")


def test_xlsx_holds_text_as_text_and_numbers_as_numbers() -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(made("xlsx")))
    rows = book.get_sheet_by_index(0).to_python()
    assert rows[0] == [column.name for column in COLUMNS]
    assert rows[1][:4] == ["=cmd|'/c calc'!A1", 112.5, 37.9, 1]
    import zipfile

    with zipfile.ZipFile(io.BytesIO(made("xlsx"))) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert "CC BY 4.0" in parts.read("docProps/core.xml").decode()


def test_geojson_has_points_where_there_are_places() -> None:
    told = json.loads(made("geojson"))
    assert told["licence"] == "CC BY 4.0"
    geometries = [feature["geometry"] for feature in told["features"]]
    assert geometries[0] == {"type": "Point", "coordinates": [112.5, 37.9]}
    assert geometries[1] is None
    assert told["features"][0]["properties"]["name"] == "=cmd|'/c calc'!A1"
    assert json.loads(made("geojson", []))["features"] == []


def test_parquet_keeps_types_and_says_its_licence() -> None:
    frame = pl.read_parquet(made("parquet"))
    assert frame.schema["at"] == pl.Datetime("us", "UTC")
    assert frame["n"].to_list() == [1, -5, 0]
    assert frame["name"][0] == "=cmd|'/c calc'!A1"
    assert pl.read_parquet_metadata(io.BytesIO(made("parquet")))["licence"] == "CC BY 4.0"


@pytest.mark.parametrize("form", downloads.FORMS)
def test_a_table_of_a_page_in_every_format(form: str) -> None:
    table = Table(
        "t", ["code", "value", "mixed"], [["a", 1, "x"], ["b", None, 2], ["c", 2.5, None]]
    )
    assert b"".join(write(of_table(table), form))
    assert [column.kind for column in of_table(table).columns] == ["text", "number", "text"]


def test_formats_that_are_not_offered_and_rows_that_do_not_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(BadInput, match=r"download\.format"):
        made("exe")
    monkeypatch.setattr(downloads, "MOST_IN_SHEET", 2)
    with pytest.raises(BadInput, match=r"download\.too-many-rows"):
        made("xlsx")
    assert made("csv")


@pytest.mark.parametrize("form", ["csv", "geojson", "parquet"])
def test_a_file_larger_than_memory_allows_is_sent_in_pieces(form: str) -> None:
    def rows() -> Iterator[list[Any]]:
        for number in range(60_000):
            yield ["x" * 200, 1.0, 2.0, number, AT, None, None]

    tracemalloc.start()
    size = sum(len(piece) for piece in write(Download("t", COLUMNS, rows(), (1, 2)), form))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 10_000 or form == "parquet"
    assert peak < 12 * 1024 * 1024  # the rows together are twice that and more
