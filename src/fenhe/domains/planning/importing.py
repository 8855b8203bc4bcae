"""Brings the table of a plan in: checked against what is there, shown, and only then written.

`check` says what each row would do; `commit` does all of it or nothing. Objectives and targets
follow the table (what changed goes to the evidence ledger with its old value); a task is opened
once, as a case, and is afterwards changed only by the steps of its procedure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from django.db import transaction

from fenhe.access import gate
from fenhe.access.models import Organ, Person
from fenhe.act import cases, numbers
from fenhe.act.models import Case, Objective, Plan, Target
from fenhe.act.scoped import PLAN_EDIT
from fenhe.domains.planning.table import OBJECTIVE, TARGET, TASK, Line, Lines
from fenhe.evidence import ledger
from fenhe.publish import metric as metrics
from fenhe.publish.metric import Metric
from fenhe.registry.models import Object

PLANNING = "planning"
TASK_PROCEDURE = "planning.task"

What = Literal["new", "changed", "same"]


@dataclass(frozen=True, slots=True)
class Head:
    """Which plan the table is of."""

    year: int
    name: str
    area: str = ""
    basis: str = ""

    @property
    def code(self) -> str:
        return f"{self.year}-{self.area}" if self.area else f"{self.year}"


@dataclass(frozen=True, slots=True)
class Effect:
    """What one row would do."""

    line: Line
    what: What
    name: str
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    bound: tuple[Metric, Object] | None = None  # what a target is of


@dataclass
class Draft:
    head: Head
    plan: Plan | None
    effects: list[Effect]

    def count(self, level: str, what: What) -> int:
        return sum(one.line.level == level and one.what == what for one in self.effects)


def source(head: Head, code: str) -> str:
    """By what a task is known to have been opened."""
    return f"plan:{head.code}:{code}"


def check(lines: Lines, head: Head, person: Person) -> Draft:
    """Raises BadInput `planning.table` with every finding, Forbidden where the plan lies beyond
    the person's rights."""
    gate.require(person, PLAN_EDIT, gate.Place(domain=PLANNING, area=head.area))
    plan = Plan.objects.filter(code=head.code).first()
    known = {one.code: one for one in Objective.objects.select_related("plan", "parent")}
    _check_areas(lines, head, known, person)
    _check_objectives(lines, head, known)
    bound = _check_targets(lines, person)
    _check_tasks(lines, head)
    lines.refuse()
    effects = [
        *(_objective_effect(one, head, known) for one in lines.of(OBJECTIVE)),
        *(_target_effect(one, head, bound[one.row], known) for one in lines.of(TARGET)),
        *_task_effects(lines, head),
    ]
    return Draft(head, plan, effects)


def _check_areas(lines: Lines, head: Head, known: Mapping[str, Objective], person: Person) -> None:
    """Whoever sets a plan writes only into areas within the rights to do so."""
    listed = {one.text("code"): one.text("area") or head.area for one in lines.of(OBJECTIVE)}
    allowed: dict[str, bool] = {}
    for one in lines.lines:
        for area in sorted(_areas(one, listed, known, head)):
            if area not in allowed:
                allowed[area] = gate.may(person, PLAN_EDIT, gate.Place(PLANNING, area))
            if not allowed[area]:
                lines.blame(
                    one.row, "area", f"您无权编制区划 {area or '（空）'} 的计划",
                    f"you may not set the plan of area {area or '(none)'}", one.text("area"),
                )  # fmt: skip


def _areas(
    line: Line, listed: Mapping[str, str], known: Mapping[str, Objective], head: Head
) -> set[str]:
    """Where the row writes: where it will lie and, of an objective that is there, where it lies;
    a target, and a task that names no area, lies with its objective."""
    own = line.text("area")
    if line.level == TASK and own:
        return {own}
    code = line.text("code" if line.level == OBJECTIVE else "parent")
    there = known.get(code)
    found = {listed[code]} if code in listed else set()
    if there is not None and (line.level != TASK or not found):
        found.add(there.area)
    return found


