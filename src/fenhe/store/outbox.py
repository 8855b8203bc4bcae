"""The outbox: what should follow a fact is written in the fact's own transaction; the worker in
`app` runs it afterwards.

At least once, in order of arrival, by any number of workers: a row is claimed for LEASE by moving
`not_before`, so a worker that dies simply lets its claim run out. A handler that fails is tried
again, later each time. Handlers therefore must not mind seeing the same row twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import structlog
from django.utils import timezone

from fenhe.store.models import Outbox

Handler = Callable[[dict[str, Any]], None]

LEASE = timedelta(minutes=15)
FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(hours=1)

log = structlog.get_logger(__name__)


def put(topic: str, payload: dict[str, Any]) -> Outbox:
    """Call it inside the transaction that writes the fact."""
    return Outbox.objects.create(topic=topic, payload=payload)


def run(handlers: Mapping[str, Handler], limit: int = 100) -> int:
    """Run what is due, oldest first, and return how many rows were done.

    Only topics that have a handler are touched; others wait for a worker that knows them.
    """
    done = 0
    for _ in range(limit):
        row = _claim(list(handlers))
        if row is None:
            break
        done += _handle(row, handlers[row.topic])
    return done


def _claim(topics: list[str]) -> Outbox | None:
    """The oldest due row, put out of other workers' reach for the length of the lease."""
    while True:
        now = timezone.now()
        due = Outbox.objects.filter(done_at__isnull=True, not_before__lte=now, topic__in=topics)
        row = due.order_by("not_before", "id").first()
        if row is None:
            return None
        # The update is atomic on every database; who finds the old `not_before` gone came second.
        claimed = Outbox.objects.filter(
            pk=row.pk, done_at__isnull=True, not_before=row.not_before
        ).update(not_before=now + LEASE, attempts=row.attempts + 1)
        if claimed:
            row.attempts += 1
            return row


def _handle(row: Outbox, handler: Handler) -> bool:
    # No transaction around the handler: it may take minutes, and on SQLite it would keep every
    # other writer out. A crash before the mark below means a second run, as promised.
    try:
        handler(row.payload)
    except Exception as error:
        # Whatever went wrong, the row must stay and be tried again.
        wait = min(FIRST_WAIT * 2 ** min(row.attempts - 1, 20), LONGEST_WAIT)
        Outbox.objects.filter(pk=row.pk).update(
            not_before=timezone.now() + wait, error=f"{type(error).__name__}: {error}"[:4000]
        )
        log.warning("outbox.failed", topic=row.topic, row=row.pk, attempts=row.attempts)
        return False
    Outbox.objects.filter(pk=row.pk).update(done_at=timezone.now(), error="")
    return True
