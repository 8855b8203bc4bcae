"""Files as they come: encodings, line ends, quotes, spreadsheets, Parquet, broken ones."""

from __future__ import annotations

import datetime as dt
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from fenhe.ingest import csv_table
from fenhe.ingest.findings import Findings
from fenhe.ingest.profile import FileFormat
from fenhe.ingest.readers import open_table, read_whole
from fenhe.kernel.errors import BadInput

TEXT = "站点,时间,二氧化硫\n万寿西宫,2015-01-01 00:00,12\n定陵,2015-01-01 00:00,3\n"
ROWS = [(2, "万寿西宫", "2015-01-01 00:00", "12"), (3, "定陵", "2015-01-01 00:00", "3")]
LIMIT = 50_000_000


def rows(path: Path, **shape: object) -> list[tuple[object, ...]]:
    return read_whole(path, path.name, LIMIT, FileFormat.model_validate(shape))[0].rows()


def book(write: Callable[[xlsxwriter.Workbook], None]) -> bytes:
    out = io.BytesIO()
    workbook = xlsxwriter.Workbook(out)
    write(workbook)
    workbook.close()
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("gb18030"),
        TEXT.encode("utf-16"),
        gzip.compress(TEXT.encode()),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        TEXT.replace("\n", "\r\n", 2).encode(),
        TEXT.rstrip("\n").encode(),
    ],
    ids=["utf-8", "bom", "gb18030", "utf-16", "gzip", "crlf", "cr", "mixed", "no last line end"],
)
def test_one_table_in_every_dress(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    assert rows(path) == ROWS


def test_gb18030_is_found_though_the_chinese_comes_late(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"a\n" + b"x\n" * 100_000 + "晋源\n".encode("gb18030"))
    assert rows(path)[-1] == (100_002, "晋源")


def test_neither_utf8_nor_gb18030_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"a,b\n1,2\n3,\xff\xff\n")
    with pytest.raises(BadInput) as caught:
        rows(path)
    assert caught.value.code == "ingest.encoding"
    assert {problem.row for problem in caught.value.problems} == {3}


def test_quotes_hold_separators_line_ends_and_quotes(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text('a,b\n"1,5","two\nlines"\n"say ""hi""",4\n', encoding="utf-8")
    assert rows(path) == [(2, "1,5", "two\nlines"), (3, 'say "hi"', "4")]


def test_blank_rows_are_skipped_but_counted(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("a,b\n1,2\n\n,\n3,4\n", encoding="utf-8")
    assert rows(path) == [(2, "1", "2"), (5, "3", "4")]


def test_blocks_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.csv"
    path.write_text(
        "a,b\n" + "".join(f'{i},"x\n{i}"\n' for i in range(1000)), encoding="utf-8"
    )  # fmt: skip
    whole = rows(path)
    for size in (7, 64, 1000):
        monkeypatch.setattr(csv_table, "BLOCK", size)
        assert rows(path) == whole


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "ingest.file-unreadable"),
        (b"a,b\n\x00\x01,2\n", "ingest.file-unreadable"),
        (b'a,b\n"never closed,2\n3,4\n', "ingest.file-unreadable"),
        (gzip.compress(b"a,b\n" * 100_000)[:-200], "ingest.file-unreadable"),
        (b"PK\x03\x04 not really", "ingest.file-unreadable"),
        (b"PAR1 not really", "ingest.file-unreadable"),
    ],
    ids=["empty", "binary", "open quote", "cut gzip", "cut xlsx", "cut parquet"],
)
def test_a_broken_file_is_refused_in_both_languages(
    tmp_path: Path, content: bytes, code: str
) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(BadInput) as caught:
        rows(path)
    assert caught.value.code == code
    assert "file.csv" in caught.value.zh
    assert "file.csv" in caught.value.en


@pytest.mark.parametrize("content", [bytes(range(256)) * 40, b"\xff\x01\x02\x03" * 999])
def test_a_file_that_is_no_text_gets_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "photo.csv").write_bytes(content)
    with pytest.raises(BadInput) as caught:
        rows(tmp_path / "photo.csv")
    assert caught.value.code == "ingest.file-unreadable"
    assert not caught.value.problems


