"""A bare Django page behind the same server: what `bench/load.py` holds our served rate against.
No database, no session, no template; `python -m` style entry: bare.py PORT THREADS."""

from __future__ import annotations

import sys

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path

BODY = b"<!doctype html><title>bare</title><p>" + b"bare " * 200


def answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse(BODY)


urlpatterns = [path("", answer)]

if not settings.configured:
    settings.configure(ROOT_URLCONF="contenders.bare", ALLOWED_HOSTS=["*"], SECRET_KEY="bare")  # noqa: S106

from django.core.wsgi import get_wsgi_application  # noqa: E402 (Django is configured above)

application = get_wsgi_application()

if __name__ == "__main__":
    from granian.constants import Interfaces
    from granian.server import Server

    Server(
        "contenders.bare:application",
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=int(sys.argv[2]),
        log_enabled=False,
        websockets=False,
    ).serve()
