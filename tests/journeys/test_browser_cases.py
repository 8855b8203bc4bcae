"""Two statutory procedures in a real browser, against a real `fenhe serve` on loopback, by the
people they name: a penalty from the clue to the closing, a rectification item from the plan to the
close-out, with their documents produced and opened."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from docx import Document

from fenhe.app.assets import BUILT
from fenhe.kernel.period import civil

playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
PATIENCE = 90_000  # ms: a machine that may be busy
PEOPLE = ("enforcer", "deputy_director", "legal_reviewer", "rectification_office", "second_office",
          "county_government", "leader", "grid_worker", "office")  # fmt: skip
SETUP = f"""
from fenhe.app.boot import boot; boot()
import json
from fenhe.access.models import Organ, Person
from fenhe.access.sign_in import make_link
organ = Organ.objects.create(code="b", name_zh="示例市生态环境局", name_en="Bureau", kind="bureau",
                             area="140100", issuing=True)
roles = {{"second_office": "rectification_office"}}
print(json.dumps({{name: make_link(Person.objects.create(username=name, organ=organ,
      role=roles.get(name, name))) for name in {PEOPLE!r}}}))
"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.skipif(not BUILT.exists(), reason="web assets are not built (./dev build)"),
]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "FENHE_DATA_DIR": str(tmp_path / "data"), "FENHE_DATABASE_URL": ""}