def _check_objectives(lines: Lines, head: Head, known: Mapping[str, Objective]) -> None:
    here = lines.of(OBJECTIVE)
    codes = [one.text("code") for one in here]
    parents = {one.text("code"): one.text("parent") for one in here}
    for one in here:
        code, parent = one.text("code"), one.text("parent")
        if codes.count(code) > 1:
            lines.blame(one.row, "code", "编号重复", "stands twice", code)
        if code in known and known[code].plan.code != head.code:
            lines.blame(
                one.row, "code", f"编号已用于计划 {known[code].plan.code}",
                f"belongs to plan {known[code].plan.code}", code,
            )  # fmt: skip
        if parent and _turns(code, parents):
            lines.blame(one.row, "parent", "上级关系成环", "stands above itself", parent)
    ours = {code for code, one in known.items() if one.plan.code == head.code} | set(codes)
    for one in lines.lines:
        if (parent := one.text("parent")) and parent not in ours:
            lines.blame(one.row, "parent", "没有这个目标", "there is no such objective", parent)


def _turns(code: str, parents: Mapping[str, str]) -> bool:
    seen = {code}
    while code := parents.get(code, ""):
        if code in seen:
            return True
        seen.add(code)
    return False


def _check_targets(lines: Lines, person: Person) -> dict[int, tuple[Metric, Object]]:
    """Row -> the metric and the object it names."""
    found = {}
    codes = {one.text("subject") for one in lines.of(TARGET)}
    things = list(gate.visible(person, Object.objects.filter(code__in=codes)))
    twice = set[tuple[str, str, str, str]]()
    for one in lines.of(TARGET):
        metric = metrics.named(one.text("metric")) if "metric" in one.cells else None
        if metric is None:
            offered = "、".join(each.name.zh for each in metrics.all())
            lines.blame(one.row, "metric", f"没有这个指标；可用：{offered}",
                        "there is no such metric", one.text("metric"))  # fmt: skip
            continue
        wanted = one.text("subject")
        thing = next((t for t in things if t.code == wanted and t.kind in metric.kinds), None)
        if thing is None:
            lines.blame(one.row, "subject", f"没有可评“{metric.name.zh}”的对象",
                        "no object of this code has the metric", wanted)  # fmt: skip
            continue
        key = (one.text("parent"), metric.id, wanted, one.text("year"))
        if key in twice:
            lines.blame(one.row, "metric", "同一指标重复", "stands twice", metric.name.zh)
        twice.add(key)
        found[one.row] = (metric, thing)
    return found


def _check_tasks(lines: Lines, head: Head) -> None:
    here = lines.of(TASK)
    codes = [one.text("code") for one in here]
    for one in here:
        if codes.count(one.text("code")) > 1:
            lines.blame(one.row, "code", "编号重复", "stands twice", one.text("code"))
        due = one.cells.get("due")
        if due is not None and due < _start(one, head):
            lines.blame(one.row, "due", "早于开始日期", "is before the start", str(due))


def _start(line: Line, head: Head) -> date:
    found: date = line.cells.get("start", date(head.year, 1, 1))
    return found


def _objective_effect(line: Line, head: Head, known: Mapping[str, Objective]) -> Effect:
    old = known.get(line.text("code"))
    if old is None:
        return Effect(line, "new", line.text("name"))
    new = {**_objective_fields(line, head), "parent": line.text("parent")}
    before = {**{name: getattr(old, name) for name in new if name != "parent"},
              "parent": old.parent.code if old.parent else ""}  # fmt: skip
    changes = {name: (before[name], new[name]) for name in new if before[name] != new[name]}
    return Effect(line, "changed" if changes else "same", line.text("name"), changes)


def _objective_fields(line: Line, head: Head) -> dict[str, Any]:
    return {
        "area": line.text("area") or head.area,
        "name_zh": line.text("name"),
        "name_en": line.text("name_en"),
        "lead_unit": line.text("lead_unit"),
        "co_units": line.text("co_units"),
        "county": line.text("county"),
        "weight": line.cells.get("weight"),
    }


def _target_fields(line: Line) -> dict[str, Any]:
    return {
        "baseline": line.cells.get("baseline"),
        "value": line.cells["value"],
        "owner": line.text("lead_unit"),
        "weight": line.cells.get("weight"),
    }


def _target_effect(
    line: Line, head: Head, bound: tuple[Metric, Object], known: Mapping[str, Objective]
) -> Effect:
    metric, thing = bound
    above = known.get(line.text("parent"))
    old = (
        above
        and Target.objects.filter(
            objective=above, metric=metric.id, subject=thing, year=line.cells.get("year", head.year)
        ).first()
    )
    name = f"{metric.name.zh} {thing.name_zh}"
    if not old:
        return Effect(line, "new", name, bound=bound)
    new = _target_fields(line)
    changes = {key: (getattr(old, key), new[key]) for key in new if getattr(old, key) != new[key]}
    return Effect(line, "changed" if changes else "same", name, changes, bound)


