"""The list of any kind, made from its schema: columns, filters, order, pages by key.

A page is found by the key of the row before it; nothing here counts rows, so nobody learns from a
list how much there is that they may not see. Columns that hold figures (`latest.…`, `verdict.…`)
are looked up for the rows of the page alone, in a fixed number of queries.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import (
    CharField,
    DateField,
    ExpressionWrapper,
    F,
    FloatField,
    Func,
    Q,
    QuerySet,
    TextField,
    Value,
)  # fmt: skip
from django.db.models.functions import Coalesce, NullIf

from fenhe.access import scopes
from fenhe.app.text import say
from fenhe.app.views import list_view
from fenhe.assess import rule as rules
from fenhe.kernel.errors import BadInput
from fenhe.kernel.period import civil, utc_now
from fenhe.kernel.text import Language
from fenhe.registry import search, vocabulary
from fenhe.registry.kinds import Kind
from fenhe.registry.models import Object

PAGE, MOST = 50, 200
FIELDS = ("code", "name", "area", "longitude", "latitude", "valid_from", "valid_to")
PLAIN = ("code", "name", "area")

Sort = Literal["field", "attribute", "relation", "latest", "verdict"]
Shape = Literal["text", "number", "date", "choice", "boolean"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it is called, where its cells come from, how it is asked for."""

    id: str
    title: str
    sort: Sort
    shape: Shape = "text"
    unit: str = ""
    choices: Mapping[str, str] | None = None

    @property
    def sortable(self) -> bool:
        return self.sort in ("field", "attribute") and self.id != "area"

    @property
    def filtered(self) -> bool:
        return self.sort in ("attribute", "relation")


def columns(kind: Kind, language: Language) -> dict[str, Column]:
    """Everything the list of a kind can show."""
    shapes: dict[str, Shape] = {
        "longitude": "number", "latitude": "number", "valid_from": "date", "valid_to": "date",
    }  # fmt: skip
    made = [Column(i, say(f"lists.{i}", language), "field", shapes.get(i, "text")) for i in FIELDS]
    for id, attribute in kind.attributes.items():
        shape: Shape = "number" if attribute.type in ("integer", "number") else attribute.type  # type: ignore[assignment]
        choices = {key: name[language] for key, name in attribute.choices.items()}
        title = attribute.name[language]
        made.append(Column(id, title, "attribute", shape, attribute.unit, choices or None))
    made += [Column(i, r.name[language], "relation") for i, r in kind.relations.items()]
    for id in kind.series:
        about = vocabulary.get(id)
        made.append(Column(f"latest.{id}", about.symbol, "latest", "number", about.unit))
    made += [
        Column(f"verdict.{one.id}", one.name[language], "verdict")
        for one in rules.all()
        if kind.id in one.kinds
    ]
    return {column.id: column for column in made}


@dataclass(frozen=True)
class Question:
    """What somebody asks of a list: its parameters, read and checked."""

    kind: Kind
    language: Language
    params: Mapping[str, str]
    shown: tuple[Column, ...]
    all: Mapping[str, Column]
    sort: str
    descending: bool
    size: int

    @property
    def filters(self) -> dict[str, str]:
        """What narrows the list, as it stands in the address."""
        keys = ("q", "area", "valid")
        return {
            key: value
            for key, value in self.params.items()
            if value and (key in keys or key.startswith("f."))
        }


def read(kind: Kind, params: Mapping[str, str], language: Language) -> Question:
    """Unknown columns and orders are passed over, so that an old address still answers."""
    params = {key: value.replace("\0", "") for key, value in params.items()}
    known = columns(kind, language)
    said = list_view(kind.id)
    wanted = params.get("cols", "").split(",") if params.get("cols") else said.columns
    shown = [_column(id, known, language) for id in wanted or _at_first(kind)]
    sort = params.get("sort") or said.sort
    bare = sort.lstrip("-")
    if bare not in known or not known[bare].sortable:
        sort = bare = "code"
    size = params.get("size", "")
    return Question(
        kind, language, params, tuple(c for c in shown if c) or (known["code"],), known, bare,
        sort.startswith("-"), min(int(size), MOST) if size.isdecimal() and int(size) else PAGE,
    )  # fmt: skip


def _at_first(kind: Kind) -> list[str]:
    return [*PLAIN, *list(kind.attributes)[:5], *kind.relations]


def _column(id: str, known: Mapping[str, Column], language: Language) -> Column | None:
    """`verdict.<rule>:<metric>` is a column of a rule that is known."""
    base, _, metric = id.partition(":")
    found = known.get(base)
    if found is None or not metric:
        return found
    key = f"{base.split('.')[1]}.metric.{metric}"
    said = say(key, language)
    return Column(id, metric if said == key else said, "verdict", "number")


def narrowed(question: Question, things: QuerySet[Object]) -> QuerySet[Object]:
    """Of `things` those the filters leave."""
    found = _of_kind(question, things)
    params = question.params
    if params.get("q"):
        found = found.filter(search.matching(params["q"][:200]))
    if params.get("area"):
        found = found.filter(scopes.in_area(Object, params["area"]))
    today = civil(utc_now()).date()
    match params.get("valid"):
        case "now":
            found = found.filter(Q(valid_to=None) | Q(valid_to__gt=today))
            found = found.filter(Q(valid_from=None) | Q(valid_from__lte=today))
        case "ended":
            found = found.filter(valid_to__lte=today)
    for key, value in params.items():
        if key.startswith("f.") and value:
            found = _filtered(found, question, key[2:], value)
    return found


