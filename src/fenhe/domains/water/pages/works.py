"""The ledgers of remedy: outfalls by stage (排查–监测–溯源–整治), black-odorous waters, projects
with milestones. What the register holds stands beside the case that works on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from fenhe.act.models import Case
from fenhe.act.procedures import register as procedures
from fenhe.domains.water.rules import milestones
from fenhe.kernel.period import civil
from fenhe.kernel.text import Text
from fenhe.publish.page import Ask, Table
from fenhe.registry import kinds
from fenhe.registry.models import Object

OUTFALL, BLACK, PROJECT = "water_outfall", "water_black_odorous", "water_project"
PROCEDURES = {OUTFALL: "water.outfall", BLACK: "water.black_odorous"}
NAMED_BY = {OUTFALL: "outfall_code", BLACK: "water"}
"""The field of a case that names its object where the case was opened without one."""
STAGES = ("found", "measured", "traced", "remedied", "closed")
REACHED = {
    "found": "found", "measured": "measured", "traced": "traced", "planned": "traced",
    "remedying": "traced", "reported": "remedied", "accepted": "remedied", "closed": "closed",
    "struck": "",
}  # fmt: skip
"""State of an outfall's case -> the stage it has come to; what is struck off has none."""
DONE = ("accepted", "done", "effective")
"""The work is done though the case is not closed: its deadline no longer runs."""
LISTED = 300
CASE = ("number", "state", "due")
UNREADABLE = Text("节点写法不能识别", "milestones cannot be read")


def works(ask: Ask) -> dict[str, Any]:
    on = civil(ask.now).date()
    outfalls, waters, projects = (
        list(ask.visible(Object.objects.filter(kind=kind)).order_by("code"))
        for kind in (OUTFALL, BLACK, PROJECT)
    )
    of = _cases(ask, [*outfalls, *waters])
    at = {one.pk: _stage(one, of.get(one.pk)) for one in outfalls}
    shown = {
        "outfalls": [_outfall(one, of.get(one.pk), at[one.pk], ask.language) for one in outfalls],
        "waters": [_water(one, of.get(one.pk), ask.language) for one in waters],
        "projects": [_project(one, on, ask.language) for one in projects],
    }
    return {
        **{name: rows[:LISTED] for name, rows in shown.items()},
        "counted": {name: len(rows) for name, rows in shown.items()},
        "stages": _stages(list(at.values()), ask.language),
        "districts": _districts(outfalls, at),
        "late": [row["name"] for row in shown["projects"] if row["overdue"]],
        "simulated": any(
            one.attributes.get("simulated") for one in (*outfalls, *waters, *projects)
        ),
        "on": on,
        "tables": {name: _table(name, rows, on) for name, rows in shown.items()},
    }


def _cases(ask: Ask, things: Sequence[Object]) -> dict[int, Case]:
    """Object id → its newest case the person may see: about it, or naming it by code or name."""
    found: dict[int, Case] = {}
    every = ask.visible(Case.objects.filter(procedure__in=PROCEDURES.values())).order_by("pk")
    by_name = {
        (PROCEDURES[one.kind], word): one.pk for one in things for word in (one.code, one.name_zh)
    }
    known = {one.pk for one in things}
    for case in every:
        kind = next(kind for kind, id in PROCEDURES.items() if id == case.procedure)
        named = str(case.fields.get(NAMED_BY[kind]) or "")
        pk = case.subject_id if case.subject_id in known else by_name.get((case.procedure, named))
        if pk is not None:
            found[pk] = case
    return found


def _state(case: Case | None, language: str) -> dict[str, Any]:
    if case is None:
        return {"case": None, "state": "", "due": "", "number": ""}
    procedure = next(
        (one for one in procedures.versions(case.procedure) if one.version == case.version), None
    )
    state = procedure.states[case.state].name[language] if procedure else case.state
    done = case.state in DONE or bool(procedure and procedure.states[case.state].final)
    return {
        "case": case.pk,
        "number": case.number,
        "state": state,
        "due": "" if done else str(case.fields.get("due") or ""),
    }


