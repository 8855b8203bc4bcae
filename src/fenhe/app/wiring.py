"""What follows what: outbox topics and the clock, each with the function of a later stage.

Stages never call forward; these tables are where `app` joins them. Judging is no handler: it works
block by block in transactions of its own, so that no long one keeps others from writing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fenhe.act import documents, obligations, orders, supervising
from fenhe.alert import escalation, watch
from fenhe.app import audit
from fenhe.app.api import once
from fenhe.app.hooks import deliver
from fenhe.app.worker import Periodic
from fenhe.assess import engine, leads
from fenhe.evidence import ledger
from fenhe.ingest.hj212.gateway import records as gateway_requests
from fenhe.kernel.period import Period, utc_now
from fenhe.observe import device_gaps, imports, maintenance
from fenhe.publish import editions
from fenhe.store.config import settings
from fenhe.store.outbox import Handler


def handlers(clock: Callable[[], datetime] = utc_now) -> dict[str, Handler]:
    """Per topic. `clock` decides how old a verdict is when it comes to alarms."""

    def readings_appended(news: dict[str, Any]) -> None:
        engine.appended(news)

    def objects_changed(news: dict[str, Any]) -> None:
        engine.described(news)

    def verdicts_changed(news: dict[str, Any]) -> None:
        watch.verdicts_changed(news, clock())
        editions.verdicts_changed(news)

    def recompute_wanted(news: dict[str, Any]) -> None:
        engine.recompute(Period.parse(news["period"]), news["edition"])

    def watch_wanted(news: dict[str, Any]) -> None:
        leads.wanted(news, clock())

    def obligation_step(news: dict[str, Any]) -> None:
        supervising.obligation_step(news, clock())

    def alarm_raised(news: dict[str, Any]) -> None:
        deliver.alarm_raised(news, clock())
        orders.alarm_raised(news, clock())

    def case_changed(news: dict[str, Any]) -> None:
        orders.case_changed(news, clock())

    def hook_deliver(news: dict[str, Any]) -> None:
        deliver.deliver(news, clock())

    return {
        deliver.TOPIC: hook_deliver,
        "alarm.raised": alarm_raised,
        "case.changed": case_changed,
        "document.made": documents.render_wanted,
        "objects.changed": objects_changed,
        "obligation.step": obligation_step,
        "readings.appended": readings_appended,
        "verdicts.changed": verdicts_changed,
        leads.TOPIC: watch_wanted,
        "recompute.wanted": recompute_wanted,
    }


def listen() -> None:
    """Alarms of stations that have gone silent; the demonstration's ended years ago."""
    if not settings().demo:
        watch.silence(utc_now())


def escalate() -> None:
    """Climb the steps that are due; nobody is on duty for a demonstration."""
    if not settings().demo:
        escalation.due(utc_now())


def anchor() -> None:
    """The head of the evidence chain, noted where the setting says."""
    if named := settings().evidence_anchors:
        ledger.anchor(Path(named))


def watch_the_clocks() -> None:
    """Statutory clocks that have come to a reminder or run out."""
    obligations.sweep(utc_now())


def ask_devices() -> None:
    """Hours that loggers owe us, asked of them; requests a fallen gateway left open, again."""
    if settings().gateway_port:
        gateway_requests.recover()
        device_gaps.ask_for_missing()


def look_around() -> None:
    """Watches of the domains, once a night; nobody looks into a demonstration's."""
    if not settings().demo:
        leads.nightly()


HANDLERS: dict[str, Handler] = handlers()

PERIODIC: list[Periodic] = [
    Periodic("judge", timedelta(seconds=0.3), engine.assess),
    Periodic("imports", timedelta(minutes=1), imports.recover),
    Periodic("tidy the files", timedelta(hours=1), imports.tidy),
    Periodic("clocks", timedelta(minutes=5), watch_the_clocks),
    Periodic("silence", timedelta(minutes=5), listen),
    Periodic("ask devices", timedelta(minutes=10), ask_devices),
    Periodic("verify the ledger", timedelta(hours=6), lambda: audit.verify(utc_now())),
    Periodic("watches", timedelta(minutes=10), look_around),
    Periodic("escalation", timedelta(seconds=30), escalate),
    Periodic("note the head of the evidence", timedelta(hours=1), anchor),
    Periodic("forget answers", timedelta(hours=1), once.forget),
    Periodic("tidy the lake", timedelta(hours=1), maintenance.tidy),
]
