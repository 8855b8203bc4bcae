"""What a bulletin rests on that is not confirmed, as the editions themselves say; printed as notes
and named once more before publishing. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from fenhe.domains.air.printed import named
from fenhe.domains.air.rules import tables
from fenhe.kernel.text import Text
from fenhe.standards.edition import Edition, Table

USED = {
    "HJ 663": ("percentile_method", "validity", "rounding"),
    "GB 3095": ("limits",),
    "HJ 633": ("breakpoints",),
    "composite": ("composite",),
}
"""The tables a period is computed with, by standard."""


def doubts(editions: Mapping[str, Edition]) -> list[Text]:
    """One sentence per table with rows that must not be held against anybody."""
    return [
        _doubt(edition, edition.table(name))
        for standard, names in USED.items()
        for edition in (editions[standard],)
        for name in names
        if not all(row.confidence.accuses for row in edition.table(name))
    ]


def _doubt(edition: Edition, table: Table) -> Text:
    unsure = [row for row in table if not row.confidence.accuses]
    labels = {row.confidence: row.confidence.label for row in unsure}.values()
    note = unsure[0].note if len(unsure) == len(table) else None
    name = named(edition)
    said = Text(
        f"{name.zh}“{table.title.zh}”{'' if len(unsure) == len(table) else '部分条目'}"
        f"{'、'.join(label.zh for label in labels)}" + (f"：{note.zh}" if note else "。"),
        f'{name.en}, "{table.title.en}"'
        f"{'' if len(unsure) == len(table) else ', some rows'}: "
        f"{', '.join(label.en for label in labels)}" + (f". {note.en}" if note else "."),
    )
    return Text(_readable(said.zh), _readable(said.en))


def _readable(text: str) -> str:
    """With subscripts, as everywhere on the sheet."""
    for symbol, shown in tables.SUBSCRIPTS.items():
        text = text.replace(symbol, shown)
    return text
