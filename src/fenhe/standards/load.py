"""Editions from YAML: one file is one edition, in the shape below. A row without clause or
confidence, with a wrong number of cells or an unknown key is refused when the file is read.

    id: GB 3095-2012
    standard: GB 3095
    title: {zh: …, en: …}
    valid_from: 2016-01-01      # both days are counted; last_day may be absent
    source: where the numbers were read
    tables:
      limits:
        title: {zh: …, en: …}
        columns: [pollutant, averaging, grade, limit, unit]
        clause: Table 1         # of every row that does not say otherwise
        confidence: official
        rows:
          - [SO2, annual, I, 20, µg/m³]
          - [SO2, annual, II, 60, µg/m³, {clause: Table 1 note, confidence: from_memory, note: …}]
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.text import Text
from fenhe.standards.confidence import Confidence
from fenhe.standards.edition import Edition, Row, Table
from fenhe.store import yaml

TextCell = Annotated[Text, BeforeValidator(Text.read)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


class _Marks(_Shape):
    """What the last item of a row may say for that row alone."""

    clause: str | None = None
    confidence: Confidence | None = None
    note: TextCell | None = None


class _TableFile(_Marks):
    title: TextCell
    columns: list[str]
    rows: list[list[Any]]


class _EditionFile(_Shape):
    id: str
    standard: str
    title: TextCell
    valid_from: date
    last_day: date | None = None
    source: TextCell
    aliases: list[str] = []
    note: TextCell | None = None
    tables: dict[str, _TableFile]


def load_folder(folder: Path) -> list[Edition]:
    """All editions of a folder, by file name. Raises BadInput with every fault of every file."""
    editions: list[Edition] = []
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            editions.append(load_file(path))
        except BadInput as error:
            problems.extend(error.problems)
    if problems:
        raise _refused(problems)
    return editions


def load_file(path: Path) -> Edition:
    try:
        raw = _EditionFile.model_validate(yaml.read(path))
        tables = {name: _table(name, table) for name, table in raw.tables.items()}
    except ValueError as error:
        what = str(error)
        text = Text(f"标准文件读不通：{what}", f"the standard cannot be read: {what}")
        raise _refused([Problem("standards.file", text, file=path.name)]) from error
    return Edition(
        id=raw.id,
        standard=raw.standard,
        title=raw.title,
        valid_from=raw.valid_from,
        last_day=raw.last_day,
        source=raw.source,
        tables=tables,
        aliases=tuple(raw.aliases),
        note=raw.note,
    )


def _table(name: str, raw: _TableFile) -> Table:
    rows = tuple(_row(name, raw, index, cells) for index, cells in enumerate(raw.rows, 1))
    return Table(name, raw.title, tuple(raw.columns), rows)


def _row(name: str, table: _TableFile, index: int, cells: list[Any]) -> Row:
    marks = _Marks()
    if len(cells) == len(table.columns) + 1 and isinstance(cells[-1], dict):
        marks, cells = _Marks.model_validate(cells[-1]), cells[:-1]
    if len(cells) != len(table.columns):
        raise ValueError(f"{name} row {index}: {len(cells)} cells, {len(table.columns)} columns")
    clause = marks.clause or table.clause
    confidence = marks.confidence or table.confidence
    if not clause or not confidence:
        raise ValueError(f"{name} row {index}: clause and confidence are needed")
    return Row(
        dict(zip(table.columns, cells, strict=True)), clause, confidence, marks.note or table.note
    )


def _refused(problems: list[Problem]) -> BadInput:
    return BadInput(
        "standards.file",
        "标准文件有误，没有载入。",
        "A standard's data file is wrong; nothing was loaded.",
        problems=problems,
    )
