"""What of a filter the database can answer by itself: comparisons of columns with literals, and
their `and`, `or`, `not`. The rest is looked at row by row; the two give the same."""

from __future__ import annotations

import operator
from functools import reduce

from django.db.models import Q

from fenhe.app.sta.bind import IDS
from fenhe.app.sta.model import ENTITIES, Entity
from fenhe.publish.sensorthings.refused import malformed
from fenhe.publish.sensorthings.tree import Binary, Literal, Path, Tree, Unary, conjuncts, joined

_LOOKUP = {"eq": "exact", "gt": "gt", "ge": "gte", "lt": "lt", "le": "lte"}
_MIRROR = {"eq": "eq", "ne": "ne", "gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}
_IN_PROPERTIES: dict[str, dict[str, str]] = {
    "Things": {"kind": "kind", "code": "code"},
    "Locations": {"kind": "kind", "code": "code"},
    "FeaturesOfInterest": {"kind": "kind", "code": "code"},
    "Datastreams": {name: name for name in ("property", "resolution", "statistic", "source")},
}
BIGGEST = 2**31 - 1


def split(entity: Entity, tree: Tree | None) -> tuple[Q, Tree | None]:
    """The part for the database and what is left to look at."""
    asked, left = Q(), []
    for part in conjuncts(tree):
        found = _q(entity, part)
        if found is None:
            left.append(part)
        else:
            asked &= found
    return asked, joined(left)


def _q(entity: Entity, tree: Tree) -> Q | None:
    match tree:
        case Unary(operator="not", operand=operand):
            inner = _q(entity, operand)
            return None if inner is None else ~inner
        case Binary(operator="and" | "or" as sign, left=left, right=right):
            sides = [_q(entity, left), _q(entity, right)]
            known = [side for side in sides if side is not None]
            if len(known) < 2:
                return None
            return reduce(operator.and_ if sign == "and" else operator.or_, known)
        case Binary(operator=sign, left=Path() as path, right=Literal() as literal):
            return _compared(entity, path, sign, literal)
        case Binary(operator=sign, left=Literal() as literal, right=Path() as path):
            return _compared(entity, path, _MIRROR.get(sign, ""), literal)
    return None


def _compared(entity: Entity, path: Path, sign: str, literal: Literal) -> Q | None:
    found = column(entity, path)
    if found is None or not (sign in _LOOKUP or sign == "ne"):
        return None
    name, kind, many = found
    value = literal.value
    if value is None or (many and sign != "eq"):
        return None
    if isinstance(value, bool) or not isinstance(value, kind):
        raise malformed(
            "比较的两边类型不同", "the two sides of a comparison are of different types",
            "$filter", str(path),
        )  # fmt: skip
    if isinstance(value, str) and (sign not in ("eq", "ne") or "\x00" in value):
        return None  # every database sorts text in its own way
    if isinstance(value, int | float) and (abs(value) > BIGGEST or value != int(value)):
        return None
    if sign == "ne":
        return ~Q(**{name: value})
    return Q(**{f"{name}__{_LOOKUP[sign]}": value})


def column(entity: Entity, path: Path) -> tuple[str, type | tuple[type, ...], bool] | None:
    """Where the database keeps what the path names: column, type, whether it goes to many."""
    here, many = entity, False
    steps: list[str] = []
    for at, name in enumerate(path.parts):
        rest = path.parts[at + 1 :]
        if name in IDS and not rest:
            if here.id_column is None:
                return None
            kind = (int, float) if here.key is int else str
            return "__".join([*steps, here.id_column]), kind, many
        if name == "properties" and len(rest) == 1:
            known = _IN_PROPERTIES.get(here.set, {})
            if rest[0] not in known:
                return None
            return "__".join([*steps, known[rest[0]]]), str, many
        if name in here.properties:
            own = here.properties[name]
            if own.column is None or rest:
                return None
            return "__".join([*steps, own.column]), own.type, many
        way = here.ways[name]
        if way.column is None:
            return None
        steps += [way.column] if way.column else []
        many |= way.many and bool(way.column)
        here = ENTITIES[way.to]
    return None
