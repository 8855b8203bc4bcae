"""Daily fines and late fees, computed with every day told; nothing is kept."""

from __future__ import annotations

from typing import Any

from fenhe.domains.enforcement.pages.asked import day, money, periods, refused, yuan
from fenhe.domains.enforcement.rules import fines as rules
from fenhe.kernel.errors import BadInput
from fenhe.publish.page import Ask

DAILY = ("original", "periods")
LATE = ("fine", "due", "paid", "pauses")


def fines(ask: Ask) -> dict[str, Any]:
    asked = {name: ask.params.get(name, "") for name in (*DAILY, *LATE)}
    data: dict[str, Any] = {"asked": asked}
    for name, wanted, count in (("daily", DAILY[:1], _daily), ("late", LATE[:1], _late)):
        if not asked[wanted[0]].strip():
            continue
        try:
            data[name] = count(asked)
        except BadInput as error:
            data[f"{name}_refused"] = refused(error, ask)
    return data


def _daily(asked: dict[str, str]) -> dict[str, Any]:
    original, spans = money(asked["original"]), periods(asked["periods"])
    if not spans:
        raise BadInput(
            "enforcement.daily-none",
            "请写明责令改正送达日与复查日，如 2026-05-01..2026-05-20",
            "give the day of service and of the recheck, such as 2026-05-01..2026-05-20",
        )
    total = rules.daily_fine(original, spans)
    rows = [
        {"served": one, "rechecked": other, "days": rules.daily_days(one, other)}
        for one, other in sorted(spans)
    ]
    return {
        "rows": rows,
        "days": sum(row["days"] for row in rows),
        "amount": yuan(total),
        "original": yuan(original),
    }


def _late(asked: dict[str, str]) -> dict[str, Any]:
    fine, due, paid = money(asked["fine"]), day(asked["due"]), day(asked["paid"])
    pauses = periods(asked["pauses"])
    if any(last < first for first, last in pauses) or (paid - due).days > 36_600:
        raise BadInput("enforcement.period", "起止日期有误", "the days are the wrong way round")
    amount = rules.late_fee(fine, due, paid, pauses)
    return {
        "amount": yuan(amount),
        "days": max((paid - due).days, 0),
        "capped": amount == fine and fine > 0,
    }
