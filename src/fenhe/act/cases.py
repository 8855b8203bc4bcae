"""The case engine: opens a case, takes a step, says which steps are possible and why not others.

Everything a step does (state, fields, history, clocks, documents, duplicates, outbox) is one
transaction, decided by one guarded UPDATE of the case's own row: of two officers who act on one
revision the first succeeds and the other is told that the case has moved on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from fenhe.access import gate
from fenhe.access.models import Organ, Person
from fenhe.act import clocks, documents, filling, guards, history, holding, numbers, posts
from fenhe.act.guards import Facts
from fenhe.act.models_case import Case, CaseEntry
from fenhe.act.procedures import register
from fenhe.act.procedures.shape import OPENING, Procedure, Step, Transition
from fenhe.kernel.errors import BadInput, Conflict, FenheError, Forbidden, NotFound, Problem
from fenhe.kernel.period import civil
from fenhe.kernel.text import Text
from fenhe.registry.models import Object
from fenhe.store import outbox

CHANGED = "case.changed"
"""Outbox topic: {case, seq, step}."""


@dataclass(frozen=True)
class Opening:
    """What a new case is about."""

    procedure: str
    given: Mapping[str, Any]
    title: str = ""
    organ: Organ | None = None
    subject: Object | None = None
    area: str = ""
    parent: Case | None = None
    source: str | None = None
    key: str | None = None
    through: str = ""  # the page that computed what is given


def open_(wanted: Opening, person: Person, now: datetime, produce: Sequence[str] = ()) -> Case:
    """A new case under the version in force today; what was opened from the same source already
    is that case. Raises Forbidden, BadInput `act.fields`."""
    procedure = register.in_force(wanted.procedure, civil(now).date())
    place = gate.Place(domain=procedure.id.partition(".")[0], area=_area(wanted, person.organ))
    post = holding.require(person, procedure.opening.by, place)
    if procedure.opening.through != wanted.through:
        raise Conflict("act.through", *elsewhere(procedure.opening))
    if there := _of_source(wanted):
        return there
    try:
        return begin(wanted, procedure, str(person), post, now, person, produce)
    except IntegrityError:
        if there := _of_source(wanted):
            return there  # sent twice at once: the other was first
        raise


def _of_source(wanted: Opening) -> Case | None:
    if not wanted.source:
        return None
    return Case.objects.filter(source=wanted.source, procedure=wanted.procedure).first()


def begin(
    wanted: Opening,
    procedure: Procedure,
    by: str,
    post: str,
    now: datetime,
    person: Person | None = None,
    produce: Sequence[str] = (),
) -> Case:
    """The same without asking the gate: for alarms, and for children whose step was allowed."""
    step = procedure.opening
    given = filling.read(procedure, wanted.given, step.fields, step.may_fill)
    organ = numbers.issuing(wanted.organ or (person.organ if person else None))
    with transaction.atomic():
        case = Case(
            procedure=procedure.id,
            version=procedure.version,
            state=step.to,
            title=(wanted.title or _title(procedure, given))[:300],
            organ=organ,
            area=_area(wanted, organ),
            subject=wanted.subject,
            parent=wanted.parent,
            source=wanted.source,
            handler=person,
            fields=given,
            opened_at=now,
            changed_at=now,
        )
        case.number = numbers.take(procedure.id, procedure.number, organ, civil(now).year)
        _refuse_unmet(guards.unmet(Facts(case, procedure, now), step, given))
        case.save(force_insert=True)
        entry = history.append(
            case, step=OPENING, before="", person=by, post=post, now=now, given=given,
            key=wanted.key,
        )  # fmt: skip
        _consequences(case, procedure, step, entry, produce, now)
    return case


def take(
    pk: int,
    step: str,
    person: Person,
    now: datetime,
    *,
    revision: int,
    given: Mapping[str, Any] | None = None,
    reason: str = "",
    produce: Sequence[str] = (),
    key: str | None = None,
    through: str = "",
) -> CaseEntry:
    """Take one step on the revision that the person saw. `key` names what a phone sends: sent
    twice, the step is taken once; `through` is the page that computed what is given. Raises
    Conflict `act.moved-on` for whoever comes second."""
    with transaction.atomic():
        case = find(pk)
        if key and (sent := case.entries.filter(key=key).first()):
            return sent
        procedure = register.get(case.procedure, case.version)
        transition = procedure.transitions.get(step)
        if transition is None:
            raise NotFound("act.no-step", "没有这一步", "there is no such step")
        facts = Facts(case, procedure, now)
        if case.revision != revision:
            raise _moved_on(case)
        post = _allowed(facts, step, transition, person, reason)
        if transition.through != through:
            raise Conflict("act.through", *elsewhere(transition))
        kept = filling.read(procedure, given or {}, transition.fields, transition.may_fill)
        _refuse_unmet(guards.unmet(facts, transition, {**case.fields, **kept}))
        before = case.state
        _move(case, transition, kept, procedure, now)
        entry = history.append(
            case, step=step, before=before, person=str(person), post=post, now=now,
            given=kept, reason=reason, key=key,
        )  # fmt: skip
        _consequences(case, procedure, transition, entry, produce, now)
        _lead(case, procedure, step, transition, before, kept, entry)
    return entry


def find(pk: int) -> Case:
    found = Case.objects.select_related("organ", "subject").filter(pk=pk).first()
    if found is None:
        raise NotFound("act.no-case", "没有这件案件", "there is no such case")
    return found


@dataclass(frozen=True)
class Option:
    """A step as the page offers it: what speaks against it now; nothing, when it can be taken."""

    key: str
    transition: Transition
    against: tuple[Text, ...]

    @property
    def open(self) -> bool:
        return not self.against


def options(facts: Facts, person: Person) -> list[Option]:
    """Every step that leaves the present state, those that can be taken first."""
    case, procedure = facts.case, facts.procedure
    leaving = procedure.leaving(case.state)
    mine = set(
        holding.held(person, sorted({post for one in leaving.values() for post in one.by}), case)
    )
    found = [
        Option(key, one, tuple(_against(facts, key, one, person, mine)))
        for key, one in leaving.items()
    ]
    return sorted(found, key=lambda one: not one.open)


def _against(facts: Facts, key: str, one: Transition, person: Person, mine: set[str]) -> list[Text]:
    found = []
    if not mine & set(one.by):
        found.append(posts.whose(one.by))
    if one.through:
        found.append(Text(*elsewhere(one)))
    for error in (_separated(facts, one, person), _together(facts, key)):
        if error is not None:
            found.append(error.message)
    return [*found, *guards.unmet(facts, one, facts.case.fields, before_asking=True)]


def _allowed(facts: Facts, step: str, one: Transition, person: Person, reason: str) -> str:
    case = facts.case
    if case.state not in one.sources:
        state = facts.procedure.states[case.state].name
        raise Conflict(
            "act.not-now",
            f"案件现为“{state.zh}”，不能办理“{one.name.zh}”",
            f"the case is “{state.en}”: “{one.name.en}” cannot be done now",
        )
    post = holding.require(person, one.by, case)
    refusals: tuple[FenheError | None, ...] = (
        _separated(facts, one, person),
        _together(facts, step),
    )
    for error in refusals:
        if error is not None:
            raise error
    if one.reason and not reason.strip():
        raise BadInput("act.reason", "请写明理由", "a reason is needed")
    return post


def elsewhere(step: Step) -> tuple[str, str]:
    """What is computed by a page is not filled in by hand."""
    return f"此步只在 {step.through} 页办理", f"this is done on the page {step.through}"


def _separated(facts: Facts, one: Transition, person: Person) -> Forbidden | None:
    """职责分离: whoever took one of these steps may not take this one."""
    done = [key for key in one.not_same_as if str(person) in facts.makers((key,))]
    if not done:
        return None
    names = [facts.procedure.step(key).name for key in done]
    return Forbidden(
        "act.same-person",
        f"职责分离：您已办理“{'、'.join(name.zh for name in names)}”，此步须由另一人办理",
        f"separation of duties: you did “{', '.join(name.en for name in names)}”; "
        "another person must do this",
    )


def _together(facts: Facts, step: str) -> Conflict | None:
    """A duplicate is handled with its main case; only its answers are its own."""
    merging, main = facts.procedure.merging, facts.case.merged_into
    if main is None or merging is None or step in merging.answers:
        return None
    return Conflict(
        "act.merged",
        f"此件已并入 {main.number} 一并办理；此处只办理答复",
        f"this case is handled together with {main.number}; only its answer is given here",
    )


def _refuse_unmet(reasons: Any) -> None:
    found = list(reasons)
    if found:
        raise Conflict(
            "act.not-met",
            f"条件未满足：{'；'.join(one.zh for one in found)}",
            f"not yet: {'; '.join(one.en for one in found)}",
            [Problem("act.need", one) for one in found],
        )


def _move(
    case: Case, step: Transition, kept: dict[str, Any], procedure: Procedure, now: datetime
) -> None:
    """The guarded UPDATE: only columns of its own row decide."""
    seen = case.revision
    case.revision = seen + 1
    case.state = step.to or case.state
    case.fields = {**case.fields, **kept}
    case.changed_at = now
    if step.rebound:
        case.round += 1
        case.closed_at = case.resolved_at = None
    if step.returns:
        case.resolved_at = None
    if step.resolves:
        case.resolved_at = now
    if procedure.states[case.state].final:
        case.closed_at = case.closed_at or now
    changed = {
        name: getattr(case, name)
        for name in ("state", "fields", "changed_at", "round", "closed_at", "resolved_at")
    }
    if not Case.objects.filter(pk=case.pk, revision=seen).update(
        revision=F("revision") + 1, **changed
    ):
        raise _moved_on(case)


def _consequences(
    case: Case,
    procedure: Procedure,
    step: Step,
    entry: CaseEntry,
    produce: Sequence[str],
    now: datetime,
) -> None:
    """Clocks, documents, and what later steps of the platform are told."""
    clocks.move(case, procedure, step, entry.person, entry.reason, now)
    if procedure.states[case.state].final:
        clocks.end_all(case, entry.person, now)
    unknown = set(produce) - set(step.offers)
    if unknown:
        raise BadInput(
            "act.no-document",
            f"这一步不产生文书 {'、'.join(sorted(unknown))}",
            f"this step makes no document {', '.join(sorted(unknown))}",
        )
    for kind in (*step.produces, *produce):
        documents.produce(case, procedure, kind, entry, step, now)
    outbox.put(CHANGED, {"case": case.pk, "seq": entry.seq, "step": entry.step})


def _lead(
    case: Case,
    procedure: Procedure,
    key: str,
    step: Transition,
    before: str,
    kept: dict[str, Any],
    entry: CaseEntry,
) -> None:
    """Duplicates follow their main case through everything but the answers."""
    if procedure.merging is None or key in procedure.merging.answers:
        return
    followers = Case.objects.select_related("organ", "subject").filter(
        merged_into=case, closed_at=None, state=before, version=case.version
    )
    for one in followers.order_by("pk"):
        _move(one, step, kept, procedure, entry.at)
        history.append(
            one, step=key, before=before, person=entry.person, post=entry.post, now=entry.at,
            given=kept, reason=entry.reason, note=case.number,
        )  # fmt: skip
        clocks.move(one, procedure, step, entry.person, entry.reason, entry.at)
        outbox.put(CHANGED, {"case": one.pk, "seq": one.revision, "step": key})


def _moved_on(case: Case) -> Conflict:
    last = CaseEntry.objects.filter(case=case.pk).order_by("seq").last()
    who, when = (last.person, f"{civil(last.at):%H:%M}") if last else ("", "")
    return Conflict(
        "act.moved-on",
        f"案件 {case.number} 刚由 {who} 于 {when} 办理过，请重新查看后再办",
        f"{case.number} was just acted on by {who} at {when}; look again before acting",
    )


def _area(wanted: Opening, organ: Organ | None) -> str:
    if wanted.area:
        return wanted.area
    if wanted.subject is not None and wanted.subject.area is not None:
        return wanted.subject.area.adcode
    if wanted.parent is not None:
        return wanted.parent.area
    return organ.area if organ else ""


def _title(procedure: Procedure, given: Mapping[str, Any]) -> str:
    """What stands in lists: the declared fields that are filled, then the procedure's name."""
    said = [
        filling.shown(procedure.fields[key], given.get(key), "zh")
        for key in procedure.list_fields
        if procedure.fields[key].type in ("text", "long") and not procedure.fields[key].restricted
    ]
    return "：".join(filter(None, said)) or procedure.name.zh
