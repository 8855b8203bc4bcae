"""The gateway's look into the records: devices that may speak, requests to be made.

Everything here runs in a thread of its own, never in the loop: a slow database delays a request,
never an answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Count, Max
from django.utils import timezone

from fenhe.ingest.hj212.codec import encode, flag
from fenhe.ingest.hj212.gateway.asking import Dialogue
from fenhe.ingest.hj212.gateway.directory import Device as Known
from fenhe.ingest.hj212.gateway.directory import compat_of
from fenhe.ingest.models import Device, DeviceRequest
from fenhe.kernel.errors import BadInput
from fenhe.kernel.period import civil, utc_now

ASKED_AT_ONCE = 200
LOST = timedelta(hours=1)
"""A request whose gateway fell while it was under way is asked again after this long."""


def known_devices() -> list[Known]:
    found = []
    for row in Device.objects.all():
        try:
            compat = compat_of(row.agreed)
        except BadInput:
            continue  # settings that cannot be read: the device stays a stranger, and visible so
        form = str(row.agreed.get("sm4_form", "raw"))
        found.append(Known(row.mn, row.password, row.enabled, compat, form))
    return found


def mark() -> tuple[object, ...]:
    """Changes whenever a device does."""
    return tuple(Device.objects.aggregate(n=Count("mn"), at=Max("changed_at")).values())


def claim(connected: Iterable[str]) -> list[Dialogue]:
    """Queued requests for devices that are connected here; each is claimed by one process."""
    wanted = set(connected)
    if not wanted:
        return []
    queued = DeviceRequest.objects.filter(state="queued").select_related("device")
    claimed = []
    for row in queued.order_by("created_at")[:ASKED_AT_ONCE]:
        if row.device_id not in wanted:
            continue
        qn = f"{civil(utc_now()):%Y%m%d%H%M%S%f}"[:17]
        mine = DeviceRequest.objects.filter(pk=row.pk, state="queued").update(state="sent", qn=qn)
        if mine:
            claimed.append(_dialogue(row, qn))
    return claimed


def _dialogue(row: DeviceRequest, qn: str) -> Dialogue:
    from fenhe.ingest.hj212 import asks

    ask = asks.get(row.cn)
    edition = str(row.device.agreed.get("edition", "2017"))
    header = {
        "QN": qn,
        "ST": str(row.device.agreed.get("st", "91")),
        "CN": row.cn,
        "PW": row.device.password or "123456",
        "MN": row.device_id,
        "Flag": str(flag(edition, needs_ack=True)),
    }
    over_time = float(row.device.agreed.get("over_time", 10))
    raw = encode(header, asks.in_order(row.cn, row.cp))
    return Dialogue(row.pk, row.device_id, qn, row.cn, raw, ask.is_notice, over_time)


def settle(dialogue: Dialogue) -> None:
    """What became of a request."""
    DeviceRequest.objects.filter(pk=dialogue.id).update(
        state=dialogue.state,
        code=dialogue.code,
        packets=dialogue.packets,
        answer=dialogue.answer,
        ended_at=timezone.now(),
    )


def recover(now_ago: timedelta = LOST) -> int:
    """Requests left open by a process that fell are queued again; reverse control is not: nobody
    knows whether it was carried out, and it was approved once."""
    stale = DeviceRequest.objects.filter(
        state="sent", created_at__lt=timezone.now() - now_ago, ended_at__isnull=True
    )
    stale.filter(is_control=True).update(state="failed", ended_at=timezone.now())
    return stale.filter(is_control=False).update(state="queued")
