"""What is due for a person, from whoever knows: statutory clocks, alarms that wait for an answer.
`register` adds a source; each passes the gate by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fenhe.access import gate
from fenhe.access.models import Person
from fenhe.act.models_obligation import OPEN as RUNNING
from fenhe.act.models_obligation import Obligation
from fenhe.alert.alarms import OPEN
from fenhe.alert.models import Alarm
from fenhe.kernel.text import Text


@dataclass(frozen=True, slots=True)
class DueItem:
    """`when`: the last day, or the instant. `key` stays the same while the thing is the same."""

    key: str
    title: Text
    when: date | datetime
    detail: str = ""
    path: str = ""


Source = Callable[[Person], Iterable[DueItem]]
MOST = 500
_sources: list[Source] = []


def register(source: Source) -> Source:
    if source not in _sources:
        _sources.append(source)
    return source


def items(person: Person) -> list[DueItem]:
    """Everything due for this person, the earliest first."""
    found = [item for source in _sources for item in source(person)]
    return sorted(found, key=lambda item: (str(item.when), item.key))


@register
def clocks(person: Person) -> Iterator[DueItem]:
    """Statutory clocks that run."""
    rows = Obligation.objects.filter(state__in=RUNNING, due_day__isnull=False)
    for one in gate.visible(person, rows).order_by("due_day", "pk")[:MOST]:
        mark = Text("（暂算）", " (provisional)") if one.provisional else Text("", "")
        yield DueItem(
            f"obligation-{one.pk}",
            Text(
                f"期限 {one.rule or one.article} {one.about}{mark.zh}",
                f"due {one.rule or one.article} {one.about}{mark.en}",
            ),
            one.due_day or date.max,
            f"{one.article}\n{one.calendar}",
        )


@register
def alarms(person: Person) -> Iterator[DueItem]:
    """Open alarms by when somebody should have them in hand."""
    rows = Alarm.objects.filter(state__in=OPEN, acknowledged_at=None)
    for one in gate.visible(person, rows).order_by("first_seen", "pk")[:MOST]:
        hours = one.detail.get("within_hours")
        limit = one.first_seen + timedelta(hours=hours) if isinstance(hours, int | float) else None
        when = one.escalate_at or limit
        if when is not None:
            yield DueItem(
                f"alarm-{one.pk}",
                Text(f"告警 {one.message_zh}", f"alarm: {one.message_en}"),
                when,
                f"{one.kind} · {one.severity}",
                f"/alarms/{one.pk}",
            )
