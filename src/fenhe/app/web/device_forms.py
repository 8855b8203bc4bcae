"""Registering loggers on the page of devices: one by a form, many by a table; all or none."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from fenhe.access import gate
from fenhe.app.web.preferences import language
from fenhe.app.web.render import listed, page
from fenhe.ingest.hj212 import devices as profiles
from fenhe.ingest.hj212 import registering
from fenhe.ingest.hj212.registering import KEYS, Entry, Planned
from fenhe.ingest.models import Device
from fenhe.kernel.errors import BadInput, FenheError, Forbidden
from fenhe.registry import kinds
from fenhe.registry.models import Object
from fenhe.store.config import settings

ACTION = "device.manage"
MOST_OFFERED = 300


def fields(request: HttpRequest, device: Device | None = None) -> dict[str, Any]:
    """What the form needs: profiles, objects to choose from, and what is there now."""
    tongue = language(request)
    now = device.agreed if device else {}
    shown = {key: value for key, value in now.items() if key != KEYS}
    own = gate.visible(request.user, Object.objects.filter(kind__in=_kinds()), ACTION)
    there = device.object if device else None
    return {
        "may_manage": gate.may(request.user, ACTION, device),
        "profiles": [
            {"id": one.id, "name": one.name[tongue], "chosen": device and device.profile == one.id}
            for one in profiles.all()
        ],
        "places": [
            {"value": f"{one.kind}/{one.code}", "name": one.name(tongue)}
            for one in own.order_by("kind", "code")[:MOST_OFFERED]
        ],
        "place": f"{there.kind}/{there.code}" if there else "",
        "agreed": json.dumps(shown, ensure_ascii=False) if shown else "",
        "has_password": bool(device and device.password),
        "has_keys": KEYS in now,
    }


def _kinds() -> set[str]:
    """Kinds whose objects are measured."""
    return {one.id for one in kinds.all() if one.series}


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """One logger, new or changed."""
    gate.require(request.user, ACTION)
    said = {name: request.POST.get(name, "").strip()[:4000] for name in registering.COLUMNS}
    entry = Entry(
        said["mn"], said["profile"], said["object"], said["password"] or None,
        bool(said["enabled"]), said["agreed"],
    )  # fmt: skip
    try:
        _register(request, [entry])
    except BadInput as error:
        return _refused(request, error)
    return HttpResponseRedirect(f"/devices/{entry.mn}")


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Many by a table. The file is not kept: it may hold passwords."""
    gate.require(request.user, ACTION)
    file = request.FILES.get("file")
    name = Path(getattr(file, "name", None) or "devices.csv").name
    try:
        if file is None or not file.size:
            raise BadInput(
                "import.no-file", "请选择一个有内容的文件", "choose a file that is not empty"
            )
        with TemporaryDirectory() as folder:
            path = Path(folder, f"devices{Path(name).suffix.lower()}")
            with path.open("wb") as target:
                for chunk in file.chunks():
                    target.write(chunk)
            entries, findings = registering.table(path, name, settings().max_upload_mb << 20)
        if findings.kept:
            raise BadInput("hj212.devices-refused", f"{name} 有误", f"{name} has errors",
                           findings.kept)  # fmt: skip
        done = _register(request, entries, name)
    except BadInput as error:
        return _refused(request, error)
    return page(request, "pages/devices_registered.html", {"done": done, "name": name})


def _register(request: HttpRequest, entries: list[Entry], name: str = "") -> registering.Done:
    planned = registering.plan(entries, name)
    _require_reach(request, planned)
    return registering.apply(planned, request.user)


def _require_reach(request: HttpRequest, planned: Iterable[Planned]) -> None:
    """A logger is registered where its object lies, by who may there; one without an object by who
    may everywhere. Who takes it from another object must reach that one too."""
    rows = list(planned)
    objects = {one.object.pk for one in rows if one.object}
    old = {one.existing.pk for one in rows if one.existing}
    mine = gate.visible(request.user, Object.objects.filter(pk__in=objects), ACTION)
    known = gate.visible(request.user, Device.objects.filter(pk__in=old), ACTION)
    free = [one for one in rows if one.object is None]
    beyond = len(objects) - mine.count() + len(old) - known.count()
    if beyond or (free and not gate.may(request.user, ACTION, gate.Place())):
        raise Forbidden(
            "access.beyond-reach",
            "有数采仪或监管对象不在您的权限范围内，未登记任何一台",
            "a logger or an object is beyond your rights; none was registered",
        )


def _refused(request: HttpRequest, error: FenheError) -> HttpResponse:
    tongue = language(request)
    data = {
        "error": error,
        "sentence": error.message[tongue],
        "problems": listed(error.problems, tongue),
    }
    return page(request, "pages/devices_registered.html", data, 422)
