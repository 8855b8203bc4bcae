"""The standards of this domain as the rules use them; read from the folder's YAML when first asked
for. Times in frames are civil and naive, an interval is named by its start (HJ 212-2017 6.2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from fenhe.kernel.errors import BadInput
from fenhe.standards import catalogue
from fenhe.standards.edition import Edition, Row

FOLDER = Path(__file__).resolve().parent.parent / "standards"
GAS, WATER = "emission limits, gas", "emission limits, water"
MONITORING, PERMITS, WATCH = "source monitoring", "permit codes", "fraud watch"


def edition(edition_id: str) -> Edition:
    """An edition by id or alias. Raises NotFound `standards.edition-unknown`."""
    catalogue.add_folder(FOLDER)
    return catalogue.edition(edition_id)


def latest(standard: str) -> Edition:
    catalogue.add_folder(FOLDER)
    return catalogue.editions(standard)[-1]


def monitoring() -> Edition:
    return latest(MONITORING)


@cache
def least(span: str) -> int:
    """How many valid parts a valid minute, hour, day or month needs."""
    return int(monitoring().table("validity").one(span=span)["least"])


@cache
def february() -> int:
    return int(monitoring().table("validity").one(span="month")["february"])


@cache
def constant(name: str) -> float:
    return float(monitoring().table("physics").one(name=name)["value"])


@cache
def valid_flags() -> tuple[str, ...]:
    """Flags whose value is a measurement; T (over range) is one only as a lower bound."""
    return tuple(row["flag"] for row in monitoring().table("valid_flags") if not row["lower_bound"])


def well_formed(what: str, text: str) -> bool:
    """Whether a permit, outlet, treatment or facility number has its form."""
    row = latest(PERMITS).table("formats").one(what=what)
    return re.fullmatch(row["pattern"], text) is not None


USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def credit_code(text: str) -> bool:
    """Whether the 18 characters are a unified social credit code with its check character
    (GB 32100: weights 3^i mod 31)."""
    if len(text) != 18 or any(letter not in USCC for letter in text):
        return False
    total = sum(USCC.index(letter) * pow(3, place, 31) for place, letter in enumerate(text[:17]))
    return USCC[(31 - total % 31) % 31] == text[17]


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of a standard for one pollutant, with all a reader needs to doubt it."""

    row: Row
    edition: str

    @property
    def value(self) -> float:
        return float(self.row["limit"])

    @property
    def accuses(self) -> bool:
        """From memory, unconfirmed or a mere policy target: it may warn, never accuse."""
        return self.row.confidence.accuses and bool(self.row["binding"])


def limits(
    standard: str, unit: str, condition: str, code: str, averaging: str, on: date
) -> list[Limit]:
    """The rows that hold for a source on a day, by the standard's own words."""
    found = []
    for collection in (GAS, WATER):
        chosen = latest(collection)
        for row in chosen.table("limits").find(
            standard=standard, source_unit=unit, condition=condition, code=code, averaging=averaging
        ):
            begin, end = row["from"], row["to"]
            if (begin is None or date.fromisoformat(str(begin)) <= on) and (
                end is None or on <= date.fromisoformat(str(end))
            ):
                found.append(Limit(row, chosen.id))
    return found


def must_be_known(standard: str, unit: str, condition: str) -> None:
    """Raises BadInput `sources.limit-unknown` with what the standard does name."""
    rows = [row for c in (GAS, WATER) for row in latest(c).table("limits").find(standard=standard)]
    if any(row["source_unit"] == unit and row["condition"] == condition for row in rows):
        return
    named = sorted({f"{row['source_unit']} / {row['condition']}" for row in rows})
    if not named:
        named = sorted({row["standard"] for c in (GAS, WATER) for row in latest(c).table("limits")})
    raise BadInput(
        "sources.limit-unknown",
        f"没有“{standard} / {unit} / {condition}”的限值；有：{'；'.join(named)}。",
        f"No limits for “{standard} / {unit} / {condition}”; there are: {'; '.join(named)}.",
    )
