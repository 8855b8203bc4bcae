"""Periods of time, half-open [start, end), and civil time.

Inside the platform every instant is UTC; a civil day, month or year is that of a fixed UTC+08:00.
The tz database is not asked: it gives China summer time for 1986-1991, which no environmental
record used (docs/decisions/0003-civil-time.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Self

CIVIL = timezone(timedelta(hours=8), "UTC+08:00")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def utc_now() -> datetime:
    return datetime.now(UTC)


def civil(instant: datetime) -> datetime:
    """The instant as civil time. A naive datetime is refused: nobody knows what it means."""
    if instant.tzinfo is None:
        raise ValueError("a naive datetime has no place in time")
    return instant.astimezone(CIVIL)


def civil_midnight(day: date) -> datetime:
    """00:00 civil time of the day, as UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=CIVIL).astimezone(UTC)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """[start, end), both UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a period needs instants with a time zone")
        if self.end <= self.start:
            raise ValueError(f"a period ends after it starts: {self.start} .. {self.end}")

    @classmethod
    def hour(cls, start: datetime) -> Self:
        return cls(start, start + HOUR)

    @classmethod
    def day(cls, day: date) -> Self:
        return cls(civil_midnight(day), civil_midnight(day + DAY))

    @classmethod
    def days(cls, first: date, last: date) -> Self:
        """From the first day to the last day, both counted."""
        return cls(civil_midnight(first), civil_midnight(last + DAY))

    @classmethod
    def month(cls, year: int, month: int) -> Self:
        after = date(year + month // 12, month % 12 + 1, 1)
        return cls(civil_midnight(date(year, month, 1)), civil_midnight(after))

    @classmethod
    def quarter(cls, year: int, quarter: int) -> Self:
        return cls(cls.month(year, 3 * quarter - 2).start, cls.month(year, 3 * quarter).end)

    @classmethod
    def year(cls, year: int) -> Self:
        return cls(civil_midnight(date(year, 1, 1)), civil_midnight(date(year + 1, 1, 1)))

    @classmethod
    def parse(cls, text: str) -> Self:
        """`2015`, `2015-Q4`, `2015-07`, `2015-07-01`, or `2015-07-01..2015-09-30` (inclusive)."""
        text = text.strip()
        if ".." in text:
            first, last = (date.fromisoformat(part.strip()) for part in text.split("..", 1))
            return cls.days(first, last)
        if match := re.fullmatch(r"(\d{4})-?[Qq]([1-4])", text):
            return cls.quarter(int(match[1]), int(match[2]))
        if match := re.fullmatch(r"(\d{4})", text):
            return cls.year(int(match[1]))
        if match := re.fullmatch(r"(\d{4})-(\d{2})", text):
            return cls.month(int(match[1]), int(match[2]))
        return cls.day(date.fromisoformat(text))

    @property
    def first_day(self) -> date:
        return civil(self.start).date()

    @property
    def last_day(self) -> date:
        return civil(self.end - timedelta(microseconds=1)).date()

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    @property
    def hours(self) -> int:
        return int(self.length / HOUR)

    def civil_days(self) -> Iterator[date]:
        day = self.first_day
        while day <= self.last_day:
            yield day
            day += DAY

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end

    def overlaps(self, other: Period) -> bool:
        return self.start < other.end and other.start < self.end

    def year_before(self) -> Period:
        """The same civil days one year earlier; the end of February stays the end of February."""
        first, after = _year_earlier(self.first_day), _year_earlier(self.last_day + DAY)
        return Period.days(first, after - DAY)

    def __str__(self) -> str:
        """The shortest text that `parse` reads back; civil time with minutes where none does."""
        first, last = self.first_day, self.last_day
        if self.start != civil_midnight(first) or self.end != civil_midnight(last + DAY):
            return f"{civil(self.start):%Y-%m-%d %H:%M}..{civil(self.end):%Y-%m-%d %H:%M}"
        for text in (f"{first:%Y}", f"{first:%Y}-Q{(first.month + 2) // 3}", f"{first:%Y-%m}"):
            if Period.parse(text) == self:
                return text
        return f"{first}" if first == last else f"{first}..{last}"


def _year_earlier(day: date) -> date:
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if leap_day else day.day)
