"""The command screen (大屏): one look from across the room at what the domains know now, where the
stations stand, what is wrong and what is due. 1920×1080, dark, without scrolling; the part that
changes is fetched again every minute, and later and later while the platform does not answer.

It shows what the signed-in person may see, or, on a wall where nobody signs in, what the person of
the wall's key may see (web/walls.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, radians
from typing import Any

from django.http import HttpRequest, HttpResponse

from fenhe.app import discovery
from fenhe.app.text import say
from fenhe.app.views import function, of_domains
from fenhe.app.web import home, home_blocks
from fenhe.app.web.render import page
from fenhe.publish.page import Ask
from fenhe.publish.public import Place, Public

WIDTH, HEIGHT, MARGIN = 1000, 760, 60
MOST_PLACES, MOST_ROWS = 14, 7


def show(request: HttpRequest) -> HttpResponse:
    return page(request, "pages/screen.html", _data(request))


def now(request: HttpRequest) -> HttpResponse:
    """The part that changes."""
    return page(request, "pages/screen_now.html", _data(request))


def _data(request: HttpRequest) -> dict[str, Any]:
    ask = home.asked(request)
    parts = _parts(ask)
    wrong = home_blocks.wrong(request, ask) or {"counts": [], "rows": []}
    due = home_blocks.due(request, ask)
    return {
        "now": ask.now,
        "parts": [
            {
                "part": part,
                "places": part.places[:MOST_PLACES],
                "more": max(0, len(part.places) - MOST_PLACES),
                "map": plot(part.places),
            }
            for part in parts
        ],
        "cards": home.cards(ask, home.layout(home.role_of(request.user))),
        "counts": wrong["counts"],
        "alarms": wrong["rows"][:MOST_ROWS],
        "due": due["rows"][:MOST_ROWS] if due else None,
        "title": say("screen.title", ask.language),
        "wall": hasattr(request, "wall"),
    }


def _parts(ask: Ask) -> list[Public]:
    """What domains show the public, through the eyes of the person who asks."""
    views = of_domains()
    made = [
        function(domain.id, views[domain.id].public)(ask)
        for domain in discovery.load()
        if domain.id in views and views[domain.id].public
    ]
    return [part for part in made if part is not None]


def plot(places: Sequence[Place]) -> list[dict[str, Any]]:
    """Where the places lie to one another, in a box of WIDTH × HEIGHT, north up, true to scale:
    degrees of longitude are narrower by the cosine of the latitude."""
    there = [
        (place, place.longitude, place.latitude)
        for place in places
        if place.longitude is not None and place.latitude is not None
    ]
    if not there:
        return []
    west, east = min(x for _, x, _ in there), max(x for _, x, _ in there)
    south, north = min(y for *_, y in there), max(y for *_, y in there)
    narrow = cos(radians((south + north) / 2))
    wide, high = max((east - west) * narrow, 1e-6), max(north - south, 1e-6)
    scale = min((WIDTH - 2 * MARGIN) / wide, (HEIGHT - 2 * MARGIN) / high)
    left = (WIDTH - wide * scale) / 2
    top = (HEIGHT - high * scale) / 2
    return [
        {
            "x": round(left + (x - west) * narrow * scale),
            "y": round(top + (north - y) * scale),
            "name": place.name,
            "value": place.cells[0].shown if place.cells else "",
            "look": place.look,
        }
        for place, x, y in there
    ]
