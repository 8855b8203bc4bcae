"""All editions known to the running platform, looked up by id or by the date of the data.

Filled once at start (or by a domain's own rules in a notebook), then frozen.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from fenhe.kernel.errors import NotFound
from fenhe.kernel.register import Register
from fenhe.kernel.text import Text
from fenhe.standards.edition import Edition
from fenhe.standards.load import load_folder

_editions: Register[Edition] = Register(
    "standards.edition", Text("标准版本", "edition"), lambda edition: edition.id
)
_aliases: dict[str, str] = {}
freeze = _editions.freeze


def register(edition: Edition) -> None:
    """Adds an edition; the same one again changes nothing, another of the same id is an error."""
    _editions.add(edition)
    _aliases.update(dict.fromkeys(edition.aliases, edition.id))


@cache
def add_folder(folder: Path) -> tuple[str, ...]:
    """Registers every edition of a folder, once; returns their ids."""
    editions = load_folder(folder)
    for edition in editions:
        register(edition)
    return tuple(edition.id for edition in editions)


def edition(edition_id: str) -> Edition:
    """By id or alias. Raises NotFound `standards.edition-unknown` with the ids there are."""
    return _editions.get(_aliases.get(edition_id, edition_id))


def in_force(standard: str, on: date) -> Edition:
    """The edition of a standard for data of that day. Raises NotFound `standards.none-in-force`.

    Where several hold (options of an unsettled rule), the one whose id sorts first is the default.
    """
    for candidate in sorted(editions(standard), key=lambda e: e.id):
        if on in candidate:
            return candidate
    raise NotFound(
        "standards.none-in-force",
        f"{on} 没有适用的 {standard} 版本，请指明版本。",
        f"No edition of {standard} is in force on {on}; name one.",
    )


def editions(standard: str | None = None) -> list[Edition]:
    """All editions, or those of one standard, by standard and first day."""
    found = (e for e in _editions if standard is None or e.standard == standard)
    return sorted(found, key=lambda e: (e.standard, e.valid_from, e.id))
