"""What a person or a program asks in words: the same reading for the command line, page and API."""

from __future__ import annotations

import re
from datetime import date, datetime

from fenhe.act.deadlines.calendar import Calendar
from fenhe.act.deadlines.computing import Result, compute
from fenhe.kernel.errors import BadInput

_SHAPE = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2})?", re.ASCII)


def answer(
    rule: str,
    start: str,
    calendar: Calendar,
    *,
    variant: str = "",
    extend: int = 0,
    exclude: int = 0,
) -> Result:
    """`start` as `2026-11-23` or `2026-11-23T08:30`, civil time."""
    return compute(rule, moment(start), calendar, variant=variant, extend=extend, exclude=exclude)


def moment(text: str) -> date | datetime:
    """Raises BadInput `deadline.date`."""
    text = text.strip()
    if _SHAPE.fullmatch(text):
        try:
            return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
        except ValueError:
            pass
    raise BadInput(
        "deadline.date",
        f"“{text}”不是日期；请写成 2026-11-23，或带时刻 2026-11-23T08:30",
        f"“{text}” is no day; write 2026-11-23, or with the hour 2026-11-23T08:30",
    )


def whole(text: str, field: str) -> int:
    """A count from a form or an address; empty is none. Raises BadInput `deadline.number`."""
    text = text.strip()
    if not text:
        return 0
    if re.fullmatch(r"[+-]?\d{1,9}", text, re.ASCII):
        return int(text)
    raise BadInput(
        "deadline.number", f"{field}“{text}”不是整数", f"{field} “{text}” is not a whole number"
    )
