"""The weekly brief: what it says of a week, that it stays one page, and that page and DOCX say the
same; nobody reads what is not theirs."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from docx import Document

from fenhe.access.models import Organ, Person
from fenhe.act import cases
from fenhe.act.models import Case, Objective, Plan
from fenhe.app import assets
from fenhe.app.boot import boot
from fenhe.domains.planning import brief
from fenhe.domains.planning.brief import DueLine, LateLine, TargetLine, Week
from fenhe.kernel.period import civil, utc_now
from fenhe.kernel.text import Text

boot()
MONDAY = date(2026, 11, 23)


def both(text: str) -> Text:
    return Text(text, text)


WEEK = Week(
    plan=Text("某市年度目标任务", "plan"), first=MONDAY, last=date(2026, 11, 29),
    targets=[
        TargetLine(both("a"), both("1"), both("≤ 2"), both("1"), "on_course"),
        TargetLine(both("b"), both("3"), both("≤ 2"), both("3"), "off"),
    ],
    finding=Text("2 项指标中 1 项在轨，1 项偏离：b", "1 of 2 targets are on course, 1 off: b"),
    worse=[], open_tasks=3, slow=0, late=[], owed=0, silent=[], supervised=[], supervisions=0,
    due=[], data_up_to="2026-11-22", computed_at="2026-11-23 08:00",
)  # fmt: skip


def said(week: Week, language: str = "zh") -> str:
    blocks = brief.compose(week).as_dict()["blocks"]
    lines = [block["text"][language] for block in blocks]
    lines += [cell[language] for block in blocks for row in block["rows"] for cell in row]
    return "\n".join(lines)


def test_a_quiet_week_says_so_in_whole_sentences() -> None:
    zh = said(WEEK)
    assert "本周没有变差的事项。" in zh
    assert "在办任务 3 项，逾期 0 项，进展缓慢 0 项。" in zh
    assert "下周没有到期事项。" in zh
    assert "督办" not in zh.replace("三、任务与督办", "")


def test_what_is_off_stands_first() -> None:
    [table] = [one for one in brief.compose(WEEK).blocks if one.kind == "table"]
    assert [str(row[0]) for row in table.rows] == [str(both("b")), str(both("a"))]


def test_a_busy_week_stays_on_one_page_and_counts_the_rest() -> None:
    late = [LateLine(f"任务{n}", "水科", n) for n in range(20, 0, -1)]
    due = [DueLine(MONDAY, f"事项{n}", both("任务期限"), "水科") for n in range(30)]
    targets = [replace(WEEK.targets[0], name=both(f"m{n}")) for n in range(12)]
    busy = replace(
        WEEK, late=late, due=due, targets=targets, worse=[both(f"变差{n}。") for n in range(9)],
        owed=4, silent=["水科"], supervised=["示例事项"], supervisions=2,
    )  # fmt: skip
    blocks = brief.compose(busy).blocks
    assert sum(len(one.rows) for one in blocks) <= 14
    zh = said(busy)
    assert "（共 30 项，列最早的 5 项）" in zh
    assert "另有 7 项。" in zh
    assert "上周有 4 项任务未报进展（水科）。" in zh
    assert "本周新列入挂牌督办：示例事项。正在挂牌督办 2 件。" in zh
    assert "逾期 20 项" in zh


# --- the page -------------------------------------------------------------------------------------


@pytest.fixture
def office(db: None) -> Person:
    bureau = Organ.objects.create(
        code="140100", name_zh="某市局", name_en="Bureau", kind="bureau", area="140100",
        issuing=True,
    )  # fmt: skip
    return Person.objects.create(username="office", role="office", organ=bureau)


@pytest.fixture
def plan(office: Person) -> Plan:
    now = utc_now()
    made = Plan.objects.create(
        code="p", year=2026, name_zh="某市年度目标任务", area="140100", organ=office.organ,
        procedure="planning.task", created_at=now, changed_at=now,
    )  # fmt: skip
    Objective.objects.create(plan=made, code="A", name_zh="蓝天", area="140100")
    return made


def task(office: Person, title: str, due: date, opened: datetime) -> Case:
    given = {"what": title, "lead_unit": "水科", "due": due.isoformat(), "objective": "A",
             "start": (due - timedelta(days=90)).isoformat()}  # fmt: skip
    wanted = cases.Opening("planning.task", given, title=title, organ=office.organ)
    return cases.open_(wanted, office, opened)


def signed_in(person: Person, language: str = "zh") -> Client:
    client = Client()
    client.force_login(person)
    client.cookies["language"] = language
    return client


@pytest.mark.django_db
@pytest.mark.skipif(not (assets.BUILT / "manifest.json").exists(), reason="assets are not built")
def test_page_and_docx_say_the_same_and_strangers_read_nothing(plan: Plan, office: Person) -> None:
    now = utc_now()
    today = civil(now).date()
    task(office, "逾期的任务", today - timedelta(days=3), now - timedelta(days=60))
    next_monday = today + timedelta(days=7 - today.weekday())
    task(office, "下周的任务", next_monday, now - timedelta(days=60))
    for language in ("zh", "en"):
        client = signed_in(office, language)
        page = client.get("/planning/brief")
        assert page.status_code == 200
        body = page.content.decode()
        assert "逾期的任务" in body
        assert "下周的任务" in body
        raw = client.get(f"/planning/brief?paper={language}")
        assert raw["Content-Type"].endswith("wordprocessingml.document")
        read = Document(io.BytesIO(raw.content))
        text = "\n".join(
            [one.text for one in read.paragraphs]
            + [cell.text for one in read.tables for row in one.rows for cell in row.cells]
        )
        assert "逾期的任务" in text
        assert "下周的任务" in text
        assert ("每周要情" if language == "zh" else "Weekly brief") in text
    assert signed_in(office).get("/planning/brief?paper=fr").status_code == 404
    away = Organ.objects.create(code="x", name_zh="外", name_en="x", kind="b", area="140200")
    stranger = signed_in(Person.objects.create(username="s", role="office", organ=away))
    assert "逾期的任务" not in stranger.get("/planning/brief").content.decode()
    assert stranger.get("/planning/brief?paper=zh").status_code == 404
