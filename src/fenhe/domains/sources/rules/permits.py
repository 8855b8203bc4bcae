"""Due dates of permit execution reports. The rule is data of each permit (governance_permit:
`due_is_data`), written as `{kind, months_after, day}`: the report on a period is due on that day of
the month so many months after the period's last month; day 0 is the last day of that month.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from fenhe.domains.sources.rules import tables

MONTHS = {"annual": 12, "half_year": 6, "quarterly": 3, "monthly": 1}


@dataclass(frozen=True, slots=True)
class ReportRule:
    """Thermal power, quarterly: ReportRule("quarterly", 1, 15)."""

    kind: str
    months_after: int
    day: int


@dataclass(frozen=True, slots=True)
class Report:
    kind: str
    period_begin: date
    period_end: date
    due: date


def due_reports(
    rule: ReportRule, valid_from: date, valid_to: date, exempt_below_months: int = 0
) -> list[Report]:
    """Every report a permit asks for. `exempt_below_months`: a first year held for less needs no
    annual report, where the permit says so (3 in the thermal power specification)."""
    length = MONTHS[rule.kind]
    begin = date(valid_from.year, (valid_from.month - 1) // length * length + 1, 1)
    found = []
    while begin <= valid_to:
        after = _plus(begin, length)
        end = after - timedelta(days=1)
        held = _months_between(max(begin, valid_from), after)
        if not (rule.kind == "annual" and held < exempt_below_months):
            month = _plus(after, rule.months_after - 1)
            last = monthrange(month.year, month.month)[1]
            found.append(Report(rule.kind, begin, end, month.replace(day=rule.day or last)))
        begin = after
    return found


def renewal_due(valid_to: date) -> date:
    """The last day to apply for renewal: 60 days before the permit ends."""
    days = int(
        tables.latest(tables.PERMITS).table("periods").one(rule="renew_apply_days_before")["value"]
    )
    return valid_to - timedelta(days=days)


def _plus(first: date, months: int) -> date:
    total = first.year * 12 + first.month - 1 + months
    return date(total // 12, total % 12 + 1, 1)


def _months_between(begin: date, end: date) -> float:
    months = (end.year - begin.year) * 12 + end.month - begin.month
    return months - (begin.day - end.day) / 30
