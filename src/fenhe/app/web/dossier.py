"""The dossier page: one header, tabs in one order (app.dossier), also inside the drawer."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET

from fenhe.access import gate
from fenhe.access.models import Person
from fenhe.alert.models import Alarm
from fenhe.app import dossier, dossier_tabs
from fenhe.app.views import dossier_view
from fenhe.app.web.domain_pages import file_answer
from fenhe.app.web.preferences import language
from fenhe.app.web.render import for_people, page
from fenhe.kernel.errors import Forbidden, NotFound
from fenhe.kernel.period import utc_now
from fenhe.registry.models import Object
from fenhe.registry.reach import EDIT

GRAVEST = ("red", "orange", "yellow", "notice")


def routes() -> list[URLPattern]:
    return [
        path("object/<int:pk>", for_people(show), name="dossier"),
        path("object/<int:pk>/<slug:tab>", for_people(show), name="dossier-tab"),
    ]


@require_GET
def show(request: HttpRequest, pk: int, tab: str = "overview") -> HttpResponseBase:
    file = _opened(request, pk)
    tabs = dossier.tabs(file)
    chosen = next((one for one in tabs if one.id == tab), None)
    if chosen is None:
        raise NotFound("dossier.no-tab", "档案里没有这一页", "the dossier has no such page")
    data = chosen.fill(file)
    if (wanted := request.GET.get("csv")) is not None:
        return file_answer(data.get("tables", {}).get(wanted), request.GET.get("format", ""))
    return page(
        request,
        "dossier/dossier.html",
        {**data, **_header(file), "tab": chosen, "tabs": _titles(tabs, file), "file": file},
    )


def _opened(request: HttpRequest, pk: int) -> dossier.File:
    if not isinstance(request.user, Person):
        raise Forbidden("access.forbidden", "请先登录", "sign in first")
    things = gate.visible(request.user, Object.objects.all())
    thing = things.select_related("area").filter(pk=pk).first() if pk < 2**31 else None
    if thing is None:
        raise NotFound("dossier.unknown", "没有这个对象", "there is no such object")
    return dossier.File(
        thing,
        dossier.kind_of(thing),
        request.user,
        language(request),
        {key: value.replace("\0", "") for key, value in request.GET.dict().items()},
        utc_now(),
    )


def _header(file: dossier.File) -> dict[str, Any]:
    """Name, code, kind, area, and the chips that say how it stands."""
    thing, tongue = file.thing, file.language
    severities = set(
        file.visible(Alarm.objects.all())
        .filter(subject=thing, state__in=dossier_tabs.OPEN)
        .values_list("severity", flat=True)
    )
    today = file.now.date()
    _, said = dossier_view(thing.kind)
    return {
        "thing": thing,
        "name": thing.name(tongue),
        "kind": file.kind,
        "kind_name": file.kind.name[tongue] if file.kind else thing.kind,
        "area": thing.area.name(tongue) if thing.area else "",
        "may_edit": file.kind is not None and _may_edit(file.person, file.kind.domain, thing),
        "gravest": next((one for one in GRAVEST if one in severities), ""),
        "ended": bool(thing.valid_to and thing.valid_to <= today),
        "own_page": said.page.replace("{code}", quote(thing.code, safe="")) if said.page else "",
    }


def _may_edit(person: object, domain: str, thing: Object) -> bool:
    place = gate.Place(domain, thing.area.adcode if thing.area else "")
    return gate.may(person, EDIT, place) or gate.may(person, EDIT, thing)


def _titles(tabs: list[dossier.Tab], file: dossier.File) -> list[tuple[str, str]]:
    return [(tab.id, dossier.titled(tab, file.language)) for tab in tabs]
