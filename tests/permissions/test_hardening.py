"""What holds the platform together where no single page shows it: transport, logs, errors, fields
taken and given, keys."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from cryptography.fernet import InvalidToken
from django.conf import global_settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client

from fenhe.access import keys, sign_in
from fenhe.access.models import ApiKey, FailedSignIn, Person
from fenhe.app import logs
from fenhe.app.boot import boot
from fenhe.app.hooks import ics
from fenhe.app.hooks import secret as seals
from fenhe.app.models import Hook
from fenhe.app.web import standards
from fenhe.evidence.models import Act
from fenhe.store import django_settings
from fenhe.store.config import settings

boot()
pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


# --- with TLS -------------------------------------------------------------------------------------

ASK = """
import json, django
from fenhe.app.boot import boot
boot()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.test import Client
from fenhe.access.models import Person
Person.objects.create_user("li", password="correct horse battery", role="viewer")
client = Client()
client.get("/sign-in")
token = client.cookies["__Host-csrftoken"].value
sent = {"username": "li", "password": "correct horse battery"}
entered = client.post("/sign-in", sent)
chosen = client.post("/preferences", {"language": "en"})
told = {"cookies": {}, "hsts": {}}
for answer in (entered, chosen):
    for name, one in answer.cookies.items():
        told["cookies"][name] = [one["secure"], one["httponly"], one["samesite"], one["path"],
                                 one["domain"]]
told["csrf"] = [client.cookies["__Host-csrftoken"]["secure"], True]
for url in ("/sign-in", "/static/mark.svg", "/no-such", "/api/v1/objects", "/public", "/health"):
    told["hsts"][url] = client.get(url).headers.get("Strict-Transport-Security", "")
print(json.dumps(told))
"""


@pytest.mark.slow
def test_with_tls_cookies_and_host_are_bound_to_it(tmp_path: Path) -> None:
    around = {**os.environ, "FENHE_DATA_DIR": str(tmp_path), "FENHE_DATABASE_URL": "",
              "FENHE_PUBLIC_URL": "https://fenhe.example.cn",
              "DJANGO_SETTINGS_MODULE": "fenhe.store.django_settings"}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=around, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.strip().splitlines()[-1])
    assert {"__Host-sessionid", "__Host-language"} <= set(told["cookies"])
    for name, (secure, httponly, samesite, path, domain) in told["cookies"].items():
        assert name.startswith("__Host-"), name
        assert (secure, httponly, samesite, path, domain) == (True, True, "Lax", "/", ""), name
    assert told["csrf"] == [True, True]
    for url, header in told["hsts"].items():
        assert header == "max-age=31536000; includeSubDomains", url


def test_passwords_are_stretched_as_django_advises() -> None:
    """The platform sets no hashers of its own; tests alone take fewer rounds."""
    assert not hasattr(django_settings, "PASSWORD_HASHERS")
    assert global_settings.PASSWORD_HASHERS[0].endswith("PBKDF2PasswordHasher")
    assert PBKDF2PasswordHasher.iterations >= 600_000
    assert PBKDF2PasswordHasher.algorithm == "pbkdf2_sha256"


def test_nothing_of_the_workshop_is_switched_on() -> None:
    assert django_settings.DEBUG is False
    named = " ".join((*django_settings.INSTALLED_APPS, *django_settings.MIDDLEWARE))
    assert not re.search(r"debug|admin|silk|browsable|cors", named)
    assert not hasattr(django_settings, "LOGGING") or not django_settings.LOGGING


def test_a_sealed_secret_that_was_changed_opens_nothing() -> None:
    kept = seals.fresh()[1]
    for at in (0, len(kept) // 2, len(kept) - 5):
        other = "A" if kept[at] != "A" else "B"
        with pytest.raises(InvalidToken):
            seals.opened(kept[:at] + other + kept[at + 1 :])


# --- logs -----------------------------------------------------------------------------------------


@pytest.fixture(params=["text", "json"])
def lines(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the platform logs, in either form."""
    out, root = io.StringIO(), logging.getLogger()
    before = root.handlers[:], root.level
    monkeypatch.setattr(sys, "stderr", out)
    logs.configure(request.param)
    yield out
    monkeypatch.undo()
    root.handlers[:], root.level = before
    structlog.contextvars.clear_contextvars()


