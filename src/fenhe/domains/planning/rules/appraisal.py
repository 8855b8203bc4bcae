"""The appraisal sheet (考核): 100 points per unit, less what its tasks and targets cost it.

Points are the bureau's own policy (edition "appraisal"): no national rule was found. Every
deduction names what it is for, so that it can be answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fenhe.kernel.text import Text
from fenhe.standards.edition import Edition
from fenhe.standards.load import load_file

FILE = Path(__file__).resolve().parent.parent / "standards" / "appraisal.yaml"


@dataclass(frozen=True, slots=True)
class Deduction:
    unit: str
    cause: str  # a row of the edition
    points: float
    what: str  # the task or target
    detail: Text
    link: str


@dataclass(frozen=True, slots=True)
class Score:
    unit: str
    points: float
    deductions: Sequence[Deduction]


@cache
def edition() -> Edition:
    return load_file(FILE)


def cost(cause: str, times: int = 1) -> float:
    """So many times the points of a cause, never more than its most."""
    row = edition().table("deductions").one(cause=cause)
    return min(float(row["points"]) * times, float(row["most"]))


def cause_name(cause: str) -> Text:
    return edition().table("deductions").one(cause=cause).text("name")


def full() -> float:
    return float(edition().table("scale").one(name="full")["value"])


def scores(units: Iterable[str], deductions: Iterable[Deduction]) -> list[Score]:
    """One per unit, the highest first; never below zero."""
    listed = list(deductions)
    found = []
    for unit in dict.fromkeys(units):
        own = [one for one in listed if one.unit == unit]
        left = full() - sum(one.points for one in own)
        found.append(Score(unit, max(round(left, 1), 0.0), own))
    return sorted(found, key=lambda one: (-one.points, one.unit))
