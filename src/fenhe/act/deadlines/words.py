"""The few words that the steps of a computation are told in."""

from __future__ import annotations

from fenhe.act.deadlines.limits import Unit
from fenhe.kernel.text import Text

WEEKDAYS = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}

UNITS = {
    Unit.NATURAL_DAY: Text("日（自然日）", "natural days"),
    Unit.WORKING_DAY: Text("个工作日", "working days"),
    Unit.WORKING_DAY_MIN: Text("个工作日", "working days"),
    Unit.WORKING_DAY_BEFORE: Text("个工作日", "working days"),
    Unit.NATURAL_DAY_BEFORE: Text("日（自然日）", "natural days"),
    Unit.HOUR: Text("小时", "hours"),
    Unit.MONTH: Text("个月", "months"),
    Unit.YEAR: Text("年", "years"),
    Unit.CALENDAR: Text("每年", "every year"),
    Unit.RATE: Text("按日加处", "a day"),
    Unit.AMOUNT: Text("元", "CNY"),
    Unit.COUNT_OF_DAYS: Text("日", "days"),
    Unit.UNKNOWN: Text("未定", "not known"),
}


def extended(number: int, count: int, unit: Unit, who: str) -> Text:
    """One extension that was granted, and whose approval it needs."""
    name = UNITS[unit]
    return Text(
        f"第 {number} 次延长 {count} {name.zh}{f'：{who}' if who else ''}",
        f"extension {number}: {count} {name.en}{f' ({who})' if who else ''}",
    )
