"""Reports of testing agencies checked as they are uploaded: what cannot have happened as it was
written down. Nothing is kept; findings are leads and establish nothing."""

from __future__ import annotations

from typing import Any

from fenhe.domains.enforcement import tabular
from fenhe.domains.enforcement.pages.asked import refused, text_or_file
from fenhe.domains.enforcement.rules import laboratory
from fenhe.domains.enforcement.rules.tables import table
from fenhe.ingest.frames import read_text
from fenhe.kernel.errors import BadInput
from fenhe.publish.page import Ask

MOST = 500
OTHERS = {"same_chromatogram": ["sample", "chromatogram", "peak_area"], "out_of_scope": ["item"]}
"""Checks that need one of several columns, or the second table."""


def labs(ask: Ask) -> dict[str, Any]:
    asked = {name: text_or_file(ask, name) for name in ("report", "scope")}
    lines = list(table("supervision checks", "laboratory"))
    names = {row["check"]: row.text("name")[ask.language] for row in lines}
    data: dict[str, Any] = {
        "asked": asked,
        "checks": [
            {
                "name": names[row["check"]],
                "columns": sorted(laboratory.CHECKS[row["check"]][0])
                if row["check"] in laboratory.CHECKS
                else OTHERS.get(row["check"], []),
                "threshold": row["threshold"],
                "unit": row["unit"],
                "confidence": row.confidence,
            }
            for row in lines
        ],
    }
    if not asked["report"].strip():
        return data
    try:
        return data | _checked(asked, names, ask.language)
    except BadInput as error:
        return data | {"refused": refused(error, ask)}


def _checked(asked: dict[str, str], names: dict[str, str], tongue: str) -> dict[str, Any]:
    rows = tabular.lab_rows(read_text("REPORT", asked["report"]))
    qualified = None
    if asked["scope"].strip():
        qualified = tabular.scope(read_text("SCOPE", asked["scope"]))
    made = laboratory.made(rows, qualified)
    if not made:
        raise BadInput(
            "enforcement.labs-columns",
            "没有任何检查所需的列，见下表",
            "the columns allow no check; see the table below",
        )
    found = laboratory.findings(rows, qualified)
    return {
        "made": [names[one] for one in made],
        "read": rows.height,
        "count": len(found),
        "findings": [
            {
                "check": names[one.check],
                "agency": one.agency,
                "rows": "、".join(map(str, one.rows[:20])),
                "text": one.text[tongue],
            }
            for one in found[:MOST]
        ],
        "most": MOST,
    }
