"""What every answer tells the browser: nothing from elsewhere runs, nothing is framed, pages of
signed-in people are not kept, and with TLS the host is never asked without it (ASVS 5.0 V3.4)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from urllib.parse import urlparse

from django.http import HttpRequest, HttpResponse

from fenhe.store.config import settings

POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "style-src-attr": "'unsafe-inline'",  # the chart library writes its tooltips so
    "img-src": "'self' data: blob:",
    "worker-src": "'self' blob:",  # the map library starts its workers so
    "object-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "form-action": "'self'",
}
ASKED = "geolocation=(self), camera=(self), microphone=(), payment=(), usb=()"

TRANSPORT = "max-age=31536000; includeSubDomains"


@cache
def content_policy(issuer: str) -> str:
    """The sign-in form of an identity provider ends at its address."""
    provider = urlparse(issuer)
    rules = dict(POLICY)
    if provider.netloc:
        rules["form-action"] += f" {provider.scheme}://{provider.netloc}"
    return "; ".join(f"{name} {value}" for name, value in rules.items())


class Headers:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault(
            "Content-Security-Policy", content_policy(settings().oidc_issuer)
        )
        response.headers.setdefault("Permissions-Policy", ASKED)
        if settings().is_https:
            response.headers["Strict-Transport-Security"] = TRANSPORT
        if "Cache-Control" not in response.headers and _is_signed_in(request):
            response.headers["Cache-Control"] = "private, no-store"
        return response


def _is_signed_in(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return user is not None and user.is_authenticated
