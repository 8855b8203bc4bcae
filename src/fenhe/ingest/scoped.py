"""How imports and devices are scoped. An import by the field of its profile, and who brought a file
sees it in any case; a device lies where the object lies that it measures."""

from __future__ import annotations

from django.db.models import Q

from fenhe.access import gate
from fenhe.ingest import profiles
from fenhe.ingest.models import Device, DeviceLink, DeviceRequest, Import, Profile
from fenhe.kernel.text import Text
from fenhe.registry import kinds


def declare() -> None:
    gate.scoped(Import, domains=_of_profiles, person="person")
    gate.exempt(Profile, "how files are read; says nothing of what was measured")
    gate.scoped(Device, to="object")
    gate.scoped(DeviceRequest, to="device")
    gate.exempt(DeviceLink, "shown beside the devices a person may see, never by itself")
    for action, name, roles in _ACTIONS:
        gate.declare_action(action, name, roles)


_ACTIONS = (
    ("device.manage", Text("登记数采仪", "register loggers"), ("officer", "leader", "office")),
    ("device.ask", Text("向数采仪发出请求", "ask a logger"), ("officer", "leader", "office")),
    ("device.approve", Text("批准反控", "approve reverse control"), ("leader", "branch_head")),
    (
        "frame.view",
        Text("查看原始报文", "see raw frames"),
        ("officer", "leader", "office", "enforcer"),
    ),
    ("frame.release", Text("放行隔离报文", "release quarantined frames"), ("officer", "leader")),
)


def _of_profiles(domains: frozenset[str]) -> Q:
    of = {kind.id for kind in kinds.all() if kind.domain in domains}
    return Q(profile__in=[one.id for one in profiles.all() if one.object_kind in of])
