"""Lists: every kind of supervised object as a table, without a line written for it.

`/objects` names the kinds; `/objects/<kind>` is its list (app.listing), `.csv` and `.xlsx` the same
rows in the columns an import reads, so that a file taken from here, edited and given back changes
what was edited and nothing else.
"""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlencode

import xlsxwriter
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, re_path
from django.views.decorators.http import require_GET, require_POST

from fenhe.access import gate, scopes
from fenhe.access.models import Person
from fenhe.app import discovery, listing, listing_cells
from fenhe.app.web.preferences import language
from fenhe.app.web.render import for_people, page
from fenhe.ingest.template import csv_bytes
from fenhe.kernel.errors import BadInput, Forbidden, NotFound
from fenhe.registry import kinds, objects
from fenhe.registry.kinds import Kind
from fenhe.registry.models import Area, Object, SavedView

MOST_AREAS, MOST_VIEWS = 400, 40
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def routes() -> list[URLPattern]:
    return [
        path("objects", for_people(overview), name="objects"),
        re_path(
            r"^objects/(?P<kind>[a-z][a-z0-9_.-]*)\.(?P<form>csv|xlsx)$",
            for_people(export),
            name="objects-export",
        ),
        path("objects/<str:kind>", for_people(show), name="objects-list"),
        path("objects/<str:kind>/views", for_people(save), name="objects-save-view"),
        path("objects/views/<int:pk>/drop", for_people(drop), name="objects-drop-view"),
    ]


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    tongue = language(request)
    counts = dict(
        gate.visible(request.user, Object.objects.all())
        .order_by()
        .values_list("kind")
        .annotate(Count("pk"))
    )
    groups = [
        {
            "title": domain.name[tongue],
            "kinds": [
                {"id": kind.id, "name": kind.name[tongue], "count": counts.get(kind.id, 0)}
                for kind in kinds.all()
                if kind.domain == domain.id
            ],
        }
        for domain in discovery.load()
    ]
    return page(request, "lists/kinds.html", {"groups": [g for g in groups if g["kinds"]]})


@require_GET
def show(request: HttpRequest, kind: str) -> HttpResponse:
    question = _asked(request, kind)
    found = listing.narrowed(question, gate.visible(request.user, Object.objects.all()))
    paged = listing.paged(question, found)
    tongue = question.language
    cells = listing_cells.table(paged.rows, question.shown, tongue, request.user)
    data = {
        "kind": question.kind,
        "name": question.kind.name[tongue],
        "question": question,
        "params": question.params,
        "heads": [_head(request, question, column) for column in question.shown],
        "rows": list(zip(paged.rows, map(listing_cells.row_html, cells), strict=True)),
        "choosable": [(column, column in question.shown) for column in question.all.values()],
        "filters": [
            _filter(question, column) for column in question.all.values() if column.filtered
        ],
        "narrow": bool(question.filters),
        "areas": _areas(request.user, tongue),
        "next": _address(request, after=paged.after) if paged.after else "",
        "first": _address(request, after="") if request.GET.get("after") else "",
        "export": urlencode(question.filters),
        "may_edit": gate.may(request.user, "registry.edit"),
        "views": _views(request, question.kind),
        "query": _address(request, after="").lstrip("?"),
        "person_organ": getattr(request.user, "organ_id", None),
    }
    return page(request, "lists/list.html", data)


@require_GET
def export(request: HttpRequest, kind: str, form: str) -> HttpResponse:
    """The rows the filters leave, all of them, in the columns an import reads."""
    question = _asked(request, kind)
    found = listing.narrowed(question, gate.visible(request.user, Object.objects.all()))
    frame = objects.export(question.kind.id, found)
    if form == "csv":
        answer = HttpResponse(csv_bytes(frame), content_type="text/csv; charset=utf-8")
    else:
        answer = HttpResponse(_sheet(frame.columns, frame.rows()), content_type=SHEET)
    answer["Content-Disposition"] = f'attachment; filename="{question.kind.id}.{form}"'
    return answer


