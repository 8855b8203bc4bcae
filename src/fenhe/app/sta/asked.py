"""One request to SensorThings: who asks, under which address, and what the gate lets through."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

from django.db.models import QuerySet
from django.http import HttpRequest

from fenhe.access import gate
from fenhe.registry.models import Object, Series
from fenhe.store.config import settings

BASE = "/sta/v1.1"


@dataclass
class Asked:
    request: HttpRequest
    read: int = 0
    """Readings given out so far: a question that expands without end is refused."""
    extra: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def root(self) -> str:
        here = settings().public_url.rstrip("/")
        return f"{here}{BASE}" if here else self.request.build_absolute_uri(BASE)

    def objects(self, set: str = "Things") -> QuerySet[Object]:
        rows = gate.visible(self.request.user, Object.objects.all())
        if set in ("Locations", "HistoricalLocations"):
            rows = rows.filter(longitude__isnull=False, latitude__isnull=False)
        return rows.filter(valid_from__isnull=False) if set == "HistoricalLocations" else rows

    def series(self) -> QuerySet[Series]:
        rows = gate.visible(self.request.user, Series.objects.all())
        return rows.select_related("object")

    def link(self, set: str, key: int | str) -> str:
        text = str(key) if isinstance(key, int) else "'{}'".format(quote(key.replace("'", "''")))
        return f"{self.root}/{set}({text})"
