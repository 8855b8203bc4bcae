"""The tree of an expression."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Span:
    """A time interval; an instant is one of no length."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        if self.start == self.end:
            return written(self.start)
        return f"{written(self.start)}/{written(self.end)}"


Value: TypeAlias = Any
"""None, bool, int, float, str, datetime, date, timedelta, Span or a shapely geometry."""


@dataclass(frozen=True, slots=True)
class Literal:
    value: Value


@dataclass(frozen=True, slots=True)
class Path:
    parts: tuple[str, ...]

    def __str__(self) -> str:
        return "/".join(self.parts)


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: Tree
    right: Tree


@dataclass(frozen=True, slots=True)
class Unary:
    operator: str  # "not", "-"
    operand: Tree


Tree: TypeAlias = Literal | Path | Call | Binary | Unary


def written(instant: datetime) -> str:
    """RFC 3339 in UTC, without a fraction where there is none."""
    text = instant.astimezone(UTC).isoformat()
    return text.replace("+00:00", "Z")


def conjuncts(tree: Tree | None) -> list[Tree]:
    """What must all hold: the parts joined by `and` at the top."""
    if tree is None:
        return []
    if isinstance(tree, Binary) and tree.operator == "and":
        return [*conjuncts(tree.left), *conjuncts(tree.right)]
    return [tree]


def joined(parts: list[Tree]) -> Tree | None:
    """The opposite of `conjuncts`."""
    whole: Tree | None = None
    for part in parts:
        whole = part if whole is None else Binary("and", whole, part)
    return whole


def paths(tree: Tree | None) -> list[Path]:
    """Every path in the tree."""
    match tree:
        case Path():
            return [tree]
        case Call(arguments=arguments):
            return [path for item in arguments for path in paths(item)]
        case Binary(left=left, right=right):
            return [*paths(left), *paths(right)]
        case Unary(operand=operand):
            return paths(operand)
    return []