def _task_effects(lines: Lines, head: Head) -> list[Effect]:
    """A task that is there already stays as its case says."""
    here = lines.of(TASK)
    keys = [source(head, one.text("code")) for one in here]
    there = set(Case.objects.filter(source__in=keys).values_list("source", flat=True))
    return [
        Effect(one, "same" if key in there else "new", one.text("name"))
        for one, key in zip(here, keys, strict=True)
    ]


def commit(draft: Draft, person: Person, now: datetime) -> Plan:
    """All of it in one transaction."""
    head = draft.head
    with transaction.atomic():
        kept = {
            "year": head.year, "name_zh": head.name, "area": head.area, "basis": head.basis,
            "procedure": TASK_PROCEDURE, "organ": _organ(person, head), "changed_at": now,
        }  # fmt: skip
        plan, _ = Plan.objects.update_or_create(
            code=head.code, defaults=kept, create_defaults={**kept, "created_at": now}
        )
        objectives = _write_objectives(draft, plan)
        _write_targets(draft, objectives)
        for one in draft.effects:
            if one.line.level == TASK and one.what == "new":
                _open_task(one.line, head, objectives, person, now)
        ledger.record(
            person=person,
            action="plan.import",
            subject=plan.code,
            detail={
                "new": sum(one.what == "new" for one in draft.effects),
                "changed": sum(one.what == "changed" for one in draft.effects),
                "changes": [
                    {"of": one.name, **{k: list(map(str, v)) for k, v in one.changes.items()}}
                    for one in draft.effects
                    if one.changes
                ],
            },
        )
    return plan


def _organ(person: Person, head: Head) -> Organ | None:
    """In whose name the plan goes out: the person's own, else the issuing one of the area."""
    own = numbers.issuing(person.organ)
    return own or Organ.objects.filter(issuing=True, area=head.area).order_by("pk").first()


def _write_objectives(draft: Draft, plan: Plan) -> dict[str, Objective]:
    """Code -> objective, of the whole plan; parents are set once all are there."""
    listed = [one for one in draft.effects if one.line.level == OBJECTIVE]
    for place, one in enumerate(listed, start=1):
        fields = _objective_fields(one.line, draft.head)
        Objective.objects.update_or_create(
            code=one.line.text("code"),
            defaults={**fields, "plan": plan, "place": place},
        )
    found = {
        one.code: one for one in Objective.objects.filter(plan=plan).select_related("plan__organ")
    }
    for one in listed:
        child = found[one.line.text("code")]
        parent = found.get(one.line.text("parent"))
        if child.parent_id != (parent.pk if parent else None):
            child.parent = parent
            child.save(update_fields=["parent"])
    return found


def _write_targets(draft: Draft, objectives: Mapping[str, Objective]) -> None:
    for one in draft.effects:
        if one.bound is None or one.what == "same":
            continue
        metric, thing = one.bound
        Target.objects.update_or_create(
            objective=objectives[one.line.text("parent")],
            metric=metric.id,
            subject=thing,
            year=one.line.cells.get("year", draft.head.year),
            defaults=_target_fields(one.line),
        )


def _open_task(
    line: Line, head: Head, objectives: Mapping[str, Objective], person: Person, now: datetime
) -> Case:
    above = objectives[line.text("parent")]
    given = {
        "what": line.text("name"),
        "lead_unit": line.text("lead_unit"),
        "due": line.cells["due"].isoformat(),
        "start": _start(line, head).isoformat(),
        "objective": above.code,
        "source": "plan",
        "co_units": line.text("co_units"),
        "county": line.text("county") or above.county,
        "weight": line.cells.get("weight"),
        "milestones": line.text("milestones"),
    }
    wanted = cases.Opening(
        TASK_PROCEDURE,
        {key: value for key, value in given.items() if value not in ("", None)},
        title=line.text("name"),
        organ=above.plan.organ,
        area=line.text("area") or above.area,
        source=source(head, line.text("code")),
    )
    return cases.open_(wanted, person, now)
