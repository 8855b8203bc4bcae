"""The documents of a case: preview, DOCX, the signed copy; and photos that came with a report."""

from __future__ import annotations

from urllib.parse import quote

from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from fenhe.access import gate
from fenhe.act import documents
from fenhe.act.documents.making import MOST_SIGNED_MB
from fenhe.act.models import CaseDocument
from fenhe.app.web.cases import showing
from fenhe.app.web.preferences import language
from fenhe.app.web.render import page
from fenhe.kernel.errors import BadInput, NotFound
from fenhe.kernel.period import utc_now
from fenhe.store.files import open_files

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
GONE = NotFound("act.no-document", "没有这份文书", "there is no such document")
KINDS = {b"%PDF": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png"}


def preview(request: HttpRequest, pk: int) -> HttpResponse:
    found = _get(request, pk)
    return page(
        request,
        "pages/case_document.html",
        {
            "document": found,
            "content": found.content,
            "name": found.content["name"][language(request)],
            "may_sign": gate.may(request.user, "attachment.add", found.case),
        },
    )


def docx(request: HttpRequest, pk: int) -> HttpResponse:
    found = _get(request, pk)
    answer = HttpResponse(documents.bytes_of(found), content_type=DOCX)
    name = f"{found.content['name']['zh']}-{found.number or found.case.number}.docx"
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return answer


def signed(request: HttpRequest, pk: int) -> HttpResponseBase:
    """GET gives the signed copy, POST attaches it."""
    found = _get(request, pk)
    if request.method != "POST":
        if not found.signed_hash:
            raise GONE
        return _file(found.signed_hash, found.signed_name)
    gate.require(request.user, "attachment.add", found.case)
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        raise BadInput("act.signed-none", "请选择签章件", "choose the signed copy")
    raw = file.read(MOST_SIGNED_MB * 1024 * 1024 + 1)
    documents.attach_signed(found, file.name or "", raw, request.user, utc_now())
    return HttpResponseRedirect(reverse("case-document", args=[pk]))


def photo(request: HttpRequest, pk: int, content: str) -> HttpResponseBase:
    """A photo that stands in the history of this case, and of no other."""
    case = showing.get(request, pk)
    for entry in case.entries.all():
        for value in entry.given.values():
            for one in value if isinstance(value, list) else ():
                if isinstance(one, dict) and one.get("hash") == content:
                    return _file(content, one.get("name", ""))
    raise NotFound("act.no-photo", "没有这张照片", "there is no such photo")


def _file(content: str, name: str) -> FileResponse:
    stream = open_files().open(content)
    begins = stream.read(4)
    stream.seek(0)
    kind = next((kind for start, kind in KINDS.items() if begins.startswith(start)), "")
    answer = FileResponse(stream, content_type=kind or "application/octet-stream")
    answer["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(name)}"
    return answer


def _get(request: HttpRequest, pk: int) -> CaseDocument:
    rows = CaseDocument.objects.filter(pk=pk).select_related("case")
    return gate.find(request.user, rows, GONE)
