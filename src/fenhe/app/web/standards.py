"""The standards browser: every edition, table and row, each with its clause and confidence.

A search goes through all editions, by codes and by names in either language."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse

from fenhe.app.text import said
from fenhe.app.views import of_domains
from fenhe.app.web.preferences import language
from fenhe.app.web.render import page
from fenhe.kernel.errors import NotFound
from fenhe.kernel.period import civil, utc_now
from fenhe.kernel.text import LANGUAGES, Text, plain
from fenhe.standards import catalogue
from fenhe.standards.confidence import Confidence
from fenhe.standards.edition import Edition, Row, Table

MOST_FOUND = 300


def show(request: HttpRequest) -> HttpResponse:
    on = _day(request.GET.get("on", ""))
    confidence = request.GET.get("confidence", "")
    query = request.GET.get("q", "").strip()
    today = on or civil(utc_now()).date()
    editions = [item for item in catalogue.editions() if on is None or on in item]
    wanted = request.GET.get("edition")
    chosen = catalogue.edition(wanted) if wanted else None
    if chosen is None or chosen not in editions:
        chosen = _first(editions, today)
    searched = editions if query else [chosen] if chosen else []
    tables = _tables(searched, confidence, query, language(request))
    data = {
        "editions": [_listed(item, today) for item in editions],
        "rows": sum(len(table) for item in editions for table in item.tables.values()),
        "edition": None if query else chosen,
        "query": query,
        "found": sum(len(table["rows"]) for table in tables),
        "most": MOST_FOUND,
        "tables": tables,
        "confidences": [{"value": item.value, "label": item.label} for item in Confidence],
        "confidence": confidence,
        "on": on,
    }
    return page(request, "pages/standards.html", data)


def _first(editions: list[Edition], today: date) -> Edition | None:
    """The one in force of the standard that a domain opens with; else any in force."""
    opening = [views.standard for views in of_domains().values() if views.standard]
    now = [item for item in editions if today in item]
    preferred = [item for item in now if item.standard in opening]
    return next(iter([*preferred, *now, *editions]), None)


def _listed(item: Edition, today: date) -> dict[str, Any]:
    """Of several editions that hold at once one is used, the others may be asked for."""
    return {
        "id": item.id,
        "title": item.title,
        "valid_from": item.valid_from,
        "last_day": item.last_day,
        "in_force": today in item and _default(item.standard, today) == item.id,
        "option": today in item and _default(item.standard, today) != item.id,
    }


def _default(standard: str, day: date) -> str:
    try:
        return catalogue.in_force(standard, day).id
    except NotFound:
        return ""


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _tables(
    editions: list[Edition], confidence: str, query: str, language: str
) -> list[dict[str, Any]]:
    """The tables with a row that is wanted, and those rows."""
    words = plain(query).split()
    left, shown = MOST_FOUND if query else None, []
    for edition, table in _every(editions):
        rows = [
            row
            for row in table
            if confidence in ("", row.confidence)
            and (not words or all(word in _searched(edition, table, row) for word in words))
        ][:left]
        if rows:
            left = None if left is None else left - len(rows)
            shown.append(
                {
                    "id": table.id,
                    "edition": edition.id,
                    "title": table.title,
                    "columns": [{"title": _title(name, language)} for name in table.columns],
                    "rows": [_row(table, row, language) for row in rows],
                }
            )
    return shown


def _every(editions: list[Edition]) -> Iterator[tuple[Edition, Table]]:
    for edition in editions:
        for table in edition.tables.values():
            yield edition, table


def _searched(edition: Edition, table: Table, row: Row) -> str:
    """All a row may be found by: as it is written in the data and as it is read in either
    language."""
    cells = [row.cells.get(column) for column in table.columns]
    parts = [edition.id, *edition.aliases, row.clause]
    for tongue in LANGUAGES:
        parts += [table.title[tongue], edition.title[tongue]]
        parts += [_cell(cell, tongue)["text"] for cell in cells]
    parts += [str(cell) for cell in cells if not isinstance(cell, dict)]
    return plain(" ".join(parts))


def _title(column: str, language: str) -> str:
    return said("column", column, language).replace("_", " ")


def _row(table: Table, row: Row, language: str) -> dict[str, Any]:
    return {
        "cells": [_cell(row.cells.get(column), language) for column in table.columns],
        "clause": row.clause,
        "confidence": row.confidence,
        "note": row.note,
    }


def _cell(value: Any, language: str) -> dict[str, Any]:
    if isinstance(value, dict) and {"zh", "en"} <= value.keys():
        value = Text.read(value)
    if isinstance(value, Text):
        return {"text": value[language]}
    if isinstance(value, dict):
        pairs = (
            f"{said('cell', str(key), language)} {_cell(item, language)['text']}"
            for key, item in value.items()
        )
        return {"text": ("，" if language == "zh" else ", ").join(pairs)}
    if isinstance(value, list | tuple):
        between = "、" if language == "zh" else ", "
        return {"text": between.join(_cell(item, language)["text"] for item in value)}
    if isinstance(value, bool):
        return {"text": said("cell", "yes" if value else "no", language)}
    if isinstance(value, str):
        return {"text": said("cell", value, language)}
    return {"text": "—" if value is None else str(value), "number": value is not None}
