"""What a domain declares so that its numbers are judged: a `Rule` with a pure `evaluate`.

In: the readings of the periods asked about (`READINGS`) and the `Assessment`: which periods, who
counts as a member, which edition is in force. Out: one row per subject and period; every column
that is not a key, coverage or category is a value of the verdict. The engine finds the readings,
picks the edition by the date of the data, and keeps the verdicts.

The smallest rule is one line:
`evaluate=lambda readings, ask: readings.group_by("subject", "period").agg(pl.col("value").mean())`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from graphlib import TopologicalSorter
from typing import Any, Literal

import polars as pl

from fenhe.kernel.period import civil
from fenhe.kernel.register import Register
from fenhe.kernel.text import Text
from fenhe.standards import catalogue
from fenhe.standards.edition import Edition

Span = Literal["day", "month", "quarter", "year"]

TICK = timedelta(microseconds=1)
INSTANT = pl.Datetime("us", "UTC")
Schema = Mapping[str, pl.DataType | type[pl.DataType]]
READINGS: Schema = {
    "subject": pl.Int64,  # whom the verdict is about
    "period": INSTANT,  # the beginning of the period judged
    "member": pl.Int64,  # whose reading it is: the subject itself, or one of its members
    "property": pl.String,
    "statistic": pl.String,  # "value" as measured, a derived one, or `Input.label()`
    "start": INSTANT,  # the beginning of the reading's own hour or day
    "value": pl.Float64,  # null where the flag or the qualifier says it may not be used
    "qualifier": pl.Int8,
    "flag": pl.Int8,
}
KEYS = ("subject", "period")
COVERAGE = ("expected", "observed")
NOT_VALUES = {*KEYS, *COVERAGE, "end", "category"}


@dataclass(frozen=True, slots=True)
class Step:
    """How one value of a verdict came about, for a person who doubts it."""

    metric: str
    value: Any
    zh: str
    en: str
    clause: str = ""
    edition: str = ""
    confidence: str = ""
    inputs: Sequence[Mapping[str, Any]] = ()

    def as_dict(self) -> dict[str, Any]:
        """Without the empty parts."""
        parts = {
            "metric": self.metric,
            "value": self.value,
            "zh": self.zh,
            "en": self.en,
            "clause": self.clause,
            "edition": self.edition,
            "confidence": self.confidence,
            "inputs": [dict(item) for item in self.inputs],
        }
        return {key: part for key, part in parts.items() if key == "value" or part}


@dataclass(frozen=True, slots=True)
class Input:
    """One property a rule reads; `statistic` names a derived daily series ("mean", "mda8"). With a
    `resolution` of its own, as minutes beside hours, its readings come as "minute:value"."""

    property: str
    statistic: str = "value"
    resolution: str = ""

    def label(self) -> str:
        """The statistic as it stands in `READINGS`."""
        return f"{self.resolution}:{self.statistic}" if self.resolution else self.statistic


@dataclass(frozen=True, slots=True)
class Derived:
    """A column of the result that goes back to the lake as a daily series."""

    column: str
    property: str
    statistic: str


@dataclass(frozen=True, slots=True)
class Members:
    """Readings come from the objects that stand in `predicate` to the subject, such as the
    stations that are part_of a city. A member whose attribute `without` is true does not count."""

    predicate: str = "part_of"
    without: str = ""


@dataclass(frozen=True)
class Assessment:
    """What is asked of a rule. All periods of one ask fall under the same editions."""

    span: Span
    periods: pl.DataFrame  # subject, period, end: one verdict each
    members: pl.DataFrame  # subject, period, member: who counted in that period
    standards: tuple[str, ...] = ()
    on: date = date.max  # the last day of the periods, or the day whose rules were asked for
    variant: str = ""  # "" for the rules of the day; else whose rules are applied instead
    attributes: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    """Of each subject, those the rule names in `Rule.attributes`, as they stand now."""

    @classmethod
    def cited(cls, rule: Rule, end: datetime, variant: str = "") -> Assessment:
        """The ask behind a verdict that is there already, without its readings."""
        empty = pl.DataFrame(schema={name: READINGS[name] for name in (*KEYS, "member")})
        on = rules_of(catalogue.edition(variant)) if variant else civil(end - TICK).date()
        return cls(rule.span, empty, empty, rule.standards, on, variant)

    def edition(self, standard: str, on: date | None = None) -> Edition:
        """The edition in force on the day of the data; in a variant, always the variant's."""
        if self.variant and (named := catalogue.edition(self.variant)).standard == standard:
            return named  # also where it is no more than an option beside the one in force
        return catalogue.in_force(standard, self.on if self.variant else on or self.on)

    @property
    def editions(self) -> str:
        """What a verdict cites."""
        return "; ".join(self.edition(standard).id for standard in self.standards)


def rules_of(edition: Edition) -> date:
    """The day whose rules a variant applies: a day on which the named edition is in force together
    with one of every standard beside it. Editions of one generation end together, not always begin
    together, so it is the last day where there is one."""
    return edition.last_day or edition.valid_from


Evaluate = Callable[[pl.DataFrame, Assessment], pl.DataFrame]
Explain = Callable[[Mapping[str, Any], Assessment], Sequence[Step]]


def plainly(row: Mapping[str, Any], ask: Assessment) -> Sequence[Step]:
    """The steps of a rule that brings no explanation of its own: each value as it stands."""
    return [
        Step(metric, value, f"{metric}：{value}", f"{metric}: {value}", edition=ask.editions)
        for metric, value in row.items()
        if metric not in NOT_VALUES
    ]


@dataclass(frozen=True)
class Rule:
    """One rule of a domain. `id` begins with the domain's: "air.city-day"."""

    id: str
    name: Text
    kinds: tuple[str, ...]  # kinds of object it judges
    inputs: tuple[Input, ...]
    evaluate: Evaluate
    span: Span = "day"
    resolution: str = "hour"  # of the readings it takes
    members: Members | None = None  # None: the subject's own readings
    days_back: int = 0  # a day is judged together with so many days before it
    standards: tuple[str, ...] = ()  # "HJ 633": the edition is picked by date
    derives: tuple[Derived, ...] = ()
    attributes: tuple[str, ...] = ()  # of the subject that it judges by; a change judges anew
    explain: Explain = field(default=plainly)

    def feeds(self, other: Rule) -> bool:
        """Whether the other rule reads what this one derives."""
        made = {(item.property, item.statistic) for item in self.derives}
        return any(
            (item.property, item.statistic) in made
            for item in other.inputs
            if (item.resolution or other.resolution) == self.span
        )


_rules: Register[Rule] = Register("assess.rule", Text("规则", "rule"), lambda rule: rule.id)
register = _rules.add
get = _rules.get
freeze = _rules.freeze
clear = _rules.clear


def all() -> tuple[Rule, ...]:
    return tuple(_rules)


def in_order() -> list[Rule]:
    """Every rule, after all the rules whose derived series it reads."""
    graph = {
        rule.id: {other.id for other in _rules if other is not rule and other.feeds(rule)}
        for rule in _rules
    }
    return [_rules.get(rule_id) for rule_id in TopologicalSorter(graph).static_order()]