FORGED = "x\r\n2026-01-01T00:00:00Z [info     ] person.signed-in   person=chief\x1b[2J\x00\u2028end"


def test_what_is_written_into_a_log_forges_no_line(lines: io.StringIO, client: Client) -> None:
    client.get("/" + "no-such%0d%0aforged-line-1")
    client.get("/standards", {"q": FORGED}, headers={"X-Request-ID": "a\u2028b"})
    client.post("/sign-in", {"username": FORGED.replace("\0", ""), "password": "y"})
    client.force_login(Person.objects.create(username="li\nforged-line-2", role="viewer"))
    client.get("/standards")
    structlog.get_logger("t").info("x", told=FORGED)
    logging.getLogger("django").warning("said %s", FORGED)
    written = lines.getvalue()
    assert written
    for line in re.split(r"[\r\n\u2028\x85]", written.rstrip("\n")):
        assert re.match(r'^(\d{4}-\d\d-\d\dT|\{")', line), line
        assert "\x1b[2J" not in line


def test_no_form_brings_a_zero_character(client: Client) -> None:
    answer = client.post("/sign-in", {"username": "li\0", "password": "y"})
    assert answer.status_code == 422
    assert "app.zero-character" in answer.content.decode()


def test_refusals_and_failures_are_logged_with_who_and_what(
    lines: io.StringIO, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(Person.objects.create(username="li"))
    assert client.get("/standards").status_code == 403
    refused = next(line for line in lines.getvalue().splitlines() if "/standards" in line)
    for part in ("403", "li", "GET"):
        assert part in refused
    client.raise_request_exception = False
    Person.objects.update(role="viewer")
    monkeypatch.setattr(standards, "page", _fails)
    client.get("/standards")
    assert "request.failed" in lines.getvalue()
    assert re.search(r"\d{4}-\d\d-\d\dT[\d:.]+Z", lines.getvalue()), "in UTC"
    assert "hunter2" in lines.getvalue(), "what failed is told"
    assert "a-local-value" not in lines.getvalue(), "what the program held is not"


def test_secrets_stand_in_no_log_and_no_record(lines: io.StringIO) -> None:
    person = Person.objects.create_user("li", password=PASSWORD, role="administrator")
    client = Client()
    link = sign_in.make_link(person)
    client.get(f"/sign-in/{link}")
    client.post(f"/sign-in/{link}", {"token": link})
    client.post("/sign-in", {"username": "li", "password": PASSWORD})
    client.post("/sign-in", {"username": "li", "password": "a wrong password"})
    _, key = keys.make(person, "program", ["page.view"])
    client.get("/api/v1/objects", headers={"Authorization": f"Bearer {key}"})
    calendar = ics.make(person)
    Client().get(f"/calendar/{calendar}.ics")
    wall = client.post("/administration/walls/add", {"name": "w"}, follow=True).content.decode()
    token = re.search(r"<code>(fh_[^<]+)</code>", wall)
    assert token
    Client().post("/wall", {"key": token[1]})
    kept = (
        lines.getvalue()
        + str(list(Act.objects.values()))
        + str(list(FailedSignIn.objects.values()))
    )
    for secret in (link, PASSWORD, "a wrong password", key, calendar, token[1],
                   client.session.session_key):  # fmt: skip
        assert secret not in kept


# --- errors ---------------------------------------------------------------------------------------


def _fails(*_: Any, **__: Any) -> None:
    held = "-".join(("a", "local", "value"))
    inner = "password=hunter2 SELECT * FROM access_person"
    raise RuntimeError(inner if held else "")


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_failure_tells_nothing_of_the_inside(
    monkeypatch: pytest.MonkeyPatch, accept: str
) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(Person.objects.create(username="li", role="viewer"))
    monkeypatch.setattr(standards, "page", _fails)
    answer = client.get("/standards", headers={"Accept": accept})
    said = answer.content.decode()
    assert answer.status_code == 500
    assert "app.failed" in said
    for inside in ("hunter2", "SELECT", "RuntimeError", "Traceback", "test_hardening", "fenhe/"):
        assert inside not in said


def test_a_failing_act_leaves_nothing_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """The grant is asked before anything is written, and a fault is a refusal."""
    client = Client(raise_request_exception=False)
    client.force_login(Person.objects.create(username="li", role="administrator"))
    monkeypatch.setattr("fenhe.access.gate.may", _fails)
    assert client.post("/administration/people/add", {"username": "new"}).status_code == 500
    assert not Person.objects.filter(username="new").exists()


# --- fields ---------------------------------------------------------------------------------------

MORE = {"is_superuser": "1", "is_staff": "1", "role": "administrator", "id": "1", "pk": "1",
        "password": "x", "is_active": "", "sessions": "9", "person": "1", "person_id": "1",
        "key_hash": "x", "only": "", "approved_by": "me", "granted_by": "me"}  # fmt: skip


def test_only_the_fields_named_are_taken() -> None:
    chief = Person.objects.create(username="chief", role="administrator")
    client = Client()
    client.force_login(chief)
    client.post("/administration/people/add", {**MORE, "username": "new"})
    new = Person.objects.get(username="new")
    assert (new.is_superuser, new.is_staff, new.role, new.is_active) == (False, False, "", True)
    assert not new.has_usable_password()
    client.post("/administration/keys/add", {**MORE, "name": "k", "actions": ["page.view"]})
    key = ApiKey.objects.get()
    assert key.person == chief
    assert key.key_hash != "x"
    client.post("/preferences", {**MORE, "language": "en"})
    chief.refresh_from_db()
    assert (chief.language, chief.is_superuser, chief.sessions) == ("en", False, 0)
    told = client.post(
        "/api/v1/hooks",
        json.dumps({"kind": "email", "target": "a@example.org", "person_id": new.pk}),
        content_type="application/json",
    )
    assert told.status_code == 422
    assert not Hook.objects.exists()


def test_no_answer_of_the_interface_holds_a_secret_or_a_hash_of_one() -> None:
    """Each answer is a shape that names its fields; none of them is one of these."""
    from fenhe.app.api.build import description

    shapes = description()["components"]["schemas"]
    fields = {(shape, name) for shape, one in shapes.items() for name in one.get("properties", ())}
    secret = {
        one
        for one in fields
        if re.search(r"password|secret|token|_hash|sealed|session", one[1])
        and one[1] != "content_hash"
    }
    assert secret == {("HookOut", "secret")}, "shown once, when it is made"


# --- passwords and keys ---------------------------------------------------------------------------


def test_password_fields_are_masked_and_take_a_manager() -> None:
    client = Client()
    client.force_login(Person.objects.create_user("li", password=PASSWORD, role="viewer"))
    for page, names in (("/account", ("old", "new")), ("/account/confirm", ("password",))):
        html = client.get(page).content.decode()
        for name in names:
            field = re.search(rf'<input name="{name}"[^>]*>', html)
            assert field
            assert 'type="password"' in field[0]
            assert re.search(r'autocomplete="(current|new)-password"', field[0])
            assert "maxlength" not in field[0]
            assert "onpaste" not in html
    assert 'autocomplete="current-password"' in Client().get("/sign-in").content.decode()


def test_the_secret_key_is_its_owners_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENHE_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    try:
        key = settings().secret_key()
        assert settings().secret_key() == key
        assert len(key) >= 64
        assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
    finally:
        monkeypatch.undo()
        settings.cache_clear()
