"""The clocks of a case: its procedure's names for the running limits of `act.obligations`.

A clock may run several times in a case (a rebound, a second recheck); the newest of a name is the
one that steps mean. Ending one that does not run is no fault: a case may be closed early.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import TypedDict

from django.db import transaction
from django.db.models import BigIntegerField, Exists, OuterRef, QuerySet, When
from django.db.models import Case as Chosen
from django.db.models.functions import Cast, Substr

from fenhe.access.models import Organ
from fenhe.act import filling, obligations
from fenhe.act.models_case import Case
from fenhe.act.models_obligation import Obligation
from fenhe.act.procedures.shape import Pause, Procedure, Start, Step
from fenhe.evidence import ledger
from fenhe.kernel.errors import Conflict
from fenhe.kernel.period import DAY, civil
from fenhe.registry.models import Object

RUNNING = ("running", "overdue")
LIVE = (*RUNNING, "suspended")


def of(case: Case) -> list[Obligation]:
    """All clocks the case ever had, oldest first."""
    return list(Obligation.objects.filter(about=about(case)).order_by("pk"))


def of_cases(cases: QuerySet[Case]) -> QuerySet[Obligation]:
    """The clocks of these cases, such as those that a person may see: a clock is seen with its
    case, wherever the object of the case lies. `number_of` names the case of one."""
    number = Chosen(
        When(about__startswith="case:", then=Cast(Substr("about", 6), BigIntegerField())),
        output_field=BigIntegerField(),
    )
    mine = cases.order_by().filter(pk=OuterRef("case_number"))
    return Obligation.objects.annotate(case_number=number).filter(Exists(mine))


def number_of(clock: Obligation) -> int:
    """The primary key of the case: "case:17" -> 17."""
    return int(clock.about.removeprefix("case:"))


def about(case: Case) -> str:
    return f"case:{case.pk}"


def name_of(clock: Obligation) -> str:
    """The procedure's name of it: "case:17:decision:1" -> "decision"."""
    return clock.key.split(":")[2]


def newest(clocks: list[Obligation]) -> dict[str, Obligation]:
    return {name_of(one): one for one in clocks}


def move(
    case: Case, procedure: Procedure, step: Step, person: object, reason: str, now: datetime
) -> None:
    """What a step does to the clocks, in the order: go on, extend, stop, end, begin."""
    if not (step.resumes or step.extends or step.suspends or step.starts or _ends(step)):
        return
    known = newest(of(case))
    today = civil(now).date()
    for name in step.resumes:
        if (one := known.get(name)) is not None and one.state == "suspended":
            _go_on(one, today, person, now)
    for name in step.extends:
        until = _moved_to(case, procedure, name)
        obligations.extend(_live(known, name), person, reason, now, until)
    for pause in step.suspends:
        obligations.suspend(_live(known, pause.clock), today, _why(case, pause), person, now)
    for name, end in _ends(step):
        if (one := known.get(name)) is not None and one.state in LIVE:
            end(one, person, now)
    for start in step.starts:
        _start(case, procedure, start, known, person, now)


def _ends(step: Step) -> list[tuple[str, Callable[[Obligation, object, datetime], object]]]:
    return [
        *((name, obligations.meet) for name in step.meets),
        *((name, cancel) for name in step.cancels),
    ]


def _go_on(clock: Obligation, today: date, person: object, now: datetime) -> None:
    """The day before today is the last on which it stood still; stopped and started on one day, no
    day is excluded."""
    if clock.suspended_from is not None and clock.suspended_from < today:
        obligations.resume(clock, today - DAY, person, now)
        return
    with transaction.atomic():
        one = Obligation.objects.select_for_update().get(pk=clock.pk)
        one.state, one.suspended_from, one.suspended_why = "running", None, ""
        one.save(update_fields=["state", "suspended_from", "suspended_why"])
        ledger.record(person, "obligation.resume", one.key, {"due": one.due_day, "days": 0})


def end_all(case: Case, person: object, now: datetime) -> None:
    """A case that is closed has no running clock."""
    for one in of(case):
        if one.state in LIVE:
            cancel(one, person, now, "case closed")


def cancel(clock: Obligation, person: object, now: datetime, reason: str = "") -> None:
    """It is no longer owed. Kept apart from what was done in time."""
    with transaction.atomic():
        one = Obligation.objects.select_for_update().get(pk=clock.pk)
        if one.state not in LIVE:
            return
        one.state, one.met_at = "cancelled", now
        one.save(update_fields=["state", "met_at"])
        ledger.record(person, "obligation.cancel", one.key, {"due": one.due_day}, reason)


def _start(
    case: Case,
    procedure: Procedure,
    start: Start,
    known: dict[str, Obligation],
    person: object,
    now: datetime,
) -> None:
    if start.unless and case.fields.get(start.unless):
        return
    trigger: date | datetime = now
    if start.since:
        raw = case.fields.get(start.since)
        trigger = filling.day_of(raw) if raw else now
    before = known.get(start.clock)
    count = 1
    if before is not None:
        if before.state in LIVE:
            cancel(before, person, now, "begins anew")
        count = int(before.key.rsplit(":", 1)[1]) + 1
    clock = procedure.clocks[start.clock]
    key = f"{about(case)}:{start.clock}:{count}"
    whose = _Whose(about=about(case), subject=case.subject, organ=case.organ)
    if clock.until:
        day = date.fromisoformat(str(case.fields[clock.until])[:10])
        ground = procedure.ground(clock.basis, civil(now).date())
        article = ground.zh if ground else ""
        known[start.clock] = obligations.start_set(key, day, article, now, **whose)
        return
    known[start.clock] = obligations.start(
        key, clock.rule, trigger, now, variant=clock.variant, **whose
    )


class _Whose(TypedDict):
    about: str
    subject: Object | None
    organ: Organ | None


def _moved_to(case: Case, procedure: Procedure, name: str) -> date | None:
    """The day to which an extension moves a clock whose day was set."""
    field = procedure.clocks[name].moved_to
    return date.fromisoformat(str(case.fields[field])[:10]) if field else None


def _live(known: dict[str, Obligation], name: str) -> Obligation:
    one = known.get(name)
    if one is None or one.state not in RUNNING:
        raise Conflict(
            "act.clock-not-running",
            "此期限不在计算中，不能延长或停止",
            "this clock is not running: it can be neither extended nor stopped",
        )
    return one


def _why(case: Case, pause: Pause) -> str:
    return pause.why or str(case.fields.get(pause.chosen, ""))
