"""The time limits of rules.yaml as typed data, looked up by id; older law by the day of the act.

Each entry keeps the words of the reference table (`written`) beside the way it is counted (`limits`
and what follows), so that a test can hold the one against the other row by row.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from pathlib import Path

from pydantic import Field

from fenhe.kernel import declared
from fenhe.kernel.declared import Declared, DeclaredText
from fenhe.kernel.errors import BadInput
from fenhe.kernel.text import Text
from fenhe.store import yaml

FILE = Path(__file__).with_name("rules.yaml")


class Unit(StrEnum):
    NATURAL_DAY = "natural_day"
    WORKING_DAY = "working_day"
    HOUR = "hour"
    MONTH = "month"
    YEAR = "year"
    WORKING_DAY_BEFORE = "working_day_before"
    NATURAL_DAY_BEFORE = "natural_day_before"
    WORKING_DAY_MIN = "working_day_min"
    CALENDAR = "calendar"
    RATE = "rate"
    AMOUNT = "amount"
    COUNT_OF_DAYS = "count_of_days"
    UNKNOWN = "unknown"

    @property
    def backwards(self) -> bool:
        return self in (Unit.WORKING_DAY_BEFORE, Unit.NATURAL_DAY_BEFORE)

    @property
    def is_time(self) -> bool:
        """Whether a day or an hour comes out at all."""
        return self not in (Unit.RATE, Unit.AMOUNT, Unit.COUNT_OF_DAYS, Unit.UNKNOWN)


class Confidence(StrEnum):
    """As the reference table says it; what is not confirmed warns and never accuses."""

    HIGH = "high"
    HIGH_FOR_ANHUI = "high_for_anhui"
    MEDIUM = "medium"
    FROM_MEMORY = "from_memory"
    UNCONFIRMED = "unconfirmed"

    @property
    def firm(self) -> bool:
        return self in (Confidence.HIGH, Confidence.HIGH_FOR_ANHUI)

    @property
    def accuses(self) -> bool:
        return self not in (Confidence.FROM_MEMORY, Confidence.UNCONFIRMED)

    @property
    def label(self) -> Text:
        return _LABELS[self]


_LABELS = {
    Confidence.HIGH: Text("已读条文", "the text was read"),
    Confidence.HIGH_FOR_ANHUI: Text("已读条文（安徽例）", "the text was read (Anhui)"),
    Confidence.MEDIUM: Text("转引，未见原文", "second-hand, original not seen"),
    Confidence.FROM_MEMORY: Text("凭记忆，待核实", "from memory, to be checked"),
    Confidence.UNCONFIRMED: Text("未经证实", "unconfirmed"),
}


class Limit(Declared):
    """One way to count. Of several the first is taken unless another is named."""

    unit: Unit
    id: str = ""
    name: DeclaredText | None = None
    count: int = Field(0, ge=0)
    day: str = Field("", pattern=r"^(\d\d-\d\d)?$")  # of every year
    rate: Decimal | None = None  # per day
    amounts: Mapping[str, int] = {}
    approver: str = ""
    confidence: Confidence | None = None


class Written(Declared):
    """The cells of the reference table, word for word."""

    limit: str = ""
    unit: str = ""
    extension: str = ""
    authority: str = ""
    excluded: str = ""
    holiday: str = ""
    source: str = ""  # where it is not the article below


class _Counted(Declared):
    article: str
    limits: list[Limit] = Field(min_length=1)
    roll: bool = False  # a last day that is no working day moves to the next one
    extensions: list[int] = []  # in the limit's own unit, one after the other
    extension_open: bool = False  # may be extended, but no rule says by how much
    approvers: list[str] = []
    excluded: list[str] = []  # what does not count towards the limit


class Earlier(_Counted):
    """The law before: holds for triggers up to `last_day`, which is counted."""

    last_day: date
    confidence: Confidence | None = None


class Law(_Counted):
    """What holds for one trigger: the article and how it counts."""

    confidence: Confidence
    superseded_on: date | None = None

    def limit(self, variant: str = "") -> Limit:
        for one in self.limits:
            if not variant or one.id == variant:
                return one
        known = "、".join(one.id for one in self.limits if one.id) or "—"
        raise BadInput(
            "deadline.variant-unknown",
            f"这条期限没有“{variant}”这种情形；可选：{known}",
            f"this limit has no variant “{variant}”; there are: {known}",
        )


class Rule(_Counted):
    id: str
    procedure: str
    step: DeclaredText
    trigger: DeclaredText
    owner: str = ""
    confidence: Confidence
    written: Written
    valid_from: date | None = None
    earlier: list[Earlier] = []

    def law(self, on: date) -> Law:
        """The text in force on the day of the act."""
        for older in sorted(self.earlier, key=lambda one: one.last_day):
            if on <= older.last_day:
                said = {name: getattr(older, name) for name in _Counted.model_fields}
                return Law(
                    confidence=older.confidence or self.confidence,
                    superseded_on=older.last_day,
                    **said,
                )
        said = {name: getattr(self, name) for name in _Counted.model_fields}
        return Law(confidence=self.confidence, **said)


class _File(Declared):
    procedures: Mapping[str, DeclaredText]
    rules: list[Rule]


@cache
def _file() -> _File:
    return declared.read(_File, yaml.read(FILE), FILE.name)


def procedures() -> Mapping[str, Text]:
    return _file().procedures


@cache
def _by_id() -> Mapping[str, Rule]:
    return {one.id: one for one in _file().rules}


def rules() -> list[Rule]:
    """Every time limit, in the order of the reference table."""
    return list(_by_id().values())


def rule(id: str) -> Rule:
    """Raises BadInput `deadline.rule-unknown` with the nearest names."""
    found = _by_id().get(id)
    if found is None:
        near = "、".join(get_close_matches(id, _by_id(), n=4, cutoff=0.4))
        raise BadInput(
            "deadline.rule-unknown",
            f"没有期限规则“{id}”{f'；相近的有 {near}' if near else ''}。"
            "全部规则见 fenhe deadline list",
            f"there is no deadline rule “{id}”{f'; near it: {near}' if near else ''}. "
            "fenhe deadline list shows them all",
        )
    return found
