"""What people do with a case from its page: take a step, open a supporting case, merge a duplicate.
A step carries the revision that was looked at; who came second sees the case as it is, and why."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from fenhe.access.models import Person
from fenhe.act import cases, holding, merging
from fenhe.act.procedures import register
from fenhe.app.middleware import STATUS
from fenhe.app.web.cases import forms, showing, starting
from fenhe.app.web.cases.showing import Refused
from fenhe.kernel.errors import BadInput, Conflict, FenheError, Forbidden, NotFound
from fenhe.kernel.period import utc_now


@require_POST
def take(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    person = person_of(request)
    case = showing.get(request, pk)
    procedure = register.get(case.procedure, case.version)
    transition = procedure.transitions.get(step)
    if transition is None:
        raise NotFound("act.no-step", "没有这一步", "there is no such step")
    reason = request.POST.get("reason", "").strip()
    try:
        given = forms.sent(request, (*transition.fields, *transition.may_fill), procedure)
        cases.take(
            pk,
            step,
            person,
            utc_now(),
            revision=number(request, "seen"),
            given=given,
            reason=reason,
            produce=request.POST.getlist("produce"),
            key=request.POST.get("key", "")[:80] or None,
        )
    except (BadInput, Conflict, Forbidden) as error:
        return _refused(request, pk, step, error, reason)
    return HttpResponseRedirect(reverse("case", args=[pk]))


def _refused(
    request: HttpRequest, pk: int, step: str, error: FenheError, reason: str
) -> HttpResponse:
    sent = {key: value for key, value in request.POST.items() if key not in ("seen", "key")}
    refused = Refused(step, error, sent, reason)
    return showing.show(request, pk, refused, STATUS.get(type(error), 422))


@require_POST
def merge(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_of(request)
    case = showing.get(request, pk)
    main = showing.get(request, number(request, "main"))
    try:
        merging.merge(
            case.pk, main.pk, person, utc_now(), revision=number(request, "seen"),
            reason=request.POST.get("reason", ""),
        )  # fmt: skip
    except (BadInput, Conflict, Forbidden) as error:
        return _refused(request, pk, "", error, "")
    return HttpResponseRedirect(reverse("case", args=[pk]))


def child(request: HttpRequest, pk: int, procedure: str) -> HttpResponse:
    """Open a supporting case: its opening form, filled with what the case knows."""
    person = person_of(request)
    case = showing.get(request, pk)
    declared = register.get(case.procedure, case.version).children.get(procedure)
    if declared is None or case.state not in declared.sources:
        raise Conflict(
            "act.no-child",
            "案件现在的状态不能由此开启该程序",
            "the case is in no state to open this procedure from",
        )
    holding.require(person, declared.by, case)
    carried = {key: case.fields[key] for key in declared.carries if key in case.fields}
    return starting.begin(request, procedure, parent=case, known=carried)


def person_of(request: HttpRequest) -> Person:
    if not isinstance(request.user, Person):
        raise Forbidden("access.forbidden", "请先登录", "sign in first")
    return request.user


def number(request: HttpRequest, name: str) -> int:
    """0, which is nobody's, for what is no number."""
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0
