"""What people do from pages: take an alarm in hand, ask for a recomputation. Who may, and what is
left behind."""

from __future__ import annotations

import pytest
from django.test import Client

from fenhe.access.models import Person
from fenhe.alert import alarms
from fenhe.alert.models import Alarm
from fenhe.app.boot import boot
from fenhe.app.wiring import HANDLERS
from fenhe.evidence.models import Act
from fenhe.kernel.period import utc_now
from fenhe.kernel.text import Text
from fenhe.registry.models import Object
from fenhe.standards import catalogue
from fenhe.store.models import Outbox

boot()
pytestmark = pytest.mark.django_db


@pytest.fixture
def alarm() -> Alarm:
    thing = Object.objects.create(kind="air_city", code="110000", name_zh="北京市")
    return alarms.raise_("k", "air.test", "yellow", thing.pk, Text("醒目", "look"), utc_now())


def signed_in(client: Client, role: str) -> Client:
    client.force_login(Person.objects.create(username=role, role=role))
    return client


def test_an_officer_takes_an_alarm_in_hand_once(client: Client, alarm: Alarm) -> None:
    officer = signed_in(client, "officer")
    url = f"/alarms/{alarm.pk}/acknowledge"
    assert officer.post(url, {"next": "https://example.org/"})["Location"] == "/"
    alarm.refresh_from_db()
    assert alarm.state == "acknowledged"
    assert alarm.owner.username == "officer"
    assert officer.post(url).status_code == 409
    assert officer.post("/alarms/999/acknowledge").status_code == 404


def test_a_recomputation_waits_for_the_worker_and_is_on_record(client: Client) -> None:
    edition = catalogue.editions("GB 3095")[-1].id
    sent = {"edition": edition, "period": "2015", "next": "/"}
    assert signed_in(client, "officer").post("/recompute", sent).status_code == 302
    row = Outbox.objects.get(topic="recompute.wanted")
    assert row.payload == {"period": "2015", "edition": edition}
    assert row.topic in HANDLERS
    assert Act.objects.filter(action="verdict.recompute").exists()
    assert client.post("/recompute", {"edition": edition, "period": "soon"}).status_code == 422
    assert client.post("/recompute", {"edition": "none", "period": "2015"}).status_code == 404


def test_a_viewer_does_neither(client: Client, alarm: Alarm) -> None:
    viewer = signed_in(client, "viewer")
    assert viewer.post(f"/alarms/{alarm.pk}/acknowledge").status_code == 403
    assert viewer.post("/recompute", {"edition": "x", "period": "2015"}).status_code == 403
    assert [row.topic for row in Outbox.objects.all()] == ["alarm.raised"]  # by the fixture
    alarm.refresh_from_db()
    assert alarm.state == "open"
