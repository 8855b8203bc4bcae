"""A clock's life and the sweep over many: each step once, late never early, nothing the rule
does not allow."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from fenhe.access.models import Person
from fenhe.act import notices, obligations
from fenhe.act.deadlines import Calendar, Notice, Span
from fenhe.act.models_obligation import Obligation, Reminder
from fenhe.act.obligations.policy import policies
from fenhe.act.obligations.sweeping import TOPIC, Range
from fenhe.evidence import ledger
from fenhe.evidence.models import Act
from fenhe.kernel.errors import BadInput, Conflict
from fenhe.kernel.period import CIVIL
from fenhe.store import outbox
from fenhe.store.models import Outbox

pytestmark = pytest.mark.django_db


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CIVIL)


NOW = at("2026-03-02T09:00")


@pytest.fixture
def head() -> Person:
    return Person.objects.create(username="head", role="leader")


def decision(key: str = "case:1:decision") -> Obligation:
    return obligations.start(key, "pen.decision", date(2026, 3, 2), NOW, about="case:1")


def worker(text: str) -> None:
    """What the worker does with the rows of a sweep."""

    def step(news: dict[str, Any]) -> None:
        obligations.remind(news, at(text))

    outbox.run({TOPIC: step}, limit=1000)


def told() -> list[tuple[str, str]]:
    return list(Reminder.objects.order_by("pk").values_list("obligation__key", "step"))


def night(text: str) -> int:
    """A sweep, and the worker after it."""
    moved = obligations.sweep(at(text))
    worker(text)
    return moved


def test_it_starts_once() -> None:
    clock = decision()
    assert (clock.due_day, clock.due) == (date(2026, 6, 1), at("2026-06-02T00:00"))
    assert (clock.state, clock.policy, clock.provisional) == ("running", "usual", False)
    assert decision().pk == clock.pk
    assert Obligation.objects.count() == 1


def test_the_steps_of_the_policy_come_once_each_and_in_time() -> None:
    """reference, task.escalation: due − 15 and − 5 working days, + 1 day, + 10 and + 30."""
    decision()
    came = {}
    for number in range(150):
        day = date(2026, 3, 2) + timedelta(days=number)
        before = len(told())
        night(f"{day}T06:00")
        for _, step in told()[before:]:
            came[step] = day.isoformat()
    assert came == {
        "reminder": "2026-05-11", "yellow": "2026-05-25", "overdue": "2026-06-02",
        "supervision": "2026-06-15", "circular": "2026-07-14",
    }  # fmt: skip
    assert Obligation.objects.get().state == "overdue"
    assert Outbox.objects.filter(topic=TOPIC).count() == 5


def test_a_sweep_after_a_long_sleep_sends_the_gravest_step_only() -> None:
    decision()
    assert night("2026-12-20T06:00") == 1
    assert told() == [("case:1:decision", "circular")]
    assert night("2026-12-21T06:00") == 0


def test_it_is_not_overdue_on_its_last_day() -> None:
    decision()
    night("2026-06-01T23:59")
    assert Obligation.objects.get().state == "running"
    night("2026-06-02T00:00")
    assert Obligation.objects.get().state == "overdue"


def test_hours_are_hours() -> None:
    """部令29 第13条: 24 hours."""
    clock = obligations.start("s", "seize.urgent", at("2026-10-01T18:20"), NOW)
    assert clock.due == at("2026-10-02T18:20")
    assert (clock.policy, night("2026-10-02T12:19")) == ("hours", 0)
    assert night("2026-10-02T12:20") == 1
    assert night("2026-10-02T18:20") == 1
    assert [step for _, step in told()] == ["yellow", "overdue"]


def test_what_is_met_or_stands_still_is_left_alone(head: Person) -> None:
    met = obligations.meet(decision("a"), head, at("2026-04-01T10:00"))
    still = obligations.suspend(decision("b"), date(2026, 3, 10), "监测(检测)", head, NOW)
    assert (met.state, still.state) == ("met", "suspended")
    assert night("2026-12-01T06:00") == 0
    with pytest.raises(Conflict):
        obligations.meet(met, head, NOW)


def test_time_that_does_not_count_moves_the_day_and_begins_a_new_round(head: Person) -> None:
    clock = decision()
    night("2026-05-11T06:00")
    obligations.suspend(clock, date(2026, 5, 12), "鉴定", head, at("2026-05-12T09:00"))
    clock = obligations.resume(clock, date(2026, 5, 31), head, at("2026-06-01T09:00"))
    assert (clock.due_day, clock.state, clock.round, clock.step) == (
        date(2026, 6, 22), "running", 1, 0,
    )  # fmt: skip
    night("2026-06-02T06:00")
    assert [step for _, step in told()] == ["reminder", "reminder"]
    assert {act.action for act in Act.objects.all()} == {"obligation.suspend", "obligation.resume"}
    assert not ledger.verify().problems


def test_an_outbox_row_of_a_day_that_moved_reminds_nobody(head: Person) -> None:
    clock = decision()
    obligations.sweep(at("2026-05-11T06:00"))
    obligations.extend(clock, head, "案情复杂", at("2026-05-11T08:00"))
    worker("2026-05-11T09:00")
    assert told() == []


def test_extensions_are_those_of_the_rule(head: Person) -> None:
    """部令30 第57条: 30 days by the head of the department, 30 by collective discussion."""
    clock = decision()
    clock = obligations.extend(clock, head, "案情复杂", NOW)
    clock = obligations.extend(clock, head, "案情复杂", NOW)
    assert clock.due_day == date(2026, 7, 30)
    assert [one["approval"] for one in clock.extensions] == ["部门负责人批准", "负责人集体讨论"]
    with pytest.raises(BadInput, match="最多延长 2 次"):
        obligations.extend(clock, head, "还要", NOW)
    with pytest.raises(Conflict):  # not after the time is over
        obligations.extend(decision("late"), head, "晚了", at("2026-06-02T00:00"))
    open_ended = obligations.start("pay", "pen.pay", date(2026, 3, 2), NOW)
    with pytest.raises(BadInput):
        obligations.extend(open_ended, head, "分期", NOW)
    moved = obligations.extend(open_ended, head, "分期", NOW, until=date(2026, 5, 6))
    assert moved.due_day == date(2026, 5, 6)


def test_only_reasons_the_rule_names_exclude_time(head: Person) -> None:
    clock = decision()
    span = Span(date(2026, 3, 10), date(2026, 3, 19), "听证")
    assert obligations.exclude(clock, span, head, NOW).due_day == date(2026, 6, 10)
    with pytest.raises(BadInput, match="没有把"):
        obligations.exclude(clock, Span(date(2026, 4, 1), date(2026, 4, 2), "休假"), head, NOW)
    assert len(Obligation.objects.get().excluded) == 1


def test_excluded_days_that_are_told_late_put_it_in_time_again(head: Person) -> None:
    clock = decision()
    night("2026-06-02T06:00")
    span = Span(date(2026, 4, 1), date(2026, 4, 30), "鉴定")
    assert obligations.exclude(clock, span, head, at("2026-06-03T09:00")).state == "running"


@pytest.mark.parametrize("rule", ["pen.late_fee", "pen.summary_fine_max", "disc.list_publicity"])
def test_what_has_no_last_day_is_no_clock(rule: str) -> None:
    with pytest.raises(BadInput) as refused:
        obligations.start("x", rule, date(2026, 3, 2), NOW)
    assert refused.value.code == "obligation.no-clock"


def test_what_is_unconfirmed_warns_and_never_accuses() -> None:
    obligations.start("d", "damage.consult", date(2026, 3, 2), NOW)
    unknown = obligations.start("h", "hotline.12345", date(2026, 3, 2), NOW)
    assert unknown.due is None
    night("2026-12-01T06:00")
    assert {one.state for one in Obligation.objects.all()} == {"running"}
    assert list(Reminder.objects.values_list("obligation__key", "light")) == [("d", "yellow")]


def test_a_notice_makes_provisional_clocks_final_and_late_ones_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = obligations.start("p", "pen.decision", date(2026, 11, 7), at("2026-11-07T09:00"))
    same = obligations.start("q", "pen.decision", date(2026, 11, 10), at("2026-11-10T09:00"))
    assert clock.provisional
    assert (clock.due_day, same.due_day) == (date(2027, 2, 5), date(2027, 2, 8))
    night("2027-02-09T06:00")
    assert {one.state for one in Obligation.objects.all()} == {"running"}  # warned, not accused
    days = {date(2027, 2, 5): False, date(2027, 2, 6): True}
    obligations.sweep(at("2027-02-09T07:00"), Calendar([Notice(2027, days)]))
    clock.refresh_from_db()
    same.refresh_from_db()
    assert (clock.due_day, clock.provisional, clock.state) == (date(2027, 2, 6), False, "overdue")
    assert (same.due_day, same.provisional, same.state) == (date(2027, 2, 8), False, "overdue")
    assert (clock.round, same.round) == (1, 0)


def test_many_batches_leave_one_row_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fenhe.act.obligations.sweeping.BATCH", 7)
    for number in range(50):
        decision(f"case:{number}")
    assert obligations.sweep(at("2026-05-12T06:00")) == 50
    assert obligations.sweep(at("2026-05-12T07:00")) == 0
    rows = [row.payload for row in Outbox.objects.filter(topic=TOPIC)]
    told = [clock for row in rows for clock, _ in row["clocks"]]
    assert len(set(told)) == len(told) == 50
    assert {row["step"] for row in rows} == {"reminder"}


def test_one_outbox_row_tells_of_many_clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fenhe.act.obligations.sweeping.NEWS", 20)
    clocks = [decision(f"case:{number}") for number in range(50)]
    assert night("2026-05-12T06:00") == 50
    rows = [row.payload["clocks"] for row in Outbox.objects.filter(topic=TOPIC).order_by("pk")]
    assert [len(one) for one in rows] == [20, 20, 10]
    assert [pair for one in rows for pair in one] == [[clock.pk, 0] for clock in clocks]
    assert len(told()) == 50


def test_the_sweep_uses_its_index() -> None:
    decision()
    with connection.cursor() as cursor:
        explain = "EXPLAIN QUERY PLAN "
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            explain = "EXPLAIN "
        day = at("2026-06-01T00:00")
        where, asked = Range("usual", "overdue", 3, True, day - timedelta(days=60), day).where()
        cursor.execute(f"{explain} SELECT id FROM act_obligation WHERE {where}", asked)  # noqa: S608
        plan = str(cursor.fetchall())  # of a single row PostgreSQL may take the narrower one
        assert "obligation_due" in plan or "obligation_open" in plan


def test_a_step_is_reached_exactly_from_its_day_on() -> None:
    """`reached` parts the due days as asking each of them would."""
    calendar = Calendar()
    from fenhe.act.deadlines.counting import Walk

    for policy in policies():
        for step in policy.steps:
            if step.hours is not None:
                continue
            for today in (date(2026, 2, 13), date(2026, 2, 20), date(2026, 10, 8)):
                reached = step.reached(at(f"{today}T06:00"), calendar)
                for ahead in range(-60, 60):
                    due = today + timedelta(days=ahead)
                    over = at(f"{due + timedelta(days=1)}T00:00")
                    assert (over <= reached) == (step.day(due, Walk(calendar)) <= today)


def test_the_calendar_in_use_is_the_one_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "folder", lambda: tmp_path)
    (tmp_path / "2027.csv").write_text("# x\ndate,kind,note\n2027-02-05,holiday,\n", "utf-8")
    (tmp_path / "notes.csv").write_text("nothing", "utf-8")
    assert obligations.start("p", "pen.decision", date(2026, 11, 7), NOW).due_day == date(
        2027, 2, 8
    )
