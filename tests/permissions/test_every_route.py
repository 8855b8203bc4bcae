"""Every address of the platform, as strangers, as somebody without any right, without a token, with
hostile words in every field: what is refused stays refused, what is shown stays harmless."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models
from django.test import Client

sys.path.insert(0, str(Path(__file__).parent))
import hostile
import routes
from hostile import HOSTILE

from fenhe.access.models import Grant, Organ, Person
from fenhe.act.models import CaseEntry
from fenhe.alert.models import Alarm
from fenhe.app.boot import boot
from fenhe.app.models import Hook
from fenhe.evidence.models import Attachment
from fenhe.ingest.models import DeviceLink, DeviceRequest, Import
from fenhe.publish.models import Publication
from fenhe.registry.models import Area, Change, Object, SavedView

boot()
pytestmark = [pytest.mark.django_db, pytest.mark.slow]

OPEN = {
    "/health": "asked by machines; says only whether parts answer",
    "/health/ready": "asked by machines; says only whether parts answer",
    "/health/live": "asked by machines; says only whether parts answer",
    "/metrics": "counters without names; a proxy keeps it inside (THREAT_MODEL.md)",
    "/preferences": "a cookie with language, theme and palette",
    "/palette-official.css": "colours",
    "/palette-safe.css": "colours",
    "/sign-in": "the door",
    "/sign-in/no-such-token": "the door: shows a button, signs nobody in",
    "/wall": "the door of a screen on a wall: a form for its key",
    "/sign-in/provider": "leads to the provider, when one is set",
    "/api/v1/openapi.json": "the description of the interface, without data",
    "/api/openapi.json": "the description of the interface, without data",
}
FOR_ALL_SIGNED_IN = {
    "/": "chooses the first page by what the person may see",
    "/account": "one's own account",
    "/account/confirm": "one's own account",
    "/account/password": "one's own account",
    "/account/recovery-codes": "one's own account",
    "/account/second-factor/remove": "one's own account",
    "/account/sessions/end": "one's own account",
    "/account/sessions/1/end": "one's own account",
    "/sign-in/enrol": "one's own second factor",
    "/sign-in/second": "one's own second factor",
    "/sign-in/provider/back": "the way back from the provider; answers with the door",
    "/sign-out": "leaving",
}
PUBLIC = ("/public", "/portal", "/open")
"""Pages of published copies: `public.view`."""
REFUSED = (401, 403, 404, 405)
EVERY = routes.every()


def is_open(url: str) -> bool:
    return url in OPEN or url.startswith(PUBLIC)


@pytest.fixture
def filled() -> Person:
    """An administrator, and rows of most models with hostile words wherever words may stand."""
    return hostile.fill()


def signed_in(person: Person, **how: bool) -> Client:
    client = Client(raise_request_exception=False, **how)
    client.force_login(person)
    return client


def test_the_list_of_addresses_is_whole() -> None:
    assert len(EVERY) > 60
    assert not [url for url in EVERY if re.search(r"[<>()?^$\\]", url)]
    for url in (*OPEN, *FOR_ALL_SIGNED_IN):
        assert url in EVERY or url in ("/palette-safe.css", "/api/openapi.json",
                                       "/api/v1/openapi.json"), url  # fmt: skip


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_gets_nothing(filled: Person, method: str) -> None:
    client = Client(raise_request_exception=False)
    wrong = []
    for url in EVERY:
        answer = getattr(client, method)(url)
        to_door = answer.status_code == 302 and answer["Location"].startswith(
            ("/sign-in", "/account")
        )
        if not (is_open(url) or to_door or answer.status_code in REFUSED):
            wrong.append((url, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_somebody_without_any_right_gets_nothing(filled: Person, method: str) -> None:
    person = Person.objects.create(username="nobody")
    wrong = []
    for url in EVERY:
        if is_open(url) or url in FOR_ALL_SIGNED_IN:
            continue
        status = getattr(signed_in(person), method)(url).status_code
        if status not in (*REFUSED, 415):
            wrong.append((url, status))
    assert wrong == []


def test_nothing_is_written_without_a_token(filled: Person) -> None:
    """As the administrator, whose session a strange page would misuse."""
    client = signed_in(filled, enforce_csrf_checks=True)
    before = _counts()
    wrong = []
    for url in EVERY:
        for method in ("post", "put", "patch", "delete"):
            status = getattr(client, method)(url, content_type="application/json").status_code
            if status not in (*REFUSED, 415, 422):
                wrong.append((method, url, status))
    assert wrong == []
    assert _counts() == before


def _counts() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in apps.get_models()}


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org/", "/\\example.org"])
def test_no_address_leads_elsewhere(filled: Person, elsewhere: str) -> None:
    wrong = []
    for url in EVERY:
        if url in ("/sign-out", "/account/sessions/end"):
            continue
        client = signed_in(Person.objects.get(pk=filled.pk))
        for answer in (
            client.get(url, {"next": elsewhere}, headers={"Referer": elsewhere}),
            client.post(url, {"next": elsewhere}, headers={"Referer": elsewhere}),
        ):
            place = answer.headers.get("Location", "/")
            if not place.startswith("/") or place.startswith(("//", "/\\")):
                wrong.append((url, place))
    assert wrong == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_hostile_words_stay_words_and_pages_keep_the_policy(filled: Person, language: str) -> None:
    client = signed_in(filled)
    client.cookies["language"] = language
    hostile.visit(client.session.session_key, filled)
    seen, wrong = set(), []
    for url in [*EVERY, *_more(), *_of_every_kind(), *DEEPER]:
        if url.startswith("/sign-out"):
            continue
        answer = client.get(url)
        if answer.status_code >= 500:
            wrong.append((url, answer.status_code))
        if not answer.headers.get("Content-Type", "").startswith("text/html"):
            continue
        html = answer.content.decode()
        if "&lt;img src=x" in html or "\\u003Cimg" in html:
            seen.add(url.partition("?")[0])
        wrong += [(url, what) for what in _faults(html)]
        wrong += [(url, name) for name in _missing_headers(answer.headers, url.startswith(PUBLIC))]
    assert wrong == []
    unseen = {url for url in SHOW_WORDS if url not in seen}
    assert unseen == set(), "pages that show words of people, and showed none of the hostile ones"


SHOW_WORDS = (
    "/account", "/account/hooks", "/account/hooks/1", "/administration/hooks",
    "/administration/keys", "/administration/organs", "/administration/people",
    "/administration/people/2", "/administration/walls", "/alarms", "/alarms/1", "/audit",
    "/bulletins", "/bulletins/1", "/bulletins/1/publish", "/bulletins/2", "/cases", "/cases/1",
    "/devices/MN1", "/import", "/import/1", "/import/2", "/object/2", "/objects/air_station",
    "/public", "/screen", "/screen/now", "/search",
)  # fmt: skip
"""Found by asking; each page that shows what people wrote has to stand here or be found anew."""
DEEPER = ("/bulletins/2", "/import/2", "/administration/people/2", "/devices/MN1")


def _more() -> list[str]:
    """Searches that say back what was asked."""
    asked = f"q={HOSTILE}&date={HOSTILE}&city={HOSTILE}&code={HOSTILE}&period={HOSTILE}"
    return [f"{url}?{asked}" for url in EVERY if "/api/" not in url]


def _of_every_kind() -> Iterator[str]:
    """Dossier, tabs and list of one object of every kind; and whatever takes a number, twice."""
    for pk, kind in Object.objects.order_by("pk").values_list("pk", "kind"):
        yield f"/object/{pk}"
        yield f"/objects/{kind}"


def _faults(html: str) -> list[str]:
    reader = Reader()
    reader.feed(html)
    if "a>49" in html:
        reader.faults.append("hostile words as a template")
    return reader.faults


class Reader(HTMLParser):
    """Reads a page as a browser would and notes what a page of ours never has."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "img" and given.get("src") == "x":
            self.faults.append("hostile words as markup")
        if tag == "script" and "src" not in given and given.get("type") != "application/json":
            self.faults.append(f"a script in the page: {given}")
        for name, value in given.items():
            if name.startswith("on") or name == "style":
                self.faults.append(f"{name} on <{tag}>")
            if name in ("href", "src", "action", "formaction", "hx-get", "hx-post"):
                scheme = value.strip().lower().partition(":")[0]
                if scheme in ("javascript", "vbscript"):
                    self.faults.append(f"{name} is {value[:60]}")
                if tag in ("script", "link", "img", "iframe") and value.startswith(("http", "//")):
                    self.faults.append(f"something from elsewhere: {value}")


