"""One way to answer with a page or, to htmx, with the fragment alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render

from fenhe.access import gate
from fenhe.app.web.preferences import language
from fenhe.kernel.errors import FenheError, Problem
from fenhe.kernel.text import Language


def for_people(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page for signed-in people: who is not is sent to sign in and back."""

    @wraps(view)
    def answer(request: HttpRequest, **places: Any) -> HttpResponseBase:
        gate.require(request.user, "page.view")
        return view(request, **places)

    return for_signed_in(answer)


def for_signed_in(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page that looks itself at what each person may see: some roles see no business data."""

    @wraps(view)
    def answer(request: HttpRequest, **places: Any) -> HttpResponseBase:
        if not request.user.is_authenticated and not wants_fragment(request):
            return HttpResponseRedirect(f"/sign-in?next={quote(request.get_full_path())}")
        gate.begin(request.user)
        return view(request, **places)

    return answer


def wants_fragment(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def page(
    request: HttpRequest, template: str, data: Mapping[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """A template extends `frame`: the whole page, or nothing around its main block."""
    frame = "pages/bare.html" if wants_fragment(request) else "pages/base.html"
    answer = render(request, template, {**(data or {}), "frame": frame})
    answer.status_code = status
    answer["Vary"] = "HX-Request, Cookie"
    return answer


def listed(problems: Sequence[Problem], language: Language) -> list[dict[str, Any]]:
    """Problems as a table shows them: where, what stands there, what is wrong."""
    return [
        {
            "row": one.row,
            "column": one.column,
            "value": one.value,
            "text": one.message[language],
            "code": one.code,
        }
        for one in problems
    ]


def refusal(request: HttpRequest, error: FenheError, status: int) -> HttpResponse:
    """An error as a page: the sentence, its places, what to do, its code."""
    data = {
        "error": error,
        "sentence": error.message[language(request)],
        "lines": [problem.line(language(request)) for problem in error.problems],
        "status": status,
    }
    return page(request, "pages/error.html", data, status)
