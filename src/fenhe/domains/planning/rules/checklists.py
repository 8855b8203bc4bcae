"""Checklists of special campaigns, as data (edition "checklists")."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fenhe.kernel.text import Text
from fenhe.standards.edition import Edition
from fenhe.standards.load import load_file

FILE = Path(__file__).resolve().parent.parent / "standards" / "checklists.yaml"


@dataclass(frozen=True, slots=True)
class Item:
    code: str
    item: Text
    wanted: Text


@cache
def edition() -> Edition:
    return load_file(FILE)


def lists() -> dict[str, Text]:
    return {str(row["list"]): row.text("name") for row in edition().table("lists")}


def items(name: str) -> list[Item]:
    """In order; empty for a list there is not."""
    rows = edition().table("items").find(list=name)
    return [Item(str(row["code"]), row.text("item"), row.text("wanted")) for row in rows]
