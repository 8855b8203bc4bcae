"""Import: a file is checked first and everything wrong with it listed; written only on a second
word, all of it or nothing. The report of a check stays at its own address."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from fenhe.access import gate
from fenhe.access.models import Person
from fenhe.app.web.preferences import language
from fenhe.app.web.render import listed, page, wants_fragment
from fenhe.ingest import profiles, template
from fenhe.ingest.described import describe
from fenhe.ingest.models import Import
from fenhe.ingest.profile import Profile
from fenhe.ingest.report import Report
from fenhe.kernel.errors import BadInput, FenheError, NotFound
from fenhe.observe import imports
from fenhe.registry import kinds, vocabulary
from fenhe.registry.models import Object
from fenhe.store.config import settings

MOST_LISTED = 20
MOST_CHANGES = 50
FORMS = {
    "csv": (template.as_csv, "text/csv; charset=utf-8"),
    "xlsx": (
        template.as_xlsx,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
}


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    return page(request, "pages/import.html", _around(request))


@require_GET
def report(request: HttpRequest, pk: str) -> HttpResponse:
    told = _told(request, _get(request, pk))
    return page(request, "pages/import.html", {**_around(request), **told})


@require_POST
def check(request: HttpRequest) -> HttpResponse:
    gate.require(_person(request), "import.check")
    try:
        made = _checked(request.FILES.get("file"), request.POST.get("profile", ""), request)
    except (BadInput, NotFound) as error:
        # No file, or not a table at all: the page stays, with the reason where the report stands.
        return _answer(request, _refused(request, error), 422)
    if wants_fragment(request):
        answer = _answer(request, _told(request, _get(request, made.id)))
        answer["HX-Push-Url"] = reverse("import-report", args=[made.id])
        return answer
    return HttpResponseRedirect(reverse("import-report", args=[made.id]))


@require_POST
def commit(request: HttpRequest, pk: str) -> HttpResponse:
    gate.require(_person(request), "import.commit")
    try:
        imports.commit(_get(request, pk).pk, _person(request))
    except FenheError as error:
        return _answer(request, _told(request, _get(request, pk)) | _refused(request, error), 409)
    if wants_fragment(request):
        return _answer(request, _told(request, _get(request, pk)))
    return HttpResponseRedirect(reverse("import-report", args=[pk]))


@require_GET
def form(request: HttpRequest, profile: str, kind: str) -> HttpResponse:
    """The empty form of a profile; filled in, it imports unchanged."""
    chosen = profiles.get(profile)
    write, content_type = FORMS[kind]
    answer = HttpResponse(write(template.form(chosen), chosen), content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="{chosen.id}.{kind}"'
    return answer


def _has_form(profile: Profile) -> bool:
    try:
        template.form(profile)
    except BadInput:
        return False
    return True


def _checked(file: object, profile: str, request: HttpRequest) -> Report:
    if not isinstance(file, UploadedFile) or not file.size:
        raise BadInput(
            "import.no-file", "请选择一个有内容的文件", "choose a file that is not empty"
        )
    name, person = file.name or "upload", _person(request)
    if isinstance(file, TemporaryUploadedFile):
        path = Path(file.temporary_file_path())
        return imports.check(path, profile, file_name=name, person=person)
    with tempfile.NamedTemporaryFile(suffix=Path(name).suffix) as kept:
        for chunk in file.chunks():
            kept.write(chunk)
        kept.flush()
        return imports.check(Path(kept.name), profile, file_name=name, person=person)


def _answer(request: HttpRequest, told: dict[str, Any], status: int = 200) -> HttpResponse:
    if wants_fragment(request):
        return page(
            request, "pages/import_answer.html", {**told, "history": _history(request)}, status
        )
    return page(request, "pages/import.html", {**_around(request), **told}, status)


def _around(request: HttpRequest) -> dict[str, Any]:
    person = _person(request)
    return {
        "profiles": (every := profiles.all()),
        "described": [
            {"profile": one, "lines": [line[language(request)] for line in describe(one)]}
            for one in every
        ],
        "forms": [one for one in every if _has_form(one)],
        "may_check": gate.may(person, "import.check"),
        "kinds": _kinds(request),
        "may_register": gate.may(person, "registry.edit"),
        "most_mb": settings().max_upload_mb,
        "chosen": request.POST.get("profile", ""),
        "history": _history(request),
    }


def _history(request: HttpRequest) -> QuerySet[Import]:
    mine = gate.visible(request.user, Import.objects.select_related("person"))
    return mine.order_by("-created_at")[:MOST_LISTED]


def _kinds(request: HttpRequest) -> list[dict[str, Any]]:
    """Every kind and how many there are of it; those to register first stand first."""
    mine = gate.visible(request.user, Object.objects.order_by())
    counts = dict(mine.values_list("kind").annotate(count=Count("pk")))
    by_need = sorted(kinds.all(), key=lambda kind: bool(kind.relations))
    return [{"kind": kind, "count": counts.get(kind.id, 0)} for kind in by_need]


def _refused(request: HttpRequest, error: FenheError) -> dict[str, Any]:
    tongue = language(request)
    return {
        "error": error,
        "sentence": error.message[tongue],
        "problems": listed(error.problems, tongue),
    }


def _told(request: HttpRequest, row: Import) -> dict[str, Any]:
    found = imports.report_of(row.pk)
    names = {item.property: vocabulary.get(item.property) for item in found.series}
    return {
        "import": row,
        "report": found,
        "problems": listed(found.as_problems(), language(request)),
        "series": [{"count": item, "property": names[item.property]} for item in found.series],
        "changes": found.changes[:MOST_CHANGES],
    }


def _get(request: HttpRequest, pk: str) -> Import:
    missing = NotFound("import.unknown", "没有这次导入", "there is no such import")
    return gate.find(request.user, Import.objects.filter(pk=pk), missing)


def _person(request: HttpRequest) -> Person | None:
    return request.user if isinstance(request.user, Person) else None
