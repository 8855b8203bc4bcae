"""Published beside recomputed: a file of the national feed is classed again, and every row that
differs is listed with its reason. Nothing of the file is kept."""

from __future__ import annotations

from typing import Any

import polars as pl

from fenhe.domains.water import feed_file
from fenhe.domains.water.rules import feed, tables
from fenhe.ingest.frames import read_text
from fenhe.kernel.errors import BadInput
from fenhe.publish.page import Ask, Table

MOST = 500
ORDER = tuple(feed.REASONS)


def compare(ask: Ask) -> dict[str, Any]:
    text = ask.form.get("table", "")
    if not text:
        return {"found": None}
    try:
        found = feed_file.compared(read_text("CSV", text), tables.surface())
    except BadInput as error:
        return {"found": None, "problems": error.lines(ask.language)[:20]}
    counts = dict(found["difference"].value_counts().iter_rows())
    differing = found.filter(pl.col("class_differs").fill_null(value=False))
    shown = [c for c in ("province", "section", "time", "class") if c in found.columns]
    said = f"difference_{ask.language}"
    columns = [*shown, "class_computed", "waterbody", said]
    return {
        "found": {
            "rows": found.height,
            "counts": [
                {"reason": feed.REASONS[name][ask.language], "count": counts[name], "id": name}
                for name in ORDER
                if name in counts
            ],
            "columns": columns,
            "differing": [
                [_cell(cell) for cell in row]
                for row in differing.select(columns).head(MOST).iter_rows()
            ],
            "more": max(differing.height - MOST, 0),
            "inferred": found["waterbody_from"][0] if found.height else "",
        },
        "tables": {"differing": Table("differing", columns, differing.select(columns).rows())},
    }


def _cell(cell: object) -> str:
    return "—" if cell is None else str(cell)
