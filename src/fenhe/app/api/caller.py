"""Who asks, and whether the question is one the interface knows.

A session (then writes carry the CSRF token) or an API key (`Authorization: Bearer …`). Query
parameters that an operation does not declare are refused, and so is a body of another type: what is
silently ignored is silently wrong.
"""

from __future__ import annotations

import base64
import re
from functools import cache
from typing import Any, NamedTuple, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from ninja.utils import check_csrf

from fenhe.access import gate, keys
from fenhe.access.models import Person
from fenhe.app.api.refusals import Refused, by_status
from fenhe.kernel.errors import BadInput, Forbidden, NotFound, Problem
from fenhe.kernel.text import Text

Row = TypeVar("Row", bound=Model)
SAFE = ("GET", "HEAD", "OPTIONS")


class Caller:
    """Ninja's authentication callback: the person, or 401. Described to OpenAPI as bearer."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_name = "key"

    def __call__(self, request: HttpRequest) -> Person:
        person = person_of(request)
        _known_question(request)
        gate.require(person, "page.view")
        return person


def person_of(request: HttpRequest) -> Person:
    """Whoever asks, by key or by session; 401 for nobody, 403 for a write without CSRF token."""
    said = request.headers.get("Authorization", "")
    if said:
        scheme, _, token = said.partition(" ")
        key = token.strip() if scheme.lower() == "bearer" else _of_basic(scheme, token)
        request.user = _by_key(key)
        return request.user
    if not isinstance(request.user, Person):
        raise by_status(401)
    if request.method not in SAFE and check_csrf(request) is not None:
        raise by_status(403)
    gate.begin(request.user)
    return request.user


def _of_basic(scheme: str, token: str) -> str:
    """Programs that know nothing but names and passwords send the key as the password."""
    try:
        said = base64.b64decode(token, validate=True).decode() if scheme.lower() == "basic" else ""
    except ValueError as error:
        raise by_status(401) from error
    if ":" not in said:
        raise by_status(401)
    return said.partition(":")[2]


def _by_key(token: str) -> Person:
    """Holding only what both the person and the key may."""
    try:
        return keys.authenticate(token)
    except Forbidden as error:
        raise Refused(error.code, error.zh, error.en, status=401) from error


def visible(request: HttpRequest, rows: QuerySet[Row], action: str = "page.view") -> QuerySet[Row]:
    """Those of the rows on which this caller may do this."""
    return gate.visible(request.user, rows, action)


def one(request: HttpRequest, rows: QuerySet[Row], **key: Any) -> Row:
    """The only such row the caller may see; one he may not see is not there."""
    found = visible(request, rows).filter(**key).first()
    if found is None:
        raise not_there()
    return found


def not_there() -> NotFound:
    return NotFound(
        "api.not-there",
        "没有这一项，或您无权查看",
        "there is no such thing, or you may not see it",
    )


class _Question(NamedTuple):
    parameters: frozenset[str]
    bodies: frozenset[str]  # media types; empty: takes no body


def _known_question(request: HttpRequest) -> None:
    match = request.resolver_match
    asked = (request.method or "", match.route if match else "")
    if asked not in _questions():
        return
    known = _questions()[asked]
    strange = [name for name in request.GET if name not in known.parameters]
    if strange:
        text = Text("没有这个参数", "there is no such parameter")
        raise BadInput(
            "api.parameter-unknown",
            f"请求中有不认识的参数：{'、'.join(strange)[:200]}",
            f"the request has parameters nobody knows: {', '.join(strange)[:200]}",
            [Problem("api.parameter-unknown", text, column=name[:100]) for name in strange[:20]],
        )
    if known.bodies and (request.content_type or "").lower() not in known.bodies:
        types = ", ".join(sorted(known.bodies))
        raise Refused(
            "api.media-type",
            f"不接受这种内容类型；可用：{types}",
            f"this content type is not taken; send one of: {types}",
            status=415,
        )


@cache
def _questions() -> dict[tuple[str, str], _Question]:
    """(method, Django's route) -> what may be asked there, from the OpenAPI description itself."""
    from fenhe.app.api.build import description  # late: it is built out of this module

    found = {}
    for path, methods in description()["paths"].items():
        for method, operation in methods.items():
            names = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "query"}
            bodies = operation.get("requestBody", {}).get("content", {})
            route = _plain(path.lstrip("/"))
            found[method.upper(), route] = _Question(frozenset(names), frozenset(bodies))
    return _Routes(found)


class _Routes(dict[tuple[str, str], _Question]):
    """Looks up Django's routes by the names of their places alone."""

    def __contains__(self, asked: object) -> bool:
        return isinstance(asked, tuple) and super().__contains__((asked[0], _plain(asked[1])))

    def __missing__(self, asked: tuple[str, str]) -> _Question:
        plain = (asked[0], _plain(asked[1]))
        if plain == asked:
            raise KeyError(asked)
        return self[plain]


def _plain(route: str) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>|\{(?:\w+:)?(\w+)\}", r"{\1\2}", route)


def require(request: HttpRequest, action: str, subject: Model | gate.Place | None = None) -> Person:
    """The caller, who may do this; or 403."""
    if not isinstance(request.user, Person):
        raise by_status(401)
    gate.require(request.user, action, subject)
    return request.user
