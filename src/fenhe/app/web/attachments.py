"""Attachments over the web: sent to a subject, given back to whoever may see it, always as a
download and never as a page of ours."""

from __future__ import annotations

from typing import BinaryIO, cast
from urllib.parse import quote

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET, require_POST

from fenhe.access.models import Person
from fenhe.app.web.preferences import inside
from fenhe.app.web.render import for_people
from fenhe.evidence import attachments
from fenhe.kernel.errors import BadInput, Forbidden


def routes() -> list[URLPattern]:
    return [
        path("attachments", for_people(add), name="attachment-add"),
        path("attachments/<int:pk>", for_people(download), name="attachment"),
    ]


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Form fields: `of` and `id` name the subject ("registry.object", 12), `file`, `next`."""
    if not isinstance(request.user, Person):
        raise Forbidden("access.forbidden", "请先登录", "sign in first")
    file = request.FILES.get("file")
    if not file:
        raise BadInput("evidence.no-file", "请选择一个文件", "choose a file")
    subject = attachments.subject_of(request.POST.get("of", ""), request.POST.get("id", ""))
    attachments.add(request.user, subject, file.name or "file", cast(BinaryIO, file))
    return HttpResponseRedirect(inside(request.POST.get("next", "/")))


@require_GET
def download(request: HttpRequest, pk: int) -> FileResponse:
    row, stream = attachments.open_for(request.user, pk)
    answer = FileResponse(stream, content_type=row.media_type)
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(row.name)}"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "private, no-store"
    return answer
