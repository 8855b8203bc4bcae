"""What a question finds: a page of records, whether more follow, how many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cmp_to_key
from typing import Any

from fenhe.app.sta.bind import look_at
from fenhe.app.sta.model import Entity
from fenhe.publish.sensorthings.evaluate import compare, holds, value
from fenhe.publish.sensorthings.query import Query
from fenhe.publish.sensorthings.refused import malformed
from fenhe.publish.sensorthings.tree import Tree

MOST_LOOKED_AT = 200_000


@dataclass
class Found:
    records: list[Any] = field(default_factory=list)
    more: bool = False
    count: int | None = None
    token: str = ""
    """Where the next page begins; empty: by $skip."""


def passing(entity: Entity, records: Iterable[Any], tree: Tree | None) -> Iterator[Any]:
    """Those a filter lets through, looked at one by one, up to a bound."""
    for number, record in enumerate(records):
        if number >= MOST_LOOKED_AT:
            raise too_much()
        if tree is None or holds(tree, _looker(entity, record)):
            yield record


def in_order(entity: Entity, records: list[Any], query: Query) -> list[Any]:
    """Sorted by `$orderby`; what has no value comes first going up."""
    if not query.order:
        return records
    keyed = [
        ([_single(value(tree, _looker(entity, record))) for tree, _ in query.order], record)
        for record in records
    ]

    def before(one: Any, other: Any) -> int:
        for (_, down), left, right in zip(query.order, one[0], other[0], strict=True):
            if (sign := _sign(left, right)) != 0:
                return -sign if down else sign
        return 0

    return [record for _, record in sorted(keyed, key=cmp_to_key(before))]


def page(records: list[Any], query: Query, count: int | None = None) -> Found:
    """The records are all there are; the page is cut out of them."""
    wanted = records[query.skip : query.skip + query.top]
    more = len(records) > query.skip + query.top
    total = count if count is not None else (len(records) if query.count else None)
    return Found(wanted, more, total)


def too_much() -> Exception:
    return malformed(
        "要看的记录过多，请缩小范围（时段、对象或 $top）",
        "too many records to look at; narrow the question (period, object or $top)",
        "$filter",
    )


def _looker(entity: Entity, record: Any) -> Callable[[tuple[str, ...]], Any]:
    return lambda parts: look_at(entity, record, parts)


def _single(found: Any) -> Any:
    return found[0] if isinstance(found, list) and found else (None if found == [] else found)


def _sign(left: Any, right: Any) -> int:
    if left is None or right is None:
        return (left is not None) - (right is not None)
    if compare(left, right, "lt"):
        return -1
    return 1 if compare(right, left, "lt") else 0
