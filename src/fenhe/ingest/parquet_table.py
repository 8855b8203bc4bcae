"""Parquet as a table of text, batch by batch.

Text is the one road into the platform: a float32 becomes its shortest decimal (0.1, not
0.10000000149), a zoned stamp keeps its zone, a null is an empty cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from fenhe.ingest.findings import Findings
from fenhe.ingest.table import Table, text_frame, unreadable

BATCH = 100_000


@dataclass
class ParquetTable(Table):
    path: Path = Path()

    def batches(
        self, wanted: Sequence[int], findings: Findings
    ) -> Iterator[tuple[pl.DataFrame, float]]:
        names = [self.header[i] for i in wanted]
        row = 2  # as if the header were row 1, like in every other format
        with pq.ParquetFile(self.path) as file:
            total = max(file.metadata.num_rows, 1)
            for batch in file.iter_batches(BATCH, columns=names):
                rows = pl.DataFrame(batch).select(
                    _text(name, kind) for name, kind in pl.DataFrame(batch).schema.items()
                )
                yield text_frame(rows, wanted, row, names), (row - 2 + rows.height) / total
                row += rows.height


def open_parquet(path: Path, name: str) -> ParquetTable:
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
    except (pa.ArrowException, OSError) as error:
        raise unreadable(
            name,
            "Parquet 文件不完整或已损坏，请重新导出",
            "the Parquet file is truncated or broken; export it again",
        ) from error
    nested = [field.name for field in schema if pa.types.is_nested(field.type)]
    if nested:
        raise unreadable(
            name, f"列不能嵌套：{'、'.join(nested)}", f"nested columns: {', '.join(nested)}"
        )
    return ParquetTable(list(schema.names), [], 0, path)


def _text(name: str, kind: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(kind, pl.Datetime):
        if kind.time_zone is not None:
            return column.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        return column.dt.strftime("%Y-%m-%d %H:%M:%S")
    return column.cast(pl.String)
