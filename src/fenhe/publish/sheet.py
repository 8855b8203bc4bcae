"""A sheet: what a bulletin says, as blocks that page, DOCX and PDF all render the same way.

Pure. A domain composes a `Sheet` from verdicts; its `as_dict` is the content of a publication.
`figures` are read off the blocks themselves, so that nothing printed can be missing among them and
an edition can say of every one whether it changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from fenhe.kernel.text import Text

Cell = Text | str
NOTHING = Text("", "")
NO_DATA = Text("无数据", "no data")


@dataclass(frozen=True, slots=True)
class Figure:
    """One printed number. `text` is the number as printed, in words where there is none."""

    key: str
    label: Text
    text: Cell
    unit: str = ""
    note: Text = NOTHING

    def as_dict(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "label": self.label.as_dict(),
            "text": _cell(self.text),
            "unit": "" if self.text == NO_DATA else self.unit,
            "note": self.note.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class Column:
    """`key` tells the numbers of a row apart; the one column without names what the row is of."""

    label: Text
    align: Literal["left", "right"] = "right"
    key: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """One part of the sheet. Which fields count depends on `kind`:

    headline: `figures` in large type · heading: `text` · paragraph: `text`, and as `figures` the
    numbers it alone says · table: `text` as caption, `columns`, `rows` and a key per row in `keys`
    · shares: `text` as caption, `figures` in percent, drawn as bars · notes: `items`
    """

    kind: Literal["headline", "heading", "paragraph", "table", "shares", "notes"]
    text: Text = NOTHING
    figures: Sequence[Figure] = ()
    columns: Sequence[Column] = ()
    rows: Sequence[Sequence[Cell]] = ()
    keys: Sequence[str] = ()
    items: Sequence[Text] = ()

    def as_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "text": self.text.as_dict(),
            "figures": [figure.as_dict() for figure in self.figures],
            "columns": [{"label": one.label.as_dict(), "align": one.align} for one in self.columns],
            "rows": [[_cell(cell) for cell in row] for row in self.rows],
            "items": [item.as_dict() for item in self.items],
        }

    @property
    def printed(self) -> Iterator[Figure]:
        """Every number of the block."""
        yield from self.figures
        names = next((at for at, one in enumerate(self.columns) if not one.key), 0)
        for key, row in zip(self.keys, self.rows, strict=bool(self.keys)):
            of = _text(row[names])
            for column, cell in zip(self.columns, row, strict=True):
                if column.key:
                    what = column.label
                    label = Text(f"{of.zh} {what.zh}", f"{of.en}, {what.en}")
                    yield Figure(f"{key}.{column.key}", label, cell)


@dataclass(frozen=True, slots=True)
class Sheet:
    title: Text
    subtitle: Text
    blocks: Sequence[Block]
    data_up_to: str  # civil time, as printed
    computed_at: str
    data: Mapping[str, Any] = field(default_factory=dict)  # the same numbers, for programs
    doubts: Sequence[Text] = ()  # rules it rests on that are not confirmed

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every printed number, once."""
        found: dict[str, Figure] = {}
        for block in self.blocks:
            for figure in block.printed:
                found.setdefault(figure.key, figure)
        return tuple(found.values())

    def as_dict(self) -> dict[str, Any]:
        return {
            "title": self.title.as_dict(),
            "subtitle": self.subtitle.as_dict(),
            "blocks": [block.as_dict() for block in self.blocks],
            "figures": [figure.as_dict() for figure in self.figures],
            "data_up_to": self.data_up_to,
            "computed_at": self.computed_at,
            "data": dict(self.data),
            "doubts": [doubt.as_dict() for doubt in self.doubts],
        }


def content_hash(content: Mapping[str, Any]) -> str:
    """SHA-256 of the content as canonical JSON."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _text(cell: Cell) -> Text:
    return cell if isinstance(cell, Text) else Text(cell, cell)


def _cell(cell: Cell) -> dict[str, str]:
    return _text(cell).as_dict()
