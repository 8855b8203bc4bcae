"""Counting days: the trigger's own day is never counted (行政处罚法 85 and the rules' day counting;
governance reference, section 3.1), excluded days neither.

Every function takes a `Walk`, which remembers the years it had to ask about and could not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from fenhe.act.deadlines.calendar import Calendar
from fenhe.kernel.errors import BadInput
from fenhe.kernel.period import DAY

MONTHS = 12


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Days that do not count, both ends included, and what they were needed for."""

    first: date
    last: date
    why: str = ""

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise BadInput(
                "deadline.span",
                f"不计入期间的结束日 {self.last} 早于开始日 {self.first}",
                f"excluded days end ({self.last}) before they begin ({self.first})",
            )


@dataclass(slots=True)
class Walk:
    """A calendar being walked; `unpublished` are the years that nobody has announced yet."""

    calendar: Calendar
    unpublished: set[int] = field(default_factory=set)

    def working(self, day: date) -> bool:
        if not self.calendar.covers(day.year):
            self.unpublished.add(day.year)
        return self.calendar.working(day)


def merged(spans: Iterable[Span]) -> list[Span]:
    """Without overlaps, in order: a day that two reasons exclude is excluded once."""
    whole: list[Span] = []
    for span in sorted(spans):
        if whole and span.first <= whole[-1].last + DAY:
            whole[-1] = Span(whole[-1].first, max(whole[-1].last, span.last))
        else:
            whole.append(Span(span.first, span.last))
    return whole


def natural_after(start: date, count: int, spans: Sequence[Span] = ()) -> date:
    """The count-th day after `start`; days inside the spans are passed over."""
    due = start + timedelta(days=count)
    for span in merged(spans):
        first = max(span.first, start + DAY)
        if first <= due and span.last >= first:
            due += span.last - first + DAY
    return due


def working_after(walk: Walk, start: date, count: int, spans: Sequence[Span] = ()) -> date:
    """The count-th working day after `start`."""
    whole = merged(spans)
    day = start
    while count:
        day += DAY
        if not any(span.first <= day <= span.last for span in whole) and walk.working(day):
            count -= 1
    return day


def working_before(walk: Walk, end: date, count: int) -> date:
    """The count-th working day before `end`: the last day that leaves so many in between."""
    day = end
    while count:
        day -= DAY
        count -= walk.working(day)
    return day


def rolled(walk: Walk, day: date) -> date:
    """The day itself when it is worked, else the first working day after it."""
    while not walk.working(day):
        day += DAY
    return day


def months_after(start: date, count: int) -> date:
    """The corresponding day of the month; the month's last day where there is none."""
    month = start.month - 1 + count
    year, month = start.year + month // MONTHS, month % MONTHS + 1
    following = date(year + month // MONTHS, month % MONTHS + 1, 1)
    return min(following - DAY, date(year, month, 1) + timedelta(days=start.day - 1))


def yearly(start: date, day: str) -> date:
    """The next such day of a year, `start` itself included."""
    month, number = (int(part) for part in day.split("-"))
    this_year = date(start.year, month, number)
    return this_year if start <= this_year else date(start.year + 1, month, number)
