"""Objects and series of the registry, sensors and properties derived from the series: whole
collections, and those at the end of a way from many records at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core import signing
from django.db.models import F, Model, OrderBy, QuerySet, Window
from django.db.models.functions import RowNumber

from fenhe.app.sta.asked import Asked
from fenhe.app.sta.found import MOST_LOOKED_AT, Found, in_order, page, passing, too_much
from fenhe.app.sta.model import ENTITIES, Entity, Source, quantity
from fenhe.app.sta.push import column, split
from fenhe.publish.sensorthings.query import Query
from fenhe.publish.sensorthings.refused import malformed
from fenhe.publish.sensorthings.tree import Path, Tree
from fenhe.registry.models import Series

DERIVED = ("Sensors", "ObservedProperties")
SALT = "fenhe.sta"


def base(asked: Asked, set: str) -> QuerySet[Any]:
    return asked.series() if set == "Datastreams" else asked.objects(set)


def collection(asked: Asked, entity: Entity, query: Query, rows: QuerySet[Any]) -> Found:
    """A page of these rows."""
    pushed, left = split(entity, query.filter)
    rows = rows.filter(pushed)
    rows = _once(rows) if query.filter is not None else rows
    order = _columns(entity, query)
    if left is not None or order is None:
        return _looked_at(entity, query, rows, left)
    if order:
        rows = rows.order_by(*order, "pk")
        found = list(rows[query.skip : query.skip + query.top + 1])
    else:
        ahead = rows.order_by("pk")
        if query.token:
            ahead = ahead.filter(pk__gt=read_token(query.token, entity.set))
        found = list(ahead[query.skip : query.skip + query.top + 1])
    more = len(found) > query.top
    found = found[: query.top]
    token = make_token(found[-1].pk, entity.set) if more and found and not order else ""
    return Found(found, more, rows.count() if query.count else None, token)


def derived(asked: Asked, entity: Entity, query: Query) -> Found:
    """Sensors and properties: those of series that may be seen."""
    records = _derived(entity, asked.series().order_by())
    return page(in_order(entity, list(passing(entity, records, query.filter)), query), query)


def at_end(
    asked: Asked, entity: Entity, query: Query, parents: Sequence[Any], column: str
) -> dict[Any, Found]:
    """Rows whose `column` is one of the parents', for all parents in one question each page."""
    pushed, left = split(entity, query.filter)
    rows = base(asked, entity.set).filter(**{f"{column}__in": list(parents)}).filter(pushed)
    rows = _once(rows) if query.filter is not None else rows
    order = _columns(entity, query)
    groups: dict[Any, list[Any]] = {parent: [] for parent in parents}
    if left is None and order is not None:
        counts = _counts(rows, column) if query.count else {}
        by = [*order, OrderBy(F("pk"))]
        ranked = rows.annotate(_rank=Window(RowNumber(), partition_by=[F(column)], order_by=by))
        for row in ranked.filter(_rank__lte=query.skip + query.top + 1).order_by("_rank", "pk"):
            groups[_parent(row, column)].append(row)
        return {
            parent: page(found, query, counts.get(parent, 0) if query.count else None)
            for parent, found in groups.items()
        }
    _bounded(rows)
    for row in passing(entity, _prefetched(rows).order_by("pk"), left):
        groups[_parent(row, column)].append(row)
    return {parent: page(in_order(entity, found, query), query) for parent, found in groups.items()}


def derived_of(asked: Asked, entity: Entity, key: str) -> Any:
    """One sensor or property, where a series that may be seen has it; None otherwise."""
    rows = asked.series().filter(**{str(entity.id_column): key}) if "\x00" not in key else None
    return _one(entity, key) if rows is not None and rows.exists() else None


def make_token(key: Any, of: str) -> str:
    return signing.dumps(key, salt=f"{SALT}:{of}")


def read_token(token: str, of: str) -> Any:
    try:
        return signing.loads(token, salt=f"{SALT}:{of}")
    except signing.BadSignature as error:
        raise malformed(
            "请原样使用 @iot.nextLink", "use @iot.nextLink as it was given", "$skiptoken"
        ) from error


def _looked_at(entity: Entity, query: Query, rows: QuerySet[Any], left: Tree | None) -> Found:
    """What the database cannot answer: row by row; without an order only as far as needed."""
    rows = _prefetched(rows).order_by("pk")
    if query.order or query.count:
        _bounded(rows)
        return page(in_order(entity, list(passing(entity, rows, left)), query), query)
    found = []
    for record in passing(entity, rows.iterator(chunk_size=2000), left):
        found.append(record)
        if len(found) > query.skip + query.top:
            break
    return page(found, query)


def _prefetched(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows if rows.model is Series else rows.prefetch_related("series")


def _bounded(rows: QuerySet[Any]) -> None:
    if rows.order_by()[MOST_LOOKED_AT : MOST_LOOKED_AT + 1].exists():
        raise too_much()


def _once(rows: QuerySet[Any]) -> QuerySet[Any]:
    """A way to many must not give a row twice."""
    model: type[Model] = rows.model
    fresh = model._default_manager.filter(pk__in=rows.order_by().values("pk"))
    return fresh.select_related("object") if model is Series else fresh


def _columns(entity: Entity, query: Query) -> list[OrderBy] | None:
    """`$orderby` as columns; None where one is not in the database."""
    found = []
    for tree, down in query.order:
        known = column(entity, tree) if isinstance(tree, Path) else None
        if known is None or known[2] or known[1] is str:
            return None  # text is sorted here: every database does it in its own way
        expression = F(known[0])
        found.append(expression.desc(nulls_last=True) if down else expression.asc(nulls_first=True))
    return found


def _counts(rows: QuerySet[Any], column: str) -> dict[Any, int]:
    from django.db.models import Count

    return dict(rows.order_by().values_list(column).annotate(Count("pk")))


def _parent(row: Any, column: str) -> Any:
    for part in column.split("__"):
        row = getattr(row, f"{part}_id", None) if hasattr(row, f"{part}_id") else getattr(row, part)
    return row


def _derived(entity: Entity, rows: QuerySet[Series]) -> list[Any]:
    name = str(entity.id_column)
    keys = sorted(set(rows.values_list(name, flat=True).distinct()))
    return [_one(entity, key) for key in keys]


def _one(entity: Entity, key: str) -> Any:
    return Source(key) if entity is ENTITIES["Sensors"] else quantity(key)