def _of_kind(question: Question, things: QuerySet[Object]) -> QuerySet[Object]:
    """An order by attribute looks at every row; SQLite then is twice as fast when it reads them as
    they lie than when it follows the index of kinds, so the index is kept out of its sight."""
    if connection.vendor == "sqlite" and question.all[question.sort].sort == "attribute":
        things = things.annotate(its_kind=Coalesce(F("kind"), Value("")))
        return things.filter(its_kind=question.kind.id)
    return things.filter(kind=question.kind.id)


def _filtered(
    found: QuerySet[Object], question: Question, name: str, value: str
) -> QuerySet[Object]:
    name, _, bound = name.partition(".")
    column = question.all.get(name)
    if column is None or not column.filtered:
        return found
    if column.sort == "relation":
        return found.filter(
            search.matching(value, "relations_out__object__search"),
            relations_out__predicate=name,
            relations_out__valid_to=None,
        ).distinct()
    field = f"attributes__{name}"
    match column.shape:
        case "choice":
            return found.filter(**{field: value})
        case "boolean":
            return found.filter(**{field: value == "true"})
        case "number":
            try:
                return found.filter(**{f"{field}__{_BOUNDS.get(bound, 'gte')}": float(value)})
            except ValueError:
                return found.none()
        case "date":
            return found.filter(**{f"{field}__{_BOUNDS.get(bound, 'gte')}": value})
        case _:
            return found.filter(**{f"{field}__icontains": value})


_BOUNDS = {"min": "gte", "max": "lte"}


@dataclass(frozen=True)
class Rows:
    rows: Sequence[Object]
    after: str
    """Leads to the next page; empty on the last."""


def paged(question: Question, found: QuerySet[Object]) -> Rows:
    """One page, from the row the address names. What has no value stays at the bottom."""
    made, whole = _key(question), question.sort in ("code", "name")  # which are never missing
    if not whole and connection.vendor == "sqlite" and not question.descending:
        # SQLite takes "nulls last" for two orders and works the key out for each of them.
        made, whole = (
            Coalesce(made, Value(_LAST[type(made.output_field)]), output_field=made.output_field),
            True,
        )
    ordered: QuerySet[Any] = found.annotate(key=made)
    if question.params.get("after"):
        value, pk = _opened(question.params["after"])
        ordered = _beyond(ordered, question.descending, whole, value, pk)
    last_ones = {} if whole or connection.vendor == "sqlite" else {"nulls_last": True}
    key = F("key").desc(**last_ones) if question.descending else F("key").asc(**last_ones)
    last = "-pk" if question.descending else "pk"
    # First the keys alone: rows are long, and an order may have to look at all of them.
    ids = list(ordered.order_by(key, last).values_list("pk", flat=True)[: question.size + 1])
    shown = ids[: question.size]
    things = Object.objects.select_related("area").in_bulk(shown)
    rows = [things[pk] for pk in shown if pk in things]
    if len(ids) <= question.size:
        return Rows(rows, "")
    end = ordered.filter(pk=shown[-1]).values_list("key", flat=True)[0]
    return Rows(rows, _sealed([end, shown[-1]]))


_LAST = {
    TextField: "\U0010ffff",
    CharField: "\U0010ffff",
    FloatField: 1.7e308,
    DateField: date.max,
}


class _Attribute(Func):
    """An attribute as text or number, taken out of the JSON once: Django's own transform takes it
    out two or three times, which over 100,000 rows is what such an order costs."""

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        kind = "REAL" if isinstance(self.output_field, FloatField) else "TEXT"
        return self.as_sql(
            compiler, connection, template=f"CAST(JSON_EXTRACT(%(expressions)s) AS {kind})"
        )

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        kind = "::double precision" if isinstance(self.output_field, FloatField) else ""
        return self.as_sql(
            compiler, connection, template=f"(%(expressions)s){kind}", arg_joiner=" #>> "
        )


def _attribute(name: str, numeric: bool) -> Any:
    place = f'$."{name}"' if connection.vendor == "sqlite" else f"{{{name}}}"
    return _Attribute(
        F("attributes"), Value(place), output_field=FloatField() if numeric else TextField()
    )


def _key(question: Question) -> Any:
    """What the rows are ordered by."""
    id = question.sort
    if id == "code":
        return F("code")
    if id == "name":
        english = Coalesce(NullIf(F("name_en"), Value("")), F("name_zh"))
        return F("name_zh") if question.language == "zh" else english
    column = question.all[id]
    if column.sort == "attribute":
        return _attribute(id, column.shape == "number")
    return ExpressionWrapper(F(id), DateField() if column.shape == "date" else FloatField())


def _beyond(
    found: QuerySet[Object], down: bool, whole: bool, value: Any, pk: int
) -> QuerySet[Object]:
    """Rows after the one with this key. The first condition lets an index find the place."""
    side = "lt" if down else "gt"
    if value is None:
        return found.filter(**{"key__isnull": True, f"pk__{side}": pk})
    try:
        past = Q(**{f"key__{side}": value}) | Q(**{"key": value, f"pk__{side}": pk})
        reach = Q(**{f"key__{side}e": value})
        return found.filter(reach & past if whole else (reach & past) | Q(key__isnull=True))
    except (ValueError, TypeError, ValidationError) as error:
        raise _no_place() from error


def _sealed(values: list[Any]) -> str:
    text = json.dumps(values, default=str, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _opened(text: str) -> tuple[Any, int]:
    try:
        value, pk = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, TypeError, binascii.Error, UnicodeDecodeError) as error:
        raise _no_place() from error
    if type(pk) is not int or not isinstance(value, str | int | float | None):
        raise _no_place()
    return value, pk


def _no_place() -> BadInput:
    return BadInput(
        "lists.place",
        "翻页位置无效，请从第一页看起",
        "the place in the list is not valid; begin with the first page",
    )