def test_a_truncated_spreadsheet_or_parquet_is_refused(tmp_path: Path) -> None:
    sheet = book(lambda b: [b.add_worksheet().write_row(i, 0, [i, "x"]) for i in range(1)] and None)
    (tmp_path / "a.xlsx").write_bytes(sheet[: len(sheet) // 2])
    pl.DataFrame({"a": range(1000)}).write_parquet(tmp_path / "b.parquet")
    whole = (tmp_path / "b.parquet").read_bytes()
    (tmp_path / "b.parquet").write_bytes(whole[: len(whole) // 2])
    for name in ("a.xlsx", "b.parquet"):
        with pytest.raises(BadInput, match=r"ingest\.file-unreadable") as caught:
            rows(tmp_path / name)
        assert "EOCD" not in caught.value.zh + caught.value.en


def test_a_file_over_the_limit_is_refused_also_when_packed(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"a\n" + b"1\n" * 1000)
    with pytest.raises(BadInput, match=r"ingest\.too-large"):
        read_whole(path, path.name, 1000)
    path.write_bytes(gzip.compress(b"a\n" + b"1\n" * 1_000_000))
    with pytest.raises(BadInput, match=r"ingest\.too-large"):
        read_whole(path, path.name, 100_000)


def test_a_spreadsheet_as_offices_make_them(tmp_path: Path) -> None:
    def write(workbook: xlsxwriter.Workbook) -> None:
        workbook.add_worksheet("说明").write(0, 0, "先读我")
        sheet = workbook.add_worksheet("数据")
        date = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.merge_range(0, 0, 1, 0, "站点")  # merged over both header rows
        sheet.merge_range(0, 1, 0, 2, "污染物")
        sheet.write_row(1, 1, ["SO2", "时间"])
        sheet.write(2, 0, "1001A")
        sheet.write(2, 1, 12.5)
        sheet.write_datetime(2, 2, dt.datetime(2015, 1, 1, 2, 59, 59, 999900), date)  # noqa: DTZ001
        sheet.write(4, 0, 140100051)  # a code typed as a number

    path = tmp_path / "报表.xlsx"
    path.write_bytes(book(write))
    found = read_whole(path, path.name, LIMIT, FileFormat(sheet="数据", header_row=2))[0]
    assert found.columns == ["row", "站点", "SO2", "时间"]
    assert found.rows() == [
        (3, "1001A", "12.5", "2015-01-01 03:00:00"),
        (5, "140100051", "", ""),
    ]


def test_a_sheet_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(book(lambda b: b.add_worksheet("数据").write(0, 0, "a") and None))
    with pytest.raises(BadInput, match=r"ingest\.sheet-unknown") as caught:
        rows(path, sheet="Data")
    assert "数据" in caught.value.en


def test_parquet_numbers_become_their_shortest_text(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    stamp = dt.datetime(2015, 1, 1, 3)  # noqa: DTZ001 (as other programs write it)
    frame = pl.DataFrame(
        {
            "value": pl.Series([0.1, None, 12.0], dtype=pl.Float32),
            "naive": [stamp] * 3,
            "zoned": pl.Series([stamp] * 3).dt.replace_time_zone("Asia/Tokyo"),
        }
    )
    frame.write_parquet(path)
    assert rows(path)[0] == (2, "0.1", "2015-01-01 03:00:00", "2014-12-31T18:00:00Z")
    assert rows(path)[1][1] is None


def test_the_content_decides_not_the_name(tmp_path: Path) -> None:
    path = tmp_path / "really.csv"
    pl.DataFrame({"a": ["x"]}).write_parquet(path)
    assert rows(path) == [(2, "x")]
    with pytest.raises(BadInput, match=r"ingest\.file-unreadable"):
        open_table(path, FileFormat(format="xlsx"), path.name, LIMIT)


def test_titles_that_repeat_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,a\n1,2\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"ingest\.header"):
        read_whole(path, path.name, LIMIT)


def test_findings_trim_to_the_first_rows() -> None:
    findings = Findings("f", limit=3)
    for row in range(100, 0, -1):
        findings.add("ingest.row-width", row, value="2")
    assert [problem.row for problem in findings.kept] == [1, 2, 3]
    assert findings.total == 100
