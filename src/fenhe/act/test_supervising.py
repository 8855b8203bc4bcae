"""Escalation to its end: reminder, yellow, red, then one supervision notice for each clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fenhe.access.models import Person
from fenhe.act import clocks, obligations, supervising
from fenhe.act.conftest import NOW
from fenhe.act.models import Case, CaseDocument, Obligation, Reminder
from fenhe.act.obligations.policy import policies
from fenhe.act.obligations.sweeping import TOPIC
from fenhe.act.procedures import register
from fenhe.kernel.errors import Forbidden
from fenhe.kernel.period import civil
from fenhe.store import outbox
from fenhe.store.models import Outbox

pytestmark = pytest.mark.django_db
Take = Callable[..., Case]
PROCEDURE = "dispatch.supervision"


def night(now: datetime) -> None:
    """A sweep, and the worker after it."""
    obligations.sweep(now)

    def step(news: dict[str, Any]) -> None:
        supervising.obligation_step(news, now)

    outbox.run({TOPIC: step}, limit=1000)


def notices() -> list[CaseDocument]:
    return list(CaseDocument.objects.filter(case__procedure=PROCEDURE, kind="notice"))


@pytest.fixture
def filing(clue: Case) -> Obligation:
    """部令30 第18条: 15 days from 2026-03-02, so until 2026-03-17."""
    return clocks.newest(clocks.of(clue))["filing"]


def test_escalation_goes_from_the_reminder_to_the_notice(clue: Case, filing: Obligation) -> None:
    came = {}
    for number in range(40):
        now = NOW + timedelta(days=number)
        night(now)
        for step in Reminder.objects.filter(obligation=filing).values_list("step", flat=True):
            came.setdefault(step, civil(now).date().isoformat())
        if notices():
            came.setdefault("notice", civil(now).date().isoformat())
    assert came == {
        "reminder": "2026-03-10", "yellow": "2026-03-13", "overdue": "2026-03-18",
        "supervision": "2026-03-31", "notice": "2026-03-31",
    }  # fmt: skip
    [notice] = notices()
    assert notice.case.parent == clue
    said = "".join(notice.content["paragraphs"])
    for words in (clue.number, "某化工有限公司", "2026-03-17", "14 天", "太原市生态环境局"):
        assert words in said
    answer = clocks.newest(clocks.of(notice.case))["reply"]
    assert answer.due_day is not None
    assert answer.due_day.isoformat() == "2026-04-08"  # five working days, Qingming in between


def test_rows_told_twice_open_one_case(filing: Obligation) -> None:
    late = NOW + timedelta(days=32)
    obligations.sweep(late)
    [row] = Outbox.objects.filter(topic=TOPIC)
    for _ in range(3):
        supervising.obligation_step(row.payload, late)
    night(late + timedelta(days=40))
    assert len(notices()) == 1


def test_what_was_done_meanwhile_is_not_supervised(
    filing: Obligation, staff: dict[str, Person]
) -> None:
    late = NOW + timedelta(days=32)
    obligations.sweep(late)
    obligations.meet(filing, staff["enforcer"], late)
    [row] = Outbox.objects.filter(topic=TOPIC)
    supervising.obligation_step(row.payload, late)
    assert notices() == []


def test_what_may_not_accuse_gets_no_notice(filing: Obligation) -> None:
    Obligation.objects.update(accuses=False)
    night(NOW + timedelta(days=60))
    assert Reminder.objects.get().step == "supervision"
    assert notices() == []


@pytest.mark.parametrize("owner", ["pen.hearing_request", "pen.pay", "crim.police_decide"])
def test_what_others_owe_reminds_and_supervises_nobody(owner: str, clue: Case) -> None:
    """当事人不要求听证、不缴款，公安未答复: no delay of the bureau's."""
    Obligation.objects.all().delete()
    day = datetime(2026, 3, 2, tzinfo=UTC).date()
    obligations.start(f"case:{clue.pk}:x:1", owner, day, NOW, about=f"case:{clue.pk}")
    night(NOW + timedelta(days=120))
    assert Reminder.objects.count() == 1
    assert notices() == []


def test_the_notice_goes_to_whom_the_case_names(
    procedures: object, staff: dict[str, Person], take: Take
) -> None:
    from fenhe.act import cases

    given = {"batch": "第二轮", "problem": "直排", "received_on": "2026-03-02"}
    opening = cases.Opening("inspection.rectification", given)
    item = cases.open_(opening, staff["rectification_office"], NOW)
    staff["group"] = Person.objects.create(
        username="group", role="rectification_office", organ=staff["office"].organ
    )
    take(
        item, "approve_plan", "group", implementer="小店区政府", supervisor="市水务局",
        acceptor="市生态环境局", goal="消除直排", measures_list="改造", deadline="2026-04-30",
        long_term="no",
    )  # fmt: skip
    night(NOW + timedelta(days=120))
    assert "小店区政府：" in notices()[0].content["paragraphs"]


def test_a_late_answer_to_a_notice_is_no_new_notice(filing: Obligation) -> None:
    for days in (32, 60, 90):
        night(NOW + timedelta(days=days))
    assert len(notices()) == 1


def test_the_case_that_is_late_closes_without_its_notice(clue: Case, filing: Obligation) -> None:
    """A notice hangs on the case it is about and keeps it from nothing."""
    from fenhe.act.guards import Facts

    night(NOW + timedelta(days=32))
    assert clue.children.count() == 1
    assert Facts(clue, register.get(clue.procedure, clue.version), NOW).open_children == 0


def test_the_supervised_answer_and_others_verify(filing: Obligation, take: Take) -> None:
    now = NOW + timedelta(days=32)
    night(now)
    case = notices()[0].case
    take(case, "receive", "enforcer", now)
    take(case, "report", "enforcer", now, done="已立案", why_late="人员调整")
    with pytest.raises(Forbidden):
        take(case, "lift", "enforcer", now, verified="属实")
    case = take(case, "lift", "deputy_director", now, verified="已立案，属实")
    assert case.closed_at == now
    assert case.documents.filter(kind="lifting").count() == 1


def test_every_procedure_that_the_policy_opens_is_there(procedures: object) -> None:
    day = datetime(2026, 9, 1, tzinfo=UTC).date()
    for policy in policies():
        for step in policy.steps:
            if step.opens is not None:
                assert register.in_force(step.opens.procedure, day).opening.produces == ("notice",)
