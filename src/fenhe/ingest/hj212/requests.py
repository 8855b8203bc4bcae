"""Asking a logger: ordinary requests go out at once, reverse control waits for two approvals.

Reverse control (asks.yaml: control) is refused while the settings keep it off; it needs two people,
neither of them the one who asked. Every step stands in the evidence ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from fenhe.access import gate
from fenhe.evidence import ledger
from fenhe.ingest.hj212 import asks
from fenhe.ingest.models import Device, DeviceRequest
from fenhe.kernel.errors import BadInput, Conflict, Forbidden
from fenhe.kernel.ids import new_id
from fenhe.store.config import settings

APPROVALS = 2


def ask(
    person: Any, device: Device, cn: str, cp: Mapping[str, str], reason: str = ""
) -> DeviceRequest:
    """Queues the request, or proposes it where it is reverse control."""
    gate.require(person, "device.ask", device)
    wanted = asks.get(cn)
    said = asks.checked(cn, cp)
    if wanted.is_control:
        if not settings().gateway_reverse_control:
            raise Forbidden(
                "hj212.control-off",
                "反控未启用（设置 gateway_reverse_control）",
                "reverse control is off (setting gateway_reverse_control)",
            )
        if not reason.strip():
            raise BadInput(
                "hj212.reason-missing", "反控必须写明理由", "reverse control needs a reason"
            )
    with transaction.atomic():
        row = DeviceRequest.objects.create(
            id=new_id(),
            device=device,
            cn=cn,
            cp=said,
            reason=reason[:400],
            is_control=wanted.is_control,
            state="proposed" if wanted.is_control else "queued",
            asked_by=person,
        )
        detail = {"cn": cn, "cp": _told(said), "request": row.pk, "control": wanted.is_control}
        ledger.record(person, "device.ask", device.mn, detail, reason)
    return row


def approve(person: Any, request: DeviceRequest) -> DeviceRequest:
    """One approval; the second sends it."""
    gate.require(person, "device.approve", request.device)
    name = str(person)
    if request.asked_by_id == getattr(person, "pk", None):
        raise Forbidden(
            "hj212.own-request", "不能批准自己提出的反控", "nobody approves their own request"
        )
    with transaction.atomic():
        row = DeviceRequest.objects.select_for_update().get(pk=request.pk)
        if row.state != "proposed":
            raise Conflict(
                "hj212.not-proposed", "这项反控已不在待批状态", "the request no longer waits"
            )
        if any(one["person"] == name for one in row.approvals):
            raise Conflict(
                "hj212.approved-already",
                "您已批准过，还需另一人",
                "you have approved; another must",
            )
        row.approvals = [*row.approvals, {"person": name, "at": timezone.now().isoformat()}]
        if len(row.approvals) >= APPROVALS:
            row.state = "queued"
        row.save(update_fields=["approvals", "state"])
        detail = {"request": row.pk, "cn": row.cn, "approvals": len(row.approvals)}
        ledger.record(person, "device.approve", row.device_id, detail)
    return row


def withdraw(person: Any, request: DeviceRequest) -> None:
    """Before it is sent, by whoever may ask."""
    gate.require(person, "device.ask", request.device)
    with transaction.atomic():
        gone = DeviceRequest.objects.filter(pk=request.pk, state__in=("proposed", "queued")).update(
            state="withdrawn", ended_at=timezone.now()
        )
        if not gone:
            raise Conflict("hj212.sent-already", "请求已经发出", "the request has been sent")
        ledger.record(person, "device.withdraw", request.device_id, {"request": request.pk})


def _told(said: Mapping[str, str]) -> dict[str, str]:
    """As the ledger keeps it: a new password is nobody's to read."""
    return {key: "…" if key == "NewPW" else value for key, value in said.items()}
