"""What a domain or a stage offers the home page: a card for where we stand, a list of what is due.

A domain names the function of its card in views.yaml (`home: pages.card`): Ask -> Card, or None
while it has nothing to show. Who offers nothing is simply absent. Words come in the language asked
for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Card:
    """One figure that tells where we stand, as printed, with all that a person may ask of it."""

    title: str
    label: str  # what the figure is: "PM₂.₅ 年平均"
    value: str
    unit: str
    link: str  # the page that says more
    finding: str  # the sentence
    standing: Literal["good", "bad", ""] = ""  # against the target; "" where it cannot be said
    standing_word: str = ""  # the word for it; "": met, not met
    why: str | None = None  # what explains the figure
    target: str = ""  # what it is held against, and by which edition
    notes: Sequence[str] = ()  # change on last year, forecast: a line each
    spark: Sequence[float | None] = ()
    spark_label: str = ""  # what the line shows, with unit, averaging period and extremes
    spark_limit: float | None = None
    data_to: datetime | None = None
    computed_at: datetime | None = None
    observed: int = 0
    expected: int = 0
    in_days: bool = True  # what observed and expected count; else hours


@dataclass(frozen=True, slots=True)
class Due:
    """Something that has to be done by a day, by somebody."""

    title: str
    due: datetime
    link: str
    who: str = ""
    rule: str = ""  # by which rule and article
    day: date | None = None  # the last day, where the instant after it is what `due` says
    days_left: int = 0  # negative: over by so many
    accuses: bool = True  # False: rests on a rule we are not sure of; never called overdue
