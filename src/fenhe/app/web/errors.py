"""An address that leads nowhere."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from fenhe.app.web.render import refusal
from fenhe.kernel.errors import NotFound


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refusal(request, NotFound("app.no-page", "没有这个页面", "there is no such page"), 404)
