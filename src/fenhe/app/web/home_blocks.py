"""The blocks of the home page, by the names home.yaml uses: (request, Ask) -> what the block's part
of the template shows, None where this platform or this person has nothing of the kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from fenhe.access import gate
from fenhe.access.models import Person
from fenhe.alert.alarms import OPEN
from fenhe.app import health
from fenhe.app.text import say
from fenhe.app.web import alarms, publications, told, work_home
from fenhe.evidence.models import Act
from fenhe.ingest.models import Import
from fenhe.kernel.period import Period
from fenhe.publish import bulletin
from fenhe.publish.card import Due
from fenhe.publish.page import Ask

MOST = 8
Block = dict[str, Any] | None

DUES: list[Callable[[Ask], Sequence[Due]]] = [work_home.due]
"""What is due, from the stages that keep clocks."""


def wrong(request: HttpRequest, ask: Ask) -> Block:
    """Current alarms, gravest and oldest first, with owner and age."""
    if not gate.may(ask.person, "page.view"):
        return None
    theirs = alarms.seen_by(request)
    current = theirs.filter(state__in=OPEN).exclude(muted_until__gt=ask.now)
    return {
        "counts": alarms.counts(theirs, ask.now, ask.language),
        "rows": _rows(current, ask),
        "all": "/alarms",
    }


def mine(request: HttpRequest, ask: Ask) -> Block:
    """The alarms this person has in hand; absent where there are none."""
    if ask.person is None or not gate.may(ask.person, "page.view"):
        return None
    rows = _rows(alarms.seen_by(request).filter(state__in=OPEN, owner=ask.person), ask)
    return {"rows": rows, "all": "/alarms?owner=me"} if rows else None


def due(request: HttpRequest, ask: Ask) -> Block:
    """What is overdue and what comes next, from every stage that keeps clocks."""
    if not DUES or not gate.may(ask.person, "page.view"):
        return None
    listed = sorted((one for offer in DUES for one in offer(ask)), key=lambda one: one.due)
    return {"rows": [_due(one, ask.now) for one in listed[:MOST]], "more": len(listed) - MOST}


def imports(request: HttpRequest, ask: Ask) -> Block:
    """The newest files and what became of them."""
    if not gate.may(ask.person, "import.check"):
        return None
    theirs = gate.visible(ask.person, Import.objects.all(), "import.check")
    newest = theirs.select_related("person").order_by("-created_at")[:MOST]
    return {
        "rows": [
            {
                "id": one.pk,
                "file": one.file_name,
                "state": one.state,
                "when": one.created_at,
                "who": told.person_name(one.person) if isinstance(one.person, Person) else "",
            }
            for one in newest
        ]
    }


def bulletins(request: HttpRequest, ask: Ask) -> Block:
    """Drafts that wait for somebody to publish them, then the newest published."""
    if not gate.may(ask.person, "page.view"):
        return None
    found = publications.seen_by(request).exclude(state="superseded")
    found = found.select_related("subject").order_by("-drafted_at")
    names = {one.id: one.name[ask.language] for one in bulletin.all()}
    return {
        "rows": [
            {
                "id": one.pk,
                "state": one.state,
                "name": names.get(one.kind, one.kind),
                "subject": one.subject.name(ask.language),
                "period": Period(one.start, one.end),
                "edition": one.edition,
            }
            for one in found[:MOST]
        ]
    }


def platform(request: HttpRequest, ask: Ask) -> Block:
    """Whether the platform itself is well."""
    checks = [
        {
            "name": say(f"home.check.{one.name}", ask.language),
            "ok": one.ok,
            "text": one.text[ask.language],
        }
        for one in health.examine()
    ]
    return {"rows": checks}


def acts(request: HttpRequest, ask: Ask) -> Block:
    """The newest acts of the evidence ledger, as sentences."""
    if not gate.may(ask.person, "evidence.view"):
        return None
    return {"rows": told.tell(Act.objects.order_by("-seq")[:MOST], ask.language)}


BLOCKS: dict[str, Callable[[HttpRequest, Ask], Block]] = {
    "wrong": wrong,
    "mine": mine,
    "due": due,
    "imports": imports,
    "bulletins": bulletins,
    "platform": platform,
    "acts": acts,
}


def _rows(found: Any, ask: Ask) -> list[dict[str, Any]]:
    ordered = found.select_related("subject", "owner").order_by(alarms.SEVEREST, "first_seen", "pk")
    return [alarms.row(one, ask.now, ask.language) for one in ordered[:MOST]]


def _due(one: Due, now: datetime) -> dict[str, Any]:
    return {"due": one, "day": one.day or one.due, "overdue": one.accuses and one.due <= now}
