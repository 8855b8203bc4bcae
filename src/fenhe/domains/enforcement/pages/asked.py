"""What forms of these pages send, read; what is wrong with it, said."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from fenhe.kernel.errors import BadInput, FenheError
from fenhe.publish.page import Ask


def refused(error: FenheError, ask: Ask) -> dict[str, Any]:
    return {
        "sentence": error.message[ask.language],
        "code": error.code,
        "lines": [one.line(ask.language) for one in error.problems],
    }


def text_or_file(ask: Ask, name: str) -> str:
    """What was typed, or the file sent beside it."""
    return ask.form.get(f"{name}_file") or ask.form.get(name, "")


def money(text: str) -> Decimal:
    """Yuan, not negative. Raises BadInput `enforcement.amount`."""
    try:
        amount = Decimal(text.strip().replace(",", "").replace("，", ""))
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or not 0 <= amount < 10**13:
        raise BadInput("enforcement.amount", f"“{text}”不是金额", f"“{text}” is no amount of money")
    return amount


def yuan(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def percent(share: Decimal) -> str:
    """0.95 as “95”."""
    return f"{(share * 100).normalize():f}"


def day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise BadInput(
            "enforcement.day",
            f"“{text}”不是日期，请写成 2026-05-01",
            f"“{text}” is no date; write 2026-05-01",
        ) from error


def periods(text: str) -> list[tuple[date, date]]:
    """A line each: 2026-05-01..2026-05-20."""
    found = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        first, _, last = line.partition("..")
        found.append((day(first), day(last)))
    return found


def number(text: str) -> float:
    try:
        found = float(text.strip())
    except ValueError:
        found = float("nan")
    if not 0 <= found < 1e15:
        raise BadInput("enforcement.number", f"“{text}”不是数", f"“{text}” is no number")
    return found
