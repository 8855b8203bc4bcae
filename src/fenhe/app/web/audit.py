"""The audit trail for people who do not program: who did what, when, to what and why, as sentences;
by person, object, kind of act and period; whether the chain still holds; and as a file.

A page is the acts before a number, newest first: no count over a ledger that only grows.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from fenhe.access import gate
from fenhe.alert.models import Alarm
from fenhe.app import audit
from fenhe.app.text import say
from fenhe.app.web import told
from fenhe.app.web.domain_pages import as_csv
from fenhe.app.web.preferences import language
from fenhe.app.web.render import page
from fenhe.evidence import ledger
from fenhe.evidence.models import Act
from fenhe.kernel.period import DAY, civil, civil_midnight, utc_now
from fenhe.publish.page import Table

PER_PAGE = 50
MOST_IN_FILE = 100_000
MOST_PEOPLE = 500
ASKED = ("person", "object", "act", "from", "to")


def show(request: HttpRequest) -> HttpResponse:
    gate.require(request.user, "evidence.view")
    tongue = language(request)
    wanted = {name: request.GET[name][:100] for name in ASKED if request.GET.get(name)}
    found = _found(request, wanted).order_by("-seq")
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 18:
        found = found.filter(seq__lt=int(before))
    acts = list(found[: PER_PAGE + 1])
    more, acts = len(acts) > PER_PAGE, acts[:PER_PAGE]
    wrong = ledger.wrong(acts)
    data = {
        "rows": [
            {"act": act, "told": one, "wrong": wrong.get(act.seq)}
            for act, one in zip(acts, told.tell(acts, tongue), strict=True)
        ],
        "wanted": wanted,
        "period": {"from": wanted.get("from", ""), "to": wanted.get("to", "")},
        "people": _people(request, wanted.get("person", ""), tongue),
        "kinds": _kinds(wanted.get("act", ""), tongue),
        "check": audit.newest(),
        "may_export": gate.may(request.user, "evidence.export"),
        "query": urlencode(wanted),
        "older": urlencode({**wanted, "before": acts[-1].seq}) if more else "",
    }
    return page(request, "pages/audit.html", data)


@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    gate.require(request.user, "evidence.view")
    audit.verify(utc_now())
    return HttpResponseRedirect("/audit")


def table(request: HttpRequest) -> HttpResponse:
    """The same acts as a file; that it was taken is an act too."""
    gate.require(request.user, "evidence.export")
    tongue = language(request)
    wanted = {name: request.GET[name][:100] for name in ASKED if request.GET.get(name)}
    acts = list(_found(request, wanted).order_by("seq")[:MOST_IN_FILE])
    ledger.record(request.user, "evidence.export", "evidence", {"rows": len(acts), **wanted})
    columns = ("seq", "at", "person", "act", "object", "sentence", "reason", "hash")
    rows = [
        (
            one.seq,
            f"{civil(one.at):%Y-%m-%d %H:%M:%S}",
            one.person,
            told.kind_name(one.action, tongue),
            one.subject,
            one.sentence,
            one.reason,
            one.hash,
        )
        for one in told.tell(acts, tongue)
    ]
    name = f"{say('audit.file', tongue)}-{civil(utc_now()):%Y%m%d%H%M}"
    return as_csv(Table(name, [say(f"audit.column.{one}", tongue) for one in columns], rows))


def _found(request: HttpRequest, wanted: dict[str, str]) -> QuerySet[Act]:
    found = gate.visible(request.user, Act.objects.all(), "evidence.view")
    if wanted.get("person"):
        found = found.filter(person=wanted["person"])
    if wanted.get("act"):
        found = found.filter(action=wanted["act"])
    if wanted.get("object"):
        found = found.filter(_about(wanted["object"]))
    first, last = _day(wanted.get("from", "")), _day(wanted.get("to", ""))
    if first:
        found = found.filter(at__gte=civil_midnight(first))
    if last:
        found = found.filter(at__lt=civil_midnight(last) + DAY)
    return found


def _about(text: str) -> Q:
    """Acts on what is called so, and on alarms about it."""
    alarms = Alarm.objects.filter(
        Q(message_zh__icontains=text)
        | Q(message_en__icontains=text)
        | Q(subject__name_zh__icontains=text)
        | Q(subject__name_en__icontains=text)
        | Q(subject__code=text)
    )
    named = [alarm.subject_text for alarm in alarms.order_by("-pk")[:300]]
    return Q(subject__icontains=text) | Q(subject__in=named)


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1970 <= found.year <= 9000 else None


def _people(request: HttpRequest, chosen: str, tongue: str) -> list[dict[str, Any]]:
    """Everybody who ever acted."""
    theirs = gate.visible(request.user, Act.objects.order_by(), "evidence.view")
    names = sorted(theirs.values_list("person", flat=True).distinct()[:MOST_PEOPLE])
    known = told.people(set(names))
    return [
        {
            "value": name,
            "label": known.get(name) or told.machine(name, tongue),
            "chosen": name == chosen,
        }
        for name in names
    ]


def _kinds(chosen: str, tongue: str) -> list[dict[str, Any]]:
    return [
        {"value": action, "label": name, "chosen": action == chosen}
        for action, name in told.kinds(tongue)
    ]
