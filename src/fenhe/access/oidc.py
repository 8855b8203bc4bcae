"""Signing in at the city's own identity provider: OpenID Connect, code flow with PKCE.

`begin` answers where to send the browser and what to remember in its session; `finish` takes what
came back, fetches the token with the verifier, checks signature, issuer, audience, time and nonce,
and answers the person that the provider's *subject* is linked to. A name is never enough: providers
let people choose their names.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
from django.db import transaction
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from fenhe.access.models import ExternalIdentity, Person
from fenhe.kernel.errors import BadInput, Forbidden, Unavailable
from fenhe.store.config import settings

SECONDS = 10.0
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]  # signed by the provider's key, never by ours
LEEWAY = 60  # seconds two clocks may differ


@dataclass(frozen=True, slots=True)
class Flow:
    """What the session remembers while the person is away at the provider."""

    state: str
    nonce: str
    verifier: str
    next: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def is_offered() -> bool:
    return bool(settings().oidc_issuer and settings().oidc_client_id)


def begin(redirect_uri: str, next: str) -> tuple[str, Flow]:
    """The provider's address to go to, and what to remember."""
    flow = Flow(_random(), _random(), _random(), next)
    challenge = hashlib.sha256(flow.verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": settings().oidc_client_id,
        "redirect_uri": redirect_uri,
        "scope": "openid profile",
        "state": flow.state,
        "nonce": flow.nonce,
        "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    return f"{_discovered()['authorization_endpoint']}?{urlencode(query)}", flow


def finish(redirect_uri: str, flow: Flow, state: str, code: str) -> Person:
    """The person; Forbidden `access.oidc` when anything does not fit."""
    if not code or not secrets.compare_digest(state, flow.state):
        raise _refused()
    claims = _claims(_token(redirect_uri, flow, code), flow.nonce)
    return _person(claims)


def link(person: Person, subject: str) -> ExternalIdentity:
    """From now on this subject of the provider signs in as the person."""
    if not settings().oidc_issuer or not subject.strip():
        raise BadInput(
            "access.oidc-link",
            "请先设置 oidc_issuer，并给出统一认证的 sub",
            "set oidc_issuer first, and give the subject there",
        )
    row, _ = ExternalIdentity.objects.update_or_create(
        issuer=settings().oidc_issuer, subject=subject.strip(), defaults={"person": person}
    )
    return row


def _discovered() -> dict[str, Any]:
    issuer = settings().oidc_issuer
    found = _get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != issuer:
        raise _refused()
    return found


def _token(redirect_uri: str, flow: Flow, code: str) -> str:
    sent = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": flow.verifier,
        "client_id": settings().oidc_client_id,
    }
    secret = settings().oidc_client_secret
    auth = httpx.BasicAuth(settings().oidc_client_id, secret) if secret else None
    try:
        answer = httpx.post(_discovered()["token_endpoint"], data=sent, auth=auth, timeout=SECONDS)
    except httpx.HTTPError as error:
        raise _away() from error
    if answer.status_code != 200:
        raise _refused()
    return str(answer.json().get("id_token", ""))


def _claims(id_token: str, nonce: str) -> dict[str, Any]:
    keys = KeySet.import_key_set(_get(_discovered()["jwks_uri"]))  # type: ignore[arg-type]
    registry = jwt.JWTClaimsRegistry(
        leeway=LEEWAY,
        iss={"essential": True, "value": settings().oidc_issuer},
        aud={"essential": True, "value": settings().oidc_client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        token = jwt.decode(id_token, keys, algorithms=ALGORITHMS)
        registry.validate(token.claims)
    except (JoseError, ValueError) as error:
        raise _refused() from error
    audience = token.claims["aud"]
    if isinstance(audience, list) and token.claims.get("azp") != settings().oidc_client_id:
        raise _refused()
    return dict(token.claims)


def _person(claims: dict[str, Any]) -> Person:
    issuer, subject = settings().oidc_issuer, str(claims["sub"])
    known = ExternalIdentity.objects.select_related("person").filter(issuer=issuer, subject=subject)
    if row := known.first():
        if not row.person.is_active:
            raise _refused()
        return row.person
    if not settings().oidc_create:
        raise Forbidden(
            "access.oidc-unknown",
            f"统一认证的账号 {subject} 尚未关联到本平台人员；请管理员关联",
            f"the account {subject} of the identity provider is linked to nobody here; ask an "
            "administrator to link it",
        )
    with transaction.atomic():
        name = str(claims.get("preferred_username") or subject)[:150]
        if Person.objects.filter(username=name).exists():
            name = f"{subject[:120]}@{secrets.token_hex(3)}"  # never somebody who is there already
        person = Person(username=name, role="")
        person.set_unusable_password()
        person.save()
        link(person, subject)
    return person


def _random() -> str:
    return secrets.token_urlsafe(32)


def _get(url: str) -> dict[str, Any]:
    try:
        answer = httpx.get(url, timeout=SECONDS)
        answer.raise_for_status()
        found = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise _away() from error
    if not isinstance(found, dict):
        raise _away()
    return found


def _refused() -> Forbidden:
    return Forbidden(
        "access.oidc",
        "统一认证的答复核对不上，未登录；请重新登录",
        "what the identity provider answered does not fit; sign in again",
    )


def _away() -> Unavailable:
    return Unavailable(
        "access.oidc-away",
        "统一认证暂时无法联系；可用密码或登录链接",
        "the identity provider cannot be reached; use a password or a sign-in link",
        retryable=True,
    )
