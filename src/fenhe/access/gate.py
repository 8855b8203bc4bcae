"""The one gate: what may this person see and do. What is not granted here is refused.

    gate.require(person, "alarm.acknowledge", alarm)      # or Forbidden
    gate.visible(person, Alarm.objects.all())             # the rows this person may see
    gate.may(person, "import.commit", gate.Place(domain="air"))

A right is organ × area × domain × object (fenhe.access.rights). Lists, counts, searches, tiles,
exports and files pass `visible`; acts pass `require` with their subject, which asks the same
condition of that one row. Rights are read anew for each request and never kept beyond it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from fenhe.access import rights
from fenhe.access.roles import (
    ACTIONS,
    ROLES,
    Role,
    declare_action,
    require_second,
    require_separate,
)
from fenhe.access.scopes import any_of, exempt, of, scoped
from fenhe.kernel.errors import Forbidden, NotFound
from fenhe.kernel.text import Text

__all__ = [
    "ACTIONS",
    "ROLES",
    "Place",
    "Role",
    "begin",
    "declare_action",
    "exempt",
    "find",
    "is_scoped",
    "may",
    "require",
    "require_second",
    "require_separate",
    "scoped",
    "visible",
]

Row = TypeVar("Row", bound=Model)
SEE = "page.view"
PUBLIC = "public."
"""Actions that begin so are about published copies only."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something that is not there yet would lie."""

    domain: str = ""
    area: str = ""


def may(person: object, action: str, subject: Model | Place | None = None) -> bool:
    """Without a subject: whether the person may do this anywhere at all."""
    held = [right for right in rights.of(person) if action in right.actions]
    if subject is None:
        return bool(held)
    if isinstance(subject, Place):
        return any(right.covers(subject.area, subject.domain) for right in held)
    if subject.pk is None:
        raise ValueError(f"{subject!r} is not stored: name its gate.Place")
    rows = type(subject)._base_manager.filter(pk=subject.pk)
    return bool(held) and visible(person, rows, action).exists()


def require(person: object, action: str, subject: Model | Place | None = None) -> None:
    """Passes or raises Forbidden `access.forbidden`."""
    if not may(person, action, subject):
        what = ACTIONS.get(action, Text(action, action))
        raise Forbidden(
            "access.forbidden",
            f"您没有权限：{what.zh}。请联系管理员",
            f"you may not: {what.en}. Ask an administrator",
        )


def visible(person: object, rows: QuerySet[Row], action: str = SEE) -> QuerySet[Row]:
    """Those of the rows on which the person may do this. Of what is public everybody sees the
    same, whatever else they may."""
    scoping = of(rows.model)
    if scoping and scoping.held_back and action == SEE:
        drafts, needed = scoping.held_back
        if not _unlimited(person, rows.model, SEE) or not _unlimited(person, rows.model, needed):
            settled = _reached(person, rows.exclude(drafts), action)
            return settled | _reached(person, rows.filter(drafts), needed)
    return _reached(person, rows, action)


def _unlimited(person: object, model: type[Model], action: str) -> bool:
    held = (right for right in rights.of(person) if action in right.actions)
    return any((rows := right.rows(model)) is not None and not rows for right in held)


def _reached(person: object, rows: QuerySet[Row], action: str) -> QuerySet[Row]:
    held = [right for right in rights.of(person) if action in right.actions]
    scoping = of(rows.model)
    if not held or scoping is None:
        return rows.none()
    if action.startswith(PUBLIC):
        return rows.filter(scoping.public()) if scoping.public else rows.none()
    covered = [one for right in held if (one := right.rows(rows.model)) is not None]
    if not all(covered):  # an empty condition: everything
        return rows
    if scoping.person and any(not right.public for right in held):
        covered.append(Q(**{scoping.person: getattr(person, "pk", None)}))
    return rows.filter(any_of(covered)) if covered else rows.none()


def find(person: object, rows: QuerySet[Row], missing: NotFound, action: str = SEE) -> Row:
    """The one row of the query, or `missing`: whether it is not there or may not be seen is not
    told."""
    found = visible(person, rows, action).first()
    if found is None:
        raise missing
    return found


def is_scoped(model: type[Model]) -> bool:
    """Whether rows of the model may be asked for at all."""
    return of(model) is not None


def begin(person: object) -> None:
    """At the start of a request: the rights are read once, now."""
    rights.keep(person)
