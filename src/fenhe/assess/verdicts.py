"""The ledger of verdicts: the current one of a key, its history, and how a new one is added.

A verdict is never changed. One that says the same as the current one is not added; one that says
something else takes its place, and the old one stays readable with `current=False`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from fenhe.assess.models import Verdict
from fenhe.kernel.period import Period

BATCH = 500
SAYS = ("edition", "values", "category", "expected", "observed")


@dataclass(frozen=True, slots=True)
class Change:
    """A verdict that says something new; `old` is None where there was none."""

    new: Verdict
    old: Verdict | None

    def metrics(self) -> dict[str, tuple[Any, Any]]:
        """The values that differ: metric -> (from, to)."""
        old = self.old.values if self.old else {}
        return {
            metric: (old.get(metric), value)
            for metric, value in self.new.values.items()
            if old.get(metric) != value
        }


def current(subject_id: int, rule: str, period: Period, variant: str = "") -> Verdict | None:
    """What the rule says today of exactly this period."""
    return Verdict.objects.filter(
        subject_id=subject_id,
        rule=rule,
        variant=variant,
        start=period.start,
        end=period.end,
        current=True,
    ).first()


def within(
    rule: str, period: Period, subject_ids: Iterable[int] | None = None, variant: str = ""
) -> QuerySet[Verdict]:
    """Every current verdict of the rule whose period lies inside this one, oldest first."""
    found = Verdict.objects.filter(
        rule=rule, variant=variant, current=True, start__gte=period.start, end__lte=period.end
    ).order_by("start", "subject_id")
    return found if subject_ids is None else found.filter(subject_id__in=list(subject_ids))


def variants(subject_id: int, rule: str, period: Period) -> list[str]:
    """The editions this period was also judged under (`engine.recompute`); "" is left out."""
    found = Verdict.objects.filter(
        subject_id=subject_id, rule=rule, start=period.start, end=period.end, current=True
    ).exclude(variant="")
    return sorted(found.values_list("variant", flat=True))


def history(subject_id: int, rule: str, period: Period, variant: str = "") -> QuerySet[Verdict]:
    """Everything the rule has ever said of this period, newest first."""
    return Verdict.objects.filter(
        subject_id=subject_id, rule=rule, variant=variant, start=period.start, end=period.end
    ).order_by("-computed_at", "-id")


def newest(subject_id: int, rule: str, before: datetime, variant: str = "") -> Verdict | None:
    """The current verdict of the last period that ended by then."""
    return (
        Verdict.objects.filter(
            subject_id=subject_id, rule=rule, variant=variant, current=True, end__lte=before
        )
        .order_by("-start")
        .first()
    )


def add(verdicts: Sequence[Verdict]) -> list[Change]:
    """Add those that say something new. All belong to one rule and variant; the caller holds the
    transaction."""
    if not verdicts:
        return []
    standing = _standing(verdicts)
    changes = [
        Change(verdict, old)
        for verdict in verdicts
        if (old := standing.get(_key(verdict))) is None or _says(old) != _says(verdict)
    ]
    gone = [change.old.pk for change in changes if change.old]
    for batch in range(0, len(gone), BATCH):
        Verdict.objects.filter(pk__in=gone[batch : batch + BATCH]).update(current=False)
    Verdict.objects.bulk_create([change.new for change in changes], batch_size=BATCH)
    return changes


def _standing(verdicts: Sequence[Verdict]) -> dict[tuple[Any, ...], Verdict]:
    first = verdicts[0]
    found = Verdict.objects.filter(
        rule=first.rule,
        variant=first.variant,
        current=True,
        start__gte=min(verdict.start for verdict in verdicts),
        start__lte=max(verdict.start for verdict in verdicts),
    )
    subjects = {verdict.subject_id for verdict in verdicts}
    return {_key(verdict): verdict for verdict in found if verdict.subject_id in subjects}


def _key(verdict: Verdict) -> tuple[Any, ...]:
    return (verdict.subject_id, verdict.start, verdict.end)


def _says(verdict: Verdict) -> tuple[Any, ...]:
    return tuple(getattr(verdict, name) for name in SAYS)
