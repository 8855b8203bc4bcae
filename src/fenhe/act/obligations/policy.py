"""policy.yaml as typed data, and from which due dates on a step has come at a given moment."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from fenhe.act.deadlines import Calendar
from fenhe.act.deadlines.counting import Walk, working_after, working_before
from fenhe.kernel import declared
from fenhe.kernel.declared import Declared, DeclaredText
from fenhe.kernel.period import DAY, civil, civil_midnight
from fenhe.store import yaml

FILE = Path(__file__).with_name("policy.yaml")
FARTHEST = 150  # days: no step lies further from its due day than this


class Opens(Declared):
    """The case that a step opens: its procedure, and by when an answer is wanted."""

    procedure: str
    reply_working_days: int = Field(ge=1, le=60)


class Step(Declared):
    id: str
    to: DeclaredText
    light: str = ""
    overdue: bool = False
    opens: Opens | None = None
    working_days: int | None = Field(None, ge=-60, le=60)
    days: int | None = Field(None, ge=-100, le=100)
    hours: int | None = None

    @model_validator(mode="after")
    def _one_distance(self) -> Self:
        given = [one for one in (self.working_days, self.days, self.hours) if one is not None]
        if len(given) != 1:
            raise ValueError("a step needs one of working_days, days and hours")
        return self

    def day(self, due: date, walk: Walk) -> date:
        """The day on which the step comes, for a clock whose last day is `due`."""
        if self.days is not None:
            return due + timedelta(days=self.days)
        count = self.working_days or 0
        if count < 0:
            return working_before(walk, due, -count)
        return working_after(walk, due, count)

    def reached(self, now: datetime, calendar: Calendar) -> datetime:
        """Clocks whose `due` (the first instant too late) is not after this have come to the
        step: a later due day never comes to it earlier, so one instant parts them."""
        if self.hours is not None:
            return now - timedelta(hours=self.hours)
        today, walk = civil(now).date(), Walk(calendar)
        last = today + timedelta(days=FARTHEST)
        while self.day(last, walk) > today:
            last -= DAY
        return civil_midnight(last + DAY)


class Policy(Declared):
    id: str
    steps: list[Step] = Field(min_length=1)
    unit: str = ""
    up_to_days: int | None = None

    def fits(self, unit: str, days: int) -> bool:
        if self.unit or unit == "hour":
            return self.unit == unit
        return self.up_to_days is None or days <= self.up_to_days


class _File(Declared):
    policies: list[Policy]
    others: list[str]


@cache
def _file() -> _File:
    return declared.read(_File, yaml.read(FILE), FILE.name)


@cache
def policies() -> tuple[Policy, ...]:
    return tuple(_file().policies)


def owed_by_others(owner: str) -> bool:
    """Whether a limit of this owner is somebody else's than the bureau's."""
    return owner in _file().others


def policy_for(unit: str, days: int) -> Policy:
    """The first that fits a limit of this unit that lasts so many days."""
    return next(one for one in policies() if one.fits(unit, days))


def step(policy: str, id: str) -> Step:
    steps = next(one for one in policies() if one.id == policy).steps
    return next(one for one in steps if one.id == id)
