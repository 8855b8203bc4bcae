"""Objects of a kind (stations, cities, …) from a table: checked, shown, and only then registered.

The file is kept by its hash between the two steps and planned anew at the second, so what is
registered is judged by the registry of that moment."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, cast

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_POST

from fenhe.access import gate
from fenhe.app.web.preferences import language
from fenhe.app.web.render import listed, page
from fenhe.ingest.readers import read_whole
from fenhe.kernel.errors import BadInput, NotFound
from fenhe.registry import kinds, objects, reach
from fenhe.registry.models import Object
from fenhe.registry.objects import Plan
from fenhe.store.config import settings
from fenhe.store.files import open_files

REPORT = "pages/registration_report.html"


@require_GET
def table(request: HttpRequest, kind: str) -> HttpResponse:
    """Everything registered of a kind, in the columns that are read; the empty form at first."""
    text = objects.export(kind, gate.visible(request.user, Object.objects.all())).write_csv()
    answer = HttpResponse("\ufeff" + text, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{kinds.get(kind).id}.csv"'
    return answer


@require_POST
def check(request: HttpRequest) -> HttpResponse:
    gate.require(request.user, "registry.edit")
    file = request.FILES.get("file")
    if not file or not file.size:
        error = BadInput(
            "import.no-file", "请选择一个有内容的文件", "choose a file that is not empty"
        )
        return page(request, REPORT, _refused(request, error), 422)
    stored = open_files().put(cast(BinaryIO, file))
    return _answer(request, stored.hash, Path(file.name or "upload").name)


@require_POST
def commit(request: HttpRequest) -> HttpResponse:
    gate.require(request.user, "registry.edit")
    return _answer(request, request.POST.get("hash", ""), request.POST.get("name", ""), write=True)


def _answer(request: HttpRequest, hash: str, name: str, write: bool = False) -> HttpResponse:
    data = {"name": name, "hash": hash, "chosen": request.POST.get("kind", "")}
    try:
        plan = _plan(data["chosen"], hash, name)
        reach.require(request.user, plan)
        if write:
            objects.apply(plan, request.user)
    except BadInput as error:
        return page(request, REPORT, data | _refused(request, error), 422)
    return page(request, REPORT, data | {"plan": plan, "written": write})


def _refused(request: HttpRequest, error: BadInput) -> dict[str, object]:
    tongue = language(request)
    problems = listed(error.problems, tongue)
    return {"error": error, "sentence": error.message[tongue], "problems": problems}


def _plan(kind: str, hash: str, name: str) -> Plan:
    """Raises BadInput with everything that is wrong with the table."""
    largest = settings().max_upload_mb * 1024 * 1024
    whole, findings = read_whole(_kept(hash), name, largest)
    plan = objects.plan(kind, whole, name)
    plan.problems += findings.kept
    if plan.problems:
        raise objects.refusal(plan)
    return plan


def _kept(hash: str) -> Path:
    try:
        open_files().open(hash).close()
    except ValueError as error:
        raise NotFound("files.absent", "没有这个文件", "there is no such file") from error
    return open_files().path(hash)
