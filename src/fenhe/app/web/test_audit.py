"""The audit trail: sentences people can read, filters, what a changed act looks like, the file."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from fenhe.access.models import Person
from fenhe.alert import alarms, desk
from fenhe.app import assets, audit, text
from fenhe.app.boot import boot
from fenhe.app.models import LedgerCheck
from fenhe.evidence import ledger
from fenhe.evidence.models import Act
from fenhe.kernel.period import HOUR, civil, utc_now
from fenhe.kernel.text import Text
from fenhe.registry.models import Object

boot()
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
    ),
]


@pytest.fixture
def auditor(client: Client) -> Client:
    client.force_login(Person.objects.create(username="audit", role="auditor"))
    return client


@pytest.fixture
def morning() -> None:
    """Three acts: an import, an acknowledged alarm, a muted one."""
    li = Person.objects.create(username="li", last_name="李某")
    station = Object.objects.create(kind="air_station", code="1003A", name_zh="东四")
    ledger.record("li", "import.commit", "7f3a", {"file": "七月.csv", "new": 24, "changed": 0})
    now = utc_now()
    alarm = alarms.raise_("k", "air.silent", "red", station.pk, Text("没有数据", "silent"), now)
    desk.acknowledge(alarm, li, now, "已派人")
    desk.mute(alarm, li, now + HOUR, "停电检修", now)


def read(client: Client, query: str = "") -> str:
    answer = client.get(f"/audit?{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def body(page: str) -> str:
    return page.partition("<tbody>")[2].partition("</tbody>")[0]


def test_acts_are_told_as_sentences_in_both_languages(auditor: Client, morning: None) -> None:
    zh = body(read(auditor))
    assert "李某确认了告警“没有数据”，开始处理。备注：已派人" in zh
    assert "李某导入了文件 七月.csv：新增 24，更正 0" in zh
    assert "理由：停电检修" in zh
    auditor.cookies["language"] = "en"
    assert "李某 took the alarm “silent” in hand. Note: 已派人" in body(read(auditor))


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 3),
        ("person=li", 3),
        ("person=nobody", 0),
        ("act=alarm.mute", 1),
        ("object=东四", 2),
        ("object=1003A", 2),
        ("object=7f3a", 1),
        ("to=2001-01-01", 0),
        ("from=9999-99-99", 3),
        ("before=2", 1),
        ("before=x", 3),
    ],
)
def test_filters(auditor: Client, morning: None, query: str, count: int) -> None:
    assert body(read(auditor, query)).count("<tr>") == count


def test_a_period_is_of_civil_days(auditor: Client, morning: None) -> None:
    today = civil(utc_now()).date()
    assert body(read(auditor, f"from={today}&to={today}")).count("<tr>") == 3
    assert not body(read(auditor, f"from={today + timedelta(days=1)}")).count("<tr>")


def test_a_changed_act_is_marked_where_it_stands(auditor: Client, morning: None) -> None:
    Act.objects.filter(seq=2).update(person="wang")
    page = body(read(auditor))
    assert page.count("被改动过") == 1
    assert page.count("无误") == 2


def test_the_whole_chain_is_verified_against_the_head_found_before(
    auditor: Client, morning: None
) -> None:
    assert "尚未核验过整条链" in read(auditor)
    assert auditor.post("/audit/verify").status_code == 302
    assert "核验无误，共 3 条" in read(auditor)
    Act.objects.filter(seq=3).delete()
    assert not ledger.verify().problems
    auditor.post("/audit/verify")
    assert "1 处问题" in read(auditor)


def test_only_so_many_verifications_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "KEPT", 3)
    for day in range(5):
        audit.verify(utc_now() + timedelta(days=day))
    assert LedgerCheck.objects.count() == 3


def test_the_file_holds_the_same_acts_and_runs_no_formula(auditor: Client, morning: None) -> None:
    ledger.record("=cmd|' /C calc'!A0", "alarm.note", "x", {"note": "y"}, "=1+1")
    answer = auditor.get("/audit.csv")
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 5
    assert "李某确认了告警" in lines[2]
    assert "'=cmd" in lines[4]
    assert Act.objects.filter(action="evidence.export").count() == 1


@pytest.mark.parametrize("role", ["viewer", "officer", "system_administrator"])
def test_who_may_not_see_it_does_not(client: Client, morning: None, role: str) -> None:
    client.force_login(Person.objects.create(username=role, role=role))
    for path in ("/audit", "/audit.csv"):
        assert client.get(path).status_code == 403
    assert client.post("/audit/verify").status_code == 403
    assert "/audit" not in client.get("/").content.decode()


def test_every_act_that_is_recorded_has_a_name() -> None:
    found = {action for _, action in text.recorded_acts()}
    assert {"alarm.escalate", "import.commit", "publish.publish"} <= found
    assert found <= {
        key.removeprefix("told.kind.") for key in text.words()["zh"] if key.startswith("told.kind.")
    }


def test_an_act_without_words_is_told_by_its_name(auditor: Client) -> None:
    ledger.record("li", "well.capped", "井 1", {"odd": {"deep": [1, 2]}})
    assert "li：well.capped，对象 井 1" in body(read(auditor))


def test_a_step_of_a_case_is_told_with_the_name_of_its_procedure(auditor: Client) -> None:
    ledger.record("li", "case.step", "case:1", {"procedure": "dispatch.order@1", "seq": 1})
    shown = body(read(auditor))
    assert "处置任务" in shown
    assert "dispatch.order" not in shown


def test_an_auditor_is_offered_no_page_he_may_not_open(auditor: Client, morning: None) -> None:
    assert 'href="/alarms/' not in body(read(auditor))
    shown = auditor.get("/administration/people").content.decode()
    assert "/administration/organs" in shown
    assert "/administration/keys" not in shown
    assert 'href="/import"' not in shown
