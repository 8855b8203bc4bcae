"""What every answer of every address has, and what no address does: types, headers, methods,
numbers too large, words in wrong places."""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client

sys.path.insert(0, str(Path(__file__).parent))
import hostile
import routes

from fenhe.access import keys
from fenhe.access.models import ApiKey, Person
from fenhe.app.boot import boot
from fenhe.evidence.models import Act

boot()
pytestmark = [pytest.mark.django_db, pytest.mark.slow]

EVERY = routes.every()
OPEN = ("/public", "/static", "/palette-", "/health", "/metrics", "/preferences")
WALLS = ("/screen",)
"""Shown from afar, without the bar of the platform."""


@pytest.fixture
def chief() -> Person:
    return hostile.fill()


def signed_in(person: Person) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


def counts() -> dict[str, int]:
    """Of all rows but sessions, and acts: that somebody took a file is on record."""
    kept = (model for model in apps.get_models() if model not in (Session, Act))
    return {model.__name__: model._default_manager.count() for model in kept}


def test_every_answer_says_what_it_is_and_is_for_its_reader_alone(chief: Person) -> None:
    client = signed_in(chief)
    wrong = [(url, fault) for url in EVERY for fault in faults(url, client.get(url))]
    assert wrong == []


def faults(url: str, answer: HttpResponse) -> Iterator[str]:
    headers = answer.headers
    what, policy = headers.get("Content-Type", ""), headers.get("Content-Security-Policy", "")
    kept = headers.get("Cache-Control", "no-store" if answer.status_code != 200 else "")
    if answer.status_code not in (204, 302, 304, 405) and not re.match(r"[\w.+-]+/\w", what):
        yield "no type"
    if what.startswith("text/") and "charset=utf-8" not in what.lower():
        yield f"no charset: {what}"
    if "Access-Control-Allow-Origin" in headers:
        yield "open to pages from elsewhere"
    if headers.get("X-Content-Type-Options") != "nosniff":
        yield "may be sniffed"
    if "frame-ancestors 'none'" not in policy and "sandbox" not in policy:
        yield "may be framed"
    if not url.startswith(OPEN) and "no-store" not in kept:
        yield f"may be kept: {kept}"
    if {"Server", "X-Powered-By"} & set(headers):
        yield "tells what it runs on"


def test_what_only_reads_changes_nothing(chief: Person) -> None:
    client = signed_in(chief)
    client.get("/sign-in/enrol")  # proposes a secret, once
    before = counts()
    for url in EVERY:
        for method in ("get", "head", "options"):
            getattr(client, method)(url)
    assert counts() == before


def test_what_a_page_offers_to_send_no_address_does(chief: Person) -> None:
    """Every form of every page, with what it is filled in with, asked for as an address."""
    client = signed_in(chief)
    client.get("/sign-in/enrol")
    before, asked = counts(), 0
    for url in EVERY:
        for action, given in sendable(url, client.get(url)):
            client.get(action, given)
            asked += 1
    assert asked > 20
    assert counts() == before


def sendable(url: str, answer: HttpResponse) -> Iterator[tuple[str, dict[str, str]]]:
    if answer.streaming or not answer.headers.get("Content-Type", "").startswith("text/html"):
        return
    for head, body in re.findall(r"<form([^>]*)>(.*?)</form>", answer.content.decode(), re.S):
        action = re.search(r'action="([^"]*)"', head)
        if 'method="post"' not in head:
            continue
        given = {
            name: (re.search(r'value="([^"]*)"', tag) or ["", "1"])[1] or "1"
            for tag, name in re.findall(
                r'(<(?:input|select|textarea|button)[^>]*\sname="([^"]+)"[^>]*>)', body
            )
            if name != "csrfmiddlewaretoken"
        }
        yield html.unescape(action[1]) if action and action[1] else url, given


def test_no_address_traces(chief: Person) -> None:
    client = signed_in(chief)
    wrong = []
    for url in EVERY:
        answer = client.trace(url, headers={"X-Secret": "echo-me"})
        body = b"" if answer.streaming else answer.content
        if b"echo-me" in body or "message/http" in answer.headers.get("Content-Type", ""):
            wrong.append(url)
    assert wrong == []


@pytest.mark.parametrize(
    "url",
    ["/.git/config", "/.git/HEAD", "/.env", "/static/", "/static/../secret_key", "/data/secret_key",
     "/static/%2e%2e/%2e%2e/secret_key", "/static/..%2fstore/config.py", "/fenhe.sqlite3",
     "/secret_key", "/admin/", "/__debug__/", "/phpinfo.php"],
)  # fmt: skip
def test_nothing_lies_about(url: str) -> None:
    person = Person.objects.create(username="li", role="administrator")
    assert signed_in(person).get(url).status_code == 404


NUMBERED = ("page", "limit", "after", "at", "days", "hours", "year", "month", "size", "before")
HUGE = ("9223372036854775808", "99999999999999999999999")


def test_a_number_too_large_is_nobodys(chief: Person) -> None:
    client, wrong = signed_in(chief), []
    for url in EVERY:
        for number in HUGE:
            far = re.sub(r"/1(?=[/.]|$)", f"/{number}", url)
            if far != url:
                got = {client.get(far).status_code, client.post(far).status_code}
                wrong += [(far, status) for status in got if status >= 500 or status == 200]
    asked = "&".join(f"{name}={HUGE[0]}" for name in NUMBERED)
    for url in EVERY:
        if client.get(f"{url}?{asked}").status_code >= 500:
            wrong.append((f"{url}?", 500))
    assert wrong == []


def test_given_twice_a_parameter_breaks_nothing(chief: Person) -> None:
    """The last one counts, everywhere alike."""
    client, wrong = signed_in(chief), []
    for url in EVERY:
        status = client.get(f"{url}?q=a&q=b&date=2026-01-01&date=x&limit=1&limit=2").status_code
        if status >= 500:
            wrong.append((url, status))
    assert wrong == []
    one = client.get("/api/v1/objects?limit=3&limit=1").json()
    assert len(one["items"]) == 1


def test_every_page_of_somebody_signed_in_leads_out(chief: Person) -> None:
    client, wrong = signed_in(chief), []
    for url in EVERY:
        if url.startswith(("/sign-", *OPEN, *WALLS)):
            continue
        answer = client.get(url)
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        text = answer.content.decode()
        if "<html" in text and 'action="/sign-out"' not in text:
            wrong.append(url)
    assert wrong == []


def test_a_key_in_the_address_opens_nothing() -> None:
    person = Person.objects.create(username="li", role="administrator")
    _, token = keys.make(person, "program", ["page.view"])
    for name in ("key", "token", "api_key", "access_token", "sessionid"):
        answer = Client().get(f"/api/v1/objects?{name}={token}")
        assert answer.status_code in (401, 422)
    assert ApiKey.objects.get(name="program").last_used_at is None
