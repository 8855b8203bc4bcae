"""`Idempotency-Key`: a write sent again is answered again, not done again.

The key belongs to the caller and the address. The same key with another body is a conflict; so is
one whose first sending is still under way. A write that failed leaves nothing: it may be tried
again. Answers are kept for a day.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from ninja import Schema, Status

from fenhe.app.models import Answered
from fenhe.kernel.errors import BadInput, Conflict
from fenhe.kernel.ids import content_hash
from fenhe.kernel.period import utc_now

KEPT = timedelta(days=1)
LONGEST = 200
ABANDONED = timedelta(minutes=15)


def key_of(request: HttpRequest) -> str:
    """Empty where none is given."""
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > LONGEST or not key.isprintable():
        raise BadInput(
            "api.idempotency-key",
            f"Idempotency-Key 至多 {LONGEST} 个可见字符",
            f"an Idempotency-Key has {LONGEST} printable characters at most",
        )
    return key


def once(
    request: HttpRequest, write: Callable[[], tuple[int, Schema]], digest: str = ""
) -> Status[Any]:
    """Does `write` unless this key has been answered already. `digest` names a body that was
    streamed; otherwise it is the request's own."""
    key = key_of(request)
    if not key:
        return Status(*write())
    name = content_hash([str(request.user.pk), request.method, request.path, key])
    said = digest or content_hash(request.body)
    answered = _begin(name, said)
    if answered is not None:
        return Status(answered[0], answered[1])
    try:
        status, shape = write()
    except BaseException:
        Answered.objects.filter(pk=name).delete()
        raise
    Answered.objects.filter(pk=name).update(status=status, answer=shape.model_dump(mode="json"))
    return Status(status, shape)


def _begin(name: str, said: str) -> tuple[int, Any] | None:
    """Marks the key as under way, or gives the answer it has."""
    now = utc_now()
    try:
        with transaction.atomic():
            Answered.objects.create(key=name, digest=said, at=now)
        return None
    except IntegrityError:
        before = Answered.objects.filter(pk=name).first()
    if before is None:
        raise _under_way()
    if before.digest != said:
        raise Conflict(
            "api.key-reused",
            "这个 Idempotency-Key 已用于另一份内容，请换一个",
            "this Idempotency-Key was used with another body; take a new one",
        )
    if before.status is not None:
        return before.status, before.answer
    taken = Answered.objects.filter(pk=name, status=None, at=before.at)
    if before.at < now - ABANDONED and taken.update(at=now):
        return None  # whoever began it has died; what it did is idempotent by its content too
    raise _under_way()


def _under_way() -> Conflict:
    return Conflict(
        "api.under-way",
        "同一请求正在处理，请稍候再发",
        "the same request is under way; send it again in a moment",
        retryable=True,
    )


def forget() -> int:
    """By the clock: answers older than a day."""
    return Answered.objects.filter(at__lt=utc_now() - KEPT).delete()[0]
