"""The life of a clock. Every change is counted anew by its rule and goes into the ledger of acts.

Callers pass the gate first and give the present moment. What the rule does not allow (a third
extension, days excluded for a reason it does not name) is refused and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from fenhe.access.models import Organ
from fenhe.act import notices
from fenhe.act.deadlines import Calendar, Result, Span, compute, rule
from fenhe.act.deadlines.limits import Confidence, Law, Limit, Unit
from fenhe.act.models_obligation import Obligation
from fenhe.act.obligations.policy import policy_for
from fenhe.evidence import ledger
from fenhe.kernel.errors import BadInput, Conflict
from fenhe.kernel.period import CIVIL, DAY, civil, civil_midnight
from fenhe.registry.models import Object

SETTER = "原定时限的机关"
"""Who extends a day that was set: the organ that set it."""
NO_CLOCK = (Unit.RATE, Unit.AMOUNT, Unit.COUNT_OF_DAYS, Unit.WORKING_DAY_MIN)


def start(
    key: str,
    rule_id: str,
    trigger: date | datetime,
    now: datetime,
    *,
    variant: str = "",
    about: str = "",
    subject: Object | None = None,
    organ: Organ | None = None,
    calendar: Calendar | None = None,
) -> Obligation:
    """Begin the clock `key`, or return the one that runs already. `trigger` is a civil day, or an
    instant. Call it inside the transaction of the fact that starts it."""
    begun = trigger if isinstance(trigger, datetime) else civil_midnight(trigger)
    if rule(rule_id).law(civil(begun).date()).limit(variant).unit in NO_CLOCK:
        raise BadInput(
            "obligation.no-clock",
            f"规则 {rule_id} 不是有截止日的期限，不能计时",
            f"the rule {rule_id} has no last day; no clock can run by it",
        )
    clock = Obligation(
        key=key, rule=rule_id, variant=variant, about=about, subject=subject, organ=organ,
        trigger=begun, started_at=now,
    )  # fmt: skip
    return _begin(clock, calendar or notices.current(), now)


def start_set(
    key: str,
    day: date,
    article: str,
    now: datetime,
    *,
    about: str = "",
    subject: Object | None = None,
    organ: Organ | None = None,
) -> Obligation:
    """The same for a last day that no rule counts, because an organ set it (整改时限). It can be
    extended to a day that is named, and nothing excludes time from it."""
    clock = Obligation(
        key=key, set_day=day, article=article, about=about, subject=subject, organ=organ,
        trigger=now, started_at=now,
    )  # fmt: skip
    return _begin(clock, None, now)


def _begin(clock: Obligation, calendar: Calendar | None, now: datetime) -> Obligation:
    _count(clock, calendar)
    clock.policy = _policy(clock, now)
    try:
        with transaction.atomic():
            clock.save(force_insert=True)
    except IntegrityError:
        return Obligation.objects.get(key=clock.key)
    return clock


def exclude(clock: Obligation, span: Span, person: object, now: datetime) -> Obligation:
    """Days that do not count, for a reason the rule names."""
    return _changed(clock, person, now, "obligation.exclude", lambda one: _exclude(one, span))


def suspend(clock: Obligation, first: date, why: str, person: object, now: datetime) -> Obligation:
    """The clock stands still from that day on, until `resume`."""

    def act(one: Obligation) -> dict[str, Any]:
        _may_exclude(one, why)
        if one.state != "running":
            raise _moved_on(one)
        one.state, one.suspended_from, one.suspended_why = "suspended", first, why
        return {"from": first.isoformat(), "why": why}

    return _changed(clock, person, now, "obligation.suspend", act)


def resume(clock: Obligation, last: date, person: object, now: datetime) -> Obligation:
    """`last` is the last day on which it stood still."""

    def act(one: Obligation) -> dict[str, Any]:
        if one.state != "suspended" or one.suspended_from is None:
            raise _moved_on(one)
        span = Span(one.suspended_from, last, one.suspended_why)
        one.state, one.suspended_from, one.suspended_why = "running", None, ""
        return _exclude(one, span)

    return _changed(clock, person, now, "obligation.resume", act)


def extend(
    clock: Obligation, person: object, reason: str, now: datetime, until: date | None = None
) -> Obligation:
    """One more extension, approved by `person` before the time is over. `until` is for rules that
    allow an extension and leave its length to the approver, and for days that were set."""

    def act(one: Obligation) -> dict[str, Any]:
        law = law_of(one)
        if one.state != "running" or (one.due is not None and one.due <= now):
            raise _moved_on(one)
        times = len(one.extensions)
        _may_extend(one, law, times, until)
        named = law.approvers[times : times + 1] or law.approvers[:1]
        said = {
            "by": str(person), "at": now.isoformat(), "approval": "".join(named), "reason": reason,
            **({"until": until.isoformat()} if until else {}),
        }  # fmt: skip
        one.extensions = [*one.extensions, said]
        return said

    return _changed(clock, person, now, "obligation.extend", act)


def meet(clock: Obligation, person: object, now: datetime) -> Obligation:
    """Done. That it was done late stays to be seen: `met_at` is after `due`."""

    def act(one: Obligation) -> dict[str, Any]:
        one.state, one.met_at = "met", now
        return {"due": one.due_day, "late": bool(one.due and one.due <= now)}

    return _changed(clock, person, now, "obligation.meet", act)


def law_of(clock: Obligation) -> Law:
    """What holds for the clock; for a day that was set, the organ that set it may move it."""
    if clock.set_day is None:
        return rule(clock.rule).law(civil(clock.trigger).date())
    return Law(
        article=clock.article,
        limits=[Limit(unit=Unit.NATURAL_DAY, count=0, day="")],
        extension_open=True,
        approvers=[SETTER],
        confidence=Confidence.HIGH,
    )


def counted(clock: Obligation, calendar: Calendar) -> Result:
    """The clock's limit with everything that was granted so far."""
    begun = civil(clock.trigger)
    unit = law_of(clock).limit(clock.variant).unit
    spans = [
        Span(date.fromisoformat(one["first"]), date.fromisoformat(one["last"]), one["why"])
        for one in clock.excluded
    ]
    granted = sum("until" not in one for one in clock.extensions)
    return compute(
        clock.rule,
        begun.replace(tzinfo=None) if unit is Unit.HOUR else begun.date(),
        calendar,
        variant=clock.variant,
        extend=granted,
        spans=spans,
    )