def _choice(thing: Object, attribute: str, language: str) -> str:
    """The chosen word of an attribute, as its kind names it."""
    written = str(thing.attributes.get(attribute) or "")
    named = kinds.get(thing.kind).attributes[attribute].choices
    return named[written][language] if written in named else written


def _stage(one: Object, case: Case | None) -> str:
    """By its case where there is one, else by the register."""
    written = str(one.attributes.get("stage") or "")
    return REACHED.get(case.state, written) if case else written


def _outfall(one: Object, case: Case | None, stage: str, language: str) -> dict[str, Any]:
    names = kinds.get(OUTFALL).attributes["stage"].choices
    return {
        "pk": one.pk,
        "code": one.code,
        "name": one.name(language),
        "type": _choice(one, "type", language),
        "river": one.attributes.get("river") or "",
        "district": one.attributes.get("district") or "",
        "stage": names[stage][language] if stage in names else stage,
        **_state(case, language),
    }


def _water(one: Object, case: Case | None, language: str) -> dict[str, Any]:
    length = one.attributes.get("length_km")
    return {
        "pk": one.pk,
        "code": one.code,
        "name": one.name(language),
        "scope": _choice(one, "scope", language),
        "grade": _choice(one, "grade", language),
        "length": "" if length is None else f"{length:g}",
        "district": one.attributes.get("district") or "",
        **_state(case, language),
    }


def _project(one: Object, on: date, language: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "pk": one.pk,
        "code": one.code,
        "name": one.name(language),
        "type": _choice(one, "type", language),
        "district": one.attributes.get("district") or "",
        "owner": one.attributes.get("owner") or "",
        "progress": "",
        "next": "",
        "next_due": "",
        "late": 0,
        "overdue": "",
        "milestones": [],
        "wrong": "",
    }
    try:
        found = milestones.read(one.attributes.get("milestones"))
    except ValueError:
        return {**row, "wrong": UNREADABLE[language]}
    now = milestones.standing(found, on)
    return {
        **row,
        "progress": f"{now.done}/{now.whole}",
        "next": now.next.name if now.next else "",
        "next_due": now.next.due.isoformat() if now.next else "",
        "late": max((x.late(on) for x in now.overdue), default=0),
        "overdue": "、".join(x.name for x in now.overdue),
        "milestones": [
            {
                "name": x.name,
                "due": x.due.isoformat(),
                "done": x.done.isoformat() if x.done else "",
                "late": x.late(on),
            }
            for x in found
        ],
    }


def _stages(at: Sequence[str], language: str) -> list[dict[str, Any]]:
    """How many stand at each stage, and how many have reached it."""
    names = kinds.get(OUTFALL).attributes["stage"].choices
    return [
        {
            "name": names[stage][language],
            "at": at.count(stage),
            "reached": sum(word in STAGES[place:] for word in at),
        }
        for place, stage in enumerate(STAGES)
    ]


def _districts(outfalls: Iterable[Object], at_stage: Mapping[int, str]) -> list[dict[str, Any]]:
    """Per district how many outfalls have reached each stage."""
    of: dict[str, list[str]] = {}
    for one in outfalls:
        of.setdefault(str(one.attributes.get("district") or ""), []).append(at_stage[one.pk])
    return [
        {
            "district": district,
            "count": len(at),
            "reached": [sum(w in STAGES[place:] for w in at) for place in range(len(STAGES))],
        }
        for district, at in sorted(of.items())
    ]


def _table(name: str, rows: Sequence[dict[str, Any]], on: date) -> Table:
    columns = {
        "outfalls": ["code", "name", "type", "river", "district", "stage", *CASE],
        "waters": ["code", "name", "scope", "grade", "length", "district", *CASE],
        "projects": ["code", "name", "type", "district", "owner", "progress", "next", "next_due",
                     "late", "overdue"],
    }[name]  # fmt: skip
    return Table(f"{name}-{on:%Y%m%d}", columns, [[row[c] for c in columns] for row in rows])
