"""One case: what may be done next and why the rest may not, what happened, which clocks run, what
the case says, its documents, its procedure drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.safestring import mark_safe

from fenhe.access import gate
from fenhe.access.models import Person
from fenhe.act import cases, clocks, filling, holding, merging, progress
from fenhe.act.guards import Facts
from fenhe.act.models import Case, CaseEntry
from fenhe.act.procedures import diagram, register
from fenhe.act.procedures.shape import OPENING, Procedure, Step
from fenhe.app.text import say
from fenhe.app.web.cases import forms
from fenhe.app.web.cases.rows import told
from fenhe.app.web.preferences import language
from fenhe.app.web.render import page
from fenhe.kernel.errors import FenheError, NotFound
from fenhe.kernel.ids import new_id
from fenhe.kernel.period import civil, utc_now

NO_CASE = NotFound("act.no-case", "没有这件案件", "there is no such case")


@dataclass(frozen=True)
class Refused:
    """A step that was sent and refused: shown where it was asked, with what was filled in."""

    step: str
    error: FenheError
    sent: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


def get(request: HttpRequest, pk: int) -> Case:
    rows = Case.objects.filter(pk=pk).select_related(
        "organ", "subject", "handler", "parent", "merged_into"
    )
    return gate.find(request.user, rows, NO_CASE)


def show(
    request: HttpRequest, pk: int, refused: Refused | None = None, status: int = 200
) -> HttpResponse:
    case = get(request, pk)
    procedure = register.get(case.procedure, case.version)
    tongue, now = language(request), utc_now()
    facts = Facts(case, procedure, now)
    person = request.user if isinstance(request.user, Person) else None
    secrets = gate.may(request.user, holding.SECRETS, case)
    options = cases.options(facts, person) if person else []
    data = {
        "case": case,
        "procedure": procedure,
        "about": procedure.about[tongue],
        "name": procedure.name[tongue],
        "state": procedure.states[case.state],
        "steps": [
            _step(facts, one.key, one.transition, tongue, refused)
            for one in options
            if one.open or (refused and refused.step == one.key)
        ],
        "barred": [
            {
                "name": one.transition.name[tongue],
                "why": [why[tongue] for why in one.against],
            }
            for one in options
            if not one.open
        ],
        "children_possible": _children(case, procedure, request.user, tongue),
        "clocks": [_clock(one, procedure, tongue, now) for one in reversed(facts.clocks)],
        "timeline": [_entry(one, facts, tongue, secrets) for one in reversed(facts.entries)],
        "fields": _fields(case, procedure, tongue, secrets),
        "documents": [
            {"document": one, "name": one.content["name"][tongue]}
            for one in reversed(facts.documents)
        ],
        "children": [_related(one, tongue) for one in case.children.order_by("pk")],
        "duplicates": [_related(one, tongue) for one in case.duplicates.order_by("pk")],
        "similar": _similar(request, case, procedure, now, tongue),
        "drawing": mark_safe(diagram.svg(procedure, tongue, case.state)),  # noqa: S308 (ours)
        "refused": refused,
        "sentence": refused.error.message[tongue] if refused else "",
        "lines": [one.line(tongue) for one in refused.error.problems] if refused else [],
        "key": new_id(),
        "check_code": progress.check_code(case.number) if secrets and procedure.progress else "",
        "may_sign": gate.may(request.user, "attachment.add", case),
    }
    return page(request, "pages/case.html", data, status)


def _step(
    facts: Facts, key: str, step: Any, tongue: str, refused: Refused | None
) -> dict[str, Any]:
    mine = refused if refused and refused.step == key else None
    known = {**facts.case.fields, **(mine.sent if mine else {})}
    return {
        "key": key,
        "name": step.name[tongue],
        "to": facts.procedure.states[step.to].name[tongue] if step.to else "",
        "fields": forms.fields(facts.procedure, step, known, tongue),
        "reason": step.reason,
        "reason_sent": mine.reason if mine else "",
        "open": bool(mine),
        "produces": [facts.procedure.documents[one].name[tongue] for one in step.produces],
        "offers": [
            {"id": one, "name": facts.procedure.documents[one].name[tongue]}
            for one in step.offers
        ],
        "basis": grounds(facts.procedure, step, facts.now, tongue),
        "photos": any(facts.procedure.fields[one].type == "photos"
                      for one in (*step.fields, *step.may_fill)),
        "position": "here_longitude" in (*step.fields, *step.may_fill),
    }  # fmt: skip


def grounds(procedure: Procedure, step: Step, now: datetime, tongue: str) -> list[str]:
    """The clauses in force on the day."""
    today = civil(now).date()
    found = [procedure.ground(key, today) for key in step.basis]
    return [one[tongue] for one in found if one is not None]


def _clock(one: Any, procedure: Procedure, tongue: str, now: datetime) -> dict[str, Any]:
    return {
        **told(one, procedure, tongue, now),
        "state": say(f"case.clock.{one.state}", tongue),
        "excluded": one.excluded,
        "extensions": one.extensions,
        "ended_late": bool(one.state == "met" and one.met_at and one.due and one.met_at >= one.due),
        "alive": one.state in clocks.LIVE,
    }


STEPS_OF_OURS = {merging.STEP: "case.merged_step", "@migrate": "case.migrated_step"}


def _entry(one: CaseEntry, facts: Facts, tongue: str, secrets: bool) -> dict[str, Any]:
    procedure = facts.procedure
    if one.step in STEPS_OF_OURS:
        name = say(STEPS_OF_OURS[one.step], tongue)
    elif one.step == OPENING or one.step in procedure.transitions:
        name = procedure.step(one.step).name[tongue]
    else:
        name = one.step  # of an older version
    before, after = (procedure.states.get(key) for key in (one.before, one.after))
    return {
        "entry": one,
        "name": name,
        "moved": after.name[tongue] if after and one.before != one.after else "",
        "from": before.name[tongue] if before else "",
        "given": _given(one.given, procedure, tongue, secrets),
        "photos": [p for value in one.given.values() for p in _photos(value)],
        "documents": [
            {"document": d, "name": d.content["name"][tongue]}
            for d in facts.documents
            if d.seq == one.seq
        ],
    }


def _photos(value: Any) -> list[dict[str, str]]:
    if not isinstance(value, list):
        return []
    return [one for one in value if isinstance(one, dict) and "hash" in one]


def _given(
    given: Mapping[str, Any], procedure: Procedure, tongue: str, secrets: bool
) -> list[dict[str, str]]:
    return [
        {"name": shape.name[tongue], "value": said}
        for key, value in given.items()
        if (shape := procedure.fields.get(key)) is not None
        and shape.type != "photos"
        and (said := _said(shape, value, tongue, secrets))
    ]


def _said(shape: Any, value: Any, tongue: str, secrets: bool) -> str:
    if shape.restricted and not secrets:
        return say("case.secret", tongue)
    return filling.shown(shape, value, tongue)


def _fields(case: Case, procedure: Procedure, tongue: str, secrets: bool) -> list[dict[str, str]]:
    ordered = {key: case.fields[key] for key in procedure.fields if key in case.fields}
    return _given(ordered, procedure, tongue, secrets)


def _children(
    case: Case, procedure: Procedure, person: object, tongue: str
) -> list[dict[str, str]]:
    """Procedures that may be opened from this state by whoever looks."""
    day = civil(utc_now()).date()
    known = {one.id: one for one in register.current(day)}
    return [
        {"id": id, "name": known[id].name[tongue]}
        for id, child in procedure.children.items()
        if id in known and case.state in child.sources and holding.held(person, child.by, case)
    ]


def _related(one: Case, tongue: str) -> dict[str, Any]:
    procedure = register.get(one.procedure, one.version)
    return {
        "case": one,
        "procedure": procedure.name[tongue],
        "state": procedure.states[one.state].name[tongue],
    }


def _similar(
    request: HttpRequest, case: Case, procedure: Procedure, now: datetime, tongue: str
) -> list[dict[str, Any]]:
    """Hints at duplicates, where the procedure knows any and the case is not answered yet."""
    if procedure.merging is None or case.merged_into_id or case.closed_at:
        return []
    seen = gate.visible(request.user, Case.objects.all())
    found = merging.similar(case, seen, now)
    may = bool(holding.held(request.user, procedure.merging.by, case))
    return [
        {
            **_related(one, tongue),
            "may_merge": may
            and case.state in procedure.merging.sources
            and one.state in procedure.merging.sources
            and one.merged_into_id is None,
        }
        for one in found
    ]
