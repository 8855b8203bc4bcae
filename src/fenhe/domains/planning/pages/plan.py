"""The plan of the year as a tree with its targets; one objective; the table brought in."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fenhe.access import gate
from fenhe.access.models import Person
from fenhe.act.models import Objective, Plan
from fenhe.act.scoped import PLAN_EDIT
from fenhe.domains.planning import importing, table
from fenhe.domains.planning.importing import Draft, Head, What
from fenhe.domains.planning.pages import facts
from fenhe.domains.planning.pages.facts import Aimed, Task
from fenhe.ingest.readers import read_whole
from fenhe.kernel.errors import BadInput, Forbidden, NotFound
from fenhe.kernel.text import Text
from fenhe.publish import metric as metrics
from fenhe.publish.page import Ask, Table
from fenhe.store.config import settings
from fenhe.store.files import open_files

COURSES = ("on_course", "at_risk", "off", "unknown")
MOST_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True)
class Branch:
    """An objective as the tree shows it."""

    objective: Objective
    name: str
    depth: int
    targets: list[dict[str, Any]]
    lights: dict[str, int]
    count: int


def plan(ask: Ask) -> dict[str, Any]:
    listed = facts.plans(ask)
    one = facts.chosen(ask, listed)
    may = gate.may(ask.person, PLAN_EDIT)
    if one is None:
        return {"template": "planning/empty.html", "may_edit": may}
    on = facts.day_asked(ask)
    seen = list(ask.visible(Objective.objects.filter(plan=one)))
    aimed = facts.targets(ask, one, on)
    tasks = facts.tasks(ask, objectives=[each.code for each in seen])
    rows = [each.row(ask.language) for each in aimed]
    return {
        "plan": one,
        "name": one.name(ask.language),
        "plans": [{"code": each.code, "name": each.name(ask.language)} for each in listed],
        "on": on,
        "targets": rows,
        "counts": [{"id": id, "count": sum(row["course"] == id for row in rows)} for id in COURSES],
        "branches": _tree(seen, aimed, tasks, ask.language),
        "lights": facts.lit(tasks),
        "tasks": len(tasks),
        "finding": finding(rows)[ask.language],
        "may_edit": may,
        "tables": {"targets": _target_table(one, rows), "plan": _export(one, seen, aimed, tasks)},
    }


def finding(rows: list[dict[str, Any]]) -> Text:
    """The sentence over the targets."""
    if not rows:
        return Text("计划还没有指标", "the plan has no target yet")
    counted = {id: [row for row in rows if row["course"] == id] for id in COURSES}
    off = counted["off"][:3]
    zh = f"{len(rows)} 项指标中 {len(counted['on_course'])} 项在轨"
    en = f"{len(counted['on_course'])} of {len(rows)} targets are on course"
    if counted["at_risk"]:
        zh += f"，{len(counted['at_risk'])} 项有风险"
        en += f", {len(counted['at_risk'])} at risk"
    if off:
        zh += f"，{len(counted['off'])} 项偏离：{'、'.join(row['name'] for row in off)}"
        en += f", {len(counted['off'])} off: {'; '.join(row['name'] for row in off)}"
    return Text(zh, en)


def _tree(
    seen: list[Objective], aimed: list[Aimed], tasks: list[Task], language: str
) -> list[Branch]:
    """Parents before their parts; a part whose parent may not be seen stands by itself."""
    of = defaultdict(list)
    known = {each.pk for each in seen}
    for each in seen:
        of[each.parent_id if each.parent_id in known else None].append(each)
    targets, own = defaultdict(list), defaultdict(list)
    for one in aimed:
        targets[one.target.objective_id].append(one.row(language))
    for task in tasks:
        own[task.objective].append(task)
    found: list[Branch] = []

    def grow(parent: int | None, depth: int) -> None:
        for each in of[parent]:
            mine = own[each.code]
            found.append(
                Branch(each, each.name(language), depth, targets[each.pk], facts.lit(mine),
                       len(mine))
            )  # fmt: skip
            grow(each.pk, depth + 1)

    grow(None, 0)
    return found


def _target_table(plan: Plan, rows: list[dict[str, Any]]) -> Table:
    names = ["metric", "subject", "baseline", "target", "value", "unit", "forecast",
             "forecast_method", "room_left", "course", "reason", "data_to"]  # fmt: skip
    return Table(
        f"targets-{plan.code}",
        names,
        [
            [row["name"], row["subject"], row["baseline"], row["aim"], row["value"], row["unit"],
             row["forecast"], row["method"], row["room"], row["course"], row["reason"],
             row["data_to"]]
            for row in rows
        ],
    )  # fmt: skip


def _export(plan: Plan, seen: list[Objective], aimed: list[Aimed], tasks: list[Task]) -> Table:
    """The plan in the columns it is brought in with."""
    codes = {one.pk: one.code for one in seen}
    rows: list[dict[str, Any]] = []
    for one in seen:
        rows.append(
            {"level": "目标", "code": one.code, "parent": codes.get(one.parent_id or 0, ""),
             "name": one.name_zh, "name_en": one.name_en, "lead_unit": one.lead_unit,
             "co_units": one.co_units, "county": one.county, "area": one.area,
             "weight": one.weight}
        )  # fmt: skip
    for each in aimed:
        target = each.target
        rows.append(
            {"level": "指标", "parent": target.objective.code, "metric": target.metric,
             "subject": target.subject.code, "year": target.year, "baseline": target.baseline,
             "value": target.value, "lead_unit": target.owner, "weight": target.weight}
        )  # fmt: skip
    prefix = importing.source(_head(plan), "")
    for task in tasks:
        if not (task.case.source or "").startswith(prefix):
            continue
        fields = task.case.fields
        rows.append(
            {"level": "任务", "code": (task.case.source or "").removeprefix(prefix),
             "parent": task.objective, "name": fields.get("what"), "lead_unit": task.unit,
             "co_units": fields.get("co_units"), "county": task.county, "start": task.start,
             "due": task.due, "weight": fields.get("weight"), "area": task.case.area,
             "milestones": fields.get("milestones")}
        )  # fmt: skip
    keys = list(table.COLUMNS)
    return Table(f"plan-{plan.code}", list(table.FORM), [[r.get(k) for k in keys] for r in rows])


def _head(plan: Plan) -> Head:
    return Head(plan.year, plan.name_zh, plan.area, plan.basis)


def objective(ask: Ask) -> dict[str, Any]:
    rows = ask.visible(Objective.objects.filter(code=ask.params["code"]))
    one = rows.select_related("plan", "parent").first()
    if one is None:
        raise NotFound("planning.objective-unknown", "没有这个目标", "there is no such objective")
    on = facts.day_asked(ask)
    listed = one.targets.select_related("objective__plan", "subject")
    aimed = facts.aimed(ask, list(ask.visible(listed)), on)
    tasks = facts.tasks(ask, objectives=[one.code])
    parts = ask.visible(one.parts.all())
    return {
        "objective": one,
        "name": one.name(ask.language),
        "plan_name": one.plan.name(ask.language),
        "on": on,
        "targets": [each.row(ask.language) for each in aimed],
        "tasks": [each.row(ask.language) for each in tasks],
        "lights": facts.lit(tasks),
        "parts": [{"code": each.code, "name": each.name(ask.language), "unit": each.lead_unit}
                  for each in parts],
        "supervisions": {pk: case.pk for pk, case in facts.supervisions(ask).items()},
    }  # fmt: skip


def bring(ask: Ask) -> dict[str, Any]:
    """The table of a plan: the form, the dry run, and what was written."""
    gate.require(ask.person, PLAN_EDIT)
    asked = {**ask.params, **ask.form}
    data: dict[str, Any] = {
        "asked": asked,
        "year": asked.get("year") or f"{facts.today(ask).year}",
        "area": asked.get("area", _own_area(ask.person)),
        "metrics": [{"id": one.id, "name": one.name[ask.language], "unit": one.unit}
                    for one in metrics.all()],
        "columns": list(zip(table.FORM, table.COLUMNS, strict=True)),
        "tables": {"form": Table("plan-form", list(table.FORM), [])},
    }  # fmt: skip
    if "table" not in ask.form:
        return data | ({"problems": [_NO_FILE[ask.language]], "status": 422} if ask.sent
                       else {})  # fmt: skip
    try:
        draft = _draft(ask)
        if ask.form.get("go") == "commit":
            if ask.person is None:
                raise Forbidden("access.forbidden", "请先登录", "sign in first")
            return data | {"written": importing.commit(draft, ask.person, ask.now), "draft": draft}
    except BadInput as error:
        lines = [one.line(ask.language) for one in error.problems] or [error.message[ask.language]]
        return data | {"sentence": error.message[ask.language], "problems": lines, "status": 422}
    return data | {"draft": draft, "kept": ask.form["table"], "summary": _summary(draft)}


_NO_FILE = Text("请选择一个文件", "choose a file")


def _own_area(person: Person | None) -> str:
    return person.organ.area if person and person.organ else ""


def _draft(ask: Ask) -> Draft:
    year = ask.form.get("year", "")
    name = ask.form.get("name", "").strip()
    if not (year.isascii() and year.isdigit() and 1970 <= int(year) <= 2100) or not name:
        raise BadInput(
            "planning.head", "请填年度（如 2026）和计划名称", "give the year (2026) and a name"
        )
    area = ask.form.get("area", "").strip()
    if area and not (area.isascii() and area.isdigit() and len(area) <= 12):
        raise BadInput("planning.area", "区划代码应为数字", "an administrative code is digits")
    file = ask.form.get("table.name", "")
    frame, findings = read_whole(_path(ask.form["table"]), Path(file).name, _largest())
    lines = table.read(frame, Path(file).name)
    lines.problems += findings.kept
    if ask.person is None:
        raise Forbidden("access.forbidden", "请先登录", "sign in first")
    head = Head(int(year), name[:120], area, ask.form.get("basis", "").strip()[:300])
    return importing.check(lines, head, ask.person)


def _largest() -> int:
    return min(MOST_BYTES, settings().max_upload_mb * 1024 * 1024)


def _path(content: str) -> Path:
    try:
        open_files().open(content).close()
    except ValueError as error:
        raise NotFound("files.absent", "没有这个文件", "there is no such file") from error
    return open_files().path(content)


def _summary(draft: Draft) -> list[dict[str, Any]]:
    counted: tuple[What, ...] = ("new", "changed", "same")
    return [
        {"level": level, **{what: draft.count(level, what) for what in counted}}
        for level in (table.OBJECTIVE, table.TARGET, table.TASK)
    ]
