"""The home page: what each role is shown, what is absent, what a failing card does not break."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from fenhe.access.models import Grant, Person
from fenhe.alert import alarms
from fenhe.app import assets
from fenhe.app.boot import boot
from fenhe.app.web import home, home_blocks
from fenhe.kernel.errors import NotFound
from fenhe.kernel.period import utc_now
from fenhe.kernel.text import Text
from fenhe.publish.card import Card, Due
from fenhe.publish.page import Ask
from fenhe.registry.models import Object

boot()
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
    ),
]


def one_card(ask: Ask) -> Card:
    return Card(
        "工作", "按期率", "97.5", "%", "/alarms", "两件超期", "good", spark=(1.0, None, 2, 3)
    )


def a_broken_one(ask: Ask) -> Card:
    raise NotFound("work.none", "没有", "none")


@pytest.fixture
def offers(monkeypatch: pytest.MonkeyPatch) -> None:
    due = Due(
        "整改报告", datetime(2026, 1, 2, tzinfo=UTC), "/alarms", "李某", "第12条", days_left=-3
    )
    monkeypatch.setattr(home, "CARDS", [("broken", a_broken_one), ("work", one_card)])
    monkeypatch.setattr(home_blocks, "DUES", [lambda ask: [due]])


def seen_as(client: Client, role: str) -> str:
    client.force_login(Person.objects.create(username=role, role=role))
    answer = client.get("/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_every_block_that_roles_name_is_there() -> None:
    named = {block for one in home.layouts().roles.values() for block in one.blocks}
    assert named | set(home.layouts().default.blocks) <= set(home_blocks.BLOCKS)


def test_an_empty_platform_says_what_to_do_next(client: Client) -> None:
    page = seen_as(client, "officer")
    assert "还没有可以汇总的数据" in page
    assert "没有当前告警" in page
    assert "没有到期事项" in page


def test_cards_and_what_is_due_come_from_whoever_offers_them(client: Client, offers: None) -> None:
    page = seen_as(client, "leader")
    assert "97.5" in page
    assert "两件超期" in page
    assert "整改报告" in page
    assert "已超期 3 天" in page
    assert "block-bulletins" in page


def test_roles_differ_by_data(client: Client, offers: None) -> None:
    thing = Object.objects.create(kind="air_city", code="1", name_zh="某市")
    alarms.raise_("k", "air.silent", "red", thing.pk, Text("没有数据", "silent"), utc_now())
    keeper = seen_as(client, "system_administrator")
    assert "没有数据" not in keeper
    assert "block-platform" in keeper
    assert "97.5" not in keeper
    officer = seen_as(Client(), "officer")
    assert "没有数据" in officer
    assert "block-imports" in officer
    assert "block-platform" not in officer


def test_a_gap_in_a_line_stays_a_gap(client: Client, offers: None) -> None:
    page = seen_as(client, "viewer")
    path = page.partition('class="spark"')[2].partition('<path d="')[2].partition('"')[0]
    assert path.count("M") == 2
    assert path.count("L") == 1


def test_a_stranger_is_sent_to_sign_in() -> None:
    assert Client().get("/")["Location"] == "/sign-in?next=/"


def test_who_holds_a_role_by_grant_has_the_page_of_that_role(client: Client) -> None:
    clerk = Person.objects.create(username="clerk")
    Grant.objects.create(person=clerk, role="auditor", granted_by="chief")
    client.force_login(clerk)
    page = client.get("/").content.decode()
    assert "block-acts" in page
    assert "block-wrong" not in page
