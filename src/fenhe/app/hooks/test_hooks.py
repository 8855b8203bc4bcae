"""Hooks: who hears what, where they may go, what happens when a sink fails. And the calendar."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from icalendar import Calendar

from fenhe.access.models import Person
from fenhe.alert import alarms, desk
from fenhe.alert.models import Alarm
from fenhe.app.boot import boot
from fenhe.app.hooks import deliver, due, guard, ics, manage, secret, sending
from fenhe.app.models import Delivery, Hook
from fenhe.kernel.errors import BadInput, Unavailable
from fenhe.kernel.period import utc_now
from fenhe.kernel.text import Text
from fenhe.registry.models import Area, Object
from fenhe.store.config import settings
from fenhe.store.models import Outbox

boot()
pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def subject() -> Object:
    area = Area.objects.create(adcode="140100", name_zh="太原", name_en="Taiyuan", level="city")
    return Object.objects.create(kind="air_city", code="140100", name_zh="太原市", area=area)


@pytest.fixture
def loopback(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A setting that lets webhooks reach this machine."""
    monkeypatch.setenv("FENHE_HOOK_NETWORKS", "127.0.0.0/8")
    settings.cache_clear()
    yield
    settings.cache_clear()


def raised(subject: Object, severity: str = "yellow", kind: str = "air.test") -> Alarm:
    return alarms.raise_(
        f"{kind}:{severity}", kind, severity, subject.pk, Text("超标", "high"), NOW,
        {"within_hours": 2},
    )  # fmt: skip


def hook(name: str = "chief", role: str = "administrator", **fields: Any) -> Hook:
    person, _ = Person.objects.get_or_create(username=name, defaults={"role": role})
    kept = secret.fresh()[1]
    made = {"kind": "webhook", "target": "http://127.0.0.1:9/", "secret": kept} | fields
    return Hook.objects.create(person=person, created_at=NOW, **made)


def test_an_alarm_becomes_one_delivery_per_hook_that_may_hear_it(subject: Object) -> None:
    heard = [hook(), hook(least_severity="yellow"), hook(alarm_kinds=["air.test"])]
    hook(least_severity="red")
    hook(alarm_kinds=["water.other"])
    hook(active=False)
    hook("nobody", role="")
    alarm = raised(subject)
    for _ in range(2):  # the outbox may say it twice
        deliver.alarm_raised({"alarm": alarm.pk}, NOW)
    assert set(Delivery.objects.values_list("hook", flat=True)) == {one.pk for one in heard}
    assert Outbox.objects.filter(topic=deliver.TOPIC).count() == 3


