"""Work on the home page: what is open, late and due next, of the cases a person may see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fenhe.access.models import Organ, Person
from fenhe.act.models import Case, Obligation
from fenhe.act.procedures import register
from fenhe.app.boot import boot
from fenhe.app.web import work_home
from fenhe.kernel.period import civil
from fenhe.publish.page import Ask

boot()
pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)


def case(number: str, area: str, handler: Person | None = None, closed: bool = False) -> Case:
    procedure = next(one for one in register.all() if one.clocks)
    return Case.objects.create(
        number=number, procedure=procedure.id, version=procedure.version,
        state=next(iter(procedure.states)), title=f"{number}案", area=area, handler=handler,
        opened_at=NOW, changed_at=NOW, closed_at=NOW if closed else None,
    )  # fmt: skip


def clock(of: Case, days: int, accuses: bool = True, state: str = "running") -> Obligation:
    procedure = register.get(of.procedure, of.version)
    due = NOW + timedelta(days=days)
    return Obligation.objects.create(
        key=f"case:{of.pk}:{next(iter(procedure.clocks))}:1", about=f"case:{of.pk}", rule="r",
        trigger=NOW, due=due, due_day=civil(due).date(), calendar="2026", article="第九十条",
        state=state, policy="p", started_at=NOW, accuses=accuses,
    )  # fmt: skip


def asked(role: str = "officer", area: str = "") -> Ask:
    organ = Organ.objects.create(code=role, name_zh=role, name_en=role, kind="branch", area=area)
    person = Person.objects.create(username=role, role=role, organ=organ)
    return Ask(person, {}, "zh", NOW)


def test_without_cases_there_is_no_card_and_nothing_is_due() -> None:
    ask = asked()
    assert work_home.card(ask) is None
    assert work_home.due(ask) == []


def test_open_late_and_soon_are_counted() -> None:
    clock(case("甲1", "140105"), -3)
    clock(case("甲2", "140105"), 5)
    clock(case("甲3", "140105"), 30)
    clock(case("甲4", "140105"), -3, accuses=False)
    clock(case("甲5", "140105", closed=True), 2, state="met")
    card = work_home.card(asked())
    assert card is not None
    assert card.value == "4"
    assert card.finding == "1 件期限已过，1 件七天内到期"
    assert card.standing == "bad"


def test_the_clock_that_ends_first_stands_first_with_its_case_and_article() -> None:
    li = Person.objects.create(username="li", last_name="李某")
    clock(case("乙1", "140105"), 9)
    clock(case("乙2", "140105", li), -2)
    listed = work_home.due(asked())
    assert [one.days_left for one in listed] == [-2, 9]
    first = listed[0]
    assert first.title.startswith("乙2 乙2案 · ")
    assert (first.who, first.rule) == ("李某", "第九十条")
    assert first.link == f"/cases/{Case.objects.get(number='乙2').pk}"


def test_a_branch_sees_the_work_of_its_area_alone() -> None:
    clock(case("丙1", "140105"), 1)
    clock(case("丙2", "140107"), 1)
    ask = asked("branch_head", "140105")
    assert [one.title.split(" ")[0] for one in work_home.due(ask)] == ["丙1"]
    card = work_home.card(ask)
    assert card is not None
    assert card.value == "1"
