"""Every address there is, from the resolver itself, with a sample for each place in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern, RoutePattern

SAMPLES = {
    "palette": "official",
    "profile": "air-hourly",
    "kind": "air_station",
    "kind_id": "air_station",
    "form": "pdf",
    "verb": "acknowledge",
    "tab": "overview",
    "stamp": "20260101T0000Z",
    "start": "20260101T000000Z",
    "token": "no-such-token",
    "code": "S1",
}
BY_ROUTE = {"import/template": {"kind": "csv"}}


def every() -> list[str]:
    return sorted({f"/{url}" for url in _walk(get_resolver().url_patterns, "")})


def _walk(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[str]:
    for one in patterns:
        here = before + _sample(one.pattern)
        if isinstance(one, URLResolver):
            yield from _walk(one.url_patterns, here)
        else:
            yield here


def _sample(pattern: object) -> str:
    if isinstance(pattern, RoutePattern):
        return re.sub(r"<(?:(\w+):)?(\w+)>", lambda m: _value(m[2], m[1] or "str"), pattern._route)
    if isinstance(pattern, RegexPattern):
        text = pattern._regex.strip("^$")
        prefix = next((key for key in BY_ROUTE if text.startswith(key)), "")
        special = BY_ROUTE.get(prefix, {})
        text = re.sub(
            r"\(\?P<(\w+)>(?:[^()]|\([^)]*\))*\)",
            lambda m: special.get(m[1]) or _choice(m[0]) or _value(m[1], "str"),
            text,
        )
        return text.replace("\\", "").removesuffix("$").removesuffix("?")
    raise TypeError(f"an address of another make: {pattern!r}")


def _choice(group: str) -> str:
    """The first of `(?P<kind>csv|xlsx)`."""
    found = re.search(r">([a-z]+)\|", group)
    return found[1] if found else ""


def _value(name: str, converter: str) -> str:
    if converter == "int" or name == "pk":
        return "1"
    if converter == "uuid":
        return "00000000-0000-0000-0000-000000000000"
    return SAMPLES.get(name, "x")
