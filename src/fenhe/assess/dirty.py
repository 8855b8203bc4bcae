"""Which subject's which period has to be judged again, because its inputs have changed.

Marks survive a crash: they go only in the transaction that keeps the verdicts. A mark renewed
while its period is being judged stays, since its `since` has moved on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import NamedTuple

from fenhe.assess.models import Dirty
from fenhe.assess.rule import Rule, Span
from fenhe.kernel.period import Period, civil

BATCH = 500


class Mark(NamedTuple):
    subject: int
    rule: str
    start: datetime


def period_at(span: Span, instant: datetime) -> Period:
    """The civil day, month, quarter or year in which the instant lies."""
    day = civil(instant).date()
    return {
        "day": lambda: Period.day(day),
        "month": lambda: Period.month(day.year, day.month),
        "quarter": lambda: Period.quarter(day.year, (day.month + 2) // 3),
        "year": lambda: Period.year(day.year),
    }[span]()


def mark(marks: Iterable[Mark], since: datetime) -> int:
    """Mark, or renew the mark. Marking twice is marking once."""
    rows = [
        Dirty(subject_id=one.subject, rule=one.rule, start=one.start, since=since)
        for one in sorted(set(marks))
    ]
    Dirty.objects.bulk_create(
        rows,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["subject", "rule", "start"],
        update_fields=["since"],
    )
    return len(rows)


def waiting(rule: Rule) -> Iterator[list[Dirty]]:
    """The rule's marks, oldest first, in blocks to be judged together: days by civil month (one
    or two partitions of the lake), longer periods each on its own."""
    block: list[Dirty] = []
    for one in Dirty.objects.filter(rule=rule.id).order_by("start", "subject_id"):
        if block and _block(rule.span, block[0].start) != _block(rule.span, one.start):
            yield block
            block = []
        block.append(one)
    if block:
        yield block


def count() -> int:
    return Dirty.objects.count()


def clear(block: list[Dirty]) -> None:
    """Take away the marks as they were seen. The caller holds the transaction."""
    for since in {one.since for one in block}:
        seen = [one.pk for one in block if one.since == since]
        for batch in range(0, len(seen), BATCH):
            Dirty.objects.filter(pk__in=seen[batch : batch + BATCH], since=since).delete()


def _block(span: Span, start: datetime) -> date:
    return period_at("month" if span == "day" else span, start).first_day
