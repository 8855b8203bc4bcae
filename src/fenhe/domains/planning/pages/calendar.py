"""The month: what is due on each day, of the tasks and clocks the person may see; days off and
made-up working days of the calendar in force."""

from __future__ import annotations

import calendar as months
from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from fenhe.act import clocks, notices
from fenhe.act.deadlines.counting import Walk
from fenhe.act.models import Case, Obligation
from fenhe.act.procedures import register
from fenhe.domains.planning.pages import facts
from fenhe.kernel.period import civil
from fenhe.kernel.text import Text
from fenhe.publish.page import Ask, Table

MOST = 1000
IN_CELL = 4
WEEKDAYS = Text("一二三四五六日", "Mo Tu We Th Fr Sa Su")


def month(ask: Ask) -> dict[str, Any]:
    today = facts.today(ask)
    first = _month(ask.params.get("month", ""), today)
    last = first.replace(day=months.monthrange(first.year, first.month)[1])
    due = events(ask, first, last)
    walk = Walk(notices.current())
    weeks = [
        [_cell(day, day.month == first.month, due[day], walk, today) for day in week]
        for week in months.Calendar().monthdatescalendar(first.year, first.month)
    ]
    listed = [one for day in sorted(due) for one in due[day]]
    days = WEEKDAYS[ask.language]
    return {
        "month": f"{first:%Y-%m}",
        "before": f"{first - timedelta(days=1):%Y-%m}",
        "after": f"{last + timedelta(days=1):%Y-%m}",
        "weekdays": list(days) if ask.language == "zh" else days.split(),
        "weeks": weeks,
        "rows": listed,
        "provisional": bool(walk.unpublished),
        "finding": Text(
            f"{first:%Y-%m} 有 {len(listed)} 项到期，{sum(one['late'] for one in listed)} 项已超期",
            f"{len(listed)} things are due in {first:%Y-%m}, "
            f"{sum(one['late'] for one in listed)} of them overdue",
        )[ask.language],
        "tables": {
            "due": Table(
                f"due-{first:%Y-%m}", ["day", "what", "kind", "number", "who"],
                [[one["day"], one["title"], one["kind"], one["number"], one["who"]]
                 for one in listed],
            )
        },
    }  # fmt: skip


def _month(text: str, today: date) -> date:
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)
    return found if 1970 <= found.year <= 9000 else today.replace(day=1)


def events(ask: Ask, first: date, last: date) -> dict[date, list[dict[str, Any]]]:
    """What ends on the days from first to last."""
    found = defaultdict(list)
    today = facts.today(ask)
    for one in facts.tasks(ask, open_only=True):
        if first <= one.due <= last:
            found[one.due].append(
                {
                    "day": one.due, "title": one.case.title, "number": one.case.number,
                    "kind": _KIND[ask.language], "who": one.unit, "link": f"/cases/{one.case.pk}",
                    "late": one.late, "look": facts.LOOKS[one.seen.light],
                }
            )  # fmt: skip
    for clock, case in _clocks(ask, first, last):
        day = clock.due_day or first
        shape = register.get(case.procedure, case.version).clocks.get(clocks.name_of(clock))
        late = clock.accuses and day < today
        found[day].append(
            {
                "day": day, "title": case.title, "number": case.number,
                "kind": shape.name[ask.language] if shape else clocks.name_of(clock),
                "who": case.organ.name(ask.language) if case.organ else "",
                "link": f"/cases/{case.pk}", "late": late, "look": "bad" if late else "",
            }
        )  # fmt: skip
    return found


_KIND = Text("任务期限", "task due")


def _clocks(ask: Ask, first: date, last: date) -> list[tuple[Obligation, Case]]:
    mine = ask.visible(Case.objects.filter(closed_at=None))
    running = clocks.of_cases(mine).filter(state__in=clocks.RUNNING, due_day__range=(first, last))
    found = list(running.order_by("due_day", "pk")[:MOST])
    numbers = {one.pk: clocks.number_of(one) for one in found}
    known = Case.objects.select_related("organ").in_bulk(list(numbers.values()))
    return [(one, known[numbers[one.pk]]) for one in found]


def _cell(
    day: date, inside: bool, listed: list[dict[str, Any]], walk: Walk, today: date
) -> dict[str, Any]:
    return {
        "day": day,
        "inside": inside,
        "working": walk.working(day),
        "today": day == today,
        "events": listed[:IN_CELL] if inside else [],
        "more": max(len(listed) - IN_CELL, 0) if inside else 0,
    }


def next_week(ask: Ask) -> list[dict[str, Any]]:
    """What is due in the week that follows this one."""
    monday = facts.week_of(civil(ask.now).date()) + timedelta(days=7)
    due = events(ask, monday, monday + timedelta(days=6))
    return [one for day in sorted(due) for one in due[day]]
