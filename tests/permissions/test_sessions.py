"""Sessions: how long they last, what their person sees and ends of them, what asks for a proof."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from fenhe.access import second_factor, sign_in, visits
from fenhe.access.models import Grant, Person, RecoveryCode, SecondFactor, Visit
from fenhe.app.boot import boot
from fenhe.evidence.models import Act
from fenhe.kernel.errors import BadInput
from fenhe.kernel.period import utc_now
from fenhe.store.config import settings

boot()
pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def person() -> Person:
    return Person.objects.create_user("li", password=PASSWORD, role="viewer")


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    def change(key: str, value: str) -> None:
        monkeypatch.setenv(f"FENHE_{key.upper()}", value)
        settings.cache_clear()

    yield change
    monkeypatch.undo()
    settings.cache_clear()


def entered(agent: str = "") -> Client:
    client = Client(headers={"User-Agent": agent} if agent else None)
    sent = {"username": "li", "password": PASSWORD, "next": "/standards"}
    assert client.post("/sign-in", sent).status_code == 302
    assert is_in(client)
    return client


def is_in(client: Client) -> bool:
    return client.get("/account").status_code == 200


def later(client: Client, name: str, by: timedelta) -> None:
    """As if so much time had passed since what the session notes under this name."""
    session = client.session
    session[name] -= by.total_seconds()
    session.save()


# --- the end of a session -------------------------------------------------------------------------


def test_a_session_ends_when_it_was_idle(person: Person) -> None:
    client = entered()
    limit = timedelta(minutes=settings().session_idle_minutes)
    later(client, visits.USED, limit - timedelta(seconds=30))
    assert is_in(client)
    later(client, visits.USED, limit + timedelta(seconds=1))
    key = client.session.session_key
    assert client.get("/standards").status_code == 302
    assert not Session.objects.filter(session_key=key).exists()


def test_use_keeps_it_and_is_noted_once_a_minute(person: Person) -> None:
    client = entered()
    used = client.session[visits.USED]
    client.get("/standards")
    assert client.session[visits.USED] == used
    later(client, visits.USED, timedelta(minutes=10))
    Visit.objects.update(seen_at=utc_now() - timedelta(minutes=10))
    client.get("/standards")
    assert client.session[visits.USED] >= used
    assert utc_now() - Visit.objects.get().seen_at < timedelta(minutes=1)


def test_use_does_not_put_off_the_absolute_end(person: Person) -> None:
    client = entered()
    expires = client.session.get_expiry_date()
    later(client, visits.USED, timedelta(minutes=10))
    answer = client.get("/standards")
    assert client.session.get_expiry_date() == expires
    assert int(answer.cookies["sessionid"]["max-age"]) <= settings().session_hours * 3600
    session = client.session
    session.set_expiry(utc_now() - timedelta(seconds=1))
    session.save()
    assert not is_in(client)


def test_what_a_page_asks_by_itself_is_no_use(person: Person) -> None:
    client = entered()
    later(client, visits.USED, timedelta(minutes=10))
    used = client.session[visits.USED]
    assert client.get("/screen/now").status_code == 200
    assert client.session[visits.USED] == used


@pytest.mark.parametrize(
    ("role", "granted", "stays"),
    [("wall", "", True), ("viewer", "", False), ("wall", "officer", False), ("", "wall", True)],
)
def test_only_roles_that_stay_stay(person: Person, role: str, granted: str, stays: bool) -> None:
    Person.objects.update(role=role)
    if granted:
        Grant.objects.create(person=person, role=granted)
    client = entered()
    later(client, visits.USED, timedelta(hours=11))
    assert is_in(client) == stays


def test_the_limit_is_a_setting(person: Person, setting: Callable[[str, str], None]) -> None:
    client = entered()
    later(client, visits.USED, timedelta(minutes=20))
    setting("session_idle_minutes", "10")
    assert not is_in(client)
    client = entered()
    setting("session_idle_minutes", "0")
    later(client, visits.USED, timedelta(hours=11))
    assert is_in(client)


def test_a_session_without_a_moment_is_over(person: Person) -> None:
    client = entered()
    session = client.session
    del session[visits.USED]
    session.save()
    assert not is_in(client)


# --- the list of one's sessions -------------------------------------------------------------------


def test_one_sees_ones_sessions_and_ends_one(person: Person) -> None:
    here, there = entered("Kiosk/1"), entered("Phone/2")
    shown = here.get("/account").content.decode()
    assert "Kiosk/1" in shown
    assert "Phone/2" in shown
    row = Visit.objects.get(agent="Phone/2")
    assert here.post(f"/account/sessions/{row.pk}/end").status_code == 302
    assert not is_in(there)
    assert is_in(here)
    assert "Phone/2" not in here.get("/account").content.decode()
    assert Act.objects.filter(action="person.session-ended").exists()


@pytest.mark.parametrize(
    ("agent", "shown"),
    [("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0",
      "Edge · Windows"),
     ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1",
      "Safari · iPhone"),
     ("Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0", "Firefox · Linux"),
     ("a program of ours", "a program of ours")],
)  # fmt: skip
def test_a_browser_is_told_in_two_words(person: Person, agent: str, shown: str) -> None:
    assert shown in entered(agent).get("/account").content.decode()


def test_nobody_ends_anothers(person: Person) -> None:
    entered()
    other = Client()
    other.force_login(Person.objects.create(username="wang", role="administrator"))
    assert other.post(f"/account/sessions/{Visit.objects.get().pk}/end").status_code == 404
    assert Visit.objects.exists()


def test_ending_the_others_leaves_one_row_that_is_here(person: Person) -> None:
    here, there = entered(), entered()
    assert here.post("/account/sessions/end").status_code == 302
    assert is_in(here)
    assert not is_in(there)
    assert Visit.objects.get().session_key == here.session.session_key


def test_a_session_that_ended_is_not_listed(person: Person) -> None:
    client = entered()
    client.post("/sign-out")
    assert list(visits.of(person)) == []
    entered()
    assert Visit.objects.count() == 1, "rows without a session go with the next sign-in"


def test_signing_out_clears_what_the_browser_keeps(person: Person) -> None:
    assert entered().post("/sign-out")["Clear-Site-Data"] == '"cache"'


def test_an_administrator_ends_all_sessions_of_somebody(person: Person) -> None:
    client = entered()
    chief = Client()
    chief.force_login(Person.objects.create(username="chief", role="administrator"))
    assert chief.post(f"/administration/people/{person.pk}/sessions-end").status_code == 302
    assert not is_in(client)
    officer = Client()
    officer.force_login(Person.objects.create(username="o", role="officer"))
    assert officer.post(f"/administration/people/{person.pk}/sessions-end").status_code == 403


def test_signing_in_again_gives_another_session(person: Person) -> None:
    client = entered()
    before = client.session.session_key
    client.post("/sign-in", {"username": "li", "password": PASSWORD})
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()
    assert Visit.objects.get().session_key == client.session.session_key
    confirmed = client.session.session_key
    client.post("/account/confirm", {"password": PASSWORD})
    assert client.session.session_key != confirmed
    assert Visit.objects.get().session_key == client.session.session_key


def test_keys_of_sessions_are_long_and_never_alike(person: Person) -> None:
    keys = {entered().session.session_key for _ in range(5)}
    assert len(keys) == 5
    assert all(re.fullmatch(r"[a-z0-9]{32}", str(key)) for key in keys), "165 bits"


def test_an_old_password_still_signs_in(person: Person) -> None:
    Person.objects.update(date_joined=utc_now() - timedelta(days=4000), last_login=None)
    assert is_in(entered())


# --- who it is, asked again -----------------------------------------------------------------------

GUARDED = ("/account/second-factor/remove", "/account/recovery-codes")


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_second_factor_is_set_only_after_a_fresh_proof(person: Person, method: str) -> None:
    client = entered()
    assert client.get("/sign-in/enrol").status_code == 200
    later(client, visits.PROVED, visits.CONFIRMED)
    answer = getattr(client, method)("/sign-in/enrol")
    assert answer["Location"] == "/account/confirm?next=/sign-in/enrol"
    wrong = {"password": "guess", "next": "/sign-in/enrol"}
    assert client.post("/account/confirm", wrong).status_code == 403
    assert getattr(client, method)("/sign-in/enrol").status_code == 302
    right = {"password": PASSWORD, "next": "/sign-in/enrol"}
    assert client.post("/account/confirm", right)["Location"] == "/sign-in/enrol"
    assert client.get("/sign-in/enrol").status_code == 200


@pytest.mark.parametrize("url", GUARDED)
def test_nor_taken_off_without_one(
    person: Person, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = utc_now()
    monkeypatch.setattr(second_factor, "utc_now", lambda: now)
    client = entered()
    second_factor.propose(person)
    secret = second_factor._open(SecondFactor.objects.get(person=person))
    totp = pyotp.TOTP(secret)
    second_factor.confirm(person, totp.at(now - timedelta(seconds=30)))
    first = set(RecoveryCode.objects.values_list("code_hash"))
    later(client, visits.PROVED, visits.CONFIRMED)
    assert client.post(url, {"code": totp.at(now)})["Location"].startswith("/account/confirm")
    assert second_factor.is_set(person)
    assert set(RecoveryCode.objects.values_list("code_hash")) == first
    alone = {"password": PASSWORD, "code": "000000"}
    assert client.post("/account/confirm", alone).status_code == 403
    both = {"password": PASSWORD, "code": totp.at(now)}
    assert client.post("/account/confirm", both).status_code == 302
    answer = client.post(url, {"code": totp.at(now + timedelta(seconds=30))})
    assert not answer.get("Location", "").startswith("/account/confirm")
    assert second_factor.is_set(person) == (url == "/account/recovery-codes")
    assert first.isdisjoint(RecoveryCode.objects.values_list("code_hash"))


def test_a_session_is_ended_only_after_a_fresh_proof(person: Person) -> None:
    here, _ = entered(), entered("Phone/2")
    later(here, visits.PROVED, visits.CONFIRMED)
    row = Visit.objects.get(agent="Phone/2")
    answer = here.post(f"/account/sessions/{row.pk}/end")
    assert answer["Location"].startswith("/account/confirm")
    assert Visit.objects.filter(pk=row.pk).exists()


def test_a_first_password_needs_a_fresh_sign_in(client: Client) -> None:
    person = Person.objects.create(username="link", role="viewer")
    person.set_unusable_password()
    person.save()
    client.post("/sign-in", {"token": sign_in.make_link(person)})
    later(client, visits.PROVED, visits.CONFIRMED)
    sent = {"new": "another long password"}
    assert client.post("/account/password", sent)["Location"].startswith("/account/confirm")
    assert client.post("/account/confirm", {}).status_code == 403
    session = client.session
    session[visits.PROVED] = utc_now().timestamp()
    session.save()
    assert client.post("/account/password", sent)["Location"] == "/account"
    person.refresh_from_db()
    assert person.check_password("another long password")


# --- passwords ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "password",
    ["1234567890", "qwertyuiop", "fenhe2026!!", "Fenhe@12369", "汾河环保局2026!", "shengtai_2026",
     "liming-2026-11", "huanbaoju888", "Ｆｅｎｈｅ２０２６！"],
)  # fmt: skip
def test_common_passwords_and_our_own_words_are_refused(password: str) -> None:
    person = Person(username="liming")
    with pytest.raises(BadInput, match=r"access\.password-weak"):
        sign_in.set_password(person, password)


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "汾河边上三只白鹭飞过桥", "fenhe but also much more", "x" * 128,
     "            a b        ", "only lower case letters"],
)  # fmt: skip
def test_any_other_composition_is_taken_and_kept_as_it_is(password: str) -> None:
    person = Person.objects.create(username="liming")
    sign_in.set_password(person, password)
    assert person.check_password(password)
    assert not person.check_password(password.strip()) or password == password.strip()
    assert not person.check_password(password[:72]) or len(password) <= 72
