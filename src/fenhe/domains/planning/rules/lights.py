"""The light of a task and whom to remind: by its progress, the days gone and the days left.

The thresholds are the bureau's own policy (edition "task lights"); no national rule was found.
Working days are those of the calendar given; in a year nobody has published they are provisional.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path

from fenhe.act.deadlines.calendar import Calendar
from fenhe.act.deadlines.counting import Walk, working_after, working_before
from fenhe.kernel.errors import BadInput
from fenhe.kernel.text import Text
from fenhe.standards.edition import Edition
from fenhe.standards.load import load_file

FILE = Path(__file__).resolve().parent.parent / "standards" / "task-lights.yaml"


class Light(StrEnum):
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Seen:
    light: Light
    planned: float
    """What should be done by today were the work even over its days, in percent."""
    days_left: int
    working_days_left: int
    """Negative: working days since it was due."""
    remind: Text | None
    provisional: bool


@cache
def edition() -> Edition:
    return load_file(FILE)


def seen(
    start: date, due: date, progress: float, today: date, calendar: Calendar, closed: bool = False
) -> Seen:
    """How a task stands today. Progress in percent."""
    if due < start:
        raise BadInput(
            "planning.task-dates",
            f"期限 {due} 早于开始日期 {start}",
            f"due {due} is before the start {start}",
        )
    walk = Walk(calendar)
    planned = _planned(start, due, today)
    left = _working_days(walk, today, due)
    if closed:
        light, remind = Light.DONE, None
    else:
        light = _light(progress, planned, left, today > due)
        remind = _remind(walk, due, today)
    return Seen(light, planned, (due - today).days, left, remind, bool(walk.unpublished))


def _planned(start: date, due: date, today: date) -> float:
    days = (due - start).days + 1
    gone = min(max((today - start).days + 1, 0), days)
    return round(100 * gone / days, 1)


def _light(progress: float, planned: float, left: int, late: bool) -> Light:
    if late:
        return Light.RED
    limits = {row["name"]: float(row["value"]) for row in edition().table("lights")}
    near = left <= limits["near"] and progress < limits["near_progress"]
    behind = progress < planned - limits["behind"]
    return Light.YELLOW if near or behind else Light.GREEN


def _working_days(walk: Walk, today: date, due: date) -> int:
    """Working days after today up to the day it is due; as many below zero after it."""
    first, last, sign = (today, due, 1) if today <= due else (due, today, -1)
    days = (date.fromordinal(k) for k in range(first.toordinal() + 1, last.toordinal() + 1))
    return sign * sum(walk.working(day) for day in days)


def _remind(walk: Walk, due: date, today: date) -> Text | None:
    """Whoever is to be told by now: the last step of the escalation that has been reached."""
    told = None
    for row in edition().table("escalation"):
        count = int(row["working_days"])
        if count > 0 and today <= due:
            break  # steps after the day it is due; no calendar beyond it is needed yet
        day = working_before(walk, due, -count) if count < 0 else working_after(walk, due, count)
        if today >= day:
            told = row.text("to")
    return told
