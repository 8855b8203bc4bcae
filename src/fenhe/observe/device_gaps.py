"""Hours a device should have sent and the lake does not have: asked of the device by itself.

Looked at are devices that are bound to an object and were heard lately, over the last day, but not
the newest two hours: those may still be on their way. Missing hours in a row make one request
(2061, both ends included); the same hours are not asked again for a while. What comes of it is
marked `hj212:asked` in the lake.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from fenhe.evidence import ledger
from fenhe.ingest.models import Device, DeviceLink, DeviceRequest
from fenhe.kernel.ids import new_id
from fenhe.kernel.period import DAY, HOUR, Period, civil, utc_now
from fenhe.observe import readings
from fenhe.registry.models import Series

LOOK_BACK = DAY
SETTLED = 2 * HOUR
HEARD = HOUR
ASK_AGAIN = 6 * HOUR
COMMAND = "2061"
WHO = "gap-finder"


def missing(object_id: int, now: datetime) -> list[Period]:
    """Stretches of hours without a single value of the object."""
    end = now.replace(minute=0, second=0, microsecond=0) - SETTLED
    period = Period(end - LOOK_BACK, end)
    own = Series.objects.filter(object_id=object_id, resolution="hour").values_list("id", flat=True)
    there = set(readings.current(list(own), period, "hour", flags=False)["start"])
    return list(_stretches(period, there))


def _stretches(period: Period, there: set[datetime]) -> Iterable[Period]:
    begin = None
    for number in range(period.hours + 1):
        hour = period.start + number * HOUR
        absent = hour < period.end and hour not in there
        if absent and begin is None:
            begin = hour
        elif not absent and begin is not None:
            yield Period(begin, hour)
            begin = None


def ask_for_missing(now: datetime | None = None) -> int:
    """Queues a request for every stretch; how many there were."""
    now = now or utc_now()
    heard = DeviceLink.objects.filter(last_heard__gte=now - HEARD).values_list("mn", flat=True)
    devices = Device.objects.filter(mn__in=list(heard), enabled=True, object__isnull=False)
    return sum(_ask(device, now) for device in devices)


def _ask(device: Device, now: datetime) -> int:
    asked = 0
    lately = DeviceRequest.objects.filter(
        device=device, cn=COMMAND, created_at__gte=now - ASK_AGAIN
    )
    known = {(row.cp.get("BeginTime"), row.cp.get("EndTime")) for row in lately}
    for stretch in missing(device.object_id or 0, now):
        cp = {"BeginTime": _stamp(stretch.start), "EndTime": _stamp(stretch.end - HOUR)}
        if (cp["BeginTime"], cp["EndTime"]) in known:
            continue
        with transaction.atomic():
            row = DeviceRequest.objects.create(
                id=new_id(), device=device, cn=COMMAND, cp=cp, state="queued", created_at=now
            )
            detail = {"cn": COMMAND, "cp": cp, "request": row.pk, "control": False}
            ledger.record(WHO, "device.ask", device.mn, detail)
        asked += 1
    return asked


def _stamp(moment: datetime) -> str:
    return f"{civil(moment):%Y%m%d%H%M%S}"


class Asked:
    """Which history was asked of whom: `covers` says whether a packet came because of that."""

    def __init__(self, since: timedelta = 3 * DAY) -> None:
        rows = DeviceRequest.objects.filter(
            cn__in=("2031", "2041", "2051", "2061"), created_at__gte=utc_now() - since
        ).exclude(state__in=("proposed", "queued", "withdrawn"))
        self._ranges: dict[tuple[str, str], list[tuple[str, str, int]]] = {}
        for row in rows:
            began = int(row.created_at.timestamp() * 1e6)
            ends = (row.cp.get("BeginTime", ""), row.cp.get("EndTime", ""), began)
            self._ranges.setdefault((row.device_id, row.cn), []).append(ends)

    def covers(self, mn: str, cn: str, stamp: str, received: int) -> bool:
        return any(
            begin <= stamp[:14] <= end and received >= asked
            for begin, end, asked in self._ranges.get((mn, cn), ())
        )
