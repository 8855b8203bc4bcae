"""How areas, objects, relations and series are scoped. Rights over an object reach what belongs to
it: the outlets of an enterprise, the stations of a city."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from django.db.models import Q

from fenhe.access import gate
from fenhe.kernel.period import civil, utc_now
from fenhe.registry import kinds
from fenhe.registry.models import Area, Change, Object, Relation, SavedView, Series

BELONGS = ("part_of", "belongs_to", "owned_by", "operated_by")
"""Relations that carry rights from the whole to its parts; `downstream_of` and the like do not."""
DEEPEST = 3  # enterprise - facility - outlet - device


def declare() -> None:
    gate.scoped(Area, area="adcode")
    gate.scoped(
        Object, area="area__adcode", domains=_of_kinds, objects=_with_parts, public=_public_kinds
    )
    gate.scoped(Relation, to="subject")
    gate.scoped(Change, to="object")
    gate.exempt(SavedView, "shown to its person and the organ it is shared with, and nobody else")
    gate.scoped(Series, to="object", public=lambda: Q(object__kind__in=_open_kinds()))


def _of_kinds(domains: frozenset[str]) -> Q:
    return Q(kind__in=[kind.id for kind in kinds.all() if kind.domain in domains])


def _open_kinds() -> list[str]:
    return [kind.id for kind in kinds.all() if kind.public]


def _public_kinds() -> Q:
    return Q(kind__in=_open_kinds())


def _with_parts(ids: frozenset[int]) -> Q:
    return _with_parts_on(ids, civil(utc_now()).date())


@lru_cache(maxsize=1024)
def _with_parts_on(ids: frozenset[int], today: date) -> Q:
    """The objects and their parts, by sub-select: a join would give a row once per relation. A
    condition that is asked of the database each time; kept because to write it takes longer."""
    begun = Q(valid_from=None) | Q(valid_from__lte=today)
    lasting = Q(valid_to=None) | Q(valid_to__gt=today)
    relations = Relation.objects.filter(begun, lasting, predicate__in=BELONGS)
    found = Q(pk__in=ids)
    level = relations.filter(object_id__in=ids).values("subject_id")
    for _ in range(DEEPEST):
        found |= Q(pk__in=level)
        level = relations.filter(object_id__in=level).values("subject_id")
    return found
