"""The path of an address: `Things(1)/Datastreams/…`, a property, `$value`, `$ref`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fenhe.publish.sensorthings.expression import literal
from fenhe.publish.sensorthings.refused import malformed
from fenhe.publish.sensorthings.tree import Value

MOST_STEPS = 8


@dataclass(frozen=True, slots=True)
class Step:
    """An entity set, a navigation or a property; with a key, one entity of the set."""

    name: str
    key: Value = None
    keyed: bool = False


def read(path: str) -> list[Step]:
    """Raises Malformed for what is no path at all; whether a step leads anywhere is asked later."""
    parts = _parts(path.strip("/"))
    if len(parts) > MOST_STEPS:
        raise malformed("路径过长", "the path has too many steps", "path")
    return [_step(part) for part in parts]


def _parts(path: str) -> list[str]:
    """At slashes outside quotation marks: a key may hold one."""
    return [part for part in re.findall(r"(?:[^/']|'(?:[^']|'')*')+", path) if part]


def _step(part: str) -> Step:
    match = re.fullmatch(r"([$A-Za-z@][\w.@]*)(?:\((.*)\))?", part, re.DOTALL)
    if match is None:
        raise malformed("路径写错了", "the path is not valid", "path", part)
    if match[2] is None:
        return Step(match[1])
    key = literal(match[2], "path")
    if not isinstance(key, int | str) or isinstance(key, bool):
        raise malformed("键须是整数或文字", "a key is a whole number or text", "path", part)
    return Step(match[1], key, keyed=True)
