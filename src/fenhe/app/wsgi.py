"""The application a WSGI server runs; `fenhe serve` hands it to granian."""

from __future__ import annotations

from fenhe.app import serve
from fenhe.app.boot import boot

boot()
serve.stop_with_parent()

from django.core.wsgi import get_wsgi_application  # noqa: E402 (Django is set up by boot)

application = get_wsgi_application()
