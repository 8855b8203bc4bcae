"""The pages a domain declares in views.yaml: Ask in, the domain's function, its template out.

Data may name another `template` (a page without data yet). A page whose data hold `tables`
(name -> Table) gives each as a file at `?csv=<name>`, or in another format of publish.downloads
with `&format=xlsx`: the same rows that the page shows. `papers` are made when `?paper=<name>` asks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, cast
from urllib.parse import quote

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from fenhe.access import gate
from fenhe.access.models import Person
from fenhe.app import downloads
from fenhe.app.views import PageView, function, of_domains
from fenhe.app.web.preferences import language
from fenhe.app.web.render import for_people, page
from fenhe.kernel.errors import BadInput, NotFound
from fenhe.kernel.period import utc_now
from fenhe.publish.downloads import of_table
from fenhe.publish.page import Ask, Paper, Table
from fenhe.store.files import open_files

MOST_PASTED = 2 * 1024 * 1024


def routes() -> list[URLPattern]:
    return [
        path(f"{domain_id}/{view.path}", _answer(domain_id, view))
        for domain_id, views in of_domains().items()
        for view in views.pages
    ]


def _answer(domain_id: str, view: PageView) -> Callable[..., HttpResponseBase]:
    fill = function(domain_id, view.data)
    methods = ["GET", "HEAD", *(method.upper() for method in view.accepts)]

    def answer(request: HttpRequest, **places: str) -> HttpResponseBase:
        if view.needs:
            gate.require(request.user, view.needs)
        data = fill(_ask(request, places, keeps=view.keeps))
        wanted = request.GET.get("csv")
        if wanted is not None:
            return file_answer(data.get("tables", {}).get(wanted), request.GET.get("format", ""))
        paper = request.GET.get("paper")
        if paper is not None:
            return _paper(data.get("papers", {}).get(paper))
        return page(request, data.get("template", view.template), data, data.get("status", 200))

    return for_people(require_http_methods(methods)(answer))


def _paper(make: Callable[[], Paper] | None) -> HttpResponse:
    if make is None:
        raise NotFound("page.no-paper", "本页没有这份文件", "this page has no such file")
    paper = make()
    answer = HttpResponse(paper.content, content_type=paper.media_type)
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(paper.name)}"
    return answer


def _ask(request: HttpRequest, places: dict[str, str], keeps: bool) -> Ask:
    return Ask(
        person=request.user if isinstance(request.user, Person) else None,
        params={**{key: str(value) for key, value in request.GET.items()}, **places},
        language=language(request),
        now=utc_now(),
        sent=request.method == "POST",
        form=_form(request, keeps) if request.method == "POST" else {},
    )


def _form(request: HttpRequest, keeps: bool) -> dict[str, str]:
    """What was sent, and never what an address says: a link could say it in another's name."""
    sent = {key: str(value) for key, value in request.POST.items()}
    for name, file in request.FILES.items():
        if not isinstance(file, UploadedFile):
            continue
        if keeps and file.size:
            sent |= {name: open_files().put(cast(BinaryIO, file)).hash}
            sent |= {f"{name}.name": str(file.name)}
            continue
        if file.size is None or file.size > MOST_PASTED:
            raise BadInput(
                "page.file-too-large",
                "此处的文件不能超过 2 MB；更大的数据请走“导入”",
                "a file given here may have 2 MB at most; larger data go through Import",
            )
        if file.size:
            sent[name] = _text(file.read())
    return sent


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadInput(
        "page.encoding",
        "文件既不是 UTF-8 也不是 GB18030，请另存为 CSV UTF-8",
        "the file is neither UTF-8 nor GB18030; save it as CSV UTF-8",
    )


def file_answer(table: Table | None, form: str = "") -> HttpResponseBase:
    """A table of a page as a file, CSV unless another format is asked for."""
    if table is None:
        raise NotFound("page.no-table", "本页没有这张表", "this page has no such table")
    return downloads.answer(of_table(table), form or "csv")


def as_csv(table: Table) -> HttpResponse:
    """The same, whole in memory: for answers that are kept."""
    made = downloads.answer(of_table(table), "csv")
    whole = HttpResponse(made.getvalue(), content_type=made["Content-Type"])
    whole["Content-Disposition"] = made["Content-Disposition"]
    return whole
