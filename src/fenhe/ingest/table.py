"""A file as a table of text: its header, its units row, and its rows in batches.

Every reader (CSV, spreadsheet, Parquet) yields this one shape, so that what follows does not know
where the text came from. A batch is a frame with `row` (the row a person sees, header counted)
and one text column per wanted column, named by its position.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl

from fenhe.ingest.findings import Findings
from fenhe.kernel.errors import BadInput


@dataclass
class Table(ABC):
    """`row_of_header` is 0 where the format keeps its header outside the rows."""

    header: list[str]
    units: list[str] = field(default_factory=list)
    row_of_header: int = 1

    @abstractmethod
    def batches(
        self, wanted: Sequence[int], findings: Findings
    ) -> Iterator[tuple[pl.DataFrame, float]]:
        """Batches of the wanted columns and the share of the file read so far (0..1)."""


def unreadable(file: str, zh: str, en: str) -> BadInput:
    return BadInput("ingest.file-unreadable", f"{file}：{zh}", f"{file}: {en}")


def text_frame(
    rows: pl.DataFrame, wanted: Sequence[int], first_row: int, names: Sequence[str] | None = None
) -> pl.DataFrame:
    """Number the rows, keep the wanted columns under their positions, drop wholly blank rows."""
    given = names or [f"c{i}" for i in wanted]
    frame = rows.select(
        pl.int_range(first_row, first_row + rows.height, dtype=pl.UInt32).alias("row"),
        *(pl.col(name).alias(str(i)) for name, i in zip(given, wanted, strict=True)),
    )
    blank = pl.all_horizontal(
        pl.col(str(i)).is_null() | (pl.col(str(i)) == "") for i in wanted
    )  # fmt: skip
    return frame.filter(~blank) if wanted else frame
