"""What loggers report of their instruments' parameters, kept with versions (HJ 212-2017 CN 3020,
codes i13…: range, precision, interval, intercept, slope, detection limit): what was set, when, from
what to what, and by whom where it was the platform.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, QuerySet, Window
from django.db.models.functions import Lag

from fenhe.ingest.hj212.packet import Packet
from fenhe.ingest.models import DeviceRequest
from fenhe.observe.models import Parameter

PREFIX = "i13"
SET = "3021"
SOON = timedelta(days=2)
"""A value reported so soon after the platform set it is the platform's doing."""


@dataclass(frozen=True, slots=True)
class Report:
    """One parameter as one frame says it."""

    mn: str
    factor: str
    code: str
    at: datetime
    value: str
    received: datetime
    frame: str


@dataclass(frozen=True, slots=True)
class Change:
    """`before` and `row.value` differ. `request` is the one by which the platform set it, where
    it did."""

    row: Parameter
    before: str
    request: DeviceRequest | None


def reported(
    packet: Packet, mn: str, at: datetime | None, received: datetime, frame: str
) -> Iterator[Report]:
    about = (packet.cp or {}).get("PolId", "")[:20]
    for code, items in (packet.factors or {}).items():
        value = items.get("Info", "").strip().strip("/")
        if code.startswith(PREFIX) and value:
            yield Report(mn, about, code[:20], at or received, value[:200], received, frame)


def record(reports: Iterable[Report]) -> int:
    """Keeps those that say something else than what was reported before them; how many were
    looked at as new. The same report twice is kept once."""
    fresh = []
    newest: dict[tuple[str, str, str], str | None] = {}
    for one in sorted(reports, key=lambda report: report.at):
        key = (one.mn, one.factor, one.code)
        if key not in newest:
            newest[key] = _before(one)
        if newest[key] != one.value:
            fresh.append(one)
            newest[key] = one.value
    Parameter.objects.bulk_create(
        (
            Parameter(
                device_id=one.mn, factor=one.factor, code=one.code, at=one.at, value=one.value,
                received=one.received, frame=one.frame,
            )
            for one in fresh
        ),
        ignore_conflicts=True,
    )  # fmt: skip
    return len(fresh)


def _before(one: Report) -> str | None:
    own = Parameter.objects.filter(device_id=one.mn, factor=one.factor, code=one.code)
    return own.filter(at__lte=one.at).order_by("-at", "-pk").values_list("value", flat=True).first()


def changed(rows: QuerySet[Parameter]) -> QuerySet[Parameter]:
    """The rows that follow another one of the same parameter with a different value, which is
    annotated as `before`; the newest first."""
    before = Window(
        Lag("value"), partition_by=[F("device"), F("factor"), F("code")], order_by=["at", "pk"]
    )
    told = rows.annotate(before=before).filter(before__isnull=False).exclude(before=F("value"))
    return told.order_by("-at", "-pk")


def changes(rows: Iterable[Parameter]) -> list[Change]:
    """Rows of `changed` with the platform's own request beside those that it caused."""
    listed = list(rows)
    requests = DeviceRequest.objects.filter(
        cn=SET, state="done", device__in={row.device_id for row in listed}
    ).select_related("asked_by")
    done = list(requests.order_by("-ended_at"))
    return [Change(row, row.before, _cause(row, done)) for row in listed]  # type: ignore[attr-defined]


def _cause(row: Parameter, requests: list[DeviceRequest]) -> DeviceRequest | None:
    for one in requests:
        ended = one.ended_at
        same = (one.cp.get("PolId", ""), one.cp.get("InfoId"), one.cp.get("Value"))
        if (
            ended is not None
            and one.device_id == row.device_id
            and same == (row.factor, row.code, row.value)
            and one.created_at - SOON <= row.at <= ended + SOON
        ):
            return one
    return None
