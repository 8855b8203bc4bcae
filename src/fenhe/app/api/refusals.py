"""Every refusal in one shape: `{"error": {code, zh, en, retryable, problem_count, problems}}`.

Also where Django or the framework refuse by themselves: no such address, a method that is not
there, a body too large, a missing CSRF token. `Edge` sees to that, and answers 304 to a program
that holds the current content already.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from fenhe.app.middleware import STATUS
from fenhe.kernel.errors import BadInput, FenheError, Problem
from fenhe.kernel.text import Text

PREFIXES = ("/api/", "/sta/")


@dataclass(eq=False)
class Refused(FenheError):
    """A refusal of the interface itself, with the HTTP status it is told by."""

    status: int = 400


def answer(error: FenheError, status: int | None = None) -> JsonResponse:
    known = error.status if isinstance(error, Refused) else STATUS.get(type(error), 500)
    told = JsonResponse({"error": error.as_dict()}, status=status or known)
    if told.status_code == HTTPStatus.UNAUTHORIZED:
        told["WWW-Authenticate"] = 'Bearer realm="fenhe"'
    return told


def handle(api: NinjaAPI) -> None:
    """Let the framework refuse in our shape too."""
    api.add_exception_handler(FenheError, lambda request, error: answer(_known(error)))
    api.add_exception_handler(ValidationError, lambda request, error: answer(_invalid(error)))
    api.add_exception_handler(HttpError, lambda request, error: answer(_http(error)))


def _known(error: Any) -> FenheError:
    return error if isinstance(error, FenheError) else by_status(500)


def _invalid(error: Any) -> BadInput:
    problems = [
        Problem(
            "api.field",
            Text(f"不合要求：{item['msg']}", f"is not valid: {item['msg']}"),
            column=".".join(str(part) for part in item["loc"][1:]) or str(item["loc"][0]),
            value=str(item.get("input", ""))[:100],
        )
        for item in error.errors
    ]
    return BadInput(
        "api.invalid",
        f"请求有 {len(problems)} 处不合要求，未作任何改动",
        f"the request has {len(problems)} fields that are not valid; nothing was changed",
        problems,
    )


def _http(error: Any) -> FenheError:
    return by_status(int(error.status_code))


_SAID = {
    400: ("api.unreadable", "请求读不懂，请检查格式", "the request cannot be read; check its form"),
    401: ("api.sign-in", "请先登录，或出示有效的接口密钥",
          "sign in, or show a valid API key"),
    403: ("api.refused", "请求被拒绝：缺少权限，或缺少 CSRF 令牌",
          "refused: the right is missing, or the CSRF token"),
    404: ("api.no-address", "没有这个地址", "there is no such address"),
    405: ("api.method", "这个地址不接受此方法，见 Allow", "not by this method; see Allow"),
    406: ("api.not-acceptable", "不提供所要的格式", "not offered in the format asked for"),
    413: ("api.too-large", "请求体过大，请分成几次", "the body is too large; send it in parts"),
    415: ("api.media-type", "不接受这种内容类型", "this content type is not taken"),
    429: ("api.too-many", "请求过于频繁，请稍候", "too many requests; wait a little"),
    500: ("app.failed", "平台出错，已记入日志；请把请求号告诉管理员",
          "the platform failed and has logged it; tell the administrator the request's id"),
    503: ("app.away", "服务暂不可用，请稍后重试", "away for now; try again later"),
}  # fmt: skip


def by_status(status: int) -> Refused:
    """The sentence for a status that was decided elsewhere."""
    code, zh, en = _SAID.get(status, _SAID[400 if status < 500 else 500])
    return Refused(code, zh, en, status=status, retryable=status in (429, 503))


class Edge:
    """Around every answer of the interfaces."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        told = self.get_response(request)
        if not request.path.startswith(PREFIXES):
            return told
        if told.status_code >= 400:
            return _shaped(told)
        patch_vary_headers(told, ["Authorization", "Cookie"])
        if request.method in ("GET", "HEAD") and told.status_code == 200 and not told.streaming:
            told.headers.setdefault("Cache-Control", "private, no-store")
            told.headers.setdefault("ETag", tag(told.content))
            return get_conditional_response(request, told["ETag"], response=told) or told
        return told


def tag(content: bytes) -> str:
    """The ETag of an answer: what it says, and nothing else."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _shaped(told: HttpResponse) -> HttpResponse:
    if told.get("Content-Type", "").startswith("application/json"):
        return told
    shaped = answer(by_status(told.status_code))
    for name in ("Allow", "Retry-After", "X-Request-ID"):
        if name in told.headers:
            shaped[name] = told[name]
    return shaped
