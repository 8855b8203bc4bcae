"""Types of what stands in a question: ids, words, instants. A value that no answer could exist for
is refused with its place; an instant beyond all records is taken as the farthest there is."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema

from fenhe.kernel.period import Period

FIRST, LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
ALWAYS = Period(FIRST, LAST)
MOST = 1000
DEFAULT = 100

_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})"
)


def instant(raw: Any) -> datetime:
    """RFC 3339 with its offset -> UTC. A stamp without offset is refused: nobody knows its zone."""
    if isinstance(raw, datetime) and raw.tzinfo is not None:
        return raw.astimezone(UTC)
    text = str(raw).replace(" ", "+") if "T" in str(raw) else str(raw)  # a "+" a URL has eaten
    if not _INSTANT.fullmatch(text):
        raise ValueError("write it as 2026-03-01T08:00:00+08:00 or 2026-03-01T00:00:00Z")
    text = re.sub(r"(\.\d{6})\d+", r"\1", text.upper())
    if text[:4] < "1900":
        return FIRST
    if text[:4] >= "2200":
        return LAST
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


Instant = Annotated[
    datetime,
    BeforeValidator(instant),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Id = Annotated[int, Field(ge=1, le=2**53 - 1)]
SeriesId = Annotated[int, Field(ge=1, le=2**31 - 1)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Limit = Annotated[int, Field(ge=1, le=MOST)]


def _strict(text: str) -> str:
    if re.search(r"[\x00\ud800-\udfff]", text):
        raise ValueError("characters that cannot be stored")
    return text


Note = Annotated[str, StringConstraints(max_length=1000), AfterValidator(_strict)]


def period(start: datetime | None, end: datetime | None) -> Period | None:
    """[start, end); None where nothing can lie inside."""
    first, last = start or FIRST, end or LAST
    return Period(first, last) if first < last else None
