"""A second, slow reading of the reference table: walks day by day, knows nothing of rules.yaml.

It reads limit, unit and holiday cell of the table as they stand, and takes the holidays of 2026
from the reference calendar. Where the row itself leaves two readings open the choice made in
rules.yaml is written here once more, by hand.
"""

from __future__ import annotations

import csv
import re
from datetime import date, datetime, timedelta
from pathlib import Path

DAY = timedelta(days=1)
BY_WORKING_DAYS = {"permit.simple", "permit.key", "permit.correct", "pen.summary_record"}
# Rows that say a number only in a remark: "UNCONFIRMED(6个月 from memory)".
REMARKS = {"rect.report": (6, "month"), "damage.consult": (90, "natural_day")}
NO_DAY = {"pen.late_fee", "pen.summary_fine_max", "daily.count", "hotline.12345"}


def table(shared: Path) -> list[dict[str, str]]:
    path = shared / "reference" / "governance_deadlines.csv"
    return list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))


def holidays(shared: Path) -> dict[date, bool]:
    path = shared / "reference" / "governance_calendar_2026.csv"
    rows = csv.DictReader(path.read_text("utf-8-sig").splitlines())
    return {date.fromisoformat(row["date"]): row["kind"] == "workday" for row in rows}


class Oracle:
    def __init__(self, shared: Path) -> None:
        self.marked = holidays(shared)

    def working(self, day: date) -> bool:
        return self.marked.get(day, day.weekday() not in (5, 6))

    def due(self, row: dict[str, str], start: date) -> date | datetime | None:
        if row["id"] in NO_DAY:
            return None
        count, unit = self._limit(row)
        if unit == "hour":
            return datetime(start.year, start.month, start.day) + timedelta(hours=count)  # noqa: DTZ001
        if unit == "calendar":
            month, number = (int(part) for part in re.findall(r"\d+", row["limit"]))
            day = start
            while (day.month, day.day) != (month, number):
                day += DAY
        else:
            day = self._walk(start, count, unit)
        while row["last_day_on_holiday"] == "roll_forward" and not self.working(day):
            day += DAY
        return day

    def _limit(self, row: dict[str, str]) -> tuple[int, str]:
        if row["id"] in REMARKS:
            return REMARKS[row["id"]]
        number = re.search(r"\d+", row["limit"])
        assert number, row
        unit = row["unit"].rstrip("?")
        return int(number[0]), "working_day" if row["id"] in BY_WORKING_DAYS else unit

    def _walk(self, start: date, count: int, unit: str) -> date:
        if unit in ("month", "year"):
            return self._months(start, count * (12 if unit == "year" else 1))
        step = -DAY if unit.endswith("_before") else DAY
        working = unit.startswith("working_day")
        day, left = start, count
        while left:
            day += step
            left -= self.working(day) if working else 1
        return day

    def _months(self, start: date, count: int) -> date:
        """The corresponding day, found by walking: the last day before the month goes too far."""
        year, month = divmod(start.year * 12 + start.month - 1 + count, 12)
        day = start
        while (day.year, day.month) != (year, month + 1):
            day += DAY
        while day.day < start.day and (day + DAY).month == day.month:
            day += DAY
        return day
