"""Standards: every edition, and its tables row by row with clause and confidence."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest
from ninja import Router

from fenhe.app.api.caller import not_there
from fenhe.app.api.operations import reads
from fenhe.app.api.places import named
from fenhe.app.api.shapes import EditionOut, EditionWithTables, RowOut, TableOut
from fenhe.app.api.words import Word
from fenhe.standards import catalogue
from fenhe.standards.edition import Edition

router = Router(tags=["standards"])


@router.get("/editions", response=reads(list[EditionOut]), summary="标准版本 · editions")
def editions(
    request: HttpRequest, standard: Word | None = None, on: date | None = None
) -> list[EditionOut]:
    """All of them, those of one standard, or those in force on a day."""
    return [
        EditionOut(**_edition(item))
        for item in catalogue.editions(standard)
        if on is None or on in item
    ]


@router.get(
    "/editions/{edition_id}", response=reads(EditionWithTables), summary="一个版本 · one edition"
)
def edition(request: HttpRequest, edition_id: Word) -> EditionWithTables:
    """With every table; `confidence` says how sure we are of a row."""
    found = next((item for item in catalogue.editions() if item.id == edition_id), None)
    if found is None:
        raise not_there()
    content = [
        TableOut(
            id=table.id,
            title=named(table.title),
            columns=list(table.columns),
            rows=[
                RowOut(
                    cells={key: _cell(value) for key, value in row.cells.items()},
                    clause=row.clause,
                    confidence=str(row.confidence.value),
                    note=named(row.note) if row.note else None,
                )
                for row in table
            ],
        )
        for table in found.tables.values()
    ]
    return EditionWithTables(**_edition(found), content=content)


def _edition(item: Edition) -> dict[str, Any]:
    return {
        "id": item.id,
        "standard": item.standard,
        "title": named(item.title),
        "valid_from": item.valid_from,
        "last_day": item.last_day,
        "source": named(item.source),
        "hash": item.hash,
        "tables": list(item.tables),
    }


def _cell(value: Any) -> Any:
    """Decimals as they are written in the standard."""
    if isinstance(value, dict):
        return {str(key): _cell(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cell(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
