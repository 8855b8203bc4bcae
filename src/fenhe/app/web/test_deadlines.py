"""The calculator as page and as API: the same answer as the function, a clear refusal, and every
rule listed with its article."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from django.test import Client

from fenhe.access.models import Person
from fenhe.act import notices
from fenhe.act.deadlines import rules
from fenhe.act.deadlines.asked import answer
from fenhe.app import assets
from fenhe.app.boot import boot

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


@pytest.mark.parametrize("number", range(len(rules())))
def test_page_and_interface_say_what_the_function_says(viewer: Client, number: int) -> None:
    rule, calendar = rules()[number], notices.current()
    for day in range(number % 73, 365, 73):
        start = (date(2026, 1, 1) + timedelta(days=day)).isoformat()
        wanted = answer(rule.id, start, calendar).as_dict()
        shown = viewer.get("/deadlines", {"rule": rule.id, "from": start})
        assert shown.status_code == 200
        result = shown.context["result"]
        for name in ("due", "provisional", "rule", "article", "calendar", "confidence"):
            assert result[name] == wanted[name]
        assert result["steps"] == [step["zh"] for step in wanted["steps"]]
        if wanted["due"]:
            assert f'data-due="{wanted["due"]}"' in shown.content.decode()
        told = viewer.get(f"/api/v1/deadlines/{rule.id}", {"from": start})
        assert json.loads(told.content) == wanted


def test_the_interface_lists_every_rule(viewer: Client) -> None:
    listed = json.loads(viewer.get("/api/v1/deadlines").content)
    assert [one["id"] for one in listed] == [rule.id for rule in rules()]


@pytest.mark.parametrize(
    "asked",
    [
        {"rule": "none", "from": "2026-03-02"},
        {"rule": "pen.filing", "from": "soon"},
        {"rule": "pen.filing", "from": "2026-03-02", "extend": "2"},
        {"rule": "pen.filing", "from": "2026-03-02", "exclude": "-1"},
        {"rule": "pen.filing", "from": "2026-03-02", "extend": "two"},
    ],
)
def test_what_cannot_be_counted_is_refused_with_a_sentence(
    viewer: Client, asked: dict[str, str]
) -> None:
    page = viewer.get("/deadlines", asked)
    assert page.status_code == 422
    assert page.context["problem"]
    assert page.context["result"] is None
    told = viewer.get(f"/api/v1/deadlines/{asked.pop('rule')}", asked)
    assert told.status_code in (400, 422)
    assert json.loads(told.content)["error"]["zh"]


@pytest.mark.parametrize("tongue", ["zh", "en"])
def test_every_rule_stands_on_the_page_with_its_article(viewer: Client, tongue: str) -> None:
    viewer.post("/preferences", {"language": tongue})
    text = viewer.get("/deadlines").content.decode()
    for rule in rules():
        assert f"/deadlines?rule={rule.id}" in text
        assert rule.step[tongue].split("'")[0] in text
    found = viewer.get("/deadlines", {"q": "听证"}).context["rows"]
    assert {row["rule"].id for row in found} == {"pen.hearing_request", "pen.hearing_notice"}
    assert viewer.get("/deadlines", {"q": "zzz"}).context["rows"] == []


def test_a_provisional_day_says_why(viewer: Client) -> None:
    shown = viewer.get("/deadlines", {"rule": "pen.decision", "from": "2026-11-07"})
    assert shown.context["result"]["provisional"]
    assert "2027" in shown.context["result"]["reason"]


def test_nobody_sees_it_without_signing_in(client: Client) -> None:
    assert client.get("/deadlines").status_code == 302
    assert client.get("/api/v1/deadlines").status_code == 401
