"""Bytes of an answer, and `If-Match`: a write goes through only over what the caller has seen."""

from __future__ import annotations

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest
from django.utils.http import parse_etags
from ninja import Schema

from fenhe.app.api.refusals import Refused, tag


class _Encoder(DjangoJSONEncoder):
    def default(self, value: Any) -> Any:
        return (
            value.model_dump(mode="json") if isinstance(value, Schema) else super().default(value)
        )


def as_bytes(data: Any) -> bytes:
    return json.dumps(data, cls=_Encoder, ensure_ascii=False, allow_nan=False).encode()


def require_match(request: HttpRequest, now: Schema | None) -> None:
    """`now`: what reading this very address would answer; None: nothing is there yet."""
    wanted = request.headers.get("If-Match")
    unwanted = request.headers.get("If-None-Match")
    current = tag(as_bytes(now.model_dump())) if now is not None else None
    if wanted is not None:
        tags = parse_etags(wanted)
        if current is None or not ("*" in tags or current in tags):
            raise _moved_on()
    if unwanted is not None and current is not None:
        tags = parse_etags(unwanted)
        if "*" in tags or current in tags:
            raise _moved_on()


def _moved_on() -> Refused:
    return Refused(
        "api.moved-on",
        "内容已与您读到的不同（If-Match / If-None-Match），请重新读取后再改",
        "this is no longer what you read (If-Match / If-None-Match); read it again, then write",
        status=412,
    )
