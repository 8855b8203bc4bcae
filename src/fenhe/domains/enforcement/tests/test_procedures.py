"""The procedures of enforcement against the reference: its states, its documents, its time limits,
and the days its law holds."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
import yaml
from conftest import SHARED

from fenhe.act.procedures import register
from fenhe.act.procedures.shape import Procedure

HERE = Path(__file__).parents[1] / "procedures"
WORKFLOWS = SHARED / "reference" / "governance_workflows.yaml"
DEADLINES = SHARED / "reference" / "governance_deadlines.csv"
reference = pytest.mark.skipif(not WORKFLOWS.exists(), reason="the reference is not here")

NOT_A_CLOCK = {
    "pen.late_fee": "a rate",
    "pen.summary_fine_max": "an amount",
    "pen.limitation": "counted from the act; two or five years by its harm, judged at the filing",
    "pen.hearing_notice": "counted back from the hearing: a guard of `schedule_hearing`",
    "pen.summary_record": "belongs to the summary procedure, which has no case",
    "daily.count": "counts days, has no last day",
}
"""Rules that no clock of a case runs, and why."""


def procedure(name: str) -> Procedure:
    return register.read_file(HERE / f"{name}.yaml", f"enforcement/procedures/{name}.yaml")


@reference
def test_the_penalty_case_has_every_state_of_the_reference() -> None:
    told = yaml.safe_load(WORKFLOWS.read_text("utf-8"))["penalty_case"]["states"]
    assert not set(told) - procedure("penalty").states.keys()


@reference
def test_every_time_limit_of_the_reference_is_somebodys_clock() -> None:
    ours = {
        clock.rule for path in HERE.glob("*.yaml") for clock in procedure(path.stem).clocks.values()
    }
    rows = csv.DictReader(DEADLINES.read_text("utf-8-sig").splitlines())
    theirs = {
        row["id"]
        for row in rows
        if row["id"].split(".")[0] in ("pen", "seize", "limit", "daily", "crim", "detain")
    }
    assert theirs - ours == NOT_A_CLOCK.keys()


@reference
def test_every_document_of_the_reference_can_be_produced() -> None:
    """By the word that tells them apart; the same form may serve two of them."""
    told = yaml.safe_load(WORKFLOWS.read_text("utf-8"))["penalty_case"]["documents"]
    ours = " ".join(
        document.name.zh
        for path in HERE.glob("*.yaml")
        for document in procedure(path.stem).documents.values()
    )
    words = {
        "立案审批表": "立案审批表", "现场检查(勘察)笔录": "现场检查",
        "调查询问笔录": "调查询问笔录",
        "采样记录": "采样记录", "先行登记保存通知": "先行登记保存通知",
        "责令改正违法行为决定书": "责令改正违法行为决定书", "事先告知书": "事先（听证）告知书",
        "听证告知书": "（听证）告知书", "案件审查/集体讨论笔录": "集体讨论笔录",
        "法制审核意见": "法制审核意见", "行政处罚决定书": "行政处罚决定书", "送达回证": "送达回证",
        "缓缴分期审批": "缓缴（分期）审批", "催告书": "催告书", "强制执行申请书": "强制执行申请书",
        "结案审批表": "结案审批表", "查封扣押决定书与清单": "查封（扣押）决定书与清单",
        "限产/停产决定书": "限制生产（停产整治）决定书", "移送书(行政拘留/涉嫌犯罪)": "移送书",
    }  # fmt: skip
    assert set(told) == words.keys()
    assert [word for word in words.values() if word not in ours] == []


def test_the_law_of_the_day_is_shown() -> None:
    """The Code is in force since 2026-08-15; before it, the rule it repealed."""
    seizure = procedure("seizure")
    before = seizure.ground("grounds", date(2026, 8, 14))
    after = seizure.ground("grounds", date(2026, 8, 15))
    assert before is not None
    assert after is not None
    assert "法典" not in before.zh
    assert "法典第52条" in after.zh


def test_no_decision_without_review_notice_and_another_person() -> None:
    """行政处罚法 art. 58 and 62; the two-person rule for penalties."""
    decide = procedure("penalty").transitions["decide"]
    assert {need.passed for need in decide.needs if need.passed} == {"pass_review", "notice_served"}
    assert {"investigate", "pass_review"} <= set(decide.not_same_as)