def test_a_sink_that_fails_is_left_alone_for_a_while_and_given_up_in_the_end(
    subject: Object, loopback: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = hook()
    deliver.alarm_raised({"alarm": raised(subject).pk}, NOW)
    deliver.alarm_raised({"alarm": raised(subject, "red").pk}, NOW)
    first, second = Delivery.objects.order_by("pk")
    with pytest.raises(Unavailable, match=r"hook\.not-taken"):
        deliver.deliver({"delivery": first.pk}, NOW)
    one.refresh_from_db()
    assert (one.failures, one.retry_at) == (1, NOW + deliver.FIRST_WAIT)
    monkeypatch.setattr(sending, "send", lambda delivery: pytest.fail("asked too soon"))
    with pytest.raises(Unavailable, match=r"hook\.waits"):
        deliver.deliver({"delivery": second.pk}, NOW)
    deliver.deliver({"delivery": first.pk}, NOW + timedelta(days=4))
    first.refresh_from_db()
    assert (first.state, first.attempts) == ("given_up", 1)


def test_what_was_taken_is_not_sent_again(subject: Object, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []
    monkeypatch.setattr(sending, "send", sent.append)
    one = hook(failures=3, retry_at=NOW - timedelta(hours=1), last_error="x")
    deliver.alarm_raised({"alarm": raised(subject).pk}, NOW)
    delivery = Delivery.objects.get()
    for _ in range(2):
        deliver.deliver({"delivery": delivery.pk}, NOW)
    assert len(sent) == 1
    one.refresh_from_db()
    assert (one.failures, one.retry_at, one.last_error) == (0, None, "")


ADDRESSES = [
    "127.0.0.1", "10.0.0.5", "172.16.3.4", "192.168.1.1", "169.254.169.254", "0.0.0.1", "::1",
    "fe80::1", "fd00::1", "::ffff:127.0.0.1", "100.64.0.1", "224.0.0.1", "::",
]  # fmt: skip


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes every name mean one address: what a hostile name server would do."""

    def means(address: str) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        answer = [(family, socket.SOCK_STREAM, 6, "", (address, 443))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: answer)

    return means


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_webhook_goes_inside(address: str, named: Callable[[str], None]) -> None:
    named(address)
    with pytest.raises(BadInput, match=r"hook\.target"):
        guard.judged("https://innocent.example.org/")


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org/", "https://", "http://93.184.216.34/", "https://user:x@93.184.216.34/",
     "https://93.184.216.34:99999/", "javascript:x", "https://[::1", "http://2130706433/",
     "https://0x7f.1/", "https://127.1/"],
)  # fmt: skip
def test_addresses_that_are_none_or_lead_inside(url: str) -> None:
    with pytest.raises(BadInput, match=r"hook\.target"):
        guard.judged(url)


def test_the_request_goes_to_the_address_that_was_judged(
    named: Callable[[str], None], loopback: None
) -> None:
    named("93.184.216.34")
    found = guard.judged("https://sink.example.org/a?b=c")
    assert (found.url, found.host) == ("https://93.184.216.34:443/a?b=c", "sink.example.org")
    named("127.0.0.1")  # a network that was named
    assert guard.judged("http://inside.example.org/").url == "http://127.0.0.1:443/".replace(
        ":443", ":80"
    )


def test_a_signature_is_of_this_secret_moment_and_body() -> None:
    shown, kept = secret.fresh()
    assert shown not in kept
    assert secret.opened(kept) == shown
    mark = secret.signature(shown, 5, b"x")
    others = [secret.signature(shown, 6, b"x"), secret.signature(shown, 5, b"y"),
              secret.signature("other", 5, b"x")]  # fmt: skip
    assert mark not in others


def test_a_persons_hooks_through_the_interface(subject: Object) -> None:
    client, other = Client(), Client()
    client.force_login(Person.objects.create(username="li", role="officer"))
    other.force_login(Person.objects.create(username="wang", role="officer"))

    def post(body: dict[str, Any]) -> Any:
        return client.post("/api/v1/hooks", json.dumps(body), content_type="application/json")

    assert post({"kind": "webhook", "target": "http://127.0.0.1/"}).status_code == 422
    assert post({"kind": "email", "target": "li@"}).status_code == 422
    made = post({"kind": "email", "target": "li@example.org"})
    assert made.status_code == 201, made.content
    shown = client.get("/api/v1/hooks").json()["items"]
    assert [one["target"] for one in shown] == ["li@example.org"]
    assert other.get("/api/v1/hooks").json()["items"] == []
    assert other.delete(f"/api/v1/hooks/{made.json()['id']}").status_code == 404
    assert client.delete(f"/api/v1/hooks/{made.json()['id']}").status_code == 204
    assert client.get("/api/v1/hooks").json()["items"] == []
    viewer = Client()
    viewer.force_login(Person.objects.create(username="guest", role="viewer"))
    refused = viewer.post("/api/v1/hooks", "{}", content_type="application/json")
    assert refused.status_code in (403, 422)


def test_what_is_not_on_record_is_not_done(
    subject: Object, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = hook()

    def full(*_: object) -> None:
        raise OSError("no room for the ledger")

    monkeypatch.setattr(manage.ledger, "record", full)
    with pytest.raises(OSError, match="no room"):
        manage.make(there.person, "email", "li@example.org", [], "yellow")
    with pytest.raises(OSError, match="no room"):
        manage.end(there.person, there)
    with pytest.raises(OSError, match="no room"):
        manage.probe(there.person, there, NOW)
    assert [one.active for one in Hook.objects.all()] == [True]
    assert not Delivery.objects.exists()


def test_nobody_has_more_hooks_than_the_most() -> None:
    person = Person.objects.create(username="li", role="officer")
    for number in range(manage.MOST_HOOKS):
        manage.make(person, "email", f"li{number}@example.org", [], "yellow")
    with pytest.raises(BadInput, match=r"hook\.too-many"):
        manage.make(person, "email", "li@example.org", [], "yellow")
    manage.end(person, Hook.objects.earliest("pk"))
    manage.make(person, "email", "li@example.org", [], "yellow")


# -- the calendar ----------------------------------------------------------------------------------


def test_due_dates_are_read_at_a_private_address_until_it_is_revoked(subject: Object) -> None:
    person = Person.objects.create(username="li", role="officer")
    client = Client()
    client.force_login(person)
    alarm = raised(subject)
    url = client.post("/api/v1/calendar").json()["url"]
    answer = Client().get(url)
    assert answer["Content-Type"].startswith("text/calendar")
    [event] = Calendar.from_ical(answer.content).walk("VEVENT")
    assert event["uid"] == f"alarm-{alarm.pk}@fenhe"
    assert event.decoded("dtstart") == NOW + timedelta(hours=2)
    again = client.post("/api/v1/calendar").json()["url"]
    assert Client().get(url).status_code == 404
    desk.acknowledge(alarm, person, utc_now())
    assert Calendar.from_ical(Client().get(again).content).walk("VEVENT") == []
    assert client.delete("/api/v1/calendar").status_code == 204
    assert Client().get(again).status_code == 404
    assert Client().get("/calendar/guess.ics").status_code == 404


def test_a_calendar_holds_what_its_person_may_see(subject: Object) -> None:
    raised(subject)
    nobody = Person.objects.create(username="x", role="")
    assert due.items(nobody) == []
    assert Calendar.from_ical(ics.written(nobody)).walk("VEVENT") == []


def test_other_sources_join_by_registering(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "_sources", [])
    day = due.DueItem("k", Text("检查", "look"), date(2026, 3, 2))
    due.register(lambda person: [day])
    person = Person.objects.create(username="li", role="officer", language="en")
    [event] = Calendar.from_ical(ics.written(person)).walk("VEVENT")
    assert (event["summary"], event.decoded("dtstart")) == ("look", date(2026, 3, 2))
