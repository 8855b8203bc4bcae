"""The evidence ledger is verified now and then, and each time against the head found before: acts
that were cut off at the end leave a valid chain, but not one that still holds that head."""

from __future__ import annotations

from datetime import datetime

from fenhe.app.models import LedgerCheck
from fenhe.evidence import ledger

KEPT = 200


def verify(now: datetime) -> LedgerCheck:
    """Re-computes the whole chain and keeps what was found."""
    before = newest()
    found = ledger.verify(*([before.head] if before and not before.problems else []))
    made = LedgerCheck.objects.create(
        at=now,
        count=found.count,
        head=found.head,
        problems=[{**one.message.as_dict(), "row": one.row} for one in found.problems[:KEPT]],
    )
    old = LedgerCheck.objects.order_by("-at", "-pk").values_list("pk", flat=True)[KEPT:]
    LedgerCheck.objects.filter(pk__in=list(old)).delete()
    return made


def newest() -> LedgerCheck | None:
    return LedgerCheck.objects.order_by("-at", "-pk").first()
