"""A small bureau with its people, and the procedures that the platform ships."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # models are there only once Django has started
    from fenhe.access.models import Organ, Person
    from fenhe.act.models import Case
    from fenhe.act.procedures.shape import Procedure

FILES = sorted(Path(__file__).parents[1].glob("domains/*/procedures/*.yaml"))
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)  # a Monday, 10:00 civil time


@pytest.fixture
def procedures() -> list[Procedure]:
    """The shipped ones, without starting the rest of the platform."""
    from fenhe.act.procedures import register

    known = {(one.id, one.version): one for one in register.all()}
    found = []
    for path in FILES:
        made = register.read_file(path, path.name)
        found.append(known.get((made.id, made.version)) or register.add(made))
    return found


@pytest.fixture
def bureau(db: None, procedures: list[Procedure]) -> Organ:
    from fenhe.access.models import Organ

    return Organ.objects.create(
        code="140100", name_zh="太原市生态环境局", name_en="Taiyuan Bureau", kind="bureau",
        area="140100", issuing=True,
    )  # fmt: skip


@pytest.fixture
def branch(bureau: Organ) -> Organ:
    from fenhe.access.models import Organ

    return Organ.objects.create(
        code="140105", name_zh="太原市生态环境局小店分局", name_en="Xiaodian Branch", kind="branch",
        area="140105", parent=bureau, issuing=True,
    )  # fmt: skip


@pytest.fixture
def person(bureau: Organ) -> Callable[..., Person]:
    from fenhe.access.models import Person

    def one(name: str, role: str, organ: Organ | None = None) -> Person:
        return Person.objects.create(username=name, role=role, organ=organ or bureau)

    return one


CLUE = {"party": "某化工有限公司", "conduct": "废水超标排放", "discovered_on": "2026-03-02"}


@pytest.fixture
def staff(person: Callable[..., Person]) -> dict[str, Person]:
    """One person per role."""
    roles = ("enforcer", "branch_head", "legal_reviewer", "deputy_director", "board", "office",
             "rectification_office", "county_government", "grid_worker", "leader")  # fmt: skip
    return {role: person(role, role) for role in roles}


@pytest.fixture
def clue(staff: dict[str, Person]) -> Case:
    from fenhe.act import cases

    return cases.open_(cases.Opening("enforcement.penalty", CLUE), staff["enforcer"], NOW)


@pytest.fixture
def take(staff: dict[str, Person]) -> Callable[..., Case]:
    """Take a step on the newest revision; the case afterwards."""
    from fenhe.act import cases
    from fenhe.act.models import Case

    def one(
        case: Case, step: str, role: str, now: datetime = NOW, reason: str = "", **given: Any
    ) -> Case:
        fresh = Case.objects.get(pk=case.pk)
        cases.take(
            case.pk, step, staff[role], now, revision=fresh.revision, given=given, reason=reason
        )
        return Case.objects.get(pk=case.pk)

    return one
