"""办件进度: how a report stands, by its number and check code; no sign-in, no cookie. The code
travels in the body of the request, so that no address, log or cache keeps it. Wrong codes are
slow to try: so many a minute from one address, and of one number from anywhere."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from fenhe.access import gate
from fenhe.act import progress
from fenhe.app import assets
from fenhe.app.text import say
from fenhe.app.web import palette
from fenhe.app.web.kept import Rate
from fenhe.app.web.sign_in import address
from fenhe.kernel.period import utc_now
from fenhe.kernel.text import Language
from fenhe.store.config import settings

LOOK = "public.view"
FROM_ONE_ADDRESS, OF_ONE_NUMBER = 12, 6  # a minute
_addresses, _numbers = Rate(), Rate()


def routes() -> list[URLPattern]:
    return [path("public/progress", show, name="public-progress")]


@csrf_exempt  # changes nothing, and there is no session to borrow
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    gate.require(None, LOOK)
    tongue = _language(request)
    data: dict[str, Any] = {"number": "", "found": None, "said": ""}
    status = 200
    if request.method == "POST":
        number, code = request.POST.get("number", "")[:120], request.POST.get("code", "")[:40]
        wait = _addresses.wait(address(request), FROM_ONE_ADDRESS)
        wait = wait or _numbers.wait(progress.plain_number(number), OF_ONE_NUMBER)
        found = None if wait else progress.standing(number, code, tongue)
        said = ""
        if wait:
            status, said = 429, say("progress.wait", tongue, seconds=int(wait) + 1)
        elif found is None:
            status, said = 404, say("progress.unknown", tongue)
        limits = list(zip(found.names, found.limits, strict=True)) if found else []
        data = {"number": number, "found": found, "limits": limits, "said": said}
    answer = HttpResponse(render_to_string("pages/progress.html", _frame(tongue) | data))
    answer.status_code = status
    return answer


def _frame(tongue: Language) -> dict[str, Any]:
    return {
        "language": tongue,
        "other": "en" if tongue == "zh" else "zh",
        "asset": assets.manifest(),
        "palette_url": palette.url("official"),
        "demo": settings().demo,
        "issuer": settings().issuer,
        "now": utc_now(),
    }


def _language(request: HttpRequest) -> Language:
    wanted = request.GET.get("lang", "") or settings().language
    return "en" if wanted == "en" else "zh"


def forget() -> None:
    """Nobody has asked yet: for tests."""
    for rate in (_addresses, _numbers):
        rate.forget()
