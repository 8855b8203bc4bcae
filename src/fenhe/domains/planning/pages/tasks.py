"""Tasks: a board by state or unit, what is overdue or slow, and who has not reported this week."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from fenhe.act.models import CaseEntry
from fenhe.act.procedures import register
from fenhe.domains.planning.pages import facts
from fenhe.domains.planning.pages.facts import Task
from fenhe.domains.planning.rules.lights import Light
from fenhe.kernel.period import Period, civil
from fenhe.kernel.text import Text
from fenhe.publish.page import Ask, Table

BY = ("state", "unit")
COLUMN = 15
LIGHTS = tuple(light.value for light in Light)


def board(ask: Ask) -> dict[str, Any]:
    """Open tasks, a column per state or per unit; with a light or a unit chosen, a list."""
    every = facts.tasks(ask)
    by = ask.params.get("by") if ask.params.get("by") in BY else "state"
    light = ask.params.get("light") if ask.params.get("light") in LIGHTS else ""
    unit, county = ask.params.get("unit", ""), ask.params.get("county", "")
    listed = [
        one
        for one in every
        if (not unit or one.unit == unit) and (not county or one.county == county)
    ]
    shown = [one for one in listed if not light or one.seen.light == light]
    live = [one for one in shown if one.case.closed_at is None]
    rows = [one.row(ask.language) for one in (shown if light or unit or county else [])]
    return {
        "by": by,
        "light": light,
        "unit": unit,
        "county": county,
        "units": sorted({one.unit for one in every if one.unit}),
        "counties": sorted({one.county for one in every if one.county}),
        "lights": facts.lit(listed),
        "columns": _columns(live, by or "state", ask.language),
        "rows": rows,
        "finding": _finding(listed)[ask.language],
        "tables": {"tasks": _table(shown, ask.language)},
    }


def _finding(listed: list[Task]) -> Text:
    count = facts.lit(listed)
    live = sum(count.values()) - count["done"]
    return Text(
        f"{live} 项任务在办，{count['red']} 项逾期，{count['yellow']} 项进展缓慢",
        f"{live} tasks are open, {count['red']} overdue, {count['yellow']} slow",
    )


def _columns(live: list[Task], by: str, language: str) -> list[dict[str, Any]]:
    groups = defaultdict(list)
    for one in live:
        groups[one.case.state if by == "state" else one.unit].append(one)
    keys = list(_states()) if by == "state" else sorted(groups)
    return [
        {
            "id": key,
            "name": _called(key, by, language),
            "count": len(groups[key]),
            "lights": facts.lit(groups[key]),
            "rows": [one.row(language) for one in groups[key][:COLUMN]],
        }
        for key in keys
        if groups.get(key)
    ]


def _states() -> list[str]:
    return [key for key, state in _procedure().states.items() if not state.final]


def _procedure() -> Any:
    return next(one for one in register.all() if one.id == facts.TASK)


def _called(key: str, by: str, language: str) -> str:
    if by == "unit":
        return key or facts.NO_UNIT[language]
    return str(_procedure().states[key].name[language])


def _table(shown: list[Task], language: str) -> Table:
    rows = [one.row(language) for one in shown]
    return Table(
        "tasks",
        ["number", "task", "objective", "unit", "county", "state", "light", "progress", "planned",
         "start", "due", "days_over", "reported"],
        [
            [row["case"].number, row["title"], one.objective, row["unit"], row["county"],
             row["state"], row["light"], row["progress"], row["planned"], one.start, one.due,
             row["over"], one.reported_at and civil(one.reported_at).date()]
            for row, one in zip(rows, shown, strict=True)
        ],
    )  # fmt: skip


def slow(ask: Ask) -> dict[str, Any]:
    """Overdue and slow tasks, the worst first, each with its supervision or the way to one."""
    listed = facts.tasks(ask, open_only=True)
    over = sorted((one for one in listed if one.late), key=lambda one: one.due)
    behind = [one for one in listed if one.slow]
    behind.sort(key=lambda one: one.progress - one.seen.planned)
    under = facts.supervisions(ask)
    may = _may_supervise()
    return {
        "overdue": [_marked(one, under, may, ask.language) for one in over],
        "behind": [_marked(one, under, may, ask.language) for one in behind],
        "supervised": len(under),
        "finding": _finding(listed)[ask.language],
    }


def _may_supervise() -> tuple[str, ...]:
    """States of a task from which a listed supervision can be opened."""
    child = _procedure().children.get(facts.SUPERVISION)
    return tuple(child.sources) if child else ()


def _marked(one: Task, under: Any, states: tuple[str, ...], language: str) -> dict[str, Any]:
    return {
        **one.row(language),
        "supervision": under.get(one.case.pk),
        "can_supervise": one.case.state in states and one.case.pk not in under,
        "behind": round(one.seen.planned - one.progress, 1),
        "trouble": str(one.case.fields.get("trouble") or ""),
    }


def weekly(ask: Ask) -> dict[str, Any]:
    """One week: what was reported, and who has not reported."""
    monday = facts.week_of(facts.day_asked(ask, "week") or facts.today(ask))
    entries = reports(ask, monday)
    live = [one for one in facts.tasks(ask, open_only=True) if owes(one, monday)]
    told = {entry.case_id for entry in entries}
    silent = [one for one in live if one.case.pk not in told]
    units = Counter(one.unit for one in live)
    missing = Counter(one.unit for one in silent)
    return {
        "monday": monday,
        "sunday": monday + timedelta(days=6),
        "before": monday - timedelta(days=7),
        "after": monday + timedelta(days=7) if monday + timedelta(days=7) <= facts.today(ask)
        else None,
        "reports": [_report(entry, ask.language) for entry in entries],
        "silent": [one.row(ask.language) for one in silent],
        "units": [
            {"name": name or facts.NO_UNIT[ask.language], "owed": owed, "missing": missing[name]}
            for name, owed in sorted(units.items(), key=lambda pair: (-missing[pair[0]], pair[0]))
        ],
        "finding": Text(
            f"应报 {len(live)} 项，已报 {len(live) - len(silent)} 项，未报 {len(silent)} 项",
            f"{len(live) - len(silent)} of {len(live)} tasks have reported, {len(silent)} have not",
        )[ask.language],
        "tables": {
            "silent": Table(
                f"not-reported-{monday}",
                ["number", "task", "unit", "county", "due"],
                [[one.case.number, one.case.title, one.unit, one.county, one.due]
                 for one in silent],
            )
        },
    }  # fmt: skip


def owes(one: Task, monday: date) -> bool:
    """Whether a task owes a report for the week: under way, begun and taken on
    before it ended."""
    sunday = monday + timedelta(days=6)
    return (
        one.case.state in facts.UNDERWAY
        and one.start <= sunday
        and one.accepted_at is not None
        and civil(one.accepted_at).date() <= sunday
    )


def reports(ask: Ask, monday: date) -> list[CaseEntry]:
    week = Period.days(monday, monday + timedelta(days=6))
    rows = ask.visible(CaseEntry.objects.filter(case__procedure=facts.TASK, step="report_week"))
    found = rows.filter(at__gte=week.start, at__lt=week.end).select_related("case")
    return list(found.order_by("-at")[: facts.MOST_TASKS])


def _report(entry: CaseEntry, language: str) -> dict[str, Any]:
    fields = entry.case.fields
    return {
        "case": entry.case,
        "title": entry.case.title,
        "unit": fields.get("lead_unit") or facts.NO_UNIT[language],
        "at": entry.at,
        "by": entry.person,
        "progress": entry.given.get("progress"),
        "this_week": entry.given.get("this_week", ""),
        "next_week": entry.given.get("next_week", ""),
        "trouble": entry.given.get("trouble", ""),
    }


def last_full_week(now: datetime) -> date:
    """The Monday of the week that has ended."""
    return facts.week_of(civil(now).date()) - timedelta(days=7)
