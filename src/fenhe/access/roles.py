"""Roles and actions as data: `roles.yaml`, and what later stages add to it.

A stage or domain package that brings an action declares it once, from its AppConfig's `ready()`:

    gate.declare_action("case.open", Text("立案", "open a case"), roles=("enforcer", "leader"))

so that nothing here knows a stage above. `administrator` may everything that is declared.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from fenhe.kernel.declared import Declared, DeclaredText, read
from fenhe.kernel.errors import Conflict, Forbidden, NotFound
from fenhe.kernel.text import Text
from fenhe.store import yaml

Scope = Literal["everywhere", "area", "own", "public"]


class Role(Declared):
    name: DeclaredText
    scope: Scope
    may: frozenset[str] | Literal["all"]
    grants_need_second: bool = False
    needs: DeclaredText | None = None
    pair: int = 1
    stays: bool = False
    reference: dict[str, Any] = {}


class Exclusive(Declared):
    roles: tuple[str, ...]
    basis: DeclaredText
    confidence: str = ""


class Separated(Declared):
    acts: tuple[str, str]
    basis: DeclaredText


class TwoPerson(Declared):
    act: str
    name: DeclaredText


class Duties(Declared):
    actions: dict[str, DeclaredText]
    roles: dict[str, Role]
    exclusive: tuple[Exclusive, ...]
    separated: tuple[Separated, ...]
    two_person: tuple[TwoPerson, ...]
    offices: dict[str, tuple[str, ...]]


DUTIES = read(Duties, yaml.read(Path(__file__).with_name("roles.yaml")), "access/roles.yaml")
ACTIONS: dict[str, Text] = dict(DUTIES.actions)
ROLES: dict[str, Role] = dict(DUTIES.roles)
_added: dict[str, frozenset[str]] = {}


def declare_action(action: str, name: Text, roles: Iterable[str] = ()) -> None:
    """Makes an action known and gives it to the roles. The same declaration may come twice."""
    to = frozenset(roles)
    for role in sorted(to):
        get(role)
    if action in ACTIONS and (ACTIONS[action] != name or _added.get(action, to) != to):
        raise Conflict(
            "access.action-taken",
            f"动作 {action} 已声明过",
            f"the action {action} is declared already, otherwise",
        )
    ACTIONS[action] = name
    _added[action] = to


def get(role: str) -> Role:
    try:
        return ROLES[role]
    except KeyError:
        raise NotFound(
            "access.role-unknown",
            f"没有角色 {role}；现有：{'、'.join(ROLES)}",
            f"there is no role {role}; known: {', '.join(ROLES)}",
        ) from None


def actions_of(role: str) -> frozenset[str]:
    """All a role may do; nothing for a role that is not there."""
    one = ROLES.get(role)
    if one is None:
        return frozenset()
    if one.may == "all":
        return frozenset(ACTIONS)
    return one.may | {action for action, roles in _added.items() if role in roles}


def excluded_by(role: str, held: Iterable[str]) -> Exclusive | None:
    """The rule that keeps this role from somebody who holds `held`."""
    others = set(held) - {role}
    for rule in DUTIES.exclusive:
        if role in rule.roles and others & set(rule.roles):
            return rule
    return None


def require_separate(action: str, person: object, done: Iterable[tuple[str, str]]) -> None:
    """`done`: what was done of the same case, (action, user name). Raises Forbidden
    `access.separation` when this person did the act that must be another's."""
    name = str(person)
    theirs = {act for act, who in done if who == name}
    for rule in DUTIES.separated:
        if action in rule.acts and (theirs & set(rule.acts)) - {action}:
            raise Forbidden(
                "access.separation",
                f"职责分离：{rule.basis.zh}；请由另一人办理",
                f"separation of duties: {rule.basis.en}; another person has to do this",
            )


def require_second(action: str, first: object, second: object) -> None:
    """Two-person rule: raises Forbidden `access.second-person` when both are one. That each of them
    may do it is for `gate.require` to ask."""
    needed = any(rule.act == action for rule in DUTIES.two_person)
    if needed and (not second or str(first) == str(second)):
        raise Forbidden(
            "access.second-person",
            "此事须由另一人复核同意",
            "this needs the consent of a second person",
        )
