"""Pages of hooks and of the calendar: made, tried, ended; whose they are; what is shown once."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fenhe.access.models import Organ, Person
from fenhe.app.boot import boot
from fenhe.app.hooks import deliver, secret, sending
from fenhe.app.models import CalendarLink, Delivery, Hook
from fenhe.evidence.models import Act
from fenhe.kernel.errors import Unavailable
from fenhe.kernel.period import utc_now
from fenhe.store.config import settings
from fenhe.store.models import Outbox

boot()
pytestmark = pytest.mark.django_db
WEBHOOK = {"kind": "webhook", "target": "http://127.0.0.1:9/a?key=abc", "least": "yellow"}
MAIL = {"kind": "email", "target": "li@example.org", "least": "red"}


@pytest.fixture(autouse=True)
def loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FENHE_HOOK_NETWORKS", "127.0.0.0/8")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def client_of(name: str, role: str, **more: object) -> Client:
    person, _ = Person.objects.get_or_create(username=name, defaults={"role": role, **more})
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def li() -> Client:
    return client_of("li", "officer")


def test_a_hook_is_made_its_secret_shown_once_and_ended(li: Client) -> None:
    shown = li.post("/account/hooks/add", WEBHOOK, follow=True).content.decode()
    found = re.search(r"<code>(whs_[^<]+)</code>", shown)
    assert found
    again = li.get("/account/hooks").content.decode()
    assert found[1] not in again
    assert "127.0.0.1:9/a?key=abc" in again
    row = Hook.objects.get()
    assert secret.opened(row.secret) == found[1]
    assert row.least_severity == "yellow"
    assert li.post(f"/account/hooks/{row.pk}/end")["Location"] == "/account/hooks"
    assert not Hook.objects.get().active
    acts = list(Act.objects.order_by("seq").values_list("action", flat=True))
    assert acts == ["hook.make", "hook.end"]


@pytest.mark.parametrize(
    "sent",
    [{"target": "http://10.0.0.5/"}, {"target": "https://169.254.169.254/latest"}, {"kind": "sms"},
     {"target": "ftp://127.0.0.1/"}, {"least": "black"}, {**MAIL, "target": "li@"},
     {**MAIL, "target": "li@example.org\r\nBcc: x@example.org"}],
)  # fmt: skip
def test_what_leads_inside_or_is_none_is_refused(li: Client, sent: dict[str, str]) -> None:
    answer = li.post("/account/hooks/add", {**WEBHOOK, **sent})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not Hook.objects.exists()


def test_a_test_takes_the_way_of_alarms_and_is_no_alarm(
    li: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    li.post("/account/hooks/add", MAIL)
    pk = Hook.objects.get().pk
    shown = li.post(f"/account/hooks/{pk}/test", follow=True).content.decode()
    assert "已发出测试" in shown
    news = Outbox.objects.get(topic=deliver.TOPIC).payload
    assert news == {"delivery": Delivery.objects.get().pk}
    sent = []
    monkeypatch.setattr(sending, "send", sent.append)
    deliver.deliver(news, utc_now())
    assert Delivery.objects.get().state == "delivered"
    message = sending._message(Hook.objects.get(), sent[0])
    assert "测试" in message["Subject"]
    assert "not an alarm" in message.get_content()
    assert "已送达" in li.get(f"/account/hooks/{pk}").content.decode()


def test_a_failure_is_told_in_ones_language(li: Client) -> None:
    li.post("/account/hooks/add", {**WEBHOOK, "target": "http://127.0.0.1:9/"})
    pk = Hook.objects.get().pk
    li.post(f"/account/hooks/{pk}/test")
    with pytest.raises(Unavailable):  # nobody listens there
        deliver.deliver({"delivery": Delivery.objects.get().pk}, utc_now())
    assert "对方没有收下" in li.get(f"/account/hooks/{pk}").content.decode()
    li.cookies["language"] = "en"
    shown = li.get(f"/account/hooks/{pk}").content.decode()
    assert "did not take it" in shown
    assert "对方没有收下" not in shown


def test_nobody_sees_tries_or_ends_anothers(li: Client) -> None:
    li.post("/account/hooks/add", WEBHOOK)
    pk = Hook.objects.get().pk
    wang = client_of("wang", "officer")
    assert "127.0.0.1" not in wang.get("/account/hooks").content.decode()
    assert wang.get(f"/account/hooks/{pk}").status_code == 404
    for verb in ("test", "end"):
        assert wang.post(f"/account/hooks/{pk}/{verb}").status_code == 404
    assert wang.get("/administration/hooks").status_code == 403
    viewer = client_of("guest", "viewer")
    assert viewer.get("/account/hooks").status_code == 200
    assert viewer.post("/account/hooks/add", MAIL).status_code == 403
    assert Hook.objects.get().active


def test_an_administrator_sees_all_not_where_to_in_full_and_ends_one(li: Client) -> None:
    li.post("/account/hooks/add", WEBHOOK)
    li.post("/account/hooks/add", MAIL)
    pk = Hook.objects.get(kind="webhook").pk
    chief = client_of("chief", "administrator")
    for url in ("/administration/hooks", f"/account/hooks/{pk}"):
        shown = chief.get(url).content.decode()
        assert "http://127.0.0.1/…" in shown
        assert "key=abc" not in shown
        assert "li@example.org" not in shown
    assert chief.post(f"/account/hooks/{pk}/test").status_code == 404
    assert chief.post(f"/account/hooks/{pk}/end")["Location"] == "/administration/hooks"
    assert not Hook.objects.get(pk=pk).active


def test_an_administrator_of_one_area_sees_the_hooks_of_its_people() -> None:
    here = Organ.objects.create(code="a", name_zh="甲", name_en="a", kind="branch", area="140105")
    there = Organ.objects.create(code="b", name_zh="乙", name_en="b", kind="branch", area="140106")
    for name, organ in (("zhao", here), ("qian", there)):
        client_of(name, "officer", organ=organ).post("/account/hooks/add", MAIL)
    clerk = Person.objects.create(username="clerk")
    clerk.grants.create(role="system_administrator", area="140105")
    shown = client_of("clerk", "").get("/administration/hooks").content.decode()
    assert "zhao" in shown
    assert "qian" not in shown


def test_the_calendar_is_made_shown_once_and_revoked(li: Client) -> None:
    shown = li.post("/account/calendar", follow=True).content.decode()
    found = re.search(r"<code>https?://[^/<]+(/calendar/[^<]+\.ics)</code>", shown)
    assert found
    assert Client().get(found[1]).status_code == 200
    assert found[1] not in li.get("/account/hooks").content.decode()
    assert li.post("/account/calendar/end")["Location"] == "/account/hooks"
    assert Client().get(found[1]).status_code == 404
    assert not CalendarLink.objects.filter(revoked_at=None).exists()
    acts = set(Act.objects.values_list("action", flat=True))
    assert acts == {"calendar.made", "calendar.revoked"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_speak_both_languages(li: Client, language: str) -> None:
    li.post("/account/hooks/add", WEBHOOK)
    pk = Hook.objects.get().pk
    chief = client_of("chief", "administrator")
    for client, url in (
        (li, "/account/hooks"),
        (li, f"/account/hooks/{pk}"),
        (chief, "/administration/hooks"),
    ):
        client.cookies["language"] = language
        shown = re.sub(r"<[^>]*>", "", client.get(url).content.decode())
        assert "hooks." not in shown


@pytest.mark.parametrize(("url", "budget"), [("/account/hooks", 12), ("/administration/hooks", 10)])
def test_lists_ask_the_database_no_more_for_more_rows(url: str, budget: int) -> None:
    chief = client_of("chief", "administrator")
    person = Person.objects.get(username="chief")
    for _ in range(30):
        Hook.objects.create(
            person=person, kind="email", target="a@example.org", created_at=utc_now()
        )
    with CaptureQueriesContext(
        connection,
    ) as asked:
        chief.get(url)
    assert len(asked) <= budget, [one["sql"] for one in asked]
