"""What a domain's page function is asked: who asks, with which parameters, in which language,
and what time it is. It answers with a dict for its template and never sees the request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from fenhe.access import gate
from fenhe.kernel.text import Language, Text

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

    from fenhe.access.models import Person

Row = TypeVar("Row", bound="Model")


@dataclass(frozen=True, slots=True)
class Ask:
    person: Person | None  # None: the public
    params: Mapping[str, str]  # of the address: they say what to show, never what to write
    language: Language
    now: datetime  # UTC; pages never look at a clock of their own
    looks: str = "page.view"  # "public.view": what is made here is for everybody's eyes
    sent: bool = False  # a form was sent: only then may the page write anything
    form: Mapping[str, str] = field(default_factory=dict)  # what it says; empty unless sent

    def visible(self, rows: QuerySet[Row], action: str = "") -> QuerySet[Row]:
        """Those of the rows this person may see; every row a page shows comes through here."""
        return gate.visible(self.person, rows, action or self.looks)


@dataclass(frozen=True, slots=True)
class Table:
    """What a page shows as rows, given as a file on request. `name` is the file's."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True, slots=True)
class Paper:
    """A file a page makes on request: `papers: {name: () -> Paper}`, asked for as `?paper=name`."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Class:
    """A category as people see it. `look`: a class of the palette ("<domain>-<level>"), or empty
    for no colour of its own."""

    id: str
    name: Text
    look: str = ""
