"""Supervision notices (督办): a step of the escalation policy that names a procedure opens a case
of it for each clock that came to the step, with the notice as its first document.

Handler of the outbox topic `obligation.step`, which is told at least once: the reminders take
effect first, then the cases are opened, one for each clock and round of its day, whichever of the
policy's steps asked for it. What may not accuse (unconfirmed, provisional) gets no notice, nor
what others owe.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from fenhe.act import cases, clocks, notices, numbers, obligations
from fenhe.act.deadlines import rule
from fenhe.act.deadlines.counting import Walk, working_after
from fenhe.act.models_case import Case
from fenhe.act.models_obligation import Obligation
from fenhe.act.obligations.policy import Opens, owed_by_others, policies, step
from fenhe.act.procedures import register
from fenhe.act.procedures.shape import Procedure
from fenhe.kernel.errors import NotFound
from fenhe.kernel.period import civil

BY = "platform"
"""Who opened it, in the history."""


def obligation_step(news: Mapping[str, Any], now: datetime) -> list[Case]:
    """The reminders of the row, and the cases that its step opens; those that are there already
    are left alone."""
    obligations.remind(dict(news), now)
    if not any(
        one.opens for policy in policies() for one in policy.steps if one.id == news["step"]
    ):
        return []
    opened = []
    for clock in obligations.in_effect(dict(news)):
        opens = step(clock.policy, news["step"]).opens
        if opens is None or not clock.accuses or _others(clock):
            continue
        made = _open(clock, opens, now)
        if made is not None:
            opened.append(made)
    return opened


def _others(clock: Obligation) -> bool:
    """A party that does not ask for a hearing, a fine that is not paid: nobody here is late."""
    return bool(clock.rule) and owed_by_others(rule(clock.rule).owner)


def _open(clock: Obligation, opens: Opens, now: datetime) -> Case | None:
    source = f"obligation:{clock.pk}:{clock.round}:{opens.procedure}"
    late = _case_of(clock)
    procedure = _in_force(opens.procedure, now)
    if procedure is None or (late is not None and late.procedure == procedure.id):
        return None  # its domain is off; or a notice about the answer to a notice
    if Case.objects.filter(source=source).exists():
        return None
    given = _given(clock, late, procedure, opens, now)
    wanted = cases.Opening(
        procedure.id, given, organ=clock.organ, subject=clock.subject, parent=late, source=source
    )
    try:
        with transaction.atomic():
            return cases.begin(wanted, procedure, BY, "", now)
    except IntegrityError:
        return None  # another worker was first


def _given(
    clock: Obligation, late: Case | None, procedure: Procedure, opens: Opens, now: datetime
) -> dict[str, Any]:
    today = civil(now).date()
    reply_by = working_after(Walk(notices.current()), today, opens.reply_working_days)
    known = {
        "unit": _unit(clock, late),
        "case_number": late.number if late else clock.about,
        "matter": late.title if late else _limit(clock, late),
        "limit": _limit(clock, late),
        "article": clock.article,
        "due_day": clock.due_day.isoformat() if clock.due_day else None,
        "days_over": (today - clock.due_day).days if clock.due_day else None,
        "reply_by": reply_by.isoformat(),
    }
    asked = {*procedure.opening.fields, *procedure.opening.may_fill}
    return {key: value for key, value in known.items() if key in asked and value is not None}


def _unit(clock: Obligation, late: Case | None) -> str:
    """Who owes it: whom the case names where its procedure says so, else the organ of the case."""
    if late is not None:
        shape = register.get(late.procedure, late.version).clocks.get(clocks.name_of(clock))
        named = str(late.fields.get(shape.owed_by) or "") if shape and shape.owed_by else ""
        if named:
            return named
    return numbers.authority(clock.organ)


def _limit(clock: Obligation, late: Case | None) -> str:
    """What was to be done in time, in the words of the case's procedure or of the rule."""
    if late is not None:
        shape = register.get(late.procedure, late.version).clocks.get(clocks.name_of(clock))
        if shape is not None:
            return shape.name.zh
    return rule(clock.rule).step.zh if clock.rule else clock.article


def _case_of(clock: Obligation) -> Case | None:
    sort, _, number = clock.about.partition(":")
    if sort != "case" or not number.isdecimal():
        return None
    return Case.objects.filter(pk=int(number)).first()


def _in_force(id: str, now: datetime) -> Procedure | None:
    try:
        return register.in_force(id, civil(now).date())
    except NotFound:
        return None
