"""The one search: Chinese words of two characters, several words, both languages, nothing that may
not be seen, and a source that joins from elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from fenhe.access.models import Person
from fenhe.alert.models import Alarm
from fenhe.app import assets, searching
from fenhe.app.boot import boot
from fenhe.app.searching import Asked, Found, Hit, Source
from fenhe.registry.models import Object, Series

boot()
pytestmark = pytest.mark.django_db
built = pytest.mark.skipif(
    not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built (./dev build)"
)


@pytest.fixture
def chief() -> Person:
    return Person.objects.create(username="chief", role="administrator")


@pytest.fixture
def station() -> Object:
    found = Object.objects.create(
        kind="air_station", code="1081A", name_zh="尖草坪站", name_en="Jiancaoping"
    )
    Object.objects.create(kind="air_station", code="1083A", name_zh="上兰")
    Series.objects.create(object=found, property="pm2_5", resolution="hour")
    at = datetime(2026, 1, 1, tzinfo=UTC)
    Alarm.objects.create(
        key="k", kind="air.heavy-pollution", severity="red", subject=found, message_zh="重污染预警",
        message_en="heavy pollution", first_seen=at, last_seen=at,
    )  # fmt: skip
    return found


def titles(person: object, query: str, source: str, language: str = "zh") -> list[str]:
    found = searching.everywhere(person, query, language)  # type: ignore[arg-type]
    return [hit.title for one, result in found for hit in result.hits if one.id == source]


@pytest.mark.parametrize(
    ("query", "source", "count"),
    [
        ("草坪", "objects", 1),
        ("坪", "objects", 1),
        ("草坪 1081a", "objects", 1),
        ("JIANCAO", "objects", 1),
        ("草上", "objects", 0),
        ("108", "objects", 2),
        ("草坪 pm2.5", "series", 1),
        ("上兰 pm2.5", "series", 0),
        ("重污", "alarms", 1),
        ("草坪", "alarms", 1),
        ("GB 3095", "standards", 1),
        ("", "objects", 0),
        ("%", "objects", 0),
        ("_", "objects", 0),
    ],
)
def test_what_is_found(chief: Person, station: Object, query: str, source: str, count: int) -> None:
    found = titles(chief, query, source)
    assert len(found) >= 1 if source == "standards" else len(found) == count


def test_names_are_those_of_the_language(chief: Person, station: Object) -> None:
    assert titles(chief, "草坪", "objects", "en") == ["Jiancaoping 1081A"]


def test_who_has_no_role_finds_nothing(station: Object) -> None:
    nobody = Person.objects.create(username="none", role="nothing")
    for source in ("objects", "series", "alarms", "publications"):
        assert titles(nobody, "草坪 pm2.5", source) == []
        assert titles(nobody, "草坪", source) == []


def test_a_source_joins_from_elsewhere(chief: Person) -> None:
    def find(asked: Asked) -> Found:
        return Found([Hit(f"案件 {asked.query}", "/cases/1")])

    searching.register(Source("test-cases", "menu.map", find))
    try:
        assert titles(chief, "一", "test-cases") == ["案件 一"]
    finally:
        del searching._sources["test-cases"]


@built
def test_the_page_shows_it_escaped(client: Client, chief: Person, station: Object) -> None:
    client.force_login(chief)
    Object.objects.filter(pk=station.pk).update(name_zh="<b>草坪</b>")
    page = client.get("/search", {"q": "<script>alert(1)</script>"}).content.decode()
    assert "<script>alert" not in page
    page = client.get("/search", {"q": "草坪"}).content.decode()
    assert "&lt;b&gt;草坪" in page
    assert client.get("/search?q=%00").status_code == 200
    assert client.get("/search").status_code == 200
