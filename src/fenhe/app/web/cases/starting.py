"""Opening a case: which procedure, then its first fields. A phone's draft carries a key and opens
one case however often it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from fenhe.access.models import Person
from fenhe.act import cases, holding
from fenhe.act.models import Case
from fenhe.act.procedures import register
from fenhe.act.procedures.shape import Procedure
from fenhe.app import discovery
from fenhe.app.web.cases import forms, showing
from fenhe.app.web.preferences import language
from fenhe.app.web.render import page
from fenhe.kernel.errors import BadInput, Conflict, FenheError, Forbidden, NotFound
from fenhe.kernel.ids import new_id
from fenhe.kernel.period import civil, utc_now


def choose(request: HttpRequest) -> HttpResponse:
    tongue = language(request)
    groups: dict[str, list[dict[str, Any]]] = {}
    for one in openable(request.user):
        domain = discovery.get(one.id.partition(".")[0])
        title = domain.name[tongue] if domain else one.id
        groups.setdefault(title, []).append(
            {"id": one.id, "name": one.name[tongue], "about": one.about[tongue]}
        )
    return page(request, "pages/case_new.html", {"groups": groups})


def openable(person: object) -> list[Procedure]:
    """Procedures the person may open a case of from nothing."""
    return [
        one
        for one in register.current(civil(utc_now()).date())
        if not one.opening.through and holding.held(person, one.opening.by)
    ]


def begin(
    request: HttpRequest,
    procedure: str,
    parent: Case | None = None,
    known: Mapping[str, Any] | None = None,
) -> HttpResponse:
    found = _procedure(procedure)
    if not isinstance(request.user, Person):
        raise Forbidden("access.forbidden", "请先登录", "sign in first")
    if request.method != "POST":
        return _form(request, found, known or {}, parent)
    try:
        case = _open(request, found, request.user, parent)
    except (BadInput, Conflict, Forbidden) as error:
        return _form(request, found, request.POST.dict(), parent, error)
    return HttpResponseRedirect(reverse("case", args=[case.pk]))


def _open(request: HttpRequest, procedure: Procedure, person: Person, parent: Case | None) -> Case:
    step = procedure.opening
    key = request.POST.get("key", "")[:80]
    source = f"form:{person.pk}:{key}" if key else None
    wanted = cases.Opening(
        procedure.id,
        forms.sent(request, (*step.fields, *step.may_fill), procedure),
        organ=parent.organ if parent else None,
        subject=parent.subject if parent else None,
        parent=parent,
        source=source,
    )
    return cases.open_(wanted, person, utc_now(), request.POST.getlist("produce"))


def _form(
    request: HttpRequest,
    procedure: Procedure,
    known: Mapping[str, Any],
    parent: Case | None,
    error: FenheError | None = None,
) -> HttpResponse:
    tongue, step = language(request), procedure.opening
    return page(
        request,
        "pages/case_begin.html",
        {
            "procedure": procedure,
            "name": procedure.name[tongue],
            "about": procedure.about[tongue],
            "fields": forms.fields(procedure, step, known, tongue),
            "offers": [
                {"id": one, "name": procedure.documents[one].name[tongue]} for one in step.offers
            ],
            "basis": showing.grounds(procedure, step, utc_now(), tongue),
            "may": bool(holding.held(request.user, step.by)),
            "parent": parent,
            "key": request.POST.get("key") or new_id(),
            "error": error,
            "sentence": error.message[tongue] if error else "",
            "lines": [one.line(tongue) for one in error.problems] if error else [],
        },
        422 if error else 200,
    )


def _procedure(id: str) -> Procedure:
    day = civil(utc_now()).date()
    found = next((one for one in register.current(day) if one.id == id), None)
    if found is None:
        raise NotFound("act.no-procedure", "没有这个程序", "there is no such procedure")
    return found
