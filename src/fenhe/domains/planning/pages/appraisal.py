"""The appraisal sheet: points per unit or district, every deduction traced to its task or target,
and how the work went: closed in time, days from issue to close."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from statistics import median
from typing import Any

from fenhe.act.models import CaseEntry
from fenhe.domains.planning.pages import facts
from fenhe.domains.planning.pages.facts import Aimed, Task
from fenhe.domains.planning.pages.tasks import owes
from fenhe.domains.planning.rules import appraisal as rules
from fenhe.domains.planning.rules.appraisal import Deduction
from fenhe.domains.planning.rules.course import Course
from fenhe.kernel.period import DAY, civil
from fenhe.kernel.text import Text
from fenhe.publish.page import Ask, Table

BY: dict[str, Callable[[Task], str]] = {
    "unit": lambda one: one.unit,
    "county": lambda one: one.county,
}
WEEKS = 4
"""Weekly reports are looked at so many full weeks back."""
CHARGED = {"report_week", "send_back", "change_due"}


def appraisal(ask: Ask) -> dict[str, Any]:
    listed = facts.plans(ask)
    plan = facts.chosen(ask, listed)
    if plan is None:
        return {"template": "planning/empty.html", "may_edit": False}
    by = ask.params.get("by") if ask.params.get("by") in BY else "unit"
    aimed = facts.targets(ask, plan)
    codes = [one.code for one in ask.visible(plan.objectives.all())]
    tasks = facts.tasks(ask, objectives=codes)
    of = BY[by or "unit"]
    entries = _entries(tasks)
    found = [*_of_tasks(tasks, of, entries, facts.today(ask))]
    if by == "unit":
        found += _of_targets(aimed)
    units = [of(one) for one in tasks if of(one)]
    units += [_owner(one) for one in aimed if by == "unit" and _owner(one)]
    scores = rules.scores(units, found)
    return {
        "plan": plan,
        "name": plan.name(ask.language),
        "plans": [{"code": one.code, "name": one.name(ask.language)} for one in listed],
        "by": by,
        "full": rules.full(),
        "scores": [
            {
                "unit": one.unit,
                "points": one.points,
                "lost": round(rules.full() - one.points, 1),
                "deductions": [_row(each, ask.language) for each in one.deductions],
            }
            for one in scores
        ],
        "work": _work(tasks, of, entries),
        "confidence": rules.edition().table("deductions").rows[0].confidence,
        "tables": {
            "appraisal": Table(
                f"appraisal-{plan.code}-{by}",
                [by or "unit", "score", "deduction", "points", "what", "detail"],
                [
                    row
                    for one in scores
                    for row in (
                        [[one.unit, one.points, rules.cause_name(each.cause)[ask.language],
                          each.points, each.what, each.detail[ask.language]]
                         for each in one.deductions]
                        or [[one.unit, one.points, "", 0, "", ""]]
                    )
                ],
            )
        },
    }  # fmt: skip


def _owner(one: Aimed) -> str:
    return one.target.owner or one.target.objective.lead_unit


def _row(one: Deduction, language: str) -> dict[str, Any]:
    return {
        "cause": rules.cause_name(one.cause)[language],
        "points": one.points,
        "what": one.what,
        "detail": one.detail[language],
        "link": one.link,
    }


def _entries(tasks: list[Task]) -> dict[int, list[CaseEntry]]:
    """Task -> the entries of its history that can cost points or tell how long it took."""
    found = defaultdict(list)
    wanted = CHARGED | {"issue", "close"}
    rows = CaseEntry.objects.filter(case__in=[one.case.pk for one in tasks], step__in=wanted)
    for entry in rows.order_by("case", "seq"):
        found[entry.case_id].append(entry)
    return found


def _of_tasks(
    tasks: list[Task], of: Callable[[Task], str], entries: dict[int, list[CaseEntry]], today: date
) -> Iterator[Deduction]:
    for one in tasks:
        unit = of(one)
        if not unit:
            continue
        for cause, times, detail in _causes(one, entries[one.case.pk], today):
            points = rules.cost(cause, times)
            link = f"/cases/{one.case.pk}"
            yield Deduction(unit, cause, points, one.case.title, detail, link)


def _causes(one: Task, entries: list[CaseEntry], today: date) -> Iterator[tuple[str, int, Text]]:
    closed = one.case.closed_at
    if one.late:
        yield "overdue", 1, Text(f"期限 {one.due}，超期 {one.over} 天",
                                 f"due {one.due}, {one.over} days over")  # fmt: skip
    elif closed is not None and civil(closed).date() > one.due:
        day = civil(closed).date()
        yield "late", 1, Text(f"期限 {one.due}，办结于 {day}", f"due {one.due}, closed {day}")
    for cause, step in (("returned", "send_back"), ("changed", "change_due")):
        days = [civil(entry.at).date() for entry in entries if entry.step == step]
        if days:
            listed = "、".join(map(str, days))
            yield cause, len(days), Text(listed, listed.replace("、", ", "))
    missed = _missed(one, entries, today)
    if missed:
        yield (
            "unreported",
            len(missed),
            Text(
                f"{'、'.join(f'{day:%m-%d}' for day in missed)} 起的各周",
                f"weeks from {', '.join(f'{day:%m-%d}' for day in missed)}",
            ),
        )


def _missed(one: Task, entries: list[CaseEntry], today: date) -> list[date]:
    """The Mondays of the last full weeks without a report, while the task was under way."""
    told = {facts.week_of(civil(entry.at).date()) for entry in entries
            if entry.step == "report_week"}  # fmt: skip
    last = facts.week_of(today)
    weeks = [last - timedelta(days=7 * back) for back in range(WEEKS, 0, -1)]
    return [monday for monday in weeks if owes(one, monday) and monday not in told]


def _of_targets(aimed: list[Aimed]) -> Iterator[Deduction]:
    causes = {Course.OFF: "target_off", Course.RISK: "target_risk"}
    for one in aimed:
        cause, unit = causes.get(one.judged.course), _owner(one)
        if cause is None or not unit:
            continue
        metric = one.metric
        yield Deduction(
            unit, cause, rules.cost(cause), metric.name.zh if metric else one.target.metric,
            one.judged.reason, f"/planning/objective/{one.target.objective.code}",
        )  # fmt: skip


def _work(
    tasks: list[Task], of: Callable[[Task], str], entries: dict[int, list[CaseEntry]]
) -> list[dict[str, Any]]:
    """Per unit: tasks, closed in time, overdue, median days from issue to close."""
    groups = defaultdict(list)
    for one in tasks:
        if of(one):
            groups[of(one)].append(one)
    found = []
    for unit, own in sorted(groups.items()):
        closed = [(one, at) for one in own if (at := one.case.closed_at)]
        in_time = sum(civil(at).date() <= one.due for one, at in closed)
        late = [one for one in own if one.late]
        judged = len(closed) + len(late)
        days = [d for one, _ in closed if (d := _lasted(entries[one.case.pk])) is not None]
        found.append(
            {
                "unit": unit, "count": len(own), "closed": len(closed), "in_time": in_time,
                "overdue": len(late), "share": 100 * in_time / judged if judged else None,
                "median": median(days) if days else None,
            }
        )  # fmt: skip
    return found


def _lasted(entries: list[CaseEntry]) -> float | None:
    """Days from the first issue to the last close."""
    issued = next((entry.at for entry in entries if entry.step == "issue"), None)
    closed = next((entry.at for entry in reversed(entries) if entry.step == "close"), None)
    return (closed - issued) / DAY if issued and closed else None
