"""Levels of the AQI as pages show them: colour class, category, advice, from the edition."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from fenhe.domains.air.rules import aqi, tables
from fenhe.kernel.text import Text
from fenhe.standards.edition import Edition

SUBSCRIPTS = tables.SUBSCRIPTS


def palette() -> dict[str, dict[str, str]]:
    """Both palettes, from the newest edition (the official colours are equal in all)."""
    newest = tables.editions("HJ 633")[-1]
    return {
        str(row["level"]): {"official": row["hex"], "safe": row["vision_safe_hex"]}
        for row in newest.table("categories")
    }


def edition(day: date) -> Edition:
    return tables.in_force("HJ 633", day)


def of(index: int | None, day: date) -> dict[str, Any]:
    """level, category and advice of an AQI or sub-index; all None where there is none."""
    if index is None:
        return {"level": None, "category": None, "advice": None}
    row = aqi.category(edition(day), index)
    return {
        "level": row["level"],
        "category": row.text("category"),
        "advice": row.text("advice"),
    }


def legend(day: date) -> list[dict[str, Any]]:
    return [
        {
            "level": row["level"],
            "category": row.text("category"),
            "range": f"{row['aqi_from']}–{row['aqi_to']}",
        }
        for row in edition(day).table("categories")
    ]


def groups(texts: Iterable[Text], language: str) -> str:
    """Sensitive groups of several pollutants, each named once."""
    named = [one.strip() for text in texts for one in re.split("[；;]", text[language])]
    return ("；" if language == "zh" else "; ").join(dict.fromkeys(named))


def names(primary: str | Sequence[str] | None) -> str:
    """Primary pollutants for reading: "PM2.5,O3", or a list of them -> "PM₂.₅、O₃"."""
    listed = primary.split(",") if isinstance(primary, str) else primary or []
    return "、".join(SUBSCRIPTS.get(name, name) for name in listed if name)


def category(index: int | None, day: date) -> Text | None:
    found: Text | None = of(index, day)["category"]
    return found
