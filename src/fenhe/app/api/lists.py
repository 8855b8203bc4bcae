"""Lists by keyset: a page is what follows the last row of the page before.

Nothing is counted and nothing skipped, so the ten-thousandth page costs what the first did. The
cursor is opaque and signed: it names a place in one list, and no other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.core import signing
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from fenhe.app.api.caller import visible
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.text import Text

Row = TypeVar("Row", bound=Model)
SALT = "fenhe.api.cursor"


def page(
    request: HttpRequest,
    rows: QuerySet[Row],
    make: Callable[[Row], Any],
    limit: int,
    after: str | None,
    newest: bool = False,
) -> dict[str, Any]:
    """`{items, next}` of what the caller may see, by id: as they came to be, or the newest first.
    `next` is null on the last page."""
    rows = visible(request, rows).order_by("-pk" if newest else "pk")
    if after is not None:
        [key] = read_cursor(request, after, 1)
        rows = rows.filter(Q(pk__lt=key) if newest else Q(pk__gt=key))
    found = list(rows[: limit + 1])
    more = len(found) > limit
    return {
        "items": [make(row) for row in found[:limit]],
        "next": cursor(request, [found[limit - 1].pk]) if more else None,
    }


def cursor(request: HttpRequest, key: list[Any]) -> str:
    return signing.dumps(key, salt=f"{SALT}:{request.path}", compress=False)


def read_cursor(request: HttpRequest, text: str, parts: int) -> list[Any]:
    try:
        key = signing.loads(text, salt=f"{SALT}:{request.path}")
    except signing.BadSignature as error:
        raise _not_ours() from error
    if not isinstance(key, list) or len(key) != parts:
        raise _not_ours()
    return key


def _not_ours() -> BadInput:
    said = Text("请原样使用上一页给出的 next", "use the `next` of the page before, as it is")
    return BadInput(
        "api.cursor",
        "after 不是这张列表给出的游标",
        "`after` is not a cursor of this list",
        [Problem("api.cursor", said, column="after")],
    )
