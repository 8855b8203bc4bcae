"""Signing in at an identity provider: the whole journey over HTTP against a provider of our own on
the loopback, and every way in which its answer may be wrong."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import httpx
import pytest
from django.test import Client
from joserfc import jwt

sys.path.insert(0, str(Path(__file__).parent))
from provider import CLIENT, SECRET, Provider

from fenhe.access import oidc
from fenhe.access.models import ExternalIdentity, Person
from fenhe.app.boot import boot
from fenhe.store.config import settings

boot()
pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    made = Provider()
    monkeypatch.setenv("FENHE_OIDC_ISSUER", made.issuer)
    monkeypatch.setenv("FENHE_OIDC_CLIENT_ID", CLIENT)
    monkeypatch.setenv("FENHE_OIDC_CLIENT_SECRET", SECRET)
    settings.cache_clear()
    yield made
    made.stop()
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def person(provider: Provider) -> Person:
    li = Person.objects.create(username="li", role="viewer")
    oidc.link(li, provider.subject)
    return li


def go(client: Client, next: str = "/standards") -> dict[str, str]:
    """To the provider and back: the parameters the browser would bring."""
    answer = client.post("/sign-in/provider", {"next": next})
    assert answer.status_code == 302, answer.content.decode()[-600:]
    back = httpx.get(answer["Location"])
    assert back.status_code == 302
    return {
        key: values[0] for key, values in parse_qs(urlparse(back.headers["Location"]).query).items()
    }


def come_back(client: Client, brought: dict[str, str]) -> Any:
    return client.get("/sign-in/provider/back", brought)


def is_in(client: Client) -> bool:
    return client.get("/account").status_code == 200


def test_the_whole_way(client: Client, person: Person) -> None:
    assert "/sign-in/provider" in client.get("/sign-in").content.decode()
    answer = come_back(client, go(client))
    assert (answer.status_code, answer["Location"]) == (302, "/standards")
    assert is_in(client)


def test_without_a_provider_none_is_offered(client: Client) -> None:
    assert "/sign-in/provider" not in client.get("/sign-in").content.decode()


def test_a_name_links_nobody(client: Client, provider: Provider) -> None:
    """The provider says `li`; our `li` is somebody else."""
    Person.objects.create(username="li", role="administrator")
    answer = come_back(client, go(client))
    assert answer.status_code == 403
    assert provider.subject in answer.content.decode()
    assert not is_in(client)


def test_new_people_have_no_right_and_take_nobodys_name(
    client: Client, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENHE_OIDC_CREATE", "true")
    settings.cache_clear()
    Person.objects.create(username="li", role="administrator")
    assert come_back(client, go(client)).status_code == 302
    made = ExternalIdentity.objects.get().person
    assert made.username != "li"
    assert made.role == ""
    assert client.get("/standards").status_code == 403
    again = Client()
    come_back(again, go(again))
    assert Person.objects.count() == 2


def test_somebody_switched_off_stays_out(client: Client, person: Person) -> None:
    Person.objects.update(is_active=False)
    assert come_back(client, go(client)).status_code == 403


def _another_key(provider: Provider) -> Callable[[dict[str, Any]], str]:
    return lambda claims: jwt.encode(
        {"alg": "RS256", "kid": "one"}, claims, provider.other_key, algorithms=["RS256"]
    )


def _unsigned(_: Provider) -> Callable[[dict[str, Any]], str]:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return lambda claims: f"{part({'alg': 'none'})}.{part(claims)}."


def _by_public_key(provider: Provider) -> Callable[[dict[str, Any]], str]:
    """HS256 with the public key as the secret: the classic confusion."""
    from joserfc.jwk import OctKey

    public = json.dumps(provider.key.as_dict(private=False))
    return lambda claims: jwt.encode(
        {"alg": "HS256", "kid": "one"}, claims, OctKey.import_key(public), algorithms=["HS256"]
    )


@pytest.mark.parametrize("sign", [_another_key, _unsigned, _by_public_key])
def test_a_token_nobody_vouches_for_is_refused(
    client: Client, provider: Provider, person: Person, sign: Any
) -> None:
    provider.sign = sign(provider)
    assert come_back(client, go(client)).status_code == 403
    assert not is_in(client)


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://elsewhere"},
        {"aud": "somebody-else"},
        {"aud": [CLIENT, "other"]},
        {"nonce": "replayed"},
        {"exp": 1},
        {"nonce": None},
        {"sub": None},
        {"exp": None},
    ],
)
def test_a_claim_that_does_not_fit_is_refused(
    client: Client, provider: Provider, person: Person, wrong: dict[str, Any]
) -> None:
    def spoil(claims: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in (claims | wrong).items() if value is not None}

    provider.spoil = spoil
    assert come_back(client, go(client)).status_code == 403
    assert not is_in(client)


def test_a_state_of_another_browser_is_refused(client: Client, person: Person) -> None:
    brought = go(client)
    stranger = Client()
    assert come_back(stranger, brought).status_code == 403
    go(stranger)
    assert come_back(stranger, brought).status_code == 403
    assert not is_in(stranger)


def test_an_answer_works_once(client: Client, person: Person) -> None:
    brought = go(client)
    assert come_back(client, brought).status_code == 302
    client.post("/sign-out")
    assert come_back(client, brought).status_code == 403


def test_the_provider_checks_the_verifier_and_we_send_it(
    client: Client, provider: Provider, person: Person
) -> None:
    brought = go(client)
    session = client.session
    session["oidc"] = {**session["oidc"], "verifier": "another"}
    session.save()
    assert come_back(client, brought).status_code == 403
    assert provider.refused == ["verifier"]


def test_a_provider_of_another_name_is_refused(
    client: Client, provider: Provider, person: Person
) -> None:
    provider.claimed_issuer = "http://127.0.0.1:1"
    assert client.post("/sign-in/provider").status_code == 403


def test_a_provider_that_is_away_leaves_the_other_ways(
    client: Client, provider: Provider, person: Person
) -> None:
    provider.stop()
    answer = client.post("/sign-in/provider")
    assert answer.status_code == 403
    assert 'name="password"' in answer.content.decode()


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org"])
def test_it_never_leads_elsewhere(client: Client, person: Person, elsewhere: str) -> None:
    assert come_back(client, go(client, elsewhere))["Location"] == "/"
