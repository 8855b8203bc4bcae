"""The screen on a wall: what its key opens, what ends it, what it never does."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from fenhe.access import administration, keys, sign_in
from fenhe.access.models import ApiKey, FailedSignIn, Grant, Organ, Person
from fenhe.alert.models import Alarm
from fenhe.app.boot import boot
from fenhe.app.web import walls
from fenhe.evidence.models import Act
from fenhe.kernel.errors import Forbidden
from fenhe.kernel.period import utc_now
from fenhe.registry.models import Area, Object

boot()
pytestmark = pytest.mark.django_db


@pytest.fixture
def chief() -> Person:
    return Person.objects.create(username="chief", role="administrator")


@pytest.fixture
def eyes() -> Person:
    return Person.objects.create(username="lobby", role="wall")


@pytest.fixture
def token(chief: Person, eyes: Person) -> str:
    until = utc_now() + timedelta(days=30)
    return administration.make_wall(chief, "lobby", eyes, expires_at=until)[1]


@pytest.fixture
def wall(token: str) -> Client:
    client = Client()
    assert client.post("/wall", {"key": token})["Location"] == "/screen"
    return client


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_a_wall_shows_the_screen_without_anybody_signing_in(wall: Client) -> None:
    answer = wall.get("/screen")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert wall.get("/screen/now", headers={"HX-Request": "true"}).status_code == 200
    assert "sessionid" not in wall.cookies


def test_its_cookie_goes_to_the_screen_alone(wall: Client, token: str) -> None:
    cookie = wall.cookies["wall"]
    assert (cookie["path"], cookie["samesite"], cookie["httponly"]) == ("/screen", "Strict", True)
    assert 0 < cookie["max-age"] <= 30 * 86400
    kept = ApiKey.objects.get()
    assert token not in str(list(ApiKey.objects.values()))
    assert kept.only == keys.SCREEN


@pytest.mark.parametrize("url", ["/", "/alarms", "/account", "/objects", "/standards", "/search"])
def test_it_opens_no_other_page(wall: Client, url: str) -> None:
    wall.cookies["wall"]["path"] = "/"
    assert wall.get(url).status_code == 302


def test_it_does_nothing(wall: Client) -> None:
    for method in ("post", "put", "patch", "delete"):
        assert getattr(wall, method)("/screen").status_code == 405


def test_it_is_no_key_of_the_interface_and_such_a_key_is_none_of_a_wall(
    token: str, chief: Person
) -> None:
    bearer = {"Authorization": f"Bearer {token}"}
    assert Client().get("/api/v1/objects", headers=bearer).status_code == 401
    _, program = keys.make(chief, "program", ["page.view"])
    assert Client().post("/wall", {"key": program}).status_code == 403
    client = Client()
    client.cookies["wall"] = program
    assert client.get("/screen").status_code == 403


def test_it_sees_what_its_account_sees_and_within_its_own_limits(chief: Person) -> None:
    areas = [
        Area.objects.create(adcode=code, name_zh=code, name_en=code, level="county")
        for code in ("140105", "140106")
    ]
    for area in areas:
        thing = Object.objects.create(
            kind="air_station", code=area.adcode, name_zh=f"站{area.adcode}", area=area
        )
        Alarm.objects.create(
            key=f"air.x:{thing.pk}", kind="air.x", severity="red", subject=thing,
            message_zh=f"告警{area.adcode}", message_en="x", first_seen=utc_now(),
            last_seen=utc_now(),
        )  # fmt: skip
    organ = Organ.objects.create(code="B", name_zh="分局", name_en="B", kind="branch")
    lobby = Person.objects.create(username="lobby", organ=organ)
    Grant.objects.create(person=lobby, role="wall", area="140105")

    def shown(**limits: str) -> str:
        token = administration.make_wall(chief, "w", limits.pop("whose", lobby), **limits)[1]
        client = Client()
        client.post("/wall", {"key": token})
        return client.get("/screen").content.decode()

    assert "告警140105" in shown()
    assert "告警140106" not in shown()
    whole = shown(whose=chief)
    assert "告警140105" in whole
    assert "告警140106" in whole
    assert "告警140105" not in shown(whose=chief, area="140106")


def test_it_dies_with_the_account_the_right_the_key_and_its_time(
    wall: Client, token: str, eyes: Person, chief: Person
) -> None:
    Person.objects.filter(pk=eyes.pk).update(is_active=False)
    assert wall.get("/screen").status_code == 403
    wall.cookies["wall"] = administration.make_wall(chief, "again", chief)[1]
    assert wall.get("/screen").status_code == 200
    Person.objects.filter(pk=chief.pk).update(role="auditor")
    assert wall.get("/screen").status_code == 403
    Person.objects.filter(pk=chief.pk).update(role="administrator")
    assert wall.get("/screen").status_code == 200
    row = ApiKey.objects.get(name="again")
    answer = signed_in(Person.objects.get(pk=chief.pk)).post(
        f"/administration/keys/{row.pk}/revoke"
    )
    assert answer["Location"] == "/administration/walls"
    answer = wall.get("/screen")
    assert answer.status_code == 403
    assert answer.cookies["wall"]["max-age"] == 0
    Person.objects.filter(pk=eyes.pk).update(is_active=True)
    wall.cookies["wall"] = token
    assert wall.get("/screen").status_code == 200
    ApiKey.objects.filter(name="lobby").update(expires_at=utc_now() - timedelta(seconds=1))
    assert wall.get("/screen").status_code == 403


def test_typing_keys_is_throttled_by_address(token: str) -> None:
    for _ in range(sign_in.PER_NAME):
        assert Client().post("/wall", {"key": "fh_x_guess"}).status_code == 403
    refused = Client().post("/wall", {"key": token})
    assert refused.status_code == 403
    assert "请 15 分钟后再试" in refused.content.decode()
    elsewhere = Client(REMOTE_ADDR="10.0.0.9")
    assert elsewhere.post("/wall", {"key": token}).status_code == 302


def test_cookies_that_open_nothing_are_counted_too() -> None:
    client = Client()
    client.cookies["wall"] = "fh_x_guess"
    assert client.get("/screen").status_code == 403
    assert FailedSignIn.objects.get().username == "wall:127.0.0.1"


def test_a_wall_that_asks_too_often_has_to_wait(
    wall: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walls, "_rate", walls.Rate(clock=lambda: 0.0))
    monkeypatch.setattr(walls, "PER_MINUTE", 2)
    assert [wall.get("/screen/now").status_code for _ in range(3)] == [200, 200, 429]


def test_nobody_makes_one_with_eyes_that_see_more(eyes: Person) -> None:
    clerk = Person.objects.create(username="clerk", role="system_administrator")
    director = Person.objects.create(username="director", role="leader")
    with pytest.raises(Forbidden, match=r"access\.wall-outranked"):
        administration.make_wall(clerk, "w", director)
    for role in ("viewer", "officer", "leader", ""):
        person = Person.objects.create(username=f"p-{role}", role=role)
        with pytest.raises(Forbidden):
            administration.make_wall(person, "w", person)
        assert signed_in(person).get("/administration/walls").status_code == 403


def test_nor_with_eyes_that_see_further() -> None:
    organ = Organ.objects.create(
        code="C", name_zh="分局", name_en="C", kind="branch", area="140105"
    )
    keeper = Person.objects.create(username="keeper", organ=organ)
    Grant.objects.create(
        person=keeper, role="administrator", area="140105", granted_by="a", approved_by="b"
    )
    narrow, wide, field = (
        Person.objects.create(username=name, organ=organ) for name in ("near", "wide", "field")
    )
    Grant.objects.create(person=narrow, role="wall", area="140105")
    Grant.objects.create(person=wide, role="wall", area="140100")
    Grant.objects.create(person=field, role="wall", domains=["water"])
    assert administration.make_wall(keeper, "w", narrow)
    for person in (wide, field):
        with pytest.raises(Forbidden, match=r"access\.wall-outranked"):
            administration.make_wall(keeper, "w", person)


def test_a_wall_that_is_not_on_record_is_not_made(
    chief: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(chief)

    def full(*_: object) -> None:
        raise OSError("no room for the ledger")

    monkeypatch.setattr(walls.ledger, "record", full)
    answer = client.post("/administration/walls/add", {"name": "大厅", "days": "90"})
    assert answer.status_code == 500
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_is_made_on_a_page_and_shown_once(chief: Person, eyes: Person, language: str) -> None:
    client = signed_in(chief)
    client.cookies["language"] = language
    sent = {"name": "大厅", "username": "lobby", "days": "90"}
    answer = client.post("/administration/walls/add", sent, follow=True)
    found = re.search(r"<code>(fh_[^<]+)</code>", answer.content.decode())
    assert found
    again = client.get("/administration/walls").content.decode()
    assert found[1] not in again
    assert "大厅" in again
    assert "walls." not in re.sub(r"<[^>]*>", "", again)
    assert Client().post("/wall", {"key": found[1]}).status_code == 302
    acts = list(Act.objects.order_by("seq").values_list("action", flat=True))
    assert acts == ["wall.made", "wall.opened"]
    assert "大厅" not in client.get("/administration/keys").content.decode()
    missing = client.post("/administration/walls/add", {"name": "x", "username": "no-such"})
    assert missing.status_code == 422
