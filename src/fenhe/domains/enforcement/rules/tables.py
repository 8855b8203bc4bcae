"""The domain's editions, read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fenhe.kernel.errors import NotFound
from fenhe.standards.edition import Edition, Table
from fenhe.standards.load import load_folder

FOLDER = Path(__file__).resolve().parent.parent / "standards"


@cache
def _editions() -> dict[str, Edition]:
    return {edition.standard: edition for edition in load_folder(FOLDER)}


def edition(standard: str) -> Edition:
    found = _editions().get(standard)
    if found is None:
        raise NotFound("enforcement.edition", f"没有标准 {standard}", f"no edition of {standard}")
    return found


def table(standard: str, name: str) -> Table:
    return edition(standard).table(name)
