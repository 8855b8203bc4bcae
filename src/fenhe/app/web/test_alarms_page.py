"""The alarm desk as a page: what it lists and counts, acts on many at once, two people at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from fenhe.access.models import Person
from fenhe.alert import alarms, desk
from fenhe.alert.models import Alarm
from fenhe.app import assets
from fenhe.app.boot import boot
from fenhe.evidence.models import Act
from fenhe.kernel.period import HOUR, utc_now
from fenhe.kernel.text import Text
from fenhe.registry.models import Object

boot()
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
    ),
]
NASTY = "<script>alert(1)</script>{{7*7}}"


def raised(number: int, severity: str, kind: str = "air.silent") -> Alarm:
    thing, _ = Object.objects.get_or_create(
        kind="air_station", code=str(number), name_zh=f"站{number}", name_en=f"Station {number}"
    )
    message = Text(f"第{number}号", f"number {number}")
    return alarms.raise_(f"{kind}:{number}", kind, severity, thing.pk, message, utc_now())


@pytest.fixture
def officer(client: Client) -> Client:
    client.force_login(Person.objects.create(username="li", last_name="李某", role="officer"))
    return client


def test_the_gravest_stand_first_and_are_counted(officer: Client) -> None:
    for number, severity in enumerate(("notice", "red", "yellow", "orange")):
        raised(number, severity)
    page = officer.get("/alarms").content.decode()
    body = page.partition("<tbody>")[2]
    places = [body.index(f"第{number}号") for number in (1, 3, 2, 0)]
    assert places == sorted(places)
    assert page.count("未确认 1") == 4


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("", {1, 2}),
        ("severity=red", {1}),
        ("state=muted", {3}),
        ("state=cleared", {4}),
        ("state=all", {1, 2, 3, 4}),
        ("state=acknowledged", {2}),
        ("owner=me", {2}),
        ("owner=nobody", {1}),
        ("kind=air.silent&state=all", {1, 2, 3}),
        ("text=Station+2", {2}),
        ("text=没有这个", set()),
        ("group=kind", {1, 2}),
        ("state=nonsense&page=-1&severity=%27", {1, 2}),
        ("page=2", set()),
        ("page=99999999999999999999999", {1, 2}),
    ],
)
def test_filters(officer: Client, query: str, seen: set[int]) -> None:
    li, now = Person.objects.get(), utc_now()
    raised(1, "red")
    desk.acknowledge(raised(2, "yellow"), li, now)
    desk.mute(raised(3, "yellow"), li, now + HOUR, "works", now)
    desk.clear(raised(4, "yellow", "air.heavy-day"), li, "over", now)
    body = officer.get(f"/alarms?{query}").content.decode().partition('id="desk"')[2]
    assert {number for number in range(1, 5) if f"第{number}号" in body} == seen


def test_many_are_answered_at_once_and_who_came_second_is_told(officer: Client) -> None:
    first, second = raised(1, "red"), raised(2, "yellow")
    desk.acknowledge(first, Person.objects.create(username="wang", last_name="王某"), utc_now())
    sent = {"act": "acknowledge", "alarm": [first.pk, second.pk], "next": "/alarms"}
    answer = officer.post("/alarms/act", sent)
    assert answer.status_code == 409
    assert "wang" in answer.content.decode()
    second.refresh_from_db()
    assert second.owner is not None
    assert second.owner.username == "li"
    assert officer.post("/alarms/act", {"act": "acknowledge"}).status_code == 422
    assert officer.post("/alarms/act", {"act": "explode", "alarm": second.pk}).status_code == 422


def test_muting_from_the_desk_needs_a_reason(officer: Client) -> None:
    alarm = raised(1, "red")
    sent = {"act": "mute", "alarm": alarm.pk, "hours": "8", "reason": " "}
    assert officer.post("/alarms/act", sent).status_code == 409
    assert officer.post("/alarms/act", {**sent, "reason": "检修"}).status_code == 302
    alarm.refresh_from_db()
    assert alarm.mute_reason == "检修"
    assert alarm.muted_until is not None
    assert timedelta(hours=7.9) < alarm.muted_until - utc_now() <= timedelta(hours=8)


def test_one_alarm_tells_its_history_in_both_languages(officer: Client) -> None:
    alarm = raised(1, "red")
    officer.post(f"/alarms/{alarm.pk}/acknowledge", {"seen": "0", "note": NASTY})
    officer.post(f"/alarms/{alarm.pk}/note", {"note": "called the operator"})
    zh = officer.get(f"/alarms/{alarm.pk}").content.decode()
    assert "李某确认了告警“第1号”" in zh
    officer.cookies["language"] = "en"
    en = officer.get(f"/alarms/{alarm.pk}").content.decode()
    assert "李某 took the alarm “number 1” in hand" in en
    assert NASTY not in zh + en
    assert "&lt;script&gt;" in en


def test_acting_on_a_view_that_is_no_longer_true_shows_what_is(officer: Client) -> None:
    alarm = raised(1, "red")
    officer.post(f"/alarms/{alarm.pk}/note", {"note": "looking"})
    sent = {"seen": "0", "reason": "over"}
    answer = officer.post(f"/alarms/{alarm.pk}/clear", sent)
    assert answer.status_code == 409
    assert "alert.changed" in answer.content.decode()
    assert officer.post(f"/alarms/{alarm.pk}/clear", {**sent, "seen": "1"}).status_code == 302
    assert Act.objects.filter(action="alarm.clear").count() == 1


def test_an_alarm_is_handed_only_to_who_may_handle_it(officer: Client) -> None:
    alarm = raised(1, "red")
    viewer = Person.objects.create(username="guest", role="viewer")
    for wrong in (str(viewer.pk), "0", "x", "9" * 40):
        assert officer.post(f"/alarms/{alarm.pk}/assign", {"owner": wrong}).status_code == 409
    li = Person.objects.get(username="li")
    assert officer.post(f"/alarms/{alarm.pk}/assign", {"owner": li.pk}).status_code == 302
    alarm.refresh_from_db()
    assert alarm.owner == li


@pytest.mark.parametrize("verb", ["acknowledge", "assign", "mute", "note", "escalate", "clear"])
def test_a_viewer_looks_and_does_nothing(client: Client, verb: str) -> None:
    alarm = raised(1, "red")
    client.force_login(Person.objects.create(username="guest", role="viewer"))
    assert client.get("/alarms").status_code == 200
    assert client.get(f"/alarms/{alarm.pk}").status_code == 200
    assert client.post(f"/alarms/{alarm.pk}/{verb}", {"reason": "x"}).status_code == 403
    assert client.post("/alarms/act", {"act": "acknowledge", "alarm": alarm.pk}).status_code == 403
    assert not Act.objects.exists()


def test_the_desk_asks_the_records_no_more_for_more_alarms(
    officer: Client, django_assert_max_num_queries: object
) -> None:
    for number in range(40):
        raised(number, "yellow")
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        assert officer.get("/alarms").status_code == 200
