"""What a domain's views.yaml says: its pages, where they stand, what fills them.

palette: pages.palette            # level colours, for the style sheet of all pages
home: pages.card                  # Ask -> publish.card.Card, its card on the home page
public: pages.public              # Ask -> publish.public.Public, its part of the public portal
standard: GB 3095                # which standard the browser of standards opens with
pages:
  - path: station/<str:code>      # under /<domain id>/
    template: air/station.html
    data: pages.station           # Ask -> dict for the template
    menu: air.menu.station        # text key; left out: no entry in the menu
    accepts: [post]               # left out: the page is only read
    needs: lead.view              # left out: whoever may see pages
lists:                            # every kind has a list; this says what it shows at first
  outlet: {columns: [code, name, basin, discharges_to, latest.cod, verdict.water.day], sort: code}
map:                              # layers of the one map; see MapLayer
  - {id: class, name: {zh: 水质类别, en: water class}, kind: section, rule: water.month,
     symbol: diamond, size: 8}
classes: {water.month: pages.classes}   # rule -> words and colours of its categories
dossier:                          # what every dossier has not
  outlet:
    limits: pages.limits
    tabs: [{id: permit, title: water.permit, template: water/permit.html, data: pages.permit}]
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Literal

from pydantic import Field

from fenhe.access import gate
from fenhe.app import discovery
from fenhe.app.text import say
from fenhe.kernel.declared import Declared, DeclaredText, read
from fenhe.kernel.errors import BadInput
from fenhe.publish.page import Class

FIRST_MENU = {"home": "/", "alarms": "/alarms", "screen": "/screen", "cases": "/cases"}
CORE_MENU = {
    "map": "/map",
    "objects": "/objects",
    "series": "/series",
    "bulletins": "/bulletins",
    "standards": "/standards",
    "deadlines": "/deadlines",
    "devices": "/devices",
    "import": "/import",
    "audit": "/audit",
    "public": "/public",
}
MENU_NEEDS = {"home": "", "audit": "evidence.view", "import": "import.check"}
"""What an entry of the menu needs other than `page.view`; "" is for everybody signed in."""


class PageView(Declared):
    path: str
    template: str
    data: str
    menu: str = ""
    accepts: tuple[Literal["post"], ...] = ()
    needs: str = ""
    keeps: bool = False
    """Files that are sent are kept by their content; the page gets `<field>` as hash and
    `<field>.name`, instead of the text."""


class ListView(Declared):
    """Columns shown at first, in order: code, name, area, longitude, latitude, valid_from,
    valid_to, an attribute, a relation, `latest.<property>`, `verdict.<rule id>` (its category) or
    `verdict.<rule id>:<metric>`. `sort`: one that sorts, with - before it for downwards."""

    columns: tuple[str, ...] = ()
    sort: str = "code"


class MapLayer(Declared):
    """Objects of a kind on the one map, coloured by class.

    The class of an object is the category of its newest verdict of `rule`, or what `hours` says: a
    function (objects: list[int], period) -> frame [object, start, class, value] for the hours of a
    period. With neither, all have one colour. `classes` as below; left out: those of the rule."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    name: DeclaredText
    kind: str
    classes: str = ""
    rule: str = ""
    hours: str = ""
    symbol: Literal["circle", "square", "diamond", "triangle"] = "circle"
    size: int = Field(6, ge=3, le=16)
    shown: bool = True


class DossierTab(Declared):
    """A tab of the domain's own: `data`: Ask -> dict (`params["object"]`: its number)."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    title: str
    template: str
    data: str


class DossierView(Declared):
    """`limits`: a function (property, resolution, object, day) -> [(value, Text)], drawn in charts;
    `page`: the domain's own page of the object, with {code}."""

    limits: str = ""
    page: str = ""
    tabs: tuple[DossierTab, ...] = ()


class Views(Declared):
    palette: str = ""
    home: str = ""
    public: str = ""
    standard: str = ""
    pages: tuple[PageView, ...] = ()
    classes: dict[str, str] = {}
    """Rule id -> a function () -> [Class]: the words and colours of its categories, for lists,
    dossiers and the map; the least grave first."""
    lists: dict[str, ListView] = {}
    map: tuple[MapLayer, ...] = ()
    dossier: dict[str, DossierView] = {}


@cache
def of_domains() -> dict[str, Views]:
    """Domain id -> what its views.yaml says; domains without one are left out."""
    return {
        domain.id: read(Views, domain.views, f"{domain.id}/views.yaml")
        for domain in discovery.load()
        if domain.views
    }


def function(domain_id: str, name: str) -> Callable[..., Any]:
    """`pages.today` of the domain's package."""
    module, _, attribute = name.rpartition(".")
    domain = discovery.get(domain_id)
    found: Callable[..., Any] | None = getattr(
        domain.module(module) if domain else None, attribute, None
    )
    if found is None:
        raise BadInput(
            "domain.page-function",
            f"{domain_id}/views.yaml 所指的函数 {name} 不存在",
            f"{domain_id}/views.yaml names {name}, which is not there",
        )
    return found


@cache
def classes(rule: str) -> dict[str, Class]:
    """The categories of a rule, by what stands in a verdict; empty where nobody says them."""
    for id, views in of_domains().items():
        if rule in views.classes:
            return {one.id: one for one in function(id, views.classes[rule])()}
    return {}


def list_view(kind: str) -> ListView:
    """How the list of a kind looks at first; the first domain that says so."""
    said = (views.lists[kind] for views in of_domains().values() if kind in views.lists)
    return next(said, ListView())


def dossier_view(kind: str) -> tuple[str, DossierView]:
    """The domain that says something of a kind's dossier, and what."""
    said = (
        (id, views.dossier[kind]) for id, views in of_domains().items() if kind in views.dossier
    )
    return next(said, ("", DossierView()))


def map_layers() -> dict[str, tuple[str, MapLayer]]:
    """`<domain>.<layer>` -> the domain and the layer, in the order of domains and their files."""
    return {
        f"{id}.{layer.id}": (id, layer) for id, views in of_domains().items() for layer in views.map
    }


def menu(path: str, language: str, person: object) -> list[dict[str, Any]]:
    """What this person may open: what everybody opens first, a group per domain, then what
    belongs to all. A stranger has none."""
    if not getattr(person, "is_active", False):
        return []
    looks = gate.may(person, "page.view")
    groups = [
        {
            "title": domain.name[language],
            "entries": [
                _entry(f"/{domain.id}/{view.path}", view.menu, path, language)
                for view in of_domains()[domain.id].pages
                if view.menu and (not view.needs or gate.may(person, view.needs))
            ],
        }
        for domain in discovery.load()
        if looks and domain.id in of_domains()
    ]
    first, core = (
        [
            _entry(url, f"menu.{name}", path, language)
            for name, url in entries.items()
            if not (need := MENU_NEEDS.get(name, "page.view")) or gate.may(person, need)
        ]
        for entries in (FIRST_MENU, CORE_MENU)
    )
    platform = {"title": say("menu.platform", language), "entries": core}
    return [{"title": "", "entries": first}, *groups, platform]


def _entry(url: str, key: str, path: str, language: str) -> dict[str, Any]:
    here = path == url or (url.count("/") > 1 and not url.endswith("/") and path.startswith(url))
    return {"url": re.sub(r"<[^>]*>", "", url), "title": say(key, language), "here": here}
