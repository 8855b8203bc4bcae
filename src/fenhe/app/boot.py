"""Starts the platform inside this process: logs, Django, then the domains. Everything that needs
records or pages calls `boot()` first; pure verbs never do."""

from __future__ import annotations

import os
from functools import cache


@cache
def boot() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fenhe.store.django_settings")
    import django

    from fenhe.app import discovery, logs
    from fenhe.store.config import settings

    logs.configure(settings().log_format)
    django.setup()
    discovery.load()


def boot_with_records() -> None:
    """`boot`, for verbs that read or write records: a database of another version is refused."""
    boot()
    from fenhe.app import records

    records.require_current()
