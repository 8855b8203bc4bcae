"""Roles as data against the reference, the separation of duties, and actions brought by others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fenhe.access import gate, roles
from fenhe.kernel.errors import Conflict, Forbidden, NotFound
from fenhe.kernel.text import Text
from fenhe.store import yaml

REFERENCE = Path(__file__).resolve().parents[4] / "shared/reference/governance_roles.yaml"


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    if not REFERENCE.is_file():
        pytest.skip("the reference tables are not beside the repository")
    found: dict[str, Any] = yaml.read(REFERENCE)
    return found


def test_every_role_of_the_reference_is_here_in_its_own_words(reference: dict[str, Any]) -> None:
    ours = {role.name.zh: role.reference for role in gate.ROLES.values() if role.reference}
    assert ours == {row["role"]: _in_our_shape(row) for row in reference["role_permissions"]}


def _in_our_shape(row: dict[str, Any]) -> dict[str, Any]:
    """Without the name. An unquoted comma made the end of one remark a key without value."""
    said: dict[str, Any] = {}
    last = ""
    for key, value in row.items():
        if key == "role":
            continue
        if value is None:
            said[last] = f"{said[last]}, {key}"
            continue
        said[key], last = value, key
    return said


def test_every_office_of_the_reference_is_here(reference: dict[str, Any]) -> None:
    ours = {name: list(themes) for name, themes in roles.DUTIES.offices.items()}
    assert ours == {
        name: [str(theme) for theme in themes] for name, themes in reference["offices"].items()
    }


def test_what_the_reference_asks_of_a_role_is_held() -> None:
    pairs = {role for role, one in gate.ROLES.items() if one.pair == 2}
    assert pairs == {"enforcer"}
    for role, one in gate.ROLES.items():
        assert ("need" in one.reference) == (one.needs is not None), role
    assert not roles.actions_of("system_administrator") & {"page.view", "evidence.view"}


def test_the_three_administrators_are_three_people() -> None:
    for role in ("system_administrator", "security_administrator", "auditor"):
        others = {"system_administrator", "security_administrator", "auditor"} - {role}
        for other in others:
            rule = roles.excluded_by(role, [other, "officer"])
            assert rule is not None
            assert rule.confidence == "from_memory"
        assert roles.excluded_by(role, [role, "officer"]) is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("case.handle", "case.legal-review"),
        ("case.legal-review", "case.handle"),
        ("rectification.implement", "rectification.accept"),
    ],
)
def test_who_did_the_one_act_may_not_do_the_other(first: str, second: str) -> None:
    done = [(first, "li"), ("case.open", "wang")]
    with pytest.raises(Forbidden, match=r"access\.separation"):
        gate.require_separate(second, "li", done)
    gate.require_separate(second, "wang", done)
    gate.require_separate(first, "li", done)


def test_the_second_person_is_another() -> None:
    for second in ("li", ""):
        with pytest.raises(Forbidden, match=r"access\.second-person"):
            gate.require_second("data.delete", "li", second)
    gate.require_second("data.delete", "li", "wang")
    gate.require_second("alarm.acknowledge", "li", "li")


def test_an_action_is_declared_once_and_the_administrator_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(roles, "ACTIONS", dict(roles.ACTIONS))
    monkeypatch.setattr(roles, "_added", dict(roles._added))
    name = Text("试", "try")
    roles.declare_action("thing.try", name, roles=("enforcer",))
    roles.declare_action("thing.try", name, roles=("enforcer",))
    having = [role for role in gate.ROLES if "thing.try" in roles.actions_of(role)]
    assert having == ["administrator", "enforcer"]
    with pytest.raises(Conflict):
        roles.declare_action("thing.try", name, roles=("viewer",))
    with pytest.raises(Conflict):
        roles.declare_action("page.view", Text("别的", "other"))
    with pytest.raises(NotFound):
        roles.declare_action("thing.other", name, roles=("emperor",))
