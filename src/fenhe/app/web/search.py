"""The search box of the top bar: one page with what every source found."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET

from fenhe.app import searching
from fenhe.app.text import say
from fenhe.app.web.preferences import language
from fenhe.app.web.render import for_people, page

LONGEST = 200


def routes() -> list[URLPattern]:
    return [path("search", for_people(show), name="search")]


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST]
    tongue = language(request)
    found = searching.everywhere(request.user, query, tongue) if query else []
    groups = [
        {"id": source.id, "title": say(source.title, tongue), "found": one} for source, one in found
    ]
    return page(request, "search/search.html", {"query": query, "groups": groups})
