"""Watches of domains, and what they suspect: run every night or when somebody asks, results kept.

A lead is a suspicion with its numbers, to be looked into; it is no verdict and never proof.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction

from fenhe.access import gate
from fenhe.assess import watches
from fenhe.assess.models import Lead, WatchRun
from fenhe.assess.watches import Found, Watch
from fenhe.evidence import ledger
from fenhe.kernel.period import HOUR, civil, civil_midnight, utc_now
from fenhe.store import outbox
from fenhe.store.lake import open_lake

log = structlog.get_logger(__name__)

TOPIC = "watch.wanted"
NIGHT = timedelta(hours=2)  # after midnight, civil
KEPT = 60  # runs of each watch
STUCK = timedelta(hours=6)
AGAIN = timedelta(hours=1)  # after a run that failed


def newest(watch: str) -> WatchRun | None:
    """The last run that came to its end."""
    return WatchRun.objects.filter(watch=watch, state="done").order_by("-began_at").first()


def under_way(watch: str, now: datetime) -> bool:
    running = WatchRun.objects.filter(watch=watch, state="running", began_at__gt=now - STUCK)
    return running.exists()


def want(person: Any, watch: str) -> None:
    """Asks for a run; the worker does it."""
    gate.require(person, "lead.run")
    with transaction.atomic():
        ledger.record(person, "lead.run", watches.get(watch).id)
        outbox.put(TOPIC, {"watch": watch, "person": str(person)})


def wanted(news: Mapping[str, Any], now: datetime | None = None) -> WatchRun | None:
    return run(watches.get(str(news["watch"])), now or utc_now(), str(news.get("person", "")))


def nightly(now: datetime | None = None) -> int:
    """Runs every watch that has not looked since last night began; how many did. A run that failed
    or was cut short is none, and is made up for."""
    now = now or utc_now()
    _give_up(now)
    since = civil_midnight(civil(now - NIGHT).date()) + NIGHT
    looked = WatchRun.objects.filter(person="", began_at__gte=since).exclude(
        state="failed", began_at__lte=now - AGAIN
    )
    due = [one for one in watches.all() if not looked.filter(watch=one.id).exists()]
    return len([one for one in due if run(one, now) is not None])


def _give_up(now: datetime) -> None:
    """On runs whose process was killed: they would be under way for ever."""
    hours = int(STUCK / HOUR)
    WatchRun.objects.filter(state="running", began_at__lte=now - STUCK).update(
        state="failed", ended_at=now, error=f"cut short: no end after {hours} hours"
    )


def run(watch: Watch, now: datetime, person: str = "") -> WatchRun | None:
    """One run, alone on this machine; None where another is under way. A run that fails says why
    and leaves the leads of the one before it."""
    with open_lake().alone(f"watch-{watch.id}") as mine:
        if not mine:
            return None
        row = WatchRun.objects.create(watch=watch.id, began_at=now, person=person)
        try:
            _keep(row, watch.look(now))
        except Exception as error:
            log.exception("watch.failed", watch=watch.id)
            row.state, row.error = "failed", f"{type(error).__name__}: {error}"[:400]
            row.ended_at = utc_now()
            row.save()
        return row


def _keep(row: WatchRun, found: Found) -> None:
    with transaction.atomic():
        Lead.objects.bulk_create(
            (
                Lead(
                    run=row, subject_id=one.subject, test=one.test, start=one.start, end=one.end,
                    strength=one.strength, values=dict(one.values),
                )
                for one in found.suspicions
            ),
            batch_size=500,
        )  # fmt: skip
        if found.period is not None:
            row.start, row.end = found.period.start, found.period.end
        row.state, row.ended_at = "done", utc_now()
        row.edition, row.subjects = found.edition, found.subjects
        row.left_out = dict(found.left_out)
        row.save()
        old = WatchRun.objects.filter(watch=row.watch).order_by("-began_at")[KEPT:]
        WatchRun.objects.filter(pk__in=[one.pk for one in old]).delete()
