"""Bulletins: the list, one edition as the printed sheet, its DOCX and PDF, drafting, publishing."""

from __future__ import annotations

from urllib.parse import quote

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from fenhe.access import gate
from fenhe.access.models import Person
from fenhe.app.web.preferences import language
from fenhe.app.web.render import page
from fenhe.kernel.errors import BadInput, Conflict, FenheError, Forbidden, NotFound
from fenhe.kernel.period import Period, utc_now
from fenhe.publish import bulletin, editions
from fenhe.publish.documents import docx, pdf
from fenhe.publish.imprint import imprint
from fenhe.publish.models import Publication
from fenhe.registry.models import Object

MOST_LISTED = 200
FORMS = {
    "pdf": (pdf.render, "application/pdf"),
    "docx": (
        docx.render,
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
}


def listing(request: HttpRequest, error: FenheError | None = None) -> HttpResponse:
    """The list; with `error`, why a draft was refused, beside the form as it was filled."""
    newest = seen_by(request).select_related("subject").order_by("-start", "-end", "-edition")
    tongue = language(request)
    names = {one.id: one.name[tongue] for one in bulletin.all()}
    data = {
        "rows": [
            {
                "publication": found,
                "kind": names.get(found.kind, found.kind),
                "subject": found.subject.name(tongue),
                "period": Period(found.start, found.end),
            }
            for found in newest[:MOST_LISTED]
        ],
        "kinds": bulletin.all(),
        "subjects": [{"id": one.pk, "name": one.name(tongue)} for one in _subjects(request)],
        "may_draft": gate.may(_person(request), "publication.draft"),
    }
    if error is None:
        return page(request, "pages/publications.html", data)
    refused = {"error": error, "sentence": error.message[tongue], "sent": request.POST}
    return page(request, "pages/publications.html", data | refused, 422)


def show(request: HttpRequest, pk: int) -> HttpResponse:
    found = _get(request, pk)
    period = Period(found.start, found.end)
    newer = seen_by(request).filter(supersedes=found).first()
    data = {
        "publication": found,
        "content": found.content,
        "period": period,
        "newer": newer,
        "hindrances": _hindrances(found),
        "changes": found.reason.get("changes", []),
        "may_publish": found.state == "draft"
        and gate.may(_person(request), "publication.publish", found),
    }
    return page(request, "pages/publication.html", data)


def document(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    found = _get(request, pk)
    tongue = language(request)
    render, content_type = FORMS[form]
    made = render(found.content, tongue, imprint(found, utc_now()))
    answer = HttpResponse(made, content_type=content_type)
    period = Period(found.start, found.end)
    name = f"{found.content['title'][tongue]}-{period}-{found.edition}.{form}"
    answer["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(name)}"
    return answer


@require_POST
def draft(request: HttpRequest) -> HttpResponse:
    gate.require(_person(request), "publication.draft")
    try:
        made = _drafted(request)
    except (BadInput, NotFound, Conflict) as error:
        return listing(request, error)
    return HttpResponseRedirect(reverse("publication", args=[made.pk]))


def _drafted(request: HttpRequest) -> Publication:
    missing = NotFound("publication.subject", "没有这个对象", "there is no such object")
    rows = Object.objects.filter(pk=_number(request.POST.get("subject", "")))
    subject = gate.find(_person(request), rows, missing, "publication.draft")
    try:
        period = Period.parse(request.POST.get("period", ""))
    except ValueError as error:
        raise BadInput(
            "publication.period",
            "时段请写成 2015、2015-Q4、2015-07 或 2015-07-01..2015-07-31",
            "write the period as 2015, 2015-Q4, 2015-07 or 2015-07-01..2015-07-31",
        ) from error
    return editions.draft(request.POST.get("kind", ""), subject, period)


@require_http_methods(["GET", "POST"])
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """First what publishing fixes for ever, then, sent from that page, the publishing itself."""
    person = _person(request)
    gate.require(person, "publication.publish")
    if person is None:
        raise Forbidden("access.forbidden", "请先登录", "sign in first")
    found = _get(request, pk)
    gate.require(person, "publication.publish", found)
    if request.method == "POST":
        editions.publish(found, person, seen=request.POST.get("seen", ""))
        return HttpResponseRedirect(reverse("publication", args=[pk]))
    data = {
        "publication": found,
        "content": found.content,
        "period": Period(found.start, found.end),
        "hindrances": _hindrances(found),
        "issuer": editions.issuer_of(person),
    }
    return page(request, "pages/publication_publish.html", data)


def _hindrances(found: Publication) -> list[Conflict]:
    return editions.hindrances(found, utc_now()) if found.state == "draft" else []


def _subjects(request: HttpRequest) -> QuerySet[Object]:
    """What a bulletin may be drafted of by this person."""
    fitting = Object.objects.filter(kind__in={k for b in bulletin.all() for k in b.kinds})
    return gate.visible(_person(request), fitting, "publication.draft")


def _person(request: HttpRequest) -> Person | None:
    return request.user if isinstance(request.user, Person) else None


def seen_by(request: HttpRequest) -> QuerySet[Publication]:
    return gate.visible(request.user, Publication.objects.all())


def _get(request: HttpRequest, pk: int) -> Publication:
    found = seen_by(request).select_related("subject").filter(pk=pk).first()
    if found is None:
        raise NotFound("publication.unknown", "没有这份通报", "there is no such bulletin")
    return found


def _number(text: str) -> int:
    """0, which is nobody's id, for what is not a number."""
    return int(text) if text.isascii() and text.isdigit() else 0
