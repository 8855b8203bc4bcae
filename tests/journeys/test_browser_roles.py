"""One journey per role in a real browser against a real `fenhe serve`, each in Chinese and English,
on an office screen and on a phone; and every page under axe-core in both languages.

Nobody's page may be wider than the screen, throw in a script, be refused something by its own
content policy, or ask another host for anything.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fenhe.app.assets import BUILT

playwright = pytest.importorskip("playwright.sync_api")

HERE = Path(__file__).parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
AXE = HERE.parents[1] / "web/node_modules/axe-core/axe.min.js"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
SCREENS = {"office": (1366, 768), "phone": (390, 844)}
LANGUAGES = ("zh", "en")
PAGES = (
    "/alarms?group=kind&state=all", "/public", "/account", "/objects/air_station",
    "/objects/air_station/new", "/search?q=站", "/cases?view=list", "/no-such-page",
)  # fmt: skip
"""Beside every page the menu leads to."""
GRAVE = ("serious", "critical")
PATIENCE = 60_000

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.skipif(not BUILT.exists(), reason="web assets are not built (./dev build)"),
]


@dataclass
class World:
    address: str
    links: dict[str, str]
    key: str
    mine: int
    others: int
    team: int
    browser: Any
    cookies: dict[str, list[Any]] = field(default_factory=dict)


@dataclass
class Visit:
    """One person at one screen in one language."""

    world: World
    page: Any
    language: str
    phone: bool
    faults: list[str]

    def go(self, path: str, status: int = 200) -> str:
        answer = self.page.goto(self.world.address + path)
        assert answer.status == status, (path, answer.status, self.page.inner_text("main")[:300])
        tongue = "zh-CN" if self.language == "zh" else "en"
        assert self.page.get_attribute("html", "lang") == tongue
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{path} is {wide} px wider than the screen"
        return str(self.page.inner_text("main"))

    def say(self, zh: str, en: str) -> str:
        return zh if self.language == "zh" else en

    def status(self, path: str) -> int:
        return int(self.page.context.request.get(self.world.address + path).status)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    data = tmp_path_factory.mktemp("roles")
    environment = {**os.environ, "FENHE_DATA_DIR": str(data), "FENHE_DATABASE_URL": "",
                   "FENHE_PUBLIC_PER_MINUTE": "0"}  # fmt: skip
    run = {"env": environment, "capture_output": True, "text": True, "check": False}
    migrated = subprocess.run([sys.executable, "-m", "fenhe", "migrate"], **run)
    assert migrated.returncode == 0, migrated.stderr
    made = subprocess.run([sys.executable, str(HERE / "roles_world.py")], **run)
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout.strip().splitlines()[-1])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "fenhe", "serve", "--only", "web", "--port", str(port)],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(port, server)
        with playwright.sync_playwright() as play:
            browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            yield World(address, browser=browser, **told)
            browser.close()
    finally:
        server.terminate()
        server.wait(60)


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert server.poll() is None, "the server ended before it answered"
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the server did not answer")


def visit(world: World, person: str, language: str, screen: str) -> Visit:
    """A browser of its own. The link is used once; later visits bring the session along."""
    width, height = SCREENS[screen]
    context = world.browser.new_context(
        viewport={"width": width, "height": height}, reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.set_default_navigation_timeout(PATIENCE)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: _listen(said, faults))
    page.on("request", lambda asked: _only_here(asked.url, world.address, faults))
    if person and person not in world.cookies:
        page.goto(world.address + world.links[person])
        page.click("main button.primary")
        page.wait_for_url(f"{world.address}/")
        world.cookies[person] = context.cookies()
    if person:
        context.add_cookies(world.cookies[person])
    context.add_cookies([{"name": "language", "value": language, "url": world.address}])
    return Visit(world, page, language, screen == "phone", faults)


def _listen(said: Any, faults: list[str]) -> None:
    if "Content Security Policy" in said.text or "Content-Security-Policy" in said.text:
        faults.append(said.text)


def _only_here(url: str, address: str, faults: list[str]) -> None:
    if not url.startswith((address, "data:", "blob:")):
        faults.append(f"asked {url}")


def duty_officer(at: Visit) -> None:
    """Sees what is wrong, takes the first unanswered alarm in hand, and reads that it was done."""
    assert at.say("现在有什么问题", "What is wrong now") in at.go("/")
    at.go("/alarms")
    at.page.wait_for_selector("[data-desk]")
    at.go("/alarms?state=open")
    at.page.click("td.what a >> nth=0")
    at.page.wait_for_selector(".acts")
    at.page.fill("form[action$=acknowledge] input[name=note]", "已通知运维")
    at.page.click("form[action$=acknowledge] button")
    at.page.wait_for_selector(".timeline li:has-text('已通知运维')")
    told = at.page.inner_text(".timeline")
    assert at.say("赵值班确认了告警", "赵值班 took the alarm") in told
    assert "已通知运维" in told


def office_head(at: Visit) -> None:
    """Asks why a number is what it is, mutes an alarm with a reason, finds it in the trail."""
    at.go("/air/")
    at.page.click("main a.why >> nth=0")
    at.page.wait_for_selector("#drawer[open]")
    at.page.keyboard.press("Escape")
    at.go(f"/alarms/{at.world.others}")
    if at.page.locator("form[action$=unmute]").count():
        at.page.click("form[action$=unmute] button")
        at.page.wait_for_selector("form[action$='/mute']", state="attached")
    at.page.click(f"summary:has-text('{at.say('静音', 'Mute')}')")
    at.page.fill("form[action$='/mute'] input[name=reason]", "站房检修")
    at.page.click("form[action$='/mute'] button")
    at.page.wait_for_selector("form[action$=unmute]")
    trail = at.go("/audit?act=alarm.mute")
    assert "站房检修" in trail
    assert at.say("钱科长把告警", "钱科长 muted the alarm") in trail
    assert at.say("无误", "holds") in trail


def branch_bureau(at: Visit) -> None:
    """Sees the alarms of its district and no other's."""
    listed = at.go("/alarms?state=all")
    assert at.say("东四", "Station 0") in listed
    assert at.say("奥体中心", "Station 3") not in listed
    at.go(f"/alarms/{at.world.mine}")
    assert at.status(f"/alarms/{at.world.others}") == 404
    assert at.status("/import") == 200


