"""From verdicts in force to the content of a sheet: gathers what a bulletin wants, lets its domain
compose, and counts how much valid data the period has."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from fenhe.assess.models import Verdict
from fenhe.kernel.errors import Conflict
from fenhe.kernel.period import HOUR, Period
from fenhe.kernel.text import Text
from fenhe.observe.models import Latest
from fenhe.publish import bulletin
from fenhe.publish.bulletin import Fact, Material, Wanted
from fenhe.registry.models import Object, Relation, Series


def compose(kind: str, subject: Object, period: Period, now: datetime) -> dict[str, Any]:
    """The content as it would be printed now, as plain JSON."""
    one = bulletin.get(kind)
    if subject.kind not in one.kinds:
        raise Conflict(
            "publish.wrong-kind",
            f"{one.name.zh}不适用于 {subject.kind}",
            f"the {one.name.en} is not made for {subject.kind}",
        )
    wanted = one.wants(period)
    facts = {name: _facts(subject, want) for name, want in wanted.items()}
    made = one.compose(
        Material(
            subject=Text(subject.name_zh, subject.name("en")),
            code=subject.code,
            period=period,
            facts=facts,
            data_up_to=_data_up_to(subject, period),
            computed_at=now,
        )
    )
    content: dict[str, Any] = json.loads(json.dumps(made.as_dict()))
    return content | {"coverage": _coverage(wanted, facts, period)}


def _coverage(
    wanted: Mapping[str, Wanted], facts: Mapping[str, Sequence[Fact]], period: Period
) -> dict[str, int]:
    """Of the verdicts of the period itself: the subject's own, its members' where it has none."""
    now = [name for name, want in wanted.items() if want.period == period]
    own = [name for name in now if not wanted[name].of] or now
    found = [fact for name in own for fact in facts[name]]
    return {
        "observed": sum(fact.observed for fact in found),
        "expected": sum(fact.expected for fact in found),
    }


def _facts(subject: Object, want: Wanted) -> Sequence[Fact]:
    if want.of:
        whose = Q(
            subject__in=Relation.objects.filter(predicate=want.of, object=subject).values("subject")
        )
    else:
        whose = Q(subject=subject)
    when = (
        Q(start=want.period.start, end=want.period.end)
        if want.each == "exactly"
        else Q(start__gte=want.period.start, end__lte=want.period.end)
    )
    found = Verdict.objects.filter(whose, when, rule=want.rule, variant="", current=True)
    return [
        Fact(
            code=verdict.subject.code,
            name=Text(verdict.subject.name_zh, verdict.subject.name("en")),
            attributes=verdict.subject.attributes,
            period=Period(verdict.start, verdict.end),
            values=verdict.values,
            category=verdict.category,
            edition=verdict.edition,
            expected=verdict.expected,
            observed=verdict.observed,
        )
        for verdict in found.select_related("subject").order_by("start", "subject__code")
    ]


def _data_up_to(subject: Object, period: Period) -> datetime | None:
    """The end of the newest measured hour of the subject or its members, inside the period."""
    members = Relation.objects.filter(object=subject).values("subject")
    measured = Series.objects.filter(
        Q(object=subject) | Q(object__in=members), statistic="value", resolution="hour"
    )
    newest = (
        Latest.objects.filter(series__in=measured.values("pk"), start__gte=period.start)
        .order_by("-start")
        .first()
    )
    return min(newest.start + HOUR, period.end) if newest else None
