"""An edition: one standard as dated data. Tables of rows; every row names clause and confidence.

Pure and immutable. Cells hold text, whole numbers, decimals as written, null, or a list of these;
`exact` of the kernel turns a decimal into the number that is printed in the standard.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from fenhe.kernel.errors import NotFound
from fenhe.kernel.ids import content_hash
from fenhe.kernel.text import Text
from fenhe.standards.confidence import Confidence


@dataclass(frozen=True)
class Row:
    """One line of a table. `row["limit"]` is a cell."""

    cells: Mapping[str, Any]
    clause: str
    confidence: Confidence
    note: Text | None = None

    def __getitem__(self, column: str) -> Any:
        return self.cells[column]

    def text(self, column: str) -> Text:
        """A cell written in both languages."""
        return Text.read(self.cells[column])


@dataclass(frozen=True)
class Table:
    id: str
    title: Text
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def find(self, **cells: object) -> tuple[Row, ...]:
        """Rows whose cells equal all of those given."""
        return tuple(
            row for row in self.rows if all(row[column] == cell for column, cell in cells.items())
        )

    def one(self, **cells: object) -> Row:
        """The only such row. Raises NotFound `standards.row-unknown` for none or several."""
        found = self.find(**cells)
        if len(found) != 1:
            wanted = ", ".join(f"{column}={cell}" for column, cell in cells.items())
            raise NotFound(
                "standards.row-unknown",
                f"表“{self.title.zh}”中没有唯一的一行：{wanted}。",
                f"Table “{self.title.en}” has no single row with {wanted}.",
            )
        return found[0]


@dataclass(frozen=True)
class Edition:
    """`standard` is what the editions of one document share ("GB 3095"); both days are counted."""

    id: str
    standard: str
    title: Text
    valid_from: date
    last_day: date | None
    source: Text
    tables: Mapping[str, Table]
    aliases: tuple[str, ...] = ()
    note: Text | None = field(default=None)

    def __contains__(self, day: date) -> bool:
        return self.valid_from <= day and (self.last_day is None or day <= self.last_day)

    def table(self, name: str) -> Table:
        """Raises NotFound `standards.table-unknown`."""
        if name not in self.tables:
            raise NotFound(
                "standards.table-unknown",
                f"{self.id} 没有表“{name}”；现有：{'、'.join(self.tables)}。",
                f"{self.id} has no table “{name}”; it has {', '.join(self.tables)}.",
            )
        return self.tables[name]

    @cached_property
    def hash(self) -> str:
        """Names the content: a verdict cites it, so a later change of data cannot go unseen."""
        return content_hash(
            {
                "id": self.id,
                "days": [str(self.valid_from), str(self.last_day)],
                "tables": {
                    name: [[dict(row.cells), row.clause, row.confidence] for row in table]
                    for name, table in self.tables.items()
                },
            }
        )