def take(clock: Obligation, result: Result) -> None:
    """Write what was counted into the clock; a day that moves begins a new round of reminders."""
    before = clock.due
    due = result.due
    if isinstance(due, datetime):
        clock.due_day, clock.due = due.date(), due.replace(tzinfo=CIVIL)
    elif due is not None:
        _due_on(clock, due)
    clock.provisional, clock.accuses = result.provisional, result.accuses
    clock.calendar, clock.article = result.calendar, result.article
    _round(clock, before)


def _count(clock: Obligation, calendar: Calendar | None) -> None:
    if clock.set_day is None:
        take(clock, counted(clock, calendar or notices.current()))
        return
    before = clock.due
    _due_on(clock, clock.set_day)
    _round(clock, before)


def _due_on(clock: Obligation, day: date) -> None:
    """The last day, or the latest to which an extension moved it by name."""
    named = [date.fromisoformat(one["until"]) for one in clock.extensions if "until" in one]
    clock.due_day = max([day, *named])
    clock.due = civil_midnight(clock.due_day + DAY)


def _round(clock: Obligation, before: datetime | None) -> None:
    if clock.pk and clock.due != before:
        clock.round, clock.step = clock.round + 1, 0


def _changed(
    clock: Obligation,
    person: object,
    now: datetime,
    action: str,
    act: Callable[[Obligation], dict[str, Any]],
) -> Obligation:
    with transaction.atomic():
        one = Obligation.objects.select_for_update().get(pk=clock.pk)
        if one.state == "met":
            raise _moved_on(one)
        detail = act(one)
        if one.state != "met":
            _count(one, None)
            if one.state == "overdue" and one.due is not None and one.due > now:
                one.state = "running"  # what was excluded since then puts it in time again
        one.save()
        ledger.record(person, action, one.key, {**detail, "due": one.due_day})
    return one


def _exclude(clock: Obligation, span: Span) -> dict[str, Any]:
    _may_exclude(clock, span.why)
    said = {"first": span.first.isoformat(), "last": span.last.isoformat(), "why": span.why}
    clock.excluded = [*clock.excluded, said]
    return said


def _may_exclude(clock: Obligation, why: str) -> None:
    reasons = law_of(clock).excluded
    if why not in reasons:
        known = "、".join(reasons) or "—"
        raise BadInput(
            "obligation.exclude-reason",
            f"{clock.article} 没有把“{why}”列为不计入期限的事由；可选：{known}",
            f"{clock.article} does not exclude time for “{why}”; it names: {known}",
        )


def _may_extend(clock: Obligation, law: Law, times: int, until: date | None) -> None:
    if law.extension_open:
        if until is None or (clock.due_day and until <= clock.due_day):
            raise BadInput(
                "obligation.until",
                f"{law.article} 没有写明延长多久，请给出晚于 {clock.due_day} 的新日期",
                f"{law.article} gives no length: name a day after {clock.due_day}",
            )
    elif until is not None or times >= len(law.extensions):
        raise BadInput(
            "deadline.extend",
            f"{law.article} 最多延长 {len(law.extensions)} 次，长度以规定为准",
            f"{law.article} allows at most {len(law.extensions)} extensions of its own length",
        )


def _moved_on(clock: Obligation) -> Conflict:
    return Conflict(
        "obligation.moved-on",
        f"这条期限的状态是 {clock.state}（截止 {clock.due_day}），不能再这样处理",
        f"this clock is {clock.state} (due {clock.due_day}); that can no longer be done",
    )


def _policy(clock: Obligation, now: datetime) -> str:
    unit = law_of(clock).limit(clock.variant).unit
    begun = min(civil(clock.trigger).date(), civil(now).date())
    lasts = clock.due_day - begun if clock.due_day else timedelta.max
    return policy_for(unit.value, lasts.days).id