def python(environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def links(environment: dict[str, str]) -> dict[str, str]:
    python(environment, "-m", "fenhe", "migrate")
    made: dict[str, str] = json.loads(python(environment, "-c", SETUP).splitlines()[-1])
    return made


@pytest.fixture
def address(environment: dict[str, str], links: dict[str, str]) -> Iterator[str]:
    """`fenhe serve` on a free port; stopped by its own process id."""
    server = subprocess.Popen(
        [sys.executable, "-m", "fenhe", "serve", "--port", "0"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert server.stdout is not None
    try:
        found = None
        while found is None:
            line = server.stdout.readline()
            assert line, "the server ended before it answered"
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
        yield found[0]
    finally:
        server.terminate()
        server.wait(60)


class Desk:
    """One browser with a context per person, who has signed in by link."""

    def __init__(self, browser: Any, address: str, links: dict[str, str]) -> None:
        self.browser, self.address, self.links = browser, address, links
        self.pages: dict[str, Any] = {}

    def page(self, who: str) -> Any:
        if who not in self.pages:
            context = self.browser.new_context(locale="zh-CN", reduced_motion="reduce")
            page = context.new_page()
            page.set_default_timeout(PATIENCE)
            page.goto(f"{self.address}/sign-in/{self.links[who]}")
            page.locator("main form button").first.click()
            page.wait_for_url(lambda url: "/sign-in" not in url)
            self.pages[who] = page
        return self.pages[who]

    def open(self, who: str, procedure: str, **given: str) -> str:
        page = self.page(who)
        page.goto(f"{self.address}/cases/new/{procedure}")
        fill(page.locator("form[data-draft]"), given)
        page.locator("form[data-draft] button.primary").click()
        page.wait_for_selector("#timeline")
        return str(page.url)

    def take(self, who: str, case: str, step: str, **given: str) -> Any:
        """The step as a person takes it: open it, fill it in, press its button."""
        page = self.page(who)
        page.goto(case)
        step_ = page.locator(f"#take-{step}")
        step_.locator("summary").click()
        fill(step_.locator("form"), given)
        entries = page.locator("#timeline > li").count()
        step_.locator("form button.primary").click()
        page.wait_for_function(
            "count => document.querySelectorAll('#timeline > li').length > count", arg=entries
        )
        return page


def fill(form: Any, given: dict[str, str]) -> None:
    for name, value in given.items():
        field = form.locator(f"[name={name}]")
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


@pytest.fixture
def desk(address: str, links: dict[str, str]) -> Iterator[Desk]:
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield Desk(browser, address, links)
        browser.close()


def state(page: Any) -> str:
    return str(page.locator("#state").inner_text())


def words(page: Any, name: str) -> str:
    """The DOCX of the case's document of this name, downloaded and opened."""
    row = page.locator("li", has=page.get_by_role("link", name=name, exact=True)).filter(
        has_text="DOCX"
    )
    url = row.get_by_role("link", name="DOCX").first.get_attribute("href")
    raw = page.request.get(page.url.split("/cases")[0] + url).body()
    return "\n".join(one.text for one in Document(io.BytesIO(raw)).paragraphs)


def today(days: int = 0) -> str:
    return (civil(datetime.now(UTC)) + timedelta(days=days)).date().isoformat()


def test_a_penalty_from_the_clue_to_the_closing(desk: Desk) -> None:
    case = desk.open(
        "enforcer", "enforcement.penalty", party="示例化工有限公司", conduct="废水超标排放",
        discovered_on=today(),
    )  # fmt: skip
    steps: list[tuple[str, str, dict[str, str]]] = [
        (
            "enforcer",
            "examine",
            {"party_code": "91140100DEMO", "place": "示例区", "source": "inspection"},
        ),
        ("deputy_director", "file", {"officers": "甲（01）、乙（02）"}),
        ("enforcer", "investigate", {"recorded": "yes"}),
        ("enforcer", "report", {"facts": "总排口超标两倍", "evidence_list": "监测报告"}),
        (
            "enforcer",
            "submit_review",
            {
                "article": "法典第1103条",
                "proposed_fine": "200000",
                "complex": "no",
                "hearing_right": "no",
            },
        ),
        ("legal_reviewer", "pass_review", {"review_opinion": "同意"}),
        ("deputy_director", "notify_directly", {}),
        ("enforcer", "notice_served", {"notice_served_on": today()}),
        ("legal_reviewer", "no_request", {"reason": "当事人书面放弃"}),
        (
            "deputy_director",
            "decide",
            {"fine": "180000", "decision_text": "罚款", "article": "法典第1103条"},
        ),
        ("enforcer", "serve", {"served_on": today(), "service_way": "direct"}),
        ("legal_reviewer", "publish", {"published_at": "门户网站"}),
        ("enforcer", "perform", {}),
        ("enforcer", "pay", {"paid_on": today(), "paid": "180000"}),
        ("deputy_director", "close", {"corrected": "yes", "closing_note": "已缴清"}),
    ]
    for who, step, given in steps:
        page = desk.take(who, case, step, **given)
    assert state(page) == "结案"
    assert page.locator("#timeline > li").count() == len(steps) + 1
    decision = words(page, "行政处罚决定书")
    assert "示例化工有限公司" in decision
    assert "180\u2009000 元" in decision
    assert "环罚决〔" in decision
    assert "废水超标排放" in words(page, "立案审批表")
    page.get_by_role("link", name="行政处罚决定书", exact=True).first.click()
    assert "六十日内申请行政复议" in page.locator("article.sheet").inner_text()


def test_a_rectification_item_from_the_plan_to_the_close_out(desk: Desk) -> None:
    item = desk.open(
        "rectification_office", "inspection.rectification", batch="示例批次",
        problem="雨污混接直排", received_on=today(),
    )  # fmt: skip
    done = dict.fromkeys(
        ("measures_done", "violations_handled", "similar_fixed", "mechanism"), "yes"
    )
    steps: list[tuple[str, str, dict[str, str]]] = [
        (
            "second_office",
            "approve_plan",
            {
                "implementer": "示例区政府",
                "supervisor": "督察办",
                "acceptor": "市局",
                "goal": "消除直排",
                "measures_list": "改造管网",
                "deadline": today(90),
                "long_term": "no",
            },
        ),
        ("rectification_office", "publish_plan", {"plan_place": "网站"}),
        ("county_government", "start", {}),
        ("county_government", "self_check", {"self_check": "全部完成", **done}),
        ("county_government", "apply", {"application": "申请销号"}),
        ("leader", "check_on_site", {"site_check": "合格", "checkers": "丙、丁"}),
        ("leader", "sign", {}),
        (
            "rectification_office",
            "publicize",
            {"publicity_place": "网站", "publicity_until": today(-1)},
        ),
        ("rectification_office", "file", {"objections": "无", "filing_no": "备1号"}),
        ("second_office", "close", {}),
    ]
    for who, step, given in steps:
        page = desk.take(who, item, step, **given)
    assert state(page) == "已销号"
    assert "消除直排" in words(page, "整改任务清单（一项一单）")
    assert "准予销号" in words(page, "销号备案表")
    page = desk.take(
        "rectification_office", item, "rebound", deadline=today(60), reason="回头看发现反弹"
    )
    assert state(page).startswith("反弹")


def test_a_report_written_without_signal_is_sent_once(desk: Desk) -> None:
    order = desk.open("office", "dispatch.order", what="查看扬尘")
    desk.take("grid_worker", order, "accept")
    page = desk.page("grid_worker")
    page.goto(order)
    form = page.locator("#take-report")
    form.locator("summary").click()
    fill(form.locator("form"), {"found": "裸土未覆盖", "done": "已覆盖"})
    page.context.set_offline(True)
    form.locator("form button.primary").click()
    page.get_by_text("联网后自动提交一次").wait_for()
    page.context.set_offline(False)
    page.wait_for_function("() => document.querySelector('#state').innerText.includes('已反馈')")
    page.goto(order)
    assert page.locator("#timeline > li").count() == 3


def test_of_two_officers_the_second_is_told(desk: Desk) -> None:
    case = desk.open(
        "enforcer", "enforcement.penalty", party="示例印染厂", conduct="超标", discovered_on=today()
    )
    first, second = desk.page("enforcer"), desk.page("deputy_director")
    second.goto(case)
    given = {"party_code": "91", "place": "示例区", "source": "alarm"}
    desk.take("enforcer", case, "examine", **given)
    step = second.locator("#take-extend_filing")
    step.locator("summary").click()
    fill(step.locator("form"), {"reason": "案情复杂"})
    step.locator("form button.primary").click()
    second.get_by_text("act.moved-on").wait_for()
    first.goto(case)
    assert first.locator("#timeline > li").count() == 2
