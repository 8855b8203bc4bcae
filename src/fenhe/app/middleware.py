"""What happens to every request: it gets an id, its answer is measured and logged, and an error
raised on purpose becomes a page or the one JSON shape."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import structlog
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from fenhe.app import metrics
from fenhe.kernel.errors import BadInput, Conflict, FenheError, Forbidden, NotFound, Unavailable
from fenhe.store.config import settings

log = structlog.get_logger("fenhe.request")

STATUS: dict[type[FenheError], int] = {
    BadInput: 422,
    NotFound: 404,
    Forbidden: 403,
    Conflict: 409,
    Unavailable: 503,
}
QUIET = ("/health", "/metrics", "/static/")
"""Asked every few seconds by machines: measured, but not logged."""
SECRET = re.compile(r"^(/sign-in/|/calendar/)(?!second$|enrol$|provider).*")
"""What follows is a key; a log is no place for keys."""


class EveryRequest:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        id = _given_id(request) or uuid.uuid4().hex[:16]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=id)
        response = _too_large(request) or self.get_response(request)
        seconds = time.perf_counter() - began
        response["X-Request-ID"] = id
        metrics.observe_request(request, response.status_code, seconds)
        if not request.path.startswith(QUIET):
            log.info(
                "request",
                method=request.method,
                path=_loggable(request.path),
                status=response.status_code,
                ms=round(seconds * 1000, 1),
                person=getattr(getattr(request, "user", None), "username", ""),
            )
        return response

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        """A zero character is in no text that a person writes, and no database keeps one."""
        if not any("\0" in value for values in _form(request) for value in values):
            return None
        error = BadInput(
            "app.zero-character",
            "提交的文字里有不可见的空字符（U+0000），请去掉后再提交",
            "the text that was sent has a zero character (U+0000) in it; send it without",
        )
        return _refusal(request, error, 422)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, Http404):
            error = NotFound("app.no-page", "没有这个页面", "there is no such page")
        if not isinstance(error, FenheError):
            log.error("request.failed", path=_loggable(request.path), exc_info=error)
            error = FenheError(
                "app.failed",
                "平台出错，已记入日志；请把页面上的请求号告诉管理员",
                "the platform failed and has logged it; tell the administrator the request's id",
            )
        status = STATUS.get(type(error), 500)
        return _refusal(request, error, status)


def _form(request: HttpRequest) -> Iterator[list[str]]:
    """What fields of a form say; the interface reads bodies of its own."""
    if request.method == "POST" and not request.path.startswith(("/api/", "/sta/")):
        yield from (values for _, values in request.POST.lists())


def _loggable(path: str) -> str:
    return SECRET.sub(r"\1…", path)


def _refusal(request: HttpRequest, error: FenheError, status: int) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse({"error": error.as_dict()}, status=status)
    from fenhe.app.web.render import refusal  # late: pages are not needed to start

    return refusal(request, error, status)


def _too_large(request: HttpRequest) -> HttpResponse | None:
    """Refused before a byte of it is read."""
    most = settings().max_upload_mb
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) <= most * 1024 * 1024:
        return None
    error = BadInput(
        "app.too-large",
        f"文件超过上传上限 {most} MB；请分成几个文件，或请管理员提高设置 max_upload_mb",
        f"the file is larger than {most} MB; split it, or ask for a higher max_upload_mb",
    )
    return _refusal(request, error, 413)


def _given_id(request: HttpRequest) -> str:
    """A proxy's id, when it is one that can stand in a log line."""
    given = request.headers.get("X-Request-ID", "")
    return given if re.fullmatch(r"[\w.-]{1,64}", given) else ""


def _wants_json(request: HttpRequest) -> bool:
    interface = request.path.startswith(("/api/", "/sta/"))
    return interface or "application/json" in request.headers.get("Accept", "")
