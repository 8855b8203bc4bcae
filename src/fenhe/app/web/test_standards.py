"""The browser of standards as a stranger meets it: opens with what is in force, finds rows in all
editions by names in either language, says everything in the language of the page."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from fenhe.access.models import Person
from fenhe.app import assets
from fenhe.app.boot import boot
from fenhe.app.text import said
from fenhe.app.views import of_domains
from fenhe.app.web import standards
from fenhe.standards import catalogue

boot()
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
    ),
]


@pytest.fixture
def viewer(client: Client) -> Client:
    client.force_login(Person.objects.create(username="guest", role="viewer"))
    return client


def test_it_opens_with_the_standard_that_a_domain_names(viewer: Client) -> None:
    named = {views.standard for views in of_domains().values() if views.standard}
    assert viewer.get("/standards").context["edition"].standard in named


@pytest.mark.parametrize(
    "query", ["PM2.5 年平均", "pm2.5 annual mean", "PM2.5 annual", "ｐｍ2.5 年平均"]
)
def test_a_search_finds_rows_of_every_edition_by_names_in_either_language(
    viewer: Client, query: str
) -> None:
    answer = viewer.get("/standards", {"q": query})
    assert len({table["edition"] for table in answer.context["tables"]}) >= 3
    assert f'name="q" value="{query}"' in answer.content.decode()


def test_what_is_nowhere_is_said_to_be_nowhere(viewer: Client) -> None:
    answer = viewer.get("/standards", {"q": "zzz-no-such"})
    assert answer.context["found"] == 0
    assert 'class="card state"' in answer.content.decode()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_column_has_a_name_in_both_languages(language: str) -> None:
    columns = {
        name
        for edition in catalogue.editions()
        for table in edition.tables.values()
        for name in table.columns
    }
    plain = {name for name in columns if said("column", name, language) == name}
    assert plain <= {"pm10", "co"}


def test_weak_sources_are_not_green_and_one_option_is_in_force(viewer: Client) -> None:
    page = viewer.get("/standards", {"confidence": "second_hand", "edition": "HJ 663-2026"})
    assert re.findall(r'<span class="chip (\w+)" title', page.content.decode())
    assert 'chip good" title' not in page.content.decode()
    by_standard: dict[str, int] = {}
    for item in page.context["editions"]:
        standard = catalogue.edition(item["id"]).standard
        by_standard[standard] = by_standard.get(standard, 0) + item["in_force"]
    assert max(by_standard.values()) == 1


def test_a_cell_that_holds_names_and_values_is_shown_pair_by_pair() -> None:
    assert standards._cell({"cod": 40, "nh3n": 2.0}, "en")["text"] == "cod 40, nh3n 2.0"
    assert standards._cell({"zh": "一级", "en": "grade I"}, "en")["text"] == "grade I"
