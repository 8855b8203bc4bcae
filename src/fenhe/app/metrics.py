"""Figures for Prometheus at /metrics.

One process answers pages (`fenhe serve` runs one, with threads), so counters live in its memory.
What other processes do is read from the records when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterator

import structlog
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from fenhe import __version__
from fenhe.app import discovery, health
from fenhe.ingest.models import Import
from fenhe.kernel.period import utc_now
from fenhe.store.lake import open_lake
from fenhe.store.models import Outbox

log = structlog.get_logger(__name__)

registry = CollectorRegistry()
_LABELS = ("method", "route", "status")
REQUESTS = Counter("fenhe_requests", "Requests answered", _LABELS, registry=registry)
LATENCY = Histogram(
    "fenhe_request_seconds",
    "Time to answer a request",
    ("method", "route"),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=registry,
)


def observe_request(request: HttpRequest, status: int, seconds: float) -> None:
    """Routes, not paths: a path per station would be a time series per station."""
    match = request.resolver_match
    route = match.route if match else "(none)"
    method = request.method or ""
    REQUESTS.labels(method, route, str(status)).inc()
    LATENCY.labels(method, route).observe(seconds)


class Platform(Collector):
    """What is read when somebody asks. A part that cannot be read is left out and logged."""

    def collect(self) -> Iterator[Metric]:
        info = GaugeMetricFamily("fenhe_info", "Version", labels=["version"])
        info.add_metric([__version__], 1)
        yield info
        for part in (_outbox, _imports, _lake, _workers, _domains):
            try:
                yield part()
            except Exception:
                log.warning("metrics.unreadable", part=part.__name__, exc_info=True)

    def describe(self) -> list[Metric]:
        return []


def _outbox() -> Metric:
    gauge = GaugeMetricFamily("fenhe_outbox_backlog", "Outbox rows not yet done", labels=["topic"])
    waiting = Outbox.objects.filter(done_at=None).values("topic").annotate(n=Count("id"))
    for row in waiting.order_by():
        gauge.add_metric([row["topic"]], row["n"])
    return gauge


def _imports() -> Metric:
    gauge = GaugeMetricFamily("fenhe_imports", "Imports by state", labels=["state"])
    for row in Import.objects.values("state").annotate(n=Count("id")).order_by():
        gauge.add_metric([row["state"]], row["n"])
    return gauge


def _lake() -> Metric:
    return GaugeMetricFamily(
        "fenhe_lake_version", "Version of the readings table", value=open_lake().version()
    )


def _workers() -> Metric:
    age = health.newest_beat_age(utc_now())
    return GaugeMetricFamily(
        "fenhe_worker_heartbeat_age_seconds",
        "Since a worker last came round; absent workers give +Inf",
        value=float("inf") if age is None else age.total_seconds(),
    )


def _domains() -> Metric:
    gauge = GaugeMetricFamily("fenhe_domain", "Domains that are on", labels=["domain", "tier"])
    for domain in discovery.load():
        gauge.add_metric([domain.id, domain.tier], 1)
    return gauge


registry.register(Platform())


def show(request: HttpRequest) -> HttpResponse:
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
