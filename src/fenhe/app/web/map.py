"""一张图: the one map. Layers that domains declare, over base layers of the operator's choice, with
the list beside it and the last 48 hours; nothing of it is asked of anybody else's server."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET

from fenhe.access import gate
from fenhe.app import base_layers, map_data
from fenhe.app.map_classes import HOURS
from fenhe.app.text import say
from fenhe.app.web.preferences import language
from fenhe.app.web.render import for_people, page
from fenhe.kernel.errors import FenheError
from fenhe.registry.models import Object

TEXTS = (
    "none_here", "more", "cluster", "no_webgl", "no_class", "failed", "points", "zoom_in", "play",
    "pause", "at",
)  # fmt: skip
CHINA = [73.0, 18.0, 135.0, 54.0]


def routes() -> list[URLPattern]:
    return [
        path("map", for_people(show), name="map"),
        path("map/data", for_people(data), name="map-data"),
        path("map/base/<slug:name>.geojson", for_people(base), name="map-base"),
    ]


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    tongue = language(request)
    wanted = request.GET.get("kind", "")
    layers = [
        {
            "key": key,
            "name": map_data.titled(layer, tongue),
            "kind": layer.kind,
            "symbol": layer.symbol,
            "size": layer.size,
            "shown": layer.kind == wanted if wanted else layer.shown,
            "classes": map_data.legend(domain, layer, tongue),
        }
        for key, (domain, layer) in map_data.layers().items()
    ]
    if not any(layer["shown"] for layer in layers) and layers:
        layers[0]["shown"] = True
    kinds = [str(layer["kind"]) for layer in layers if layer["shown"]]
    at = _at(request)
    told = {
        "layers": layers,
        "base": [],
        "extent": map_data.extent(request.user, kinds) or CHINA,
        "at": at,
        "hours": HOURS,
        "query": request.GET.get("q", ""),
        "text": {key: say(f"map.{key}", tongue) for key in TEXTS},
    }
    fault = ""
    try:
        found = base_layers.layers()
    except FenheError as error:  # a base layer that fails leaves the map usable
        found, fault = {}, error.message[tongue]
    told["base"] = [
        {"name": name, "role": one.role, "label": one.label[tongue], "title": one.name[tongue]}
        for name, one in found.items()
    ]
    notices = [
        {"name": one.name[tongue], "source": one.source, "approval": one.approval}
        for one in found.values()
    ]
    return page(
        request,
        "map/map.html",
        {"told": told, "layers": layers, "notices": notices, "fault": fault},
    )


def _at(request: HttpRequest) -> dict[str, Any] | None:
    """The object the map is asked to open at."""
    number = request.GET.get("at", "")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        return None
    things = gate.visible(request.user, Object.objects.filter(longitude__isnull=False))
    found = things.filter(pk=int(number)).first()
    return {"id": found.pk, "x": found.longitude, "y": found.latitude} if found else None


@gzip_page
@require_GET
def data(request: HttpRequest) -> HttpResponse:
    params = {key: value.replace("\0", "") for key, value in request.GET.dict().items()}
    domain, layer = map_data.layer(params.get("layer", ""))
    window = map_data.Window.read(params)
    found = map_data.points(
        request.user, domain, layer, window, params.get("q", "")[:200], language(request)
    )
    answer = JsonResponse(
        found, json_dumps_params={"separators": (",", ":"), "ensure_ascii": False}
    )
    answer["Cache-Control"] = "private, no-store"
    return answer


@gzip_page
@require_GET
def base(request: HttpRequest, name: str) -> HttpResponseBase:
    body, tag = base_layers.content(name)
    if request.headers.get("If-None-Match") == f'"{tag}"':
        answer = HttpResponse(status=304)
    else:
        answer = HttpResponse(body, content_type="application/geo+json")
    answer["ETag"] = f'"{tag}"'
    answer["Cache-Control"] = "private, max-age=0, must-revalidate"
    return answer
