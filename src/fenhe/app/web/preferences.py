"""Language, theme and palette: a cookie each; the language also on the person who signs in."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from fenhe.access.models import Person
from fenhe.app.text import say
from fenhe.kernel.text import Language
from fenhe.store.config import settings

CHOICES = {
    "language": ("zh", "en"),
    "theme": ("auto", "light", "dark"),
    "palette": ("official", "safe"),
}
YEAR = 365 * 86400


def _kept(request: HttpRequest, name: str) -> str:
    return request.COOKIES.get(settings().cookie_name(name), "")


def chosen(request: HttpRequest, name: str) -> str:
    value = _kept(request, name)
    return value if value in CHOICES[name] else CHOICES[name][0]


def language(request: HttpRequest) -> Language:
    """The cookie, else what the person keeps, else the setting."""
    person = getattr(request, "user", None)
    wanted = _kept(request, "language") or getattr(person, "language", "")
    if wanted not in CHOICES["language"]:
        wanted = settings().language
    return "en" if wanted == "en" else "zh"


def offered(request: HttpRequest, tongue: str) -> list[dict[str, Any]]:
    """Palette and theme with their choices, the present one marked."""
    return [
        {
            "name": name,
            "title": say(f"prefs.{name}.title", tongue),
            "choices": [
                {
                    "value": value,
                    "label": say(f"prefs.{name}.{value}", tongue),
                    "chosen": value == chosen(request, name),
                }
                for value in CHOICES[name]
            ],
        }
        for name in ("palette", "theme")
    ]


def inside(url: str) -> str:
    """Only addresses of this platform: no form of ours may send people elsewhere."""
    return url if url_has_allowed_host_and_scheme(url, allowed_hosts=None) else "/"


@require_POST
def change(request: HttpRequest) -> HttpResponse:
    answer = HttpResponseRedirect(inside(request.POST.get("next", "/")))
    for name, choices in CHOICES.items():
        value = request.POST.get(name)
        if value in choices:
            answer.set_cookie(
                settings().cookie_name(name), value, max_age=YEAR, samesite="Lax",
                secure=settings().is_https, httponly=True,
            )  # fmt: skip
            if name == "language" and isinstance(request.user, Person):
                Person.objects.filter(pk=request.user.pk).update(language=value)
    return answer
