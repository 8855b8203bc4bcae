"""Working days of China: the State Council's notices with their make-up days.

Covered years come from chinesecalendar (2004 on). A year it does not know is covered once an
operator has loaded that year's notice; until then only Saturdays and Sundays are known to be free
and whatever was counted there is provisional. A loaded notice outranks the library day by day.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from importlib.metadata import version

import chinese_calendar

from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.ids import content_hash
from fenhe.kernel.text import Text

SATURDAY = 5


@dataclass(frozen=True)
class Notice:
    """One year's holidays and make-up days. `days`: whether the day is worked."""

    year: int
    days: Mapping[date, bool]
    source: str = ""

    @property
    def hash(self) -> str:
        marks = sorted((day.isoformat(), worked) for day, worked in self.days.items())
        return content_hash([self.year, marks])

    @classmethod
    def read(cls, text: str, year: int, file: str, source: str = "") -> Notice:
        """From CSV with the columns date, kind (holiday or workday) and note. Days of the December
        before may stand in it: the new year's notice sometimes moves them."""
        rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
        found: dict[date, bool] = {}
        problems: list[Problem] = []
        if not {"date", "kind"} <= set(rows.fieldnames or ()):
            problems.append(_wrong(file, 1, "", Text("缺少 date、kind 列", "lacks date and kind")))
        else:
            for number, row in enumerate(rows, start=2):
                _take(found, problems, row, number, year, file)
        if not problems and sum(day.year == year for day in found) == 0:
            none = Text(f"没有 {year} 年的日期", f"has no day of {year}")
            problems.append(_wrong(file, None, "", none))
        if problems:
            raise BadInput(
                "deadline.notice",
                f"放假通知 {file} 有 {len(problems)} 处错误，没有载入",
                f"the holiday notice {file} has {len(problems)} errors and was not loaded",
                problems,
            )
        return cls(year, found, source)


def _take(
    found: dict[date, bool],
    problems: list[Problem],
    row: Mapping[str, str | None],
    number: int,
    year: int,
    file: str,
) -> None:
    written, kind = (row["date"] or "").strip(), (row["kind"] or "").strip()
    try:
        day = date.fromisoformat(written)
    except ValueError:
        problems.append(_wrong(file, number, written, Text("不是日期", "is not a date")))
        return
    if not (day.year == year or (day.year == year - 1 and day.month == 12)):
        wrong = Text(f"不属于 {year} 年的通知", f"does not belong to the notice of {year}")
        problems.append(_wrong(file, number, written, wrong))
    elif kind not in ("holiday", "workday"):
        wrong = Text("kind 只能是 holiday 或 workday", "kind is holiday or workday")
        problems.append(_wrong(file, number, kind, wrong))
    elif day in found:
        problems.append(_wrong(file, number, written, Text("写了两次", "is written twice")))
    else:
        found[day] = kind == "workday"


def _wrong(file: str, row: int | None, value: str, message: Text) -> Problem:
    return Problem("deadline.notice", message, file=file, row=row, value=value)


class Calendar:
    """Which days are worked, and whether that is published. `version` names what it rests on."""

    def __init__(self, notices: Iterable[Notice] = ()) -> None:
        self._notices = tuple(sorted(notices, key=lambda one: one.year))
        self._marked: dict[date, bool] = {}
        for notice in self._notices:
            self._marked |= notice.days
        self._years = {notice.year for notice in self._notices}
        self._worked: dict[date, bool] = {}

    def covers(self, year: int) -> bool:
        first, last = library_years()
        return first <= year <= last or year in self._years

    def working(self, day: date) -> bool:
        known = self._worked.get(day)
        if known is None:
            known = self._worked[day] = self._look(day)
        return known

    def _look(self, day: date) -> bool:
        if day in self._marked:
            return self._marked[day]
        first, last = library_years()
        if first <= day.year <= last and day.year not in self._years:
            return bool(chinese_calendar.is_workday(day))
        return day.weekday() < SATURDAY

    @cached_property
    def version(self) -> str:
        first, last = library_years()
        parts = [f"chinesecalendar {version('chinesecalendar')} ({first}–{last})"]
        parts += [f"notice {one.year} ({one.hash[:12]})" for one in self._notices]
        return " + ".join(parts)


@cache
def library_years() -> tuple[int, int]:
    from chinese_calendar import constants

    return min(constants.holidays).year, max(constants.workdays).year
