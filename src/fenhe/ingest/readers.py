"""Opens a file as a table. The content decides what it is, not the ending of its name."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from fenhe.ingest.csv_table import open_csv, too_large
from fenhe.ingest.findings import Findings
from fenhe.ingest.parquet_table import open_parquet
from fenhe.ingest.profile import FileFormat
from fenhe.ingest.sheet_table import open_sheet
from fenhe.ingest.table import Table, unreadable

MAGIC = {
    b"PK\x03\x04": "xlsx",
    b"\xd0\xcf\x11\xe0": "xlsx",  # the old binary XLS, read by the same library
    b"PAR1": "parquet",
}
DEFAULT = FileFormat()


def open_table(path: Path, shape: FileFormat, name: str, largest: int) -> Table:
    """The table of a file. `largest`: bytes it may hold. Raises BadInput with what to do."""
    size = path.stat().st_size
    if size > largest:
        raise too_large(name, largest)
    if size == 0:
        raise unreadable(name, "文件是空的", "the file is empty")
    kind = file_format(path)
    if shape.format not in ("auto", kind):
        raise unreadable(
            name,
            f"方案要 {shape.format}，文件却是 {kind}",
            f"the profile expects {shape.format}, the file is {kind}",
        )
    if kind == "xlsx":
        return open_sheet(path, shape, name)
    if kind == "parquet":
        return open_parquet(path, name)
    return open_csv(path, shape, name, largest)


def file_format(path: Path) -> str:
    with path.open("rb") as handle:
        return MAGIC.get(handle.read(4), "csv")


def read_whole(
    path: Path, name: str, largest: int, shape: FileFormat = DEFAULT
) -> tuple[pl.DataFrame, Findings]:
    """A table small enough for memory: text columns by their titles, and `row`."""
    table, findings = open_table(path, shape, name, largest), Findings(name)
    titles = [title.strip() for title in table.header]
    for title in {title for title in titles if titles.count(title) > 1 or not title}:
        findings.add("ingest.column-duplicate", table.row_of_header or 1, title)
    findings.raise_if_any("ingest.header", f"{name} 的表头有误", f"the header of {name} is wrong")
    frames = [batch for batch, _ in table.batches(range(len(titles)), findings)]
    schema = {"row": pl.UInt32(), **{str(i): pl.String() for i in range(len(titles))}}
    whole = pl.concat(frames) if frames else pl.DataFrame(schema=schema)
    return whole.rename({str(i): title for i, title in enumerate(titles)}), findings
