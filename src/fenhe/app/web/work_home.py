"""Work on the home page: how many cases are open and how many of them late, and the clocks that end
next, each with its case, its rule and who has it. Only cases the person may see count."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from fenhe.act import clocks
from fenhe.act.models import Case, Obligation
from fenhe.act.procedures import register
from fenhe.app.text import say
from fenhe.app.web import told
from fenhe.kernel.period import civil
from fenhe.publish.card import Card, Due
from fenhe.publish.page import Ask

MOST = 40
SOON = timedelta(days=7)


def card(ask: Ask) -> Card | None:
    """None while there is no case at all."""
    mine = ask.visible(Case.objects.all())
    if not mine.exists():
        return None
    live = mine.filter(closed_at=None).count()
    running = _running(mine)
    late = running.filter(due__lte=ask.now, accuses=True).count()
    soon = running.filter(due__gt=ask.now, due__lte=ask.now + SOON).count()
    tongue = ask.language
    return Card(
        title=say("home.work.title", tongue),
        label=say("home.work.label", tongue),
        value=str(live),
        unit=say("home.work.unit", tongue),
        link="/cases",
        finding=say("home.work.finding", tongue, late=late, soon=soon),
        standing="bad" if late else "good",
        standing_word=say("home.work.late" if late else "home.work.in_time", tongue),
        data_to=None,
        computed_at=ask.now,
    )


def due(ask: Ask) -> list[Due]:
    """The clocks that end first, late ones before all."""
    running = _running(ask.visible(Case.objects.all())).order_by("due", "pk")
    found = list(running[:MOST])
    numbers = [clocks.number_of(one) for one in found]
    cases = Case.objects.select_related("handler", "organ").in_bulk(numbers)
    return [
        _due(one, cases[number], ask.language, ask.now)
        for one, number in zip(found, numbers, strict=True)
    ]


def _running(mine: QuerySet[Case]) -> QuerySet[Obligation]:
    """The running clocks of these cases that have a last day."""
    return clocks.of_cases(mine).filter(state__in=clocks.RUNNING, due__isnull=False)


def _due(clock: Obligation, case: Case, tongue: str, now: datetime) -> Due:
    shape = register.get(case.procedure, case.version).clocks.get(clocks.name_of(clock))
    name = shape.name[tongue] if shape else clocks.name_of(clock)
    day = clock.due_day or civil(now).date()
    return Due(
        title=f"{case.number} {case.title} · {name}",
        due=clock.due or now,
        link=f"/cases/{case.pk}",
        who=told.person_name(case.handler) or (case.organ.name(tongue) if case.organ else ""),
        rule=clock.article,
        day=day,
        days_left=(day - civil(now).date()).days,
        accuses=clock.accuses,
    )
