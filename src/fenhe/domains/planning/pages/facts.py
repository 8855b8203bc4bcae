"""What pages look up: plans, targets with where they stand, tasks with their lights. Every row
comes through the gate; a target is shown with its figure only where its object may be seen too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Max, Min, Q

from fenhe.act import notices
from fenhe.act.models import Case, CaseEntry, Objective, Plan, Target
from fenhe.act.procedures import register
from fenhe.domains.planning.rules import course, lights
from fenhe.domains.planning.rules.course import Course, Judged
from fenhe.domains.planning.rules.lights import Light, Seen
from fenhe.kernel.period import civil
from fenhe.kernel.text import Text
from fenhe.publish import measuring
from fenhe.publish import metric as metrics
from fenhe.publish.metric import Aim, Measured, Metric
from fenhe.publish.page import Ask
from fenhe.registry.models import Object

TASK, SUPERVISION = "planning.task", "planning.supervision"
MOST_TASKS = 5000
UNDERWAY = ("accepted", "in_progress", "returned")
"""States in which a task owes a weekly report."""
LOOKS = {Light.GREEN: "good", Light.YELLOW: "warn", Light.RED: "bad", Light.DONE: ""}
COURSE_LOOKS = {Course.ON: "good", Course.RISK: "warn", Course.OFF: "bad", Course.UNKNOWN: ""}
NO_UNIT = Text("未定单位", "no unit")


def today(ask: Ask) -> date:
    return civil(ask.now).date()


def week_of(day: date) -> date:
    """The Monday of its week."""
    return day - timedelta(days=day.weekday())


def day_asked(ask: Ask, name: str = "on") -> date | None:
    try:
        found = date.fromisoformat(ask.params.get(name, ""))
    except ValueError:
        return None
    return found if 1970 <= found.year <= 9000 else None


def plans(ask: Ask) -> list[Plan]:
    """The plans of which the person may see an objective, the newest first."""
    seen = ask.visible(Objective.objects.all()).values("plan")
    return list(Plan.objects.filter(pk__in=seen))


def chosen(ask: Ask, listed: Sequence[Plan]) -> Plan | None:
    wanted = ask.params.get("plan", "")
    return next((one for one in listed if one.code == wanted), listed[0] if listed else None)


@dataclass(frozen=True)
class Aimed:
    """A target and where it stands; `measured` None: no data, no such metric any more, or an
    object the person may not see."""

    target: Target
    metric: Metric | None
    measured: Measured | None
    judged: Judged
    progress: float | None

    def row(self, language: str) -> dict[str, Any]:
        """As tables and cards print it."""
        target, metric, now = self.target, self.metric, self.measured
        name = metric.name[language] if metric else target.metric
        shown = metric.shown if metric else (lambda value, _: f"{value:g}")
        return {
            "target": target,
            "name": name,
            "subject": target.subject.name(language),
            "owner": target.owner or target.objective.lead_unit,
            "unit": metric.unit if metric else "",
            "lower": bool(metric and metric.lower),
            "baseline": "" if target.baseline is None else shown(target.baseline, language),
            "aim": shown(target.value, language),
            "value": shown(now.value, language) if now else "—",
            "before": "" if not now or now.before is None else shown(now.before, language),
            "progress": self.progress,
            "room": now.room[language] if now and now.room else "",
            "forecast": shown(now.forecast, language) if now and now.forecast is not None else "",
            "method": now.method[language] if now and now.method else "",
            "why": now.why if now else None,
            "link": now.link if now else "",
            "as_of": now.as_of if now else None,
            "days_left": now.days_left if now else None,
            "data_to": now.data_to if now else None,
            "computed_at": now.computed_at if now else None,
            "observed": now.observed if now else 0,
            "expected": now.expected if now else 0,
            "notes": [one[language] for one in now.notes] if now else [],
            "course": self.judged.course.value,
            "look": COURSE_LOOKS[self.judged.course],
            "reason": self.judged.reason[language],
        }


def targets(ask: Ask, plan: Plan, on: date | None = None) -> list[Aimed]:
    """Of the whole plan, in its order."""
    rows = ask.visible(Target.objects.filter(objective__plan=plan))
    listed = list(
        rows.select_related("objective__plan", "subject").order_by("objective__place", "pk")
    )
    return aimed(ask, listed, on)


def aimed(ask: Ask, listed: Sequence[Target], on: date | None = None) -> list[Aimed]:
    seen = set(
        ask.visible(Object.objects.filter(pk__in={one.subject_id for one in listed})).values_list(
            "pk", flat=True
        )
    )
    return [_aimed(one, one.subject_id in seen, on) for one in listed]


def _aimed(target: Target, may: bool, on: date | None) -> Aimed:
    metric = metrics.find(target.metric)
    now = None
    if metric is not None and may:
        now = measuring.measured(metric, target.subject, Aim(target.year, target.value, on))
    if now is None:
        return Aimed(target, metric, None, course.UNKNOWN, None)
    judged = course.judge(now.met, now.days_left, now.reachable, now.forecast_met)
    way = course.progress(target.baseline, now.value, target.value)
    return Aimed(target, metric, now, judged, way)


@dataclass(frozen=True)
class Task:
    case: Case
    seen: Seen
    start: date
    due: date
    progress: float
    reported_at: datetime | None  # the last weekly report
    accepted_at: datetime | None  # when its unit first took it on

    @property
    def unit(self) -> str:
        return str(self.case.fields.get("lead_unit") or "")

    @property
    def county(self) -> str:
        return str(self.case.fields.get("county") or "")

    @property
    def objective(self) -> str:
        return str(self.case.fields.get("objective") or "")

    @property
    def late(self) -> bool:
        return self.seen.light is Light.RED

    @property
    def slow(self) -> bool:
        return self.seen.light is Light.YELLOW

    @property
    def over(self) -> int:
        """Days since it was due; 0 where it is not late."""
        return max(-self.seen.days_left, 0) if self.late else 0

    def row(self, language: str) -> dict[str, Any]:
        case, seen = self.case, self.seen
        state = register.get(case.procedure, case.version).states[case.state]
        return {
            "task": self,
            "case": case,
            "title": case.title,
            "state": state.name[language],
            "unit": self.unit or NO_UNIT[language],
            "county": self.county,
            "progress": self.progress,
            "planned": seen.planned,
            "due": self.due,
            "days_left": seen.days_left,
            "over": self.over,
            "light": seen.light.value,
            "look": LOOKS[seen.light],
            "remind": seen.remind[language] if seen.remind else "",
            "provisional": seen.provisional,
            "reported_at": self.reported_at,
        }


def tasks(ask: Ask, *, objectives: Iterable[str] | None = None, open_only: bool = False,
          on: date | None = None) -> list[Task]:  # fmt: skip
    """Tasks the person may see, those that end first before; at most `MOST_TASKS`."""
    rows = ask.visible(Case.objects.filter(procedure=TASK)).exclude(state="cancelled")
    if objectives is not None:
        rows = rows.filter(fields__objective__in=list(objectives))
    if open_only:
        rows = rows.filter(closed_at=None)
    listed = list(rows.select_related("organ", "handler").order_by("-pk")[:MOST_TASKS])
    moments = {
        case: (reported, accepted)
        for case, reported, accepted in CaseEntry.objects.filter(
            case__in=[one.pk for one in listed], step__in=("report_week", "accept")
        )
        .order_by()
        .values("case")
        .annotate(
            reported=Max("at", filter=Q(step="report_week")),
            accepted=Min("at", filter=Q(step="accept")),
        )
        .values_list("case", "reported", "accepted")
    }
    day, calendar = on or today(ask), notices.current()
    found = [_task(one, day, calendar, *moments.get(one.pk, (None, None))) for one in listed]
    return sorted(found, key=lambda one: (one.due, one.case.pk))


def _task(
    case: Case, day: date, calendar: Any, reported: datetime | None, accepted: datetime | None
) -> Task:
    due = _day(case.fields.get("due")) or civil(case.opened_at).date()
    start = min(_day(case.fields.get("start")) or civil(case.opened_at).date(), due)
    done = case.closed_at is not None
    progress = float(case.fields.get("progress") or 0)
    seen = lights.seen(start, due, 100.0 if done else progress, day, calendar, done)
    return Task(case, seen, start, due, progress, reported, accepted)


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        return None


def supervisions(ask: Ask) -> dict[int, Case]:
    """Task -> the listed supervision that was opened from it and still runs."""
    rows = ask.visible(Case.objects.filter(procedure=SUPERVISION, closed_at=None))
    return {one.parent_id: one for one in rows if one.parent_id}


def lit(listed: Iterable[Task]) -> dict[str, int]:
    """How many of each light."""
    found = dict.fromkeys((light.value for light in Light), 0)
    for one in listed:
        found[one.seen.light.value] += 1
    return found
