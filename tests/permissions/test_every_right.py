"""Generated: every kind × every action × every role, in the role's own place and beside it, through
the gate, the interface and the export."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

import pytest
from django.test import Client, RequestFactory
from django.urls import resolve

sys.path.insert(0, str(Path(__file__).parent))
from world import ROLES

from fenhe.access import gate, roles
from fenhe.access.models import Organ, Person
from fenhe.app.boot import boot
from fenhe.registry import kinds
from fenhe.registry.models import Area, Object

boot()
pytestmark = [pytest.mark.django_db, pytest.mark.slow]

HERE, BESIDE = "140105", "140106"


@pytest.fixture
def things() -> dict[tuple[str, str], Object]:
    """(kind, area) -> an object of every kind in each of two counties."""
    made = {}
    for code in (HERE, BESIDE):
        area = Area.objects.create(adcode=code, name_zh=code, name_en=code, level="county")
        for kind in kinds.all():
            made[kind.id, code] = Object.objects.create(
                kind=kind.id, code=f"{kind.id}-{code}"[:60], name_zh="对象", area=area
            )
    return made


def holder(role: str, own: Object) -> Person:
    organ = Organ.objects.create(
        code="O", name_zh="机构", name_en="O", kind="office", area=HERE, object_id=own.pk
    )
    return Person.objects.create(username="li", role=role, organ=organ)


def policy(role: str, action: str, thing: Object, own: Object) -> bool:
    """In plain words: the role has the action, and its scope reaches the place."""
    said = ROLES[role]
    knows = said["may"] == "all" or action in said["may"] or role in roles._added.get(action, ())
    if not knows or action.startswith("public."):
        return False
    area = thing.area.adcode if thing.area else ""
    reach = {"everywhere": True, "area": area == HERE, "own": thing.pk == own.pk, "public": False}
    return reach[said["scope"]]


@pytest.mark.parametrize("role", ROLES)
def test_every_kind_and_action_of_a_role(role: str, things: dict[tuple[str, str], Object]) -> None:
    own = next(iter(things.values()))
    person = holder(role, own)
    gate.begin(person)  # as a request does: rights are read once
    for (kind, code), thing in things.items():
        for action in roles.ACTIONS:
            if not action.startswith("public."):
                got = gate.may(person, action, thing)
                assert got == policy(role, action, thing, own), (kind, code, action)
    sees = {thing.pk for thing in things.values() if policy(role, "page.view", thing, own)}
    assert _by_interface(person, list(things.values())) == sees
    assert _by_export(person, things) == sees


def _by_interface(person: Person, things: list[Object]) -> set[int]:
    seen = set()
    for thing in things:
        request = RequestFactory().get(f"/api/v1/objects/{thing.pk}")
        request.user = person
        request.resolver_match = resolve(request.path)
        answer = request.resolver_match.func(request, pk=str(thing.pk))
        assert answer.status_code in (200, 403, 404)
        if answer.status_code == 200:
            seen.add(thing.pk)
    return seen


def _by_export(person: Person, things: dict[tuple[str, str], Object]) -> set[int]:
    client = Client()
    client.force_login(person)
    codes = set()
    for kind in {kind for kind, _ in things}:
        answer = client.get(f"/import/objects/{kind}.csv")
        if answer.status_code == 200:
            text = answer.content.decode("utf-8-sig")
            codes |= {row["code"] for row in csv.DictReader(io.StringIO(text))}
    return {thing.pk for thing in things.values() if thing.code in codes}
