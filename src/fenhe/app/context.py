"""What every page knows: language and look, the menu, who asks, whether this is a demonstration."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from fenhe.app import assets
from fenhe.app.views import menu
from fenhe.app.web import palette, preferences
from fenhe.store.config import settings


def everywhere(request: HttpRequest) -> dict[str, Any]:
    language = preferences.language(request)
    theme = preferences.chosen(request, "theme")
    return {
        "language": language,
        "dark_media": {"dark": "all", "light": "not all"}.get(
            theme, "(prefers-color-scheme: dark)"
        ),
        "preferences": preferences.offered(request, language),
        "palette_url": palette.url(preferences.chosen(request, "palette")),
        "menu": menu(request.path, language, request.user),
        "person": request.user if request.user.is_authenticated else None,
        "demo": settings().demo,
        "asset": assets.manifest(),
    }
