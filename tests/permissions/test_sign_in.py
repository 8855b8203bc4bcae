"""Signing in from outside: the second factor, sessions that end, throttles, what is on record."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pyotp
import pytest
from django.db import connection
from django.test import Client

from fenhe.access import second_factor, sign_in
from fenhe.access.models import FailedSignIn, Grant, Person, RecoveryCode, SecondFactor
from fenhe.app.boot import boot
from fenhe.evidence.models import Act
from fenhe.kernel.errors import BadInput, FenheError, Forbidden, Unavailable
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


def code_of(person: Person, later: int = 0, now: datetime | None = None) -> str:
    """The code so many steps from now."""
    secret = second_factor._open(SecondFactor.objects.get(person=person))
    moment = (now or utc_now()) + later * timedelta(seconds=second_factor.STEP)
    return pyotp.TOTP(secret).at(moment)


def enrolled(person: Person) -> list[str]:
    second_factor.propose(person)
    return second_factor.confirm(person, code_of(person, -1))


def enter(client: Client, password: str = PASSWORD, next: str = "/standards"):
    return client.post("/sign-in", {"username": "li", "password": password, "next": next})


def is_in(client: Client) -> bool:
    return client.get("/account").status_code == 200


# --- the second factor ----------------------------------------------------------------------------


def test_the_password_alone_signs_nobody_in_who_has_a_second_factor(
    client: Client, person: Person
) -> None:
    enrolled(person)
    assert enter(client)["Location"] == "/sign-in/second"
    assert not is_in(client)
    assert client.post("/sign-in/second", {"code": "000000"}).status_code == 403
    assert not is_in(client)
    assert client.post("/sign-in/second", {"code": code_of(person)})["Location"] == "/standards"
    assert is_in(client)


def test_a_link_alone_does_not_either(client: Client, person: Person) -> None:
    enrolled(person)
    token = sign_in.make_link(person)
    assert client.post("/sign-in", {"token": token})["Location"] == "/sign-in/second"
    assert not is_in(client)


def test_the_second_step_needs_the_first(client: Client, person: Person) -> None:
    enrolled(person)
    assert client.post("/sign-in/second", {"code": code_of(person)})["Location"] == "/sign-in"
    enter(client)
    sign_in.set_password(person, "another long password")
    assert client.post("/sign-in/second", {"code": code_of(person)})["Location"] == "/sign-in"
    assert not is_in(client)


def test_a_code_is_not_taken_twice(person: Person) -> None:
    enrolled(person)
    code = code_of(person)
    assert second_factor.accept(person, code)
    assert not second_factor.accept(person, code)
    assert not second_factor.accept(person, code_of(person, -1)), "nor an earlier one after it"
    assert second_factor.accept(person, code_of(person, 1))


@pytest.mark.parametrize("drift", [-2, 2])
def test_a_code_of_another_time_is_refused(person: Person, drift: int) -> None:
    enrolled(person)
    now = utc_now() + timedelta(hours=1)
    assert not second_factor.accept(person, code_of(person, drift, now), now)
    assert second_factor.accept(person, code_of(person, drift // 2, now), now)


@pytest.mark.django_db(transaction=True)
def test_two_browsers_with_one_code_give_one_sign_in(person: Person) -> None:
    enrolled(person)
    code = code_of(person)

    def attempt(_: int) -> bool:
        try:
            return second_factor.accept(person, code)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1


def test_recovery_codes_work_once_and_only_their_hashes_are_kept(
    client: Client, person: Person
) -> None:
    codes = enrolled(person)
    assert len(set(codes)) == second_factor.CODES
    kept = str(list(RecoveryCode.objects.values()))
    assert not any(code in kept for code in codes)
    enter(client)
    assert client.post("/sign-in/second", {"code": codes[0]}).status_code == 302
    assert is_in(client)
    assert not second_factor.recover(person, codes[0])
    second_factor.renew_recovery(person)
    assert not second_factor.recover(person, codes[1])


def test_the_secret_lies_sealed(person: Person, settings: pytest.FixtureRequest) -> None:
    secret = second_factor.propose(person)
    assert secret not in str(list(SecondFactor.objects.values()))
    assert second_factor.propose(person) == secret
    settings.SECRET_KEY = "another"
    with pytest.raises(Unavailable):
        second_factor.propose(person)


def test_it_counts_only_once_confirmed(client: Client, person: Person) -> None:
    second_factor.propose(person)
    with pytest.raises(BadInput):
        second_factor.confirm(person, "000000")
    assert enter(client)["Location"] == "/standards"


def test_a_role_that_asks_for_it_leads_to_enrolling(
    client: Client, person: Person, setting: Callable[[str, str], None]
) -> None:
    setting("second_factor_roles", "viewer")
    assert enter(client)["Location"] == "/sign-in/enrol"
    assert not is_in(client)
    shown = client.get("/sign-in/enrol").content.decode()
    assert "<svg" in shown
    answer = client.post("/sign-in/enrol", {"code": code_of(person)})
    assert RecoveryCode.objects.count() == second_factor.CODES
    assert answer.content.decode().count("<li>") >= second_factor.CODES
    assert is_in(client)
    code = {"code": code_of(person, 1)}
    assert client.post("/account/second-factor/remove", code).status_code == 302
    assert enter(Client())["Location"] == "/sign-in/enrol", "taken off, it is asked for again"


def test_codes_are_throttled_with_the_passwords(client: Client, person: Person) -> None:
    enrolled(person)
    enter(client)
    for _ in range(sign_in.PER_NAME):
        client.post("/sign-in/second", {"code": "000000"})
    answer = client.post("/sign-in/second", {"code": code_of(person)})
    assert answer.status_code == 403
    assert not is_in(client)
    with pytest.raises(Forbidden, match=r"access\.throttled"):
        sign_in.by_password("li", PASSWORD, "")


def test_a_correct_password_does_not_clear_the_count_of_codes(person: Person) -> None:
    enrolled(person)
    for _ in range(sign_in.PER_NAME - 1):
        with pytest.raises(Forbidden, match=r"access\.wrong-code"):
            sign_in.by_code(person, "000000", "")
        sign_in.by_password("li", PASSWORD, "")
    with pytest.raises(Forbidden, match=r"access\.wrong-code"):
        sign_in.by_code(person, "000000", "")
    with pytest.raises(Forbidden, match=r"access\.throttled"):
        sign_in.by_code(person, code_of(person), "")


# --- throttling -----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_not_more_than_allowed(person: Person) -> None:
    def guess(_: int) -> str:
        try:
            sign_in.by_password("li", "guess", "10.0.0.1")
        except FenheError as error:
            return error.code
        finally:
            connection.close()
        return "in"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(guess, range(24)))
    assert outcomes.count("access.wrong") <= sign_in.PER_NAME
    assert set(outcomes) <= {"access.wrong", "access.throttled"}


def test_success_takes_the_failures_back(person: Person) -> None:
    for _ in range(sign_in.PER_NAME - 1):
        with pytest.raises(Forbidden):
            sign_in.by_password("li", "guess", "10.0.0.1")
    sign_in.by_password("li", PASSWORD, "10.0.0.1")
    assert not FailedSignIn.objects.exists()


def test_the_answer_is_the_same_whether_or_not_the_name_exists(client: Client) -> None:
    Person.objects.create_user("li", password=PASSWORD)
    pages = [
        client.post("/sign-in", {"username": name, "password": "guess"}).content.decode()
        for name in ("li", "no-such")
    ]
    told = [re.sub(r'value="[^"]*"', "", one) for one in pages]
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("hops", "told", "counted"),
    [("0", "9.9.9.9", "127.0.0.1"), ("1", "9.9.9.9, 8.8.8.8", "8.8.8.8"), ("1", "", "127.0.0.1")],
)
def test_only_trusted_proxies_say_where_somebody_comes_from(
    client: Client, setting: Callable[[str, str], None], hops: str, told: str, counted: str
) -> None:
    setting("proxy_hops", hops)
    client.post("/sign-in", {"username": "x", "password": "y"}, headers={"X-Forwarded-For": told})
    assert FailedSignIn.objects.get().address == counted


# --- sessions -------------------------------------------------------------------------------------


@pytest.fixture
def inside(client: Client, person: Person) -> Client:
    enter(client)
    assert is_in(client)
    return client


def test_a_session_dies_with_the_account(inside: Client, person: Person) -> None:
    Person.objects.update(is_active=False)
    assert inside.get("/standards").status_code == 302
    Person.objects.update(is_active=True)


def test_a_session_dies_with_the_password(inside: Client, person: Person) -> None:
    sign_in.set_password(person, "another long password")
    assert inside.get("/standards").status_code == 302


def test_ending_all_sessions_ends_them(inside: Client, person: Person) -> None:
    sign_in.end_sessions(person)
    assert inside.get("/standards").status_code == 302


def test_ending_the_others_leaves_this_one(inside: Client, person: Person) -> None:
    other = Client()
    enter(other)
    assert inside.post("/account/sessions/end").status_code == 302
    assert is_in(inside)
    assert not is_in(other)


def test_a_right_revoked_acts_on_the_next_request(client: Client) -> None:
    person = Person.objects.create_user("wang", password=PASSWORD)
    grant = Grant.objects.create(person=person, role="viewer")
    client.force_login(person)
    assert client.get("/standards").status_code == 200
    Grant.objects.filter(pk=grant.pk).update(revoked_at=utc_now())
    assert client.get("/standards").status_code == 403
    Grant.objects.filter(pk=grant.pk).update(
        revoked_at=None, valid_to=utc_now() - timedelta(seconds=1)
    )
    assert client.get("/standards").status_code == 403
    Person.objects.filter(pk=person.pk).update(role="viewer")
    assert client.get("/standards").status_code == 200


def test_the_session_key_changes_with_the_sign_in(client: Client, person: Person) -> None:
    enrolled(person)
    enter(client)
    before = client.session.session_key
    client.post("/sign-in/second", {"code": code_of(person)})
    assert client.session.session_key != before
    assert "second-factor" not in client.session


def test_the_cookie_is_for_the_browser_alone(client: Client, person: Person) -> None:
    cookie = enter(client).cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert 0 <= settings().session_hours * 3600 - cookie["max-age"] < 60


# --- one's own account ----------------------------------------------------------------------------


def test_a_password_is_changed_with_the_present_one(inside: Client, person: Person) -> None:
    other = Client()
    enter(other)
    wrong = {"old": "guess", "new": "another long password"}
    assert inside.post("/account/password", wrong).status_code == 422
    weak = {"old": PASSWORD, "new": "short"}
    assert inside.post("/account/password", weak).status_code == 422
    right = {"old": PASSWORD, "new": "another long password"}
    assert inside.post("/account/password", right).status_code == 302
    assert is_in(inside)
    assert not is_in(other)
    assert enter(Client()).status_code == 403
    assert enter(Client(), "another long password").status_code == 302


def test_sign_ins_and_refusals_are_on_record_and_shown(client: Client, person: Person) -> None:
    enter(client, "guess")
    enter(client)
    client.post("/sign-out")
    enter(client)
    acts = list(Act.objects.order_by("seq").values_list("action", flat=True))
    assert acts == [
        "person.sign-in-refused",
        "person.signed-in",
        "person.signed-out",
        "person.signed-in",
    ]
    assert "guess" not in str(list(Act.objects.values()))
    shown = client.get("/account").content.decode()
    lately = shown[shown.rindex("<table") :]
    assert lately.count("<tr>") == 1 + len(acts)
