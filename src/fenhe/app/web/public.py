"""The public portal: no sign-in, no cookie, nothing personal. Air and whatever other domains show
the public now, what has been published, open data with licence, quality and "data up to".

Each domain's part is a copy made field by field (publish.public) through the eyes of the public.
Answers are kept for a minute, may be kept by caches on the way, and each address may ask so many
times a minute (`public_per_minute`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path, re_path
from django.views.decorators.http import require_safe

from fenhe.access import gate
from fenhe.app import assets, discovery
from fenhe.app.text import say
from fenhe.app.views import function, of_domains
from fenhe.app.web import palette
from fenhe.app.web.domain_pages import as_csv
from fenhe.app.web.kept import Kept, Rate
from fenhe.app.web.publications import FORMS
from fenhe.app.web.render import refusal
from fenhe.app.web.sign_in import address
from fenhe.kernel.errors import FenheError, NotFound
from fenhe.kernel.period import Period, civil, utc_now
from fenhe.kernel.text import Language
from fenhe.publish import bulletin
from fenhe.publish.imprint import imprint
from fenhe.publish.models import Publication
from fenhe.publish.page import Ask, Table
from fenhe.publish.public import OpenData, Public
from fenhe.registry.models import Area
from fenhe.store.config import settings

SECONDS = 60
MOST_BULLETINS = 50
LOOK = "public.view"

_parts: Kept[dict[str, Public]] = Kept(SECONDS)
_pages: Kept[bytes] = Kept(SECONDS)
_documents: Kept[bytes] = Kept(3600, most=16)
_rate = Rate()


def routes() -> list[URLPattern]:
    return [
        path("public", _open(home), name="public"),
        path("public/data/<slug:domain>/<slug:name>.csv", _open(table), name="public-data"),
        re_path(
            r"^public/bulletins/(?P<pk>\d+)\.(?P<form>pdf|docx)$",
            _open(document),
            name="public-bulletin",
        ),
    ]


def _open(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For everybody: counted per address, with an ETag, to be kept for a minute on the way."""

    @wraps(view)
    def answer(request: HttpRequest, **places: Any) -> HttpResponse:
        wait = _rate.wait(address(request), settings().public_per_minute)
        if wait:
            return _too_many(request, wait)
        gate.require(None, LOOK)
        made = view(request, **places)
        tag = f'"{hashlib.sha256(made.content).hexdigest()[:32]}"'
        if request.headers.get("If-None-Match") == tag:
            made = HttpResponse(status=304)
        made["ETag"] = tag
        made["Cache-Control"] = f"public, max-age={SECONDS}"
        return made

    return require_safe(answer)


def _too_many(request: HttpRequest, wait: float) -> HttpResponse:
    error = FenheError(
        "public.too-many",
        "请求过于频繁，请稍后再试",
        "too many requests; try again in a moment",
        retryable=True,
    )
    answer = refusal(request, error, 429)
    answer["Retry-After"] = str(int(wait) + 1)
    return answer


def home(request: HttpRequest) -> HttpResponse:
    tongue = _language(request)
    return HttpResponse(_pages.get(("home", tongue), lambda: _home(tongue)))


def _home(tongue: Language) -> bytes:
    shown = parts(tongue)
    data = {
        "language": tongue,
        "other": "en" if tongue == "zh" else "zh",
        "asset": assets.manifest(),
        "palette_url": palette.url("official"),
        "demo": settings().demo,
        "issuer": _bureau(tongue),
        "parts": [{"id": id, "part": part} for id, part in shown.items()],
        "bulletins": _bulletins(tongue),
        "licence": _licence(tongue),
        "now": utc_now(),
    }
    return render_to_string("pages/public.html", data).encode()


def parts(tongue: Language) -> dict[str, Public]:
    """Domain id -> what it shows the public now."""
    return _parts.get(tongue, lambda: _made(tongue))


def _made(tongue: Language) -> dict[str, Public]:
    ask = Ask(None, {}, tongue, utc_now(), looks=LOOK)
    views = of_domains()
    made = {
        domain.id: function(domain.id, views[domain.id].public)(ask)
        for domain in discovery.load()
        if domain.id in views and views[domain.id].public
    }
    return {id: part for id, part in made.items() if part is not None}


def table(request: HttpRequest, domain: str, name: str) -> HttpResponse:
    """One table of open data: its rows, each with quality, "data up to" and licence."""
    tongue = _language(request)
    part = parts(tongue).get(domain)
    found = next((one for one in part.open_data if one.id == name), None) if part else None
    if found is None:
        raise NotFound("public.no-data", "没有这份开放数据", "there is no such open data")
    return as_csv(_licensed(found, tongue))


def _licensed(found: OpenData, tongue: Language) -> Table:
    said = (
        found.quality,
        f"{civil(found.data_to):%Y-%m-%d %H:%M}",
        _licence(tongue),
    )
    made = found.table()
    return Table(
        made.name,
        [*made.columns, "quality", "data_up_to", "licence"],
        [(*row, *said) for row in made.rows],
    )


def document(request: HttpRequest, pk: str, form: str) -> HttpResponse:
    tongue = _language(request)
    published = gate.visible(None, Publication.objects.all(), LOOK)
    found = published.filter(pk=int(pk)).first() if len(pk) < 10 else None
    if found is None:
        raise NotFound("publication.unknown", "没有这份通报", "there is no such bulletin")
    render, content_type = FORMS[form]
    key = (found.pk, found.content_hash, found.state, tongue, form)
    made = _documents.get(key, lambda: render(found.content, tongue, imprint(found, utc_now())))
    answer = HttpResponse(made, content_type=content_type)
    period = Period(found.start, found.end)
    name = f"{found.content['title'][tongue]}-{period}-{found.edition}.{form}"
    answer["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(name)}"
    return answer


def _bulletins(tongue: Language) -> list[dict[str, Any]]:
    names = {one.id: one.name[tongue] for one in bulletin.all()}
    found = gate.visible(None, Publication.objects.filter(state="published"), LOOK)
    return [
        {
            "pk": one.pk,
            "name": names.get(one.kind, one.kind),
            "subject": one.subject.name(tongue),
            "period": str(Period(one.start, one.end)),
            "edition": one.edition,
            "published_at": one.published_at,
        }
        for one in found.select_related("subject").order_by("-start", "-end")[:MOST_BULLETINS]
    ]


def _licence(tongue: Language) -> str:
    return settings().open_data_licence or say("public.no_licence", tongue)


def _bureau(tongue: Language) -> str:
    """Who speaks here: the issuer of bulletins, else the area looked after."""
    if settings().issuer:
        return settings().issuer
    area = Area.objects.filter(parent=None).order_by("adcode").first()
    return (area.name_en if tongue == "en" else area.name_zh) if area else ""


def _language(request: HttpRequest) -> Language:
    """By the address alone, so that one answer serves all who ask for it."""
    wanted = request.GET.get("lang", "") or settings().language
    return "en" if wanted == "en" else "zh"


def forget() -> None:
    """What was kept is made anew; tests and the demonstration change data under it."""
    for kept in (_parts, _pages, _documents):
        kept.forget()
