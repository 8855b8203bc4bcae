"""The list of time limits: what is due, overdue and provisional, for whoever may see the case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from fenhe.access.models import Organ, Person
from fenhe.act import cases, notices, obligations
from fenhe.act.deadlines import Calendar
from fenhe.act.models import Case, Obligation
from fenhe.act.obligations import remind
from fenhe.app import assets
from fenhe.app.boot import boot
from fenhe.kernel.period import civil

boot()
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
    ),
]
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
"""A Monday with no holiday near: what is due fifteen days later is due on a working day."""


@pytest.fixture(autouse=True)
def that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fenhe.app.web.cases.obligations.utc_now", lambda: NOW)


@pytest.fixture
def bureau(db: None) -> Organ:
    return Organ.objects.create(
        code="140100", name_zh="太原市生态环境局", name_en="Taiyuan Bureau", kind="bureau",
        area="140100", issuing=True,
    )  # fmt: skip


@pytest.fixture
def officer(bureau: Organ) -> Person:
    return Person.objects.create(username="officer", role="enforcer", organ=bureau)


@pytest.fixture
def look(officer: Person) -> Callable[..., str]:
    clients: dict[Person, Client] = {}

    def one(scope: str = "soon", person: Person = officer, language: str = "zh") -> str:
        if person not in clients:
            clients[person] = Client()
            clients[person].force_login(person)
        client = clients[person]
        client.cookies["language"] = language
        answer = client.get(f"/obligations?scope={scope}")
        assert answer.status_code == 200
        return answer.content.decode()

    return one


def opened(officer: Person, days_ago: int = 0) -> Case:
    now = NOW - timedelta(days=days_ago)
    day = civil(now).date().isoformat()
    given = {"party": "某厂", "conduct": "超标", "discovered_on": day}
    return cases.open_(cases.Opening("enforcement.penalty", given), officer, now)


def test_each_limit_stands_in_its_scope(officer: Person, look: Callable[..., str]) -> None:
    fresh, late = opened(officer), opened(officer, days_ago=40)
    assert fresh.number in look("soon")
    assert late.number not in look("soon")
    assert late.number in look("overdue")
    assert "超期" in look("overdue")
    assert all(one.number in look("open") for one in (fresh, late))
    assert "没有期限" in look("suspended")
    assert "Time limits" in look("soon", language="en")


def test_what_is_provisional_says_why_and_accuses_nobody(
    officer: Person, look: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fenhe.act.deadlines.calendar.library_years", lambda: (2004, 2026))
    monkeypatch.setattr(notices, "current", Calendar)
    case = opened(officer)
    obligations.start(
        f"case:{case.pk}:decision:1", "pen.decision", date(2027, 1, 5), NOW,
        about=f"case:{case.pk}",
    )  # fmt: skip
    page = look("provisional")
    assert case.number in page
    assert "暂定" in page
    assert "2027" in page
    assert "尚无通知" in page
    Obligation.objects.filter(rule="pen.decision").update(due=NOW - timedelta(days=3))
    assert "chip bad" not in look("provisional")
    assert case.number not in look("overdue")


def test_the_newest_reminder_is_told_with_its_light(
    officer: Person, look: Callable[..., str]
) -> None:
    opened(officer, days_ago=40)
    clock = Obligation.objects.get()
    remind({"step": "overdue", "clocks": [[clock.pk, 0]]}, NOW)
    assert "分管局长" in look("overdue")


def test_other_areas_and_strange_places_show_nothing(
    officer: Person, look: Callable[..., str]
) -> None:
    case = opened(officer)
    other = Organ.objects.create(
        code="140200", name_zh="大同", name_en="Datong", kind="bureau", area="140200"
    )
    stranger = Person.objects.create(username="s", role="enforcer", organ=other)
    assert case.number not in look("open", stranger)
    assert case.number in look("open&after=nonsense~x")
    assert Client().get("/obligations").status_code == 302


def test_pages_follow_one_another(
    officer: Person, look: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fenhe.app.web.cases.obligations.PAGE", 2)
    made = [opened(officer, days_ago=days) for days in (0, 5, 5, 10)]
    page = look("open")
    assert made[3].number in page
    assert made[0].number not in page
    after = page.split("after=")[1].split('"')[0]
    page = look(f"open&after={after}")
    assert made[0].number in page
    assert made[3].number not in page


def test_the_list_costs_the_same_for_many(
    officer: Person,
    look: Callable[..., str],
    django_assert_max_num_queries: Callable[..., object],
) -> None:
    for _ in range(12):
        opened(officer)
    look()
    with django_assert_max_num_queries(12):  # type: ignore[attr-defined]
        look()
