"""The pages of the platform over an empty installation: who may see them, what they say, and what
they may cost."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
import structlog.testing
from django.test import Client

from fenhe.access import sign_in
from fenhe.access.models import Person
from fenhe.app import assets, discovery, text
from fenhe.app.boot import boot
from fenhe.app.views import function, of_domains
from fenhe.app.web import palette
from fenhe.standards import catalogue

boot()
pytestmark = pytest.mark.django_db
built = pytest.mark.skipif(
    not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built (./dev build)"
)
JS_BUDGET = 150 * 1024
OURS = ("/standards", "/import", "/bulletins")


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(Person.objects.create(username="chief", role="administrator"))
    return client


def test_every_sentence_is_said_in_both_languages() -> None:
    assert text.missing_keys() == []


@built
@pytest.mark.parametrize("page", [*OURS, "/air/", "/air/calendar"])
def test_a_stranger_is_sent_to_sign_in_and_back(client: Client, page: str) -> None:
    answer = client.get(page)
    assert answer.status_code == 302
    assert answer["Location"] == f"/sign-in?next={page}"


@built
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("page", [*OURS, "/air/", "/air/calendar", "/air/ranking", "/air/budget"])
def test_pages_answer_without_any_data(administrator: Client, page: str, language: str) -> None:
    administrator.cookies["language"] = language
    answer = administrator.get(page)
    assert answer.status_code == 200
    assert "{{" not in answer.content.decode()


@built
def test_opening_a_link_does_not_use_it_up_and_pressing_the_button_does(client: Client) -> None:
    token = sign_in.make_link(Person.objects.create(username="chief", role="administrator"))
    assert client.get(f"/sign-in/{token}").status_code == 200
    assert client.post("/sign-in", {"token": token}).status_code == 302
    assert client.get("/standards").status_code == 200
    assert Client().post("/sign-in", {"token": token}).status_code == 403


@built
def test_a_sign_in_link_is_not_written_to_the_log(client: Client) -> None:
    with structlog.testing.capture_logs() as lines:
        client.get("/sign-in/not-a-real-token")
    assert [line["path"] for line in lines if line["event"] == "request"] == ["/sign-in/…"]


@built
@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org", "javascript:x"])
def test_signing_in_never_leads_elsewhere(client: Client, elsewhere: str) -> None:
    token = sign_in.make_link(Person.objects.create(username="chief", role="viewer"))
    answer = client.post("/sign-in", {"token": token, "next": elsewhere})
    assert answer["Location"] == "/"


@built
def test_a_viewer_may_look_but_not_import(client: Client) -> None:
    client.force_login(Person.objects.create(username="guest", role="viewer"))
    assert client.get("/import").status_code == 200
    assert client.post("/import/check", {"profile": "air-hourly"}).status_code == 403


@built
def test_the_browser_of_standards_shows_every_row_with_clause_and_confidence(
    administrator: Client,
) -> None:
    for edition in catalogue.editions():
        page = administrator.get("/standards", {"edition": edition.id}).content.decode()
        body = page.partition('class="w9 stack edition"')[2]
        rows = sum(len(table) for table in edition.tables.values())
        assert body.count("<tr><td") == rows, edition.id
        assert len(re.findall(r'<span class="chip (?:good|warn)" title', body)) == rows


@built
@pytest.mark.parametrize(("kind", "begins"), [("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK")])
def test_every_form_offered_can_be_downloaded(
    administrator: Client, kind: str, begins: bytes
) -> None:
    page = administrator.get("/import").content.decode()
    found = re.findall(rf'href="(/import/template/[^"]+\.{kind})"', page)
    assert found
    for url in found:
        assert administrator.get(url).content.startswith(begins)


def test_level_colours_are_those_of_the_editions() -> None:
    for domain_id, views in of_domains().items():
        if views.palette:
            for level, colours in function(domain_id, views.palette)().items():
                assert f"--{domain_id}-{level}:{colours['official']}" in palette.sheet("official")
                assert f"--{domain_id}-{level}:{colours['safe']}" in palette.sheet("safe")


def test_no_domain_is_named_in_the_pages_of_the_core() -> None:
    here = Path(__file__).parent
    names = {domain.id for domain in discovery.load()}
    for path in [*here.glob("*.py"), *(here.parent / "templates").rglob("*.html")]:
        if not path.name.startswith("test_"):
            found = names & set(re.findall(r"[\"'/.]([a-z_]+)[\"'/.]", path.read_text("utf-8")))
            assert not found, (path.name, found)


@built
def test_scripts_of_a_page_stay_within_their_budget_and_ask_nobody_else() -> None:
    """Everything but the chart and map libraries, which only pages with charts or maps load."""
    large = ("chart.js", "map-worker.js")
    scripts = [assets.BUILT / name for key, name in assets.manifest().items() if key not in large]
    own = [path for path in scripts if path.suffix == ".js"]
    assert sum(len(gzip.compress(path.read_bytes())) for path in own) <= JS_BUDGET
    for path in assets.BUILT.glob("*.css"):
        assert "http" not in path.read_text("utf-8")
