from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection

from fenhe.access import gate, roles, sign_in
from fenhe.access.models import Person, SignInLink
from fenhe.kernel.errors import BadInput, Forbidden, NotFound


@pytest.mark.parametrize("role", [*gate.ROLES, "", "nobody"])
@pytest.mark.parametrize("action", [*gate.ACTIONS, "no.such-action"])
def test_the_gate_grants_what_the_table_says_and_nothing_else(role: str, action: str) -> None:
    person = Person(username="li", role=role)
    granted = action in roles.actions_of(role) and gate.ROLES[role].scope == "everywhere"
    granted |= action == "public.view"
    assert gate.may(person, action) == granted
    if not granted:
        with pytest.raises(Forbidden):
            gate.require(person, action)


def test_roles_name_only_known_actions() -> None:
    assert {action for role in gate.ROLES for action in roles.actions_of(role)} == set(gate.ACTIONS)


def test_nobody_and_those_switched_off_may_nothing() -> None:
    off = Person(username="li", role="administrator", is_active=False)
    assert not any(gate.may(off, action) for action in gate.ACTIONS)
    for person in (None, AnonymousUser()):
        assert [a for a in gate.ACTIONS if gate.may(person, a)] == ["public.view"]


@pytest.mark.django_db
def test_first_link_makes_the_administrator_once() -> None:
    assert not Person.objects.exists()
    first, second = sign_in.person_for_link(), sign_in.person_for_link()
    assert first == second
    assert (first.role, first.has_usable_password()) == ("administrator", False)


@pytest.mark.django_db
def test_a_link_is_for_a_known_person_or_a_role() -> None:
    with pytest.raises(NotFound):
        sign_in.person_for_link("wang")
    with pytest.raises(BadInput):
        sign_in.person_for_link("wang", "emperor")
    assert sign_in.person_for_link("wang", "officer") == sign_in.person_for_link("wang")


@pytest.mark.django_db
def test_a_link_works_once_and_only_its_hash_is_kept() -> None:
    person = sign_in.person_for_link()
    token = sign_in.make_link(person)
    assert token not in str(list(SignInLink.objects.values()))
    assert sign_in.by_link(token) == person
    with pytest.raises(Forbidden, match=r"access\.link"):
        sign_in.by_link(token)


@pytest.mark.django_db
def test_links_that_expired_or_belong_to_nobody_are_refused() -> None:
    person = sign_in.person_for_link()
    stale = sign_in.make_link(person, timedelta(seconds=-1))
    fresh = sign_in.make_link(person)
    Person.objects.update(is_active=False)
    for token in (stale, fresh, "made-up", ""):
        with pytest.raises(Forbidden, match=r"access\.link"):
            sign_in.by_link(token)


@pytest.mark.django_db(transaction=True)
def test_two_browsers_with_one_link_give_one_sign_in() -> None:
    token = sign_in.make_link(sign_in.person_for_link())

    def attempt(_: int) -> bool:
        try:
            sign_in.by_link(token)
        except Forbidden:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1


@pytest.mark.django_db
def test_password_throttled_by_name_and_not_beyond_it() -> None:
    for name in ("li", "wang"):
        Person.objects.create_user(name, password="correct horse", role="viewer")
    for _ in range(sign_in.PER_NAME):
        with pytest.raises(Forbidden, match=r"access\.wrong"):
            sign_in.by_password("li", "guess", "10.0.0.1")
    with pytest.raises(Forbidden, match=r"access\.throttled"):
        sign_in.by_password("li", "correct horse", "10.0.0.2")
    assert sign_in.by_password("wang", "correct horse", "10.0.0.1").username == "wang"


@pytest.mark.django_db
def test_password_throttled_by_address_across_names() -> None:
    for attempt in range(sign_in.PER_ADDRESS):
        with pytest.raises(Forbidden, match=r"access\.wrong"):
            sign_in.by_password(f"name{attempt}", "guess", "10.0.0.1")
    with pytest.raises(Forbidden, match=r"access\.throttled"):
        sign_in.by_password("another", "guess", "10.0.0.1")
