"""The editions of water, and the words both sides use: item ids in frames (`nh3n`), classes as
numbers 1 to 6 in computing and Ⅰ … Ⅴ, 劣Ⅴ in print (GB 3838 and every published list).

The standards are read from this folder's YAML when first asked for.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import polars as pl

from fenhe.kernel.text import Text
from fenhe.standards import catalogue
from fenhe.standards.confidence import Confidence
from fenhe.standards.edition import Edition

FOLDER = Path(__file__).resolve().parent.parent / "standards"
SURFACE, EVALUATION, STATISTICS = (
    "GB 3838",
    "surface-water evaluation",
    "surface-water statistics",
)
ROMAN = ("Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ")
"""How a class is printed: level 1 first."""
WORST = len(ROMAN)
RIVER, LAKE = "river", "lake"
Rule = str  # "at_most", "at_least", "range", "change"


@dataclass(frozen=True, slots=True)
class Item:
    """One basic item of GB 3838 for one kind of water; limits of class I to V, mg/L."""

    id: str
    name: Text
    rule: Rule
    limits: tuple[float, ...]
    assessed: bool  # one of the 21 items that decide the class
    in_cwqi: bool
    clause: str
    confidence: Confidence

    def limit(self, level: int) -> float:
        return self.limits[level - 1]


def edition(edition_id: str) -> Edition:
    """An edition by id or alias. Raises NotFound `standards.edition-unknown`."""
    catalogue.add_folder(FOLDER)
    return catalogue.edition(edition_id)


def in_force(standard: str, on: date) -> Edition:
    """The edition of a standard for a day's data. Raises NotFound `standards.none-in-force`."""
    catalogue.add_folder(FOLDER)
    return catalogue.in_force(standard, on)


def editions(standard: str | None = None) -> list[Edition]:
    catalogue.add_folder(FOLDER)
    return catalogue.editions(standard)


def latest(standard: str) -> Edition:
    """The newest edition: what a file without dates is judged by."""
    return editions(standard)[-1]


def surface() -> Edition:
    return latest(SURFACE)


def evaluation() -> Edition:
    return latest(EVALUATION)


@cache
def items(edition_id: str, waterbody: str = RIVER) -> dict[str, Item]:
    """The items with class limits for rivers or for lakes, in the order of the standard."""
    found = {}
    for row in edition(edition_id).table("basic"):
        if row["waterbody"] in ("any", waterbody) and row["limits"]:
            found[row["item"]] = Item(
                id=row["item"],
                name=row.text("name"),
                rule=row["rule"],
                limits=tuple(map(float, row["limits"])),
                assessed=bool(row["assessed"]),
                in_cwqi=bool(row["in_cwqi"]),
                clause=row.clause,
                confidence=row.confidence,
            )
    return found


def assessed(edition_id: str) -> tuple[str, ...]:
    """The 21 items that decide a class: table 1 less temperature, TN and faecal coliform."""
    return tuple(
        dict.fromkeys(row["item"] for row in edition(edition_id).table("basic") if row["assessed"])
    )


def every(edition_id: str) -> tuple[str, ...]:
    """All items with limits, for rivers or lakes, assessed or told apart (TN, faecal coliform)."""
    return tuple(
        dict.fromkeys(row["item"] for row in edition(edition_id).table("basic") if row["limits"])
    )


def feed_items() -> tuple[str, ...]:
    """The five items of the national feed's real-time class."""
    return tuple(row["item"] for row in evaluation().table("feed_items"))


def name_of(item: str) -> Text:
    return item_names().get(item, Text(item, item))


@cache
def item_names() -> dict[str, Text]:
    return {row["item"]: row.text("name") for row in surface().table("basic")}


def option(name: str) -> float:
    """A number of the evaluation measures, such as `few_sections_below`."""
    return float(evaluation().table("options").one(option=name)["value"])


_READ = {
    **{roman: level for level, roman in enumerate(ROMAN, 1)},
    **{str(level): level for level in range(1, WORST + 1)},
    **{word: level for level, word in enumerate(("I", "II", "III", "IV", "V"), 1)},
    **dict.fromkeys(("劣V", "VI", ">V", "WORSE THAN V", "INFERIOR V", "劣五", "劣"), WORST),
    **{word: level for level, word in enumerate("一二三四五", 1)},
}


def level_of(text: object) -> int | None:
    """The class somebody means: Ⅲ, III, 3, "Ⅲ类", 劣Ⅴ, 劣V, VI; None for anything else."""
    plain = unicodedata.normalize("NFKC", str(text)).strip().upper()
    return _READ.get(re.sub(r"\s*(类|CLASS)\s*$", "", re.sub(r"^CLASS\s+", "", plain)))


def roman(level: pl.Expr) -> pl.Expr:
    """Levels as they are printed; null stays null."""
    words = dict(enumerate(ROMAN, 1))
    return level.replace_strict(words, default=None, return_dtype=pl.String)


def levels(texts: pl.Expr) -> pl.Expr:
    """Printed classes as levels; what is no class becomes null."""
    return texts.cast(pl.String).map_elements(level_of, return_dtype=pl.Int64).cast(pl.Int8)
