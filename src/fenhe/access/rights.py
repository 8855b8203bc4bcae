"""What a person holds at this moment: rights, each with the actions of a role and its limits.

They come from `Person.role`, from the grants of the person and of the person's organ, and, for
everybody, from the role of the public.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Model, Q

from fenhe.access import roles, scopes
from fenhe.access.models import Grant, Organ, Person
from fenhe.kernel.period import utc_now


@dataclass(frozen=True, slots=True)
class Right:
    role: str
    actions: frozenset[str]
    area: str = ""
    """adcode of a subtree; empty: everywhere."""
    domains: frozenset[str] | None = None
    objects: frozenset[int] | None = None
    public: bool = False
    grant: int | None = None
    """The grant it comes from; None: the person's standing role."""

    def rows(self, model: type[Model]) -> Q | None:
        """The rows of the model it covers: None for none of them, an empty Q for all."""
        if scopes.of(model) is None or self.public:
            return None
        covered = Q()
        limits = []
        if self.area:
            limits.append(scopes.in_area(model, self.area))
        if self.domains is not None:
            limits.append(scopes.in_domains(model, self.domains))
        if self.objects is not None:
            limits.append(scopes.in_objects(model, self.objects))
        for limit in limits:
            if limit is None:
                return None
            covered &= limit
        return covered

    def holds(self, other: Right) -> bool:
        """Whether it reaches everything the other reaches. Their actions are not compared."""
        if other.public or self.public:
            return other.public
        return (
            scopes.is_within(other.area, self.area)
            and _within(other.domains, self.domains)
            and _within(other.objects, self.objects)
        )

    def covers(self, area: str, domain: str) -> bool:
        """Whether something new may be placed there; "" is what belongs to no area or domain."""
        return (
            not self.public
            and self.objects is None
            and scopes.is_within(area, self.area)
            and (self.domains is None or domain in self.domains)
        )


def _within(inner: frozenset[Any] | None, outer: frozenset[Any] | None) -> bool:
    """None is without limit."""
    return outer is None or (inner is not None and inner <= outer)


def of(person: object) -> tuple[Right, ...]:
    """All rights of the person now. A visitor has those of the public, somebody who is switched
    off has none."""
    if not isinstance(person, Person):
        return (_public(),)
    if not person.is_active:
        return ()
    if person.kept_rights is not None:
        return person.kept_rights
    return (*_held(person), _public())


def keep(person: object) -> None:
    """Reads the rights once for the request that begins."""
    if isinstance(person, Person):
        person.kept_rights = None
        person.kept_rights = of(person)


def _held(person: Person) -> Iterator[Right]:
    organ = person.organ if person.organ_id else None
    if person.role:
        yield from _right(person.role, organ)
    if person.pk is None:
        return
    for grant in _grants(person):
        yield from _right(grant.role, organ, grant)


def _grants(person: Person) -> Iterable[Grant]:
    """The few there are, read by whose they are alone; the days are compared here."""
    now = utc_now()
    theirs = Q(person=person.pk)
    if person.organ_id:
        theirs |= Q(organ=person.organ_id)
    for grant in Grant.objects.filter(theirs, revoked_at=None):
        lasts = grant.valid_to is None or grant.valid_to > now
        if grant.valid_from <= now and lasts and is_effective(grant):
            yield grant


def is_effective(grant: Grant) -> bool:
    """A grant of a weighty role waits for a second person."""
    role = roles.ROLES.get(grant.role)
    if role is None:
        return False
    second = bool(grant.approved_by) and grant.approved_by != grant.granted_by
    return second or not role.grants_need_second


def _right(role: str, organ: Organ | None, grant: Grant | None = None) -> Iterator[Right]:
    """Nothing where the role needs a place and none is known."""
    one = roles.ROLES.get(role)
    if one is None:
        return
    right = Right(
        role,
        roles.actions_of(role),
        area=grant.area if grant else "",
        domains=frozenset(grant.domains) if grant and grant.domains else None,
        objects=frozenset(grant.subjects) if grant and grant.subjects else None,
        public=one.scope == "public",
        grant=grant.pk if grant else None,
    )
    if one.scope == "own":
        own = organ.object_id if organ else None
        if own is None:
            return
        right = replace(right, objects=frozenset({own}))
    if one.scope == "area" and not right.area and right.objects is None:
        if organ is None or not organ.area:
            return
        right = replace(right, area=organ.area)
    yield right


def _public() -> Right:
    return Right("public", roles.actions_of("public"), public=True)


def narrowed(
    right: Right, actions: Iterable[str], area: str, domains: Iterable[str]
) -> Right | None:
    """The right within the limits of a key; None where nothing is left."""
    left = right.actions & frozenset(actions)
    if not left:
        return None
    if area and not right.public:
        if scopes.is_within(area, right.area):
            right = replace(right, area=area)
        elif not scopes.is_within(right.area, area):
            return None
    limit = frozenset(domains)
    if limit and not right.public:
        both = limit if right.domains is None else right.domains & limit
        if not both:
            return None
        right = replace(right, domains=both)
    return replace(right, actions=left)
