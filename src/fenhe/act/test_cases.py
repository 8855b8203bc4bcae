"""The case engine: steps, clocks, numbers, duplicates, versions; what is refused and what it leaves
behind; two people at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction

from fenhe.access import gate
from fenhe.access.models import Organ, Person
from fenhe.act import cases, clocks, guards, history, merging, migrating, numbers, obligations
from fenhe.act.conftest import CLUE, NOW
from fenhe.act.models import Case, CaseEntry, NumberSeries, Obligation
from fenhe.act.procedures import register
from fenhe.act.procedures.shape import Migration, Procedure
from fenhe.evidence import ledger
from fenhe.kernel.errors import BadInput, Conflict, FenheError, Forbidden
from fenhe.kernel.period import DAY
from fenhe.store.models import Outbox

pytestmark = pytest.mark.django_db
Take = Callable[..., Case]
Staff = dict[str, Person]
OFFICERS = "张三（0401）、李四（0402）"


def filed(clue: Case, take: Take) -> Case:
    take(clue, "examine", "enforcer", party_code="91140100MA0", place="小店区", source="inspection")
    return take(clue, "file", "deputy_director", officers=OFFICERS)


def due(case: Case, name: str) -> date:
    day = clocks.newest(clocks.of(case))[name].due_day
    assert day is not None
    return day


def test_opening_gives_a_number_a_clock_and_an_entry(clue: Case) -> None:
    """部令30 第18条: filing is decided within 15 days of the clue."""
    assert clue.number == "太原市生态环境局环罚〔2026〕1号"
    assert due(clue, "filing") == date(2026, 3, 17)
    [entry] = CaseEntry.objects.filter(case=clue)
    assert (entry.step, entry.after, entry.post) == ("open", "clue", "enforcer")
    assert Outbox.objects.filter(topic=cases.CHANGED).count() == 1


def test_the_head_files_not_whoever_found_it(clue: Case, take: Take, staff: Staff) -> None:
    case = filed(clue, take)
    assert case.state == "filed"
    assert due(case, "decision") == date(2026, 6, 1)  # day 90 is Sunday 31 May: moved on
    assert clocks.newest(clocks.of(case))["filing"].state == "met"
    assert case.documents.get().kind == "filing_form"


def test_one_officer_is_not_enough(clue: Case, take: Take) -> None:
    take(clue, "examine", "enforcer", party_code="9114", place="小店区", source="alarm")
    for officers in ("张三", "张三、张三"):
        with pytest.raises(Conflict, match=r"act\.not-met"):
            take(clue, "file", "deputy_director", officers=officers)
    assert not Case.objects.get(pk=clue.pk).documents.exists()


def test_whoever_did_one_step_may_not_do_the_other(clue: Case, take: Take, staff: Staff) -> None:
    take(clue, "examine", "enforcer", party_code="9114", place="小店区", source="alarm")
    staff["enforcer"].role = "branch_head"  # promoted overnight: still the same person
    staff["enforcer"].save()
    with pytest.raises(Forbidden, match=r"act\.same-person"):
        take(clue, "file", "enforcer", officers=OFFICERS)


def test_fields_are_read_by_their_type_and_all_faults_come_at_once(staff: Staff) -> None:
    wrong = {"party": "", "conduct": "x", "discovered_on": "yesterday", "fine": "3"}
    with pytest.raises(BadInput) as refused:
        cases.open_(cases.Opening("enforcement.penalty", wrong), staff["enforcer"], NOW)
    assert {problem.value for problem in refused.value.problems} == {
        "party", "discovered_on", "fine",
    }  # fmt: skip
    assert not NumberSeries.objects.exists()  # a refused opening takes no number


def test_excluded_time_moves_the_day_and_extensions_are_two(clue: Case, take: Take) -> None:
    """部令30 第57条: 90 days, testing does not count, +30 by the head, +30 by the board."""
    case = take(filed(clue, take), "investigate", "enforcer", recorded="yes")
    later = NOW + 10 * DAY
    case = take(case, "pause", "deputy_director", later, "送检", **{"pause_for": "监测(检测)"})
    with pytest.raises(Conflict, match=r"act\.not-met"):
        take(case, "pause", "deputy_director", later, "再停", **{"pause_for": "鉴定"})
    case = take(case, "go_on", "enforcer", later + 20 * DAY)
    assert due(case, "decision") == date(2026, 6, 22)  # 110 days: Saturday 20 June is moved on
    with pytest.raises(Conflict, match=r"act\.not-met"):
        take(case, "extend_second", "board", later + 21 * DAY, "案情复杂")
    case = take(case, "extend_first", "deputy_director", later + 21 * DAY, "案情复杂")
    case = take(case, "extend_second", "board", later + 22 * DAY, "案情复杂")
    assert due(case, "decision") == date(2026, 8, 19)
    with pytest.raises(Conflict, match=r"act\.not-met"):
        take(case, "extend_second", "board", later + 23 * DAY, "再延")


def test_no_decision_without_legal_review_and_notice(clue: Case, take: Take) -> None:
    """行政处罚法 第58条、第62条."""
    case = take(filed(clue, take), "investigate", "enforcer", recorded="yes")
    case = take(case, "report", "enforcer", facts="超标2.1倍", evidence_list="监测报告")
    case = take(
        case, "submit_review", "enforcer", article="法典第1103条", proposed_fine="200000",
        complex="no", hearing_right="yes",
    )  # fmt: skip
    with pytest.raises(Conflict, match=r"act\.not-met") as refused:
        take(case, "notify_directly", "deputy_director")
    assert "法制审核" in str(refused.value)
    case = take(case, "pass_review", "legal_reviewer", review_opinion="事实清楚，同意")
    case = take(case, "notify_directly", "deputy_director")
    facts = guards.Facts(case, register.get(case.procedure, case.version), NOW)
    said = [str(one) for one in guards.unmet(facts, facts.procedure.transitions["decide"], {})]
    assert "未告知不得决定" in said


def test_a_hearing_is_announced_seven_working_days_ahead(clue: Case, take: Take) -> None:
    """行政处罚法 第64条(2)."""
    test_no_decision_without_legal_review_and_notice(clue, take)
    case = take(clue, "notice_served", "enforcer", notice_served_on="2026-03-02")
    case = take(case, "request_hearing", "legal_reviewer", hearing_requested_on="2026-03-04")
    assert clocks.newest(clocks.of(case))["decision"].state == "suspended"
    with pytest.raises(Conflict, match=r"act\.not-met"):
        take(
            case, "schedule_hearing", "legal_reviewer", hearing_on="2026-03-10", hearing_place="厅"
        )
    case = take(
        case, "schedule_hearing", "legal_reviewer", hearing_on="2026-03-11", hearing_place="三楼"
    )
    assert case.documents.filter(kind="hearing_notice").count() == 1


def rectified(take: Take, staff: Staff) -> Case:
    item = cases.open_(
        cases.Opening(
            "inspection.rectification",
            {"batch": "第二轮", "problem": "雨污混接直排", "received_on": "2026-03-02"},
        ),
        staff["rectification_office"],
        NOW,
    )
    boss = Person.objects.create(
        username="group", role="rectification_office", organ=staff["office"].organ
    )
    staff["group"] = boss
    take(
        item, "approve_plan", "group", implementer="小店区政府", supervisor="市水务局",
        acceptor="市生态环境局", goal="消除直排", measures_list="改造管网\n封堵口门",
        deadline="2026-12-31", long_term="no",
    )  # fmt: skip
    take(item, "publish_plan", "rectification_office", plan_place="市政府网站")
    take(item, "start", "county_government")
    take(
        item, "self_check", "county_government", self_check="已完成", measures_done="yes",
        violations_handled="yes", similar_fixed="yes", mechanism="yes",
    )  # fmt: skip
    return take(item, "apply", "county_government", application="申请验收")


def test_resolved_is_not_closed_and_a_rebound_keeps_its_number(take: Take, staff: Staff) -> None:
    item = rectified(take, staff)
    assert item.resolved_at is not None
    assert item.closed_at is None
    take(item, "check_on_site", "office", site_check="合格", checkers="王五、赵六")
    take(item, "sign", "office")
    shown = {"publicity_place": "门户", "publicity_until": "2026-03-20"}
    take(item, "publicize", "rectification_office", **shown)
    with pytest.raises(Conflict, match=r"act\.not-met"):
        take(item, "file", "rectification_office", objections="无", filing_no="备1")
    after = NOW + 20 * DAY
    take(item, "file", "rectification_office", after, objections="无", filing_no="备1")
    closed = take(item, "close", "group", after)
    assert closed.closed_at == after
    back = take(
        item, "rebound", "rectification_office", after + 30 * DAY, "回头看发现反弹",
        deadline="2026-09-30",
    )  # fmt: skip
    assert (back.number, back.round, back.closed_at, back.resolved_at) == (
        item.number,
        2,
        None,
        None,
    )
    assert back.entries.count() == closed.revision + 1


def rectify(item: Case) -> Obligation:
    return clocks.newest(clocks.of(item))["rectify"]


def test_the_rectification_deadline_runs_and_is_extended_by_those_who_approved_the_plan(
    take: Take, staff: Staff
) -> None:
    """法典29条：整改时限；改期仅由批准方案的机关，保留原期限，每次计数。"""
    item = rectified(take, staff)
    assert (rectify(item).due_day, rectify(item).article) == (
        date(2026, 12, 31),
        "中央生态环境保护督察工作规定（2019）",
    )
    take(item, "check_on_site", "office", site_check="不合格", checkers="王五、赵六")
    take(item, "send_back", "office", reason="口门仍在排水")
    take(item, "resume", "county_government")
    asked = {"wanted_deadline": "2027-03-31", "extension_why": "管网改造跨冬季"}
    take(item, "ask_deadline", "county_government", **asked)
    with pytest.raises(BadInput, match=r"obligation\.until"):
        take(item, "change_deadline", "group", reason="同意", new_deadline="2026-12-31")
    with pytest.raises(Forbidden):
        take(item, "change_deadline", "office", reason="同意", new_deadline="2027-03-31")
    item = take(item, "change_deadline", "group", reason="同意", new_deadline="2027-03-31")
    moved = rectify(item)
    assert (moved.due_day, moved.set_day, moved.round) == (
        date(2027, 3, 31), date(2026, 12, 31), 1,
    )  # fmt: skip
    assert [one["approval"] for one in moved.extensions] == ["原定时限的机关"]
    assert item.fields["deadline"] == "2026-12-31"
    assert item.documents.filter(kind="extension").count() == 1
    obligations.sweep(datetime(2027, 4, 1, 1, tzinfo=UTC))
    assert rectify(item).state == "overdue"
    take(item, "ask_deadline", "county_government", **asked)
    with pytest.raises(Conflict, match=r"obligation\.moved-on"):  # not after the time is over
        take(
            item, "change_deadline", "group", datetime(2027, 4, 2, 1, tzinfo=UTC), "再延",
            new_deadline="2027-06-30",
        )  # fmt: skip


def test_what_must_last_has_no_deadline_to_run_out(take: Take, staff: Staff) -> None:
    """governance_workflows: long_term 不判逾期."""
    item = cases.open_(
        cases.Opening(
            "inspection.rectification",
            {"batch": "第二轮", "problem": "扬尘", "received_on": "2026-03-02"},
        ),
        staff["rectification_office"],
        NOW,
    )
    staff["group"] = Person.objects.create(
        username="group", role="rectification_office", organ=staff["office"].organ
    )
    item = take(
        item, "approve_plan", "group", implementer="小店区政府", supervisor="市住建局",
        acceptor="市生态环境局", goal="长期抑尘", measures_list="覆盖", deadline="2026-03-05",
        long_term="yes",
    )  # fmt: skip
    assert "rectify" not in clocks.newest(clocks.of(item))


def test_whoever_carried_it_out_does_not_accept_it(take: Take, staff: Staff) -> None:
    item = rectified(take, staff)
    staff["county_government"].role = "office"
    staff["county_government"].save()
    with pytest.raises(Forbidden, match=r"act\.same-person"):
        take(item, "check_on_site", "county_government", site_check="合格", checkers="甲、乙")


def test_another_area_neither_sees_nor_acts(
    clue: Case, person: Callable[..., Person], branch: Organ
) -> None:
    mine = cases.open_(
        cases.Opening("enforcement.penalty", CLUE), person("xd", "enforcer", branch), NOW
    )
    assert mine.number == "太原市生态环境局小店分局环罚〔2026〕1号"  # Code art. 53: its own name
    head = person("xd-head", "branch_head", branch)
    seen = gate.visible(head, Case.objects.all())
    assert list(seen) == [mine]
    with pytest.raises(Forbidden, match=r"act\.no-post"):
        cases.take(clue.pk, "extend_filing", head, NOW, revision=1, reason="x")


def test_a_phone_that_sends_twice_takes_one_step(clue: Case, staff: Staff) -> None:
    order = cases.open_(cases.Opening("dispatch.order", {"what": "查看异味"}), staff["office"], NOW)
    for _ in range(2):
        entry = cases.take(order.pk, "accept", staff["grid_worker"], NOW, revision=1, key="phone-1")
    assert (entry.seq, order.entries.count()) == (2, 2)


# --- two at once ---------------------------------------------------------------------------------


def at_once(jobs: list[Callable[[], Any]]) -> list[Any]:
    """Each in a thread of its own, let go together; results, or the errors raised on purpose."""
    gate_ = Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        gate_.wait()
        try:
            return job()
        except FenheError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


@pytest.mark.django_db(transaction=True)
def test_one_source_opens_one_case_however_often_and_at_once(staff: Staff) -> None:
    wanted = cases.Opening("dispatch.order", {"what": "查看异味"}, source="pulse:1")

    def opened() -> Case:
        return cases.open_(wanted, staff["office"], NOW)

    found = at_once([opened] * 4)
    assert {one.pk for one in [*found, opened()]} == {Case.objects.get().pk}
    assert CaseEntry.objects.count() == 1
    with pytest.raises(Forbidden):
        cases.open_(wanted, staff["legal_reviewer"], NOW)


@pytest.mark.django_db(transaction=True)
def test_of_two_officers_one_succeeds_and_one_is_told(clue: Case, staff: Staff) -> None:
    given = {"party_code": "9114", "place": "小店区", "source": "alarm"}
    second = Person.objects.create(
        username="second", role="enforcer", organ=staff["enforcer"].organ
    )
    results = at_once(
        [
            lambda who=who: cases.take(clue.pk, "examine", who, NOW, revision=1, given=given)
            for who in (staff["enforcer"], second)
        ]
    )
    lost = [one for one in results if isinstance(one, FenheError)]
    assert [one.code for one in lost] == ["act.moved-on"]
    assert clue.number in lost[0].zh
    assert clue.entries.count() == 2
    assert list(history.problems(Case.objects.all())) == []


@pytest.mark.django_db(transaction=True)
def test_numbers_have_no_gap_when_many_take_them_and_some_fail(bureau: Organ) -> None:
    def one(number: int) -> str | None:
        with transaction.atomic():
            taken = numbers.take("x", "{year}-{serial}", bureau, 2026)
            if number % 3 == 0:
                raise BadInput("act.reason", "算了", "never mind")
        return taken

    results = at_once([lambda n=n: one(n) for n in range(12)])
    taken = sorted(int(text.split("-")[1]) for text in results if isinstance(text, str))
    assert taken == list(range(1, 9))


# --- duplicates ----------------------------------------------------------------------------------

REPORT = {
    "channel": "phone",
    "topic": "odour",
    "what": "夜间有刺鼻异味",
    "received_on": "2026-03-02",
    "reporter": "不愿透露",
    "place": "小店区龙城街",
}


def reported(staff: Staff, take: Take, **more: str) -> Case:
    wanted = cases.Opening("complaints.report", {**REPORT, **more})
    case = cases.open_(wanted, staff["office"], NOW)
    take(case, "compare", "office")
    return take(case, "accept", "office", accepted_on="2026-03-03")


def test_duplicates_are_handled_together_and_answered_each(take: Take, staff: Staff) -> None:
    main, other = reported(staff, take), reported(staff, take, what="半夜有刺鼻的异味")
    assert merging.similar(other, Case.objects.all(), NOW) == [main]
    take(main, "dispatch", "office", unit="小店分局")
    other = merging.merge(other.pk, main.pk, staff["office"], NOW, revision=other.revision)
    assert other.state == "dispatched"
    with pytest.raises(Conflict, match=r"act\.merged"):
        take(other, "take_up", "enforcer")
    take(main, "take_up", "enforcer")
    other.refresh_from_db()
    assert other.state == "investigating"
    assert other.entries.last().note == main.number
    answer = {"found": "属实", "answer": "已责令整改", "answered_on": "2026-03-20"}
    take(main, "reply", "office", **answer)
    other.refresh_from_db()
    assert other.state == "investigating"  # nobody has answered this one yet
    assert clocks.newest(clocks.of(other))["finish"].state == "running"
    other = take(other, "reply", "office", **answer)
    assert other.documents.filter(kind="answer").count() == 1
    assert list(history.problems(Case.objects.all())) == []


def test_who_reported_is_not_in_the_title_nor_in_the_ledger(take: Take, staff: Staff) -> None:
    case = reported(staff, take)
    assert "不愿透露" not in case.title
    said = str(list(ledger.Act.objects.values_list("detail", "reason", "subject")))
    assert "不愿透露" not in said


# --- versions ------------------------------------------------------------------------------------


@pytest.fixture
def newer(procedures: list[Procedure]) -> Procedure:
    old = register.get("dispatch.order", 1)
    states = {("sent" if key == "ordered" else key): one for key, one in old.states.items()}

    def renamed(key: str) -> str:
        return "sent" if key == "ordered" else key

    return old.model_copy(
        update={
            "version": 2,
            "states": states,
            "opening": old.opening.model_copy(update={"to": "sent"}),
            "transitions": {
                key: one.model_copy(
                    update={
                        "sources": tuple(map(renamed, one.sources)),
                        "to": renamed(one.to) if one.to else "",
                    }
                )
                for key, one in old.transitions.items()
            },
            "migrations": (Migration(version=1, states={"ordered": "sent"}, reason="改名"),),
        }
    )


def test_a_running_case_keeps_its_version_until_somebody_moves_it(
    take: Take, staff: Staff, newer: Procedure, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = cases.open_(cases.Opening("dispatch.order", {"what": "一"}), staff["office"], NOW)
    known = {("dispatch.order", 2): newer, ("dispatch.order", 1): register.get("dispatch.order", 1)}
    monkeypatch.setattr(register, "get", lambda id, version: known[id, version])
    monkeypatch.setattr(register, "in_force", lambda id, day: newer)
    fresh = cases.open_(cases.Opening("dispatch.order", {"what": "二"}), staff["office"], NOW)
    assert (order.version, fresh.version, fresh.state) == (1, 2, "sent")
    with pytest.raises(BadInput, match=r"act\.reason"):
        migrating.migrate(order.pk, 2, staff["leader"], NOW, revision=1, reason=" ")
    moved = migrating.migrate(order.pk, 2, staff["leader"], NOW, revision=1, reason="新规程")
    assert (moved.version, moved.state, moved.number) == (2, "sent", order.number)
    assert take(moved, "accept", "grid_worker").state == "accepted"
    assert list(history.problems([Case.objects.get(pk=order.pk)])) == []


def test_no_migration_without_a_rule_or_into_nothing(
    staff: Staff, newer: Procedure, clue: Case
) -> None:
    order = cases.open_(cases.Opening("dispatch.order", {"what": "一"}), staff["office"], NOW)
    assert migrating.against(order, newer) is None
    silent = newer.model_copy(update={"migrations": ()})
    assert migrating.against(order, silent) is not None
    rule = newer.migrations[0].model_copy(update={"states": {}})
    assert migrating.against(order, newer.model_copy(update={"migrations": (rule,)})) is not None
    poor = newer.model_copy(update={"fields": {}})
    assert migrating.against(order, poor) is not None


def test_a_changed_history_is_found(clue: Case, take: Take) -> None:
    take(clue, "examine", "enforcer", party_code="9114", place="小店区", source="alarm")
    case = Case.objects.get(pk=clue.pk)
    assert list(history.problems([case])) == []
    CaseEntry.objects.filter(case=case, seq=2).update(reason="改过的理由")
    assert len(list(history.problems([case]))) == 1
    CaseEntry.objects.filter(case=case, seq=2).delete()
    assert len(list(history.problems([case]))) >= 2
