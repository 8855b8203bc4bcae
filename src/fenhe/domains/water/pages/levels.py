"""Classes as pages show them: Roman numeral, grade, colour class. Colours are those of the grades
(from memory), their shades ours, with a palette that does not rest on red and green."""

from __future__ import annotations

from typing import Any

from fenhe.domains.water.rules import evaluation, tables


def palette() -> dict[str, dict[str, str]]:
    """{"1": {"official": …, "safe": …}} for Ⅰ … 劣Ⅴ."""
    return {
        str(level): {"official": row["hex"], "safe": row["vision_safe_hex"]}
        for row in tables.evaluation().table("section_grades")
        for level in row["levels"]
    }


def of(level: int | None) -> dict[str, Any]:
    """level, roman and grade; all None where there is no class."""
    if level is None:
        return {"level": None, "roman": None, "grade": None}
    return {
        "level": level,
        "roman": tables.ROMAN[level - 1],
        "grade": evaluation.grade(level),
    }


def legend() -> list[dict[str, Any]]:
    return [of(level) for level in range(1, tables.WORST + 1)]
