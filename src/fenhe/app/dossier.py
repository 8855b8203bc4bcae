"""一企一档: everything the platform knows of one object, in tabs of a fixed order.

A tab is a function (File) -> dict and a template. The core's own stand in `dossier_tabs`; a domain
adds its own in views.yaml (`dossier:`), and a stage above the registry, such as cases, joins with
`register` from its own module of pages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from fenhe.access import gate
from fenhe.access.models import Person
from fenhe.app.text import say
from fenhe.app.views import DossierTab, dossier_view, function
from fenhe.kernel.text import Language
from fenhe.publish.page import Ask
from fenhe.registry import kinds
from fenhe.registry.kinds import Kind
from fenhe.registry.models import Object

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class File:
    """One object, and who looks at it how."""

    thing: Object
    kind: Kind | None
    person: Person
    language: Language
    params: Mapping[str, str]
    now: datetime

    def visible(self, rows: QuerySet[Row], action: str = "page.view") -> QuerySet[Row]:
        return gate.visible(self.person, rows, action)


@dataclass(frozen=True)
class Tab:
    """`fill` gives the template its data; `may`: what of the gate it takes to see it."""

    id: str
    title: str
    template: str
    fill: Callable[[File], dict[str, Any]]
    may: str = "page.view"


ORDER = ("overview", "data", "verdicts", "alarms", "cases", "documents", "evidence", "history")
_tabs: dict[str, Tab] = {}


def register(tab: Tab) -> None:
    """Adds a tab for objects of every kind; its place is that of ORDER, else before documents."""
    _tabs[tab.id] = tab


def tabs(file: File) -> list[Tab]:
    """Those the person may see, in order."""
    domain, said = dossier_view(file.thing.kind)
    own = [_of_domain(domain, tab) for tab in said.tabs]
    place = {id: number for number, id in enumerate(ORDER)}
    there = sorted(_tabs.values(), key=lambda tab: place.get(tab.id, 4.5))
    all = [tab for tab in there if place.get(tab.id, 4.5) < place["documents"]]
    all += own
    all += [tab for tab in there if tab not in all]
    return [tab for tab in all if gate.may(file.person, tab.may)]


def _of_domain(domain: str, tab: DossierTab) -> Tab:
    def fill(file: File) -> dict[str, Any]:
        params = {**file.params, "object": str(file.thing.pk), "code": file.thing.code}
        data: dict[str, Any] = function(domain, tab.data)(
            Ask(file.person, params, file.language, file.now)
        )
        return data

    return Tab(tab.id, tab.title, tab.template, fill)


def kind_of(thing: Object) -> Kind | None:
    """None where the domain of the kind is switched off: the object is still there."""
    return next((kind for kind in kinds.all() if kind.id == thing.kind), None)


def titled(tab: Tab, language: Language) -> str:
    return say(tab.title, language)
