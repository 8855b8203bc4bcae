"""How rows are scoped: one table, filled by each stage for its own models.

    gate.scoped(Object, area="area__adcode", domains=of_kinds, objects=held, public=...)
    gate.scoped(Alarm, to="subject", domain="kind")      # an alarm lies where its subject lies
    gate.exempt(Outbox, "the worker's own; no page shows it")

`to` follows a foreign key and takes over what is said of the model at its end. A dimension that a
model does not have is seen only by those who are not limited in it. A model that nobody
declared is refused.

An area is named by its adcode; a subtree is a prefix of it (ADR 0009).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import Model, Q

from fenhe.kernel.errors import Conflict

Picks = Callable[[frozenset[str]], Q]
"""Domain ids -> the rows of these domains."""
Holds = Callable[[frozenset[int]], Q]
"""Ids of objects -> these rows and those that belong to them."""


@dataclass(frozen=True, slots=True)
class Scoping:
    to: str = ""
    area: str = ""
    """Path to the column that holds an adcode."""
    domain: str = ""
    """Path to a column that begins with the domain's id and a dot: `air.daily`."""
    domains: Picks | None = None
    objects: Holds | None = None
    person: str = ""
    """Path to the person whose own rows these are, visible to that person beside all others."""
    public: Callable[[], Q] | None = None
    """The rows anybody may see under `public.view`."""
    held_back: tuple[Q, str] | None = None
    """Rows, such as drafts, that to see takes another action than `page.view`."""


_scopings: dict[type[Model], Scoping] = {}
_exempt: dict[type[Model], str] = {}


def scoped(
    model: type[Model],
    *,
    to: str = "",
    area: str = "",
    domain: str = "",
    domains: Picks | None = None,
    objects: Holds | None = None,
    person: str = "",
    public: Callable[[], Q] | None = None,
    held_back: tuple[Q, str] | None = None,
) -> None:
    """Declares how rows of the model are scoped; once."""
    _free(model)
    _scopings[model] = Scoping(to, area, domain, domains, objects, person, public, held_back)


def exempt(model: type[Model], reason: str) -> None:
    """Declares that no list of these rows is shown by itself, and why."""
    _free(model)
    if not reason.strip():
        raise ValueError(f"{model.__name__}: an exemption needs a reason")
    _exempt[model] = reason


def _free(model: type[Model]) -> None:
    if model in _scopings or model in _exempt:
        raise Conflict(
            "access.scoped-twice",
            f"{model.__name__} 的权限范围已声明过",
            f"the scope of {model.__name__} is declared already",
        )


def of(model: type[Model]) -> Scoping | None:
    return _scopings.get(model)


def why_exempt(model: type[Model]) -> str:
    return _exempt.get(model, "")


def in_area(model: type[Model], code: str) -> Q | None:
    """Rows inside the area; None where rows of the model lie nowhere."""
    scoping = _scopings[model]
    if scoping.area:
        return _under(scoping.area, code)
    return _beyond(model, scoping, lambda far: in_area(far, code))


def in_domains(model: type[Model], names: frozenset[str]) -> Q | None:
    scoping = _scopings[model]
    if scoping.domains:
        return scoping.domains(names)
    if scoping.domain:
        return any_of(Q(**{f"{scoping.domain}__startswith": f"{name}."}) for name in sorted(names))
    return _beyond(model, scoping, lambda far: in_domains(far, names))


def in_objects(model: type[Model], ids: frozenset[int]) -> Q | None:
    scoping = _scopings[model]
    if scoping.objects:
        return scoping.objects(ids)
    return _beyond(model, scoping, lambda far: in_objects(far, ids))


def _beyond(
    model: type[Model], scoping: Scoping, ask: Callable[[type[Model]], Q | None]
) -> Q | None:
    if not scoping.to:
        return None
    far = model._meta.get_field(scoping.to.partition("__")[0]).related_model
    for step in scoping.to.split("__")[1:]:
        far = far._meta.get_field(step).related_model  # type: ignore[union-attr]
    found = ask(far) if isinstance(far, type) and far in _scopings else None
    return None if found is None else _prefixed(found, scoping.to)


def _prefixed(q: Q, path: str) -> Q:
    """The same condition, asked of the row at the end of the path."""
    made = Q(_connector=q.connector, _negated=q.negated)
    for child in q.children:
        if isinstance(child, Q):
            made.children.append(_prefixed(child, path))
        elif isinstance(child, tuple):
            made.children.append((f"{path}__{child[0]}", child[1]))
        else:
            raise TypeError(f"cannot follow {path} into {child!r}")
    return made


NONE = Q(pk__in=())


def any_of(conditions: Iterable[Q]) -> Q:
    """Or of all; of none, nothing."""
    result: Q | None = None
    for one in conditions:
        result = one if result is None else result | one
    return NONE if result is None else result


_LEVELS = (2, 4, 6, 9, 12)  # province, city, county, township, village


def stem(code: str) -> str:
    """What every code inside the area begins with: 140000 -> 14, 140100 -> 1401; a code that is not
    one of GB/T 2260 and its extensions stands for itself alone."""
    if not re.fullmatch(r"\d+", code):
        return code
    short = code
    for length in (12, 9):
        if len(short) == length and short.endswith("000"):
            short = short[:-3]
    while len(short) in (4, 6) and short.endswith("00"):
        short = short[:-2]
    return short


def is_within(inner: str, outer: str) -> bool:
    """Whether the area lies in the other (or is it); everything lies in ""."""
    if not outer or inner == outer:
        return True
    begins = stem(outer)
    return bool(inner) and _opens(begins) and inner.startswith(begins)


def _opens(begins: str) -> bool:
    return begins.isascii() and begins.isdigit() and len(begins) in _LEVELS


def _under(path: str, code: str) -> Q:
    begins = stem(code)
    if _opens(begins):
        return Q(**{f"{path}__startswith": begins})
    return Q(**{path: code})
