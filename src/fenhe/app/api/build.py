"""Puts the interface together: its routers, how it refuses, and its description."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.renderers import BaseRenderer

from fenhe import __version__
from fenhe.app.api import (
    deadlines,
    files,
    hooks,
    imports,
    judged,
    norms,
    objects,
    observations,
    places,
    readings,
    refusals,
)
from fenhe.app.api.caller import Caller
from fenhe.app.api.operations import SUMMARY
from fenhe.app.api.tags import as_bytes

BASE = "api/v1/"
MODULES = (
    places, objects, readings, observations, imports, judged, norms, files, hooks, deadlines,
)  # fmt: skip


class Json(BaseRenderer):
    """The one spelling of an answer, so that equal content has an equal ETag."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return as_bytes(data)


@cache
def api() -> NinjaAPI:
    made = NinjaAPI(
        title="Fenhe",
        version=__version__,
        description=SUMMARY,
        auth=Caller(),
        docs_url=None,
        openapi_url=None,
        renderer=Json(),
        urls_namespace="api",
    )
    refusals.handle(made)
    for module in MODULES:
        made.add_router("", module.router)
    return made


@cache
def description() -> dict[str, Any]:
    """The OpenAPI description, as plain data."""
    return dict(json.loads(json.dumps(_described(), default=str)))


def _described() -> dict[str, Any]:
    schema = dict(api().get_openapi_schema(path_prefix=f"/{BASE}"))
    schema["servers"] = []
    for methods in schema["paths"].values():
        for operation in methods.values():
            operation["operationId"] = operation["operationId"].removeprefix("fenhe_app_api_")
    return schema


def show(request: HttpRequest) -> JsonResponse:
    """The description is no secret: it is in the documentation too."""
    return JsonResponse(description())


@csrf_exempt
def nowhere(request: HttpRequest, **places: str) -> JsonResponse:
    return refusals.answer(refusals.by_status(404))


def routes() -> list[URLPattern | URLResolver]:
    patterns, app, namespace = api().urls
    return [
        path(f"{BASE}openapi.json", show, name="openapi"),
        path(BASE, include((patterns, app), namespace=namespace)),
        re_path(r"^api/.*$", nowhere),
    ]
