"""The evidence ledger is verified now and then, and each time against the head found before: acts
that were cut off at the end leave a valid chain, but not one that still holds that head."""

from __future__ import annotations

from datetime import datetime
from itertools import chain, islice
from typing import Any

from fenhe.act import history
from fenhe.app.models import LedgerCheck
from fenhe.evidence import ledger
from fenhe.kernel.errors import Problem

KEPT = 200


def verify(now: datetime) -> LedgerCheck:
    """Re-computes the whole chain and the histories of cases that rest on it; keeps what was
    found."""
    before = newest()
    found = ledger.verify(*([before.head] if before and not before.problems else []))
    problems = islice(chain(found.problems, history.verify()), KEPT)
    made = LedgerCheck.objects.create(
        at=now,
        count=found.count,
        head=found.head,
        problems=[_told(one) for one in problems],
    )
    old = LedgerCheck.objects.order_by("-at", "-pk").values_list("pk", flat=True)[KEPT:]
    LedgerCheck.objects.filter(pk__in=list(old)).delete()
    return made


def _told(problem: Problem) -> dict[str, Any]:
    """Of an act its place in the chain, of a case its number before the sentence."""
    if problem.row is not None:
        return {**problem.message.as_dict(), "row": problem.row}
    place = f"{problem.file}：" if problem.code == "act.history-broken" else ""
    said = problem.message
    return {"zh": f"{place}{said.zh}", "en": f"{place.replace('：', ': ')}{said.en}", "row": None}


def newest() -> LedgerCheck | None:
    return LedgerCheck.objects.order_by("-at", "-pk").first()