def _missing_headers(headers: dict[str, str], published: bool) -> Iterator[str]:
    policy = headers.get("Content-Security-Policy", "")
    for rule in ("default-src 'self'", "script-src 'self'", "object-src 'none'",
                 "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):  # fmt: skip
        if rule not in policy:
            yield f"policy without {rule}"
    if "unsafe-eval" in policy or re.search(r"script-src[^;]*unsafe-inline", policy):
        yield "a policy that lets scripts in"
    for name, value in {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }.items():
        if headers.get(name) != value:
            yield f"{name} is {headers.get(name)}"
    if not published and "no-store" not in headers.get("Cache-Control", ""):
        yield "may be kept by the browser"


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "..\\..\\x.csv", "/etc/passwd", "a\0b.csv"]
)
def test_a_file_name_leads_nowhere(filled: Person, name: str) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    client = signed_in(filled)
    for url in ("/import/check", "/import/objects/check"):
        file = SimpleUploadedFile("x.csv", b"code\nS1\n")
        file._name = name  # past Django's own cleaning
        sent = {"file": file, "profile": "air-hourly", "kind": "air_station"}
        assert client.post(url, sent).status_code in (200, 302, 422)
    for hash in ("../../secret_key", "..%2f..%2fsecret_key", "/etc/passwd"):
        sent = {"hash": hash, "kind": "air_station", "name": name}
        refused = 422 if "\0" in name else 404  # the form itself, or its file
        assert client.post("/import/objects/commit", sent).status_code == refused
    assert not Import.objects.filter(file_name__contains="/").exclude(pk__in="12").exists()


MODELS = (Area, Object, Alarm, Publication, Import, Organ, Grant, Attachment, Hook, SavedView,
          Change, CaseEntry, DeviceLink, DeviceRequest)  # fmt: skip


def test_every_text_column_was_hostile_or_cannot_be(filled: Person) -> None:
    """New text columns of the models this test fills must be thought of here."""
    harmless = {"key", "kind", "severity", "state", "code", "adcode", "level", "rule", "variant",
                "edition", "content_hash", "id", "role", "prefix", "key_hash", "media_type",
                "subject_model", "subject_id", "predicate", "property", "resolution", "statistic",
                "source", "username", "password", "last_name", "email", "language", "approved_by",
                "action", "previous_hash", "hash", "area", "secret", "list", "mn", "cn", "qn",
                "post", "step", "before", "after", "digest", "least_severity"}  # fmt: skip
    for model in MODELS:
        for field in model._meta.fields:
            if (
                isinstance(field, models.CharField | models.TextField)
                and field.name not in harmless
            ):
                values = set(model._default_manager.values_list(field.name, flat=True))
                assert any("<img" in str(value) for value in values), (model.__name__, field.name)