def _sheet(columns: list[str], rows: list[tuple[Any, ...]]) -> bytes:
    """All cells are text, so that a spreadsheet computes none of them and the import reads them
    as they were."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True, "bottom": 1})
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(columns) - 1, 16)
    for at, title in enumerate(columns):
        sheet.write_string(0, at, title, bold)
    for number, row in enumerate(rows, start=1):
        for at, cell in enumerate(row):
            if cell:
                sheet.write_string(number, at, cell)
    book.close()
    return out.getvalue()


@require_POST
def save(request: HttpRequest, kind: str) -> HttpResponse:
    """Keeps how the list stands, for oneself or for everybody of one's organ."""
    one, person = _kind(kind), _person(request)
    name = " ".join(request.POST.get("name", "").replace("\0", "").split())[:60]
    query = request.POST.get("query", "")
    if not name or len(query) > 1000:
        raise BadInput(
            "lists.view",
            "请给视图起个名字（60 字以内）",
            "give the view a name of up to 60 letters",
        )
    shared = person.organ if request.POST.get("shared") else None
    if SavedView.objects.filter(person=person, list=one.id).count() >= MOST_VIEWS:
        raise BadInput(
            "lists.views-many",
            f"一个列表最多保存 {MOST_VIEWS} 个视图，请先删去不用的",
            f"a list keeps {MOST_VIEWS} views at most; drop one that is not used",
        )
    SavedView.objects.update_or_create(
        person=person, list=one.id, name=name, defaults={"query": query, "organ": shared}
    )
    return HttpResponseRedirect(f"/objects/{one.id}?{query}")


@require_POST
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    found = SavedView.objects.filter(pk=pk, person=_person(request)).first()
    if found is None:
        raise NotFound("lists.no-view", "没有这个视图", "there is no such view")
    found.delete()
    return HttpResponseRedirect(f"/objects/{found.list}")


def _asked(request: HttpRequest, kind: str) -> listing.Question:
    return listing.read(_kind(kind), request.GET.dict(), language(request))


def _kind(id: str) -> Kind:
    found = next((kind for kind in kinds.all() if kind.id == id), None)
    if found is None:
        raise NotFound("lists.no-kind", f"没有对象类别 {id}", f"there is no kind {id}")
    return found


def _person(request: HttpRequest) -> Person:
    if not isinstance(request.user, Person):
        raise Forbidden("access.forbidden", "请先登录", "sign in first")
    return request.user


def _address(request: HttpRequest, **changed: str) -> str:
    params = {key: value for key, value in request.GET.dict().items() if value} | changed
    return "?" + urlencode({key: value for key, value in params.items() if value})


def _head(request: HttpRequest, question: listing.Question, column: listing.Column) -> Any:
    here = column.id == question.sort
    down = here and not question.descending
    order = f"-{column.id}" if down else column.id
    return {
        "column": column,
        "sorted": ("descending" if question.descending else "ascending") if here else "",
        "url": _address(request, sort=order, after="") if column.sortable else "",
    }


def _filter(question: listing.Question, column: listing.Column) -> dict[str, Any]:
    name = f"f.{column.id}"
    params = question.params
    return {
        "column": column,
        "name": name,
        "value": params.get(name, ""),
        "min": params.get(f"{name}.min", ""),
        "max": params.get(f"{name}.max", ""),
    }


def _depth(adcode: str) -> int:
    """How far a code is indented: province, city, county and below."""
    return max(0, len(scopes.stem(adcode)) // 2 - 1)


def _areas(person: object, tongue: str) -> list[dict[str, str]]:
    found = gate.visible(person, Area.objects.order_by("adcode"))[:MOST_AREAS]
    return [
        {"adcode": one.adcode, "name": "\u3000" * _depth(one.adcode) + one.name(tongue)}
        for one in found
    ]


def _views(request: HttpRequest, kind: Kind) -> list[SavedView]:
    person = _person(request)
    own = Q(person=person)
    if person.organ_id:
        own |= Q(organ_id=person.organ_id)
    return list(SavedView.objects.filter(own, list=kind.id).select_related("person")[:MOST_VIEWS])
