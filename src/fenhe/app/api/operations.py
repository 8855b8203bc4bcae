"""What all operations of the interface share: the statuses that each may answer with."""

from __future__ import annotations

from typing import Any

from fenhe.app.api.shapes import Refusal

SUMMARY = """REST interface of Fenhe (汾河). 生态环境数据平台接口。

Sign in with a session (writes carry the CSRF token) or an API key: `Authorization: Bearer …`.
Lists are keyset pages: give `next` as `after`. Instants are RFC 3339 with an offset; periods are
half-open [start, end). Every refusal has the shape `Refusal`. Give `If-None-Match` to read only
what has changed, `If-Match` to write only over what you have seen, `Idempotency-Key` to send a
write again without doing it twice."""

_READ = frozenset({400, 401, 403, 404, 405, 422, 429, 503})
_WRITE = _READ | {409, 412, 413, 415}


def reads(shape: Any) -> dict[Any, Any]:
    return {200: shape, 304: None, _READ: Refusal}


def writes(shape: Any, *done: int) -> dict[Any, Any]:
    return {frozenset(done or (200,)): shape, _WRITE: Refusal}
