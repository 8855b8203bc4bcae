"""The target class of a section on a day, from its history as written in the register:
"2021-01-01 Ⅲ; 2024-01-01 Ⅱ", or one class that always held."""

from __future__ import annotations

from datetime import date

from fenhe.domains.water.rules import tables


def history(written: object) -> list[tuple[date, int]]:
    """From which day which class (1 to 6), oldest first. Raises ValueError for what it cannot
    read, so that a slip never becomes a target."""
    found = []
    for part in str(written or "").replace("；", ";").split(";"):
        words = part.split()
        if not words:
            continue
        since = date.fromisoformat(words[0]) if len(words) == 2 else date.min
        level = tables.level_of(words[-1])
        if level is None or len(words) > 2:
            raise ValueError(f"no target: {part.strip()}")
        found.append((since, level))
    return sorted(found)


def target(written: object, on: date) -> int | None:
    """The class in force on a day; None where none is known, or the history cannot be read."""
    try:
        known = history(written)
    except ValueError:
        return None
    return next((level for since, level in reversed(known) if since <= on), None)