def enforcement_team(at: Visit) -> None:
    """Has in hand what was handed to it, and notes what was found on the spot."""
    assert at.say("由我处理", "In my hands") in at.go("/")
    at.go(f"/alarms/{at.world.team}")
    at.page.click(f"summary:has-text('{at.say('记一条备注', 'Add a note')}')")
    at.page.fill("form[action$=note] textarea", "<b>现场</b>已到")
    at.page.click("form[action$=note] button")
    at.page.wait_for_selector(".timeline li:has-text('<b>现场</b>已到')")


def director(at: Visit) -> None:
    """A minute over the day: home, ranking, the wall; commits no import."""
    home = at.go("/")
    assert at.say("环境空气", "Ambient air") in home
    at.go("/air/ranking")
    at.go("/screen")
    assert at.page.locator(".screen-map circle").count() == 6
    refused = at.page.context.request.post(at.world.address + "/import/check")
    assert refused.status == 403


def enterprise(at: Visit) -> None:
    """Its own alarm, nobody else's, no figure of the city, no audit trail."""
    home = at.go("/")
    assert at.say("环境空气", "Ambient air") not in home
    listed = at.go("/alarms?state=all")
    assert at.say("万柳", "Station 5") in listed
    assert at.say("东四", "Station 0") not in listed
    assert at.status(f"/alarms/{at.world.mine}") == 404
    at.go("/audit", 403)


def public(at: Visit) -> None:
    """Reads the air without signing in, takes the open data; the inside stays closed."""
    shown = at.go(f"/public?lang={at.language}")
    assert at.say("空气质量", "Air quality") in shown
    assert at.say("东四", "Station 0") in shown
    got = at.page.context.request.get(at.world.address + "/public/data/air/hour.csv")
    assert got.ok
    assert len(got.body().decode("utf-8-sig").splitlines()) == 7
    at.page.goto(at.world.address + "/alarms")
    assert at.page.url.endswith("/sign-in?next=/alarms")


def integrator(at: Visit) -> None:
    """A program with a key reads what its person may; without one it is refused."""
    description = at.page.context.request.get(at.world.address + "/api/v1/openapi.json")
    ask = at.page.context.request.get
    url = f"{at.world.address}/api/v1/objects?kind=air_station"
    headers = {"Authorization": f"Bearer {at.world.key}", "Accept-Language": at.language}
    got = ask(url, headers=headers)
    assert got.status == 200, got.text()
    assert "1000A" in got.text()
    assert ask(url).status in (401, 403)
    assert ask(url, headers={"Authorization": "Bearer fh_none_none"}).status in (401, 403)
    assert description.status in (200, 401)
    at.go(f"/public?lang={at.language}")


JOURNEYS: dict[str, tuple[str, Callable[[Visit], None]]] = {
    "duty officer": ("duty", duty_officer),
    "office head": ("head", office_head),
    "branch bureau": ("branch", branch_bureau),
    "enforcement team": ("team", enforcement_team),
    "director": ("director", director),
    "enterprise": ("plant", enterprise),
    "public": ("", public),
    "integrator": ("", integrator),
}


@pytest.mark.parametrize("role", list(JOURNEYS))
def test_a_role_walks_its_day(world: World, role: str) -> None:
    person, walk = JOURNEYS[role]
    for language, screen in itertools.product(LANGUAGES, SCREENS):
        at = visit(world, person, language, screen)
        walk(at)
        assert at.faults == [], (role, language, screen)
        at.page.context.close()


def test_the_desk_answers_to_the_keyboard(world: World) -> None:
    at = visit(world, "keeper", "zh", "office")
    at.go("/alarms?state=all")
    at.page.keyboard.press("j")
    at.page.keyboard.press("j")
    at.page.keyboard.press("x")
    assert at.page.locator("input[name=alarm]:checked").count() == 1
    assert "已选 1 条" in at.page.inner_text("[data-chosen]")
    at.page.keyboard.press("m")
    assert at.page.evaluate("document.activeElement.name") == "reason"
    at.page.keyboard.press("j")  # a field keeps its own keys
    assert at.page.input_value("input[name=reason]") == "j"
    at.page.keyboard.press("Tab")
    at.page.goto(at.world.address + "/alarms?state=all")
    at.page.keyboard.press("j")
    at.page.keyboard.press("Enter")
    at.page.wait_for_selector(".acts")


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed (./dev build)")
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_grave_on_any_page(world: World, language: str) -> None:
    found = []
    script = AXE.read_text(encoding="utf-8")
    at = visit(world, "keeper", language, "office")
    at.go("/")
    menu = at.page.eval_on_selector_all("nav a", "all => all.map(a => a.getAttribute('href'))")
    assert len(menu) > 20
    for path in dict.fromkeys((*menu, *PAGES, f"/alarms/{world.mine}")):
        at.page.goto(world.address + path + (f"?lang={language}" if path == "/public" else ""))
        at.page.evaluate(script)
        for item in at.page.evaluate("axe.run().then(r => r.violations)"):
            if item["impact"] in GRAVE:
                found.append((path, item["id"], item["nodes"][0]["target"]))
    at.page.context.close()
    assert found == []
