"""Devices and their frames: who is connected, what each sent byte for byte, what is kept back and
why, a decoder for pasted packets, and requests to devices.

From any number down to the bytes that carried it: `/frames?series=…&start=…` finds the frames.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from fenhe.access import gate
from fenhe.app.text import say
from fenhe.app.web import device_forms, parameters
from fenhe.app.web.preferences import language
from fenhe.app.web.render import for_people, page
from fenhe.evidence import ledger
from fenhe.ingest.hj212 import Compat, Framer, asks, decode_frame, requests, sm4, vocabulary
from fenhe.ingest.hj212.gateway import process
from fenhe.ingest.hj212.packet import Packet
from fenhe.ingest.hj212.reasons import REJECTIONS, sentence
from fenhe.ingest.models import Device, DeviceLink, DeviceRequest
from fenhe.kernel.errors import FenheError, NotFound
from fenhe.kernel.period import civil, utc_now
from fenhe.kernel.text import Language
from fenhe.observe import devices as flow
from fenhe.registry.models import Series
from fenhe.store import spool
from fenhe.store.config import settings

SHOWN = 100
LONGEST_PASTE = 200_000
ONLINE = timedelta(minutes=10)
SKEWED_MS = 5 * 60 * 1000
SAMPLE = (
    "##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;"
    "CP=&&RtdInterval=30&&1C80"
)


def routes() -> list[URLPattern]:
    return [
        path("devices", for_people(listing), name="devices"),
        path("devices/save", for_people(device_forms.save), name="device-save"),
        path("devices/upload", for_people(device_forms.upload), name="devices-upload"),
        path("devices/parameters", for_people(parameters.show), name="parameters"),
        path("devices/<str:mn>", for_people(device), name="device"),
        path("devices/<str:mn>/ask", for_people(ask), name="device-ask"),
        path("requests/<str:id>/<str:act>", for_people(decide), name="device-request"),
        path("decoder", for_people(decoder), name="decoder"),
        path("frames", for_people(find), name="frames"),
        path("frames/kept-back", for_people(kept_back), name="kept-back"),
        path("frames/kept-back/release", for_people(release), name="frames-release"),
        path("frames/<str:gateway>/<str:day>/<int:id>", for_people(frame), name="frame"),
    ]


# -- devices -----------------------------------------------------------------------------------


def listing(request: HttpRequest) -> HttpResponse:
    rows = gate.visible(request.user, Device.objects.select_related("object")).order_by("mn")
    links = {link.mn: link for link in DeviceLink.objects.all()}
    now = utc_now()
    tongue = language(request)
    found = [_listed(row, links.get(row.mn), now, tongue) for row in rows]
    data = {
        "rows": found,
        "online": sum(row["online"] for row in found),
        "gateways": process.statuses(),
        "port": settings().gateway_port,
        "demo": settings().demo,
        "may_see": gate.may(request.user, "frame.view"),
        "form": device_forms.fields(request),
        "asked_mn": request.GET.get("mn", "")[:40],
    }
    return page(request, "pages/devices.html", data)


def _listed(
    row: Device, link: DeviceLink | None, now: datetime, tongue: Language
) -> dict[str, Any]:
    skew = link.skew_ms if link else None
    return {
        "device": row,
        "name": row.object.name(tongue) if row.object else "",
        "link": link,
        "online": link is not None and now - link.last_heard < ONLINE,
        "skew": f"{skew / 1000:+.1f} s" if skew is not None else "",
        "skewed": skew is not None and abs(skew) > SKEWED_MS,
    }


def device(request: HttpRequest, mn: str, problem: FenheError | None = None) -> HttpResponse:
    row = _device(request, mn)
    tongue = language(request)
    asked = gate.visible(request.user, DeviceRequest.objects.filter(device=row))
    data = {
        **_listed(row, DeviceLink.objects.filter(mn=mn).first(), utc_now(), tongue),
        "frames": _newest(mn) if gate.may(request.user, "frame.view", row) else [],
        "requests": [
            {
                "row": one,
                "name": asks.get(one.cn).name,
                "state": say(f"frames.state.{one.state}", tongue),
            }
            for one in asked.order_by("-created_at")[:50]
        ],
        "asks": [
            {"cn": one.cn, "name": one.name, "control": one.is_control,
             "parameters": [{"key": key, "needed": kind.endswith("!")}
                            for key, kind in one.parameters.items()]}
            for one in asks.all().values()
        ],
        "form": device_forms.fields(request, row),
        "may_ask": gate.may(request.user, "device.ask", row),
        "may_approve": gate.may(request.user, "device.approve", row),
        "control": settings().gateway_reverse_control,
        "problem": problem.message[tongue] if problem else "",
    }  # fmt: skip
    return page(request, "pages/device.html", data, 422 if problem else 200)


@require_POST
def ask(request: HttpRequest, mn: str) -> HttpResponse:
    row = _device(request, mn)
    cn = request.POST.get("cn", "")
    given = dict(
        part.split("=", 1)
        for part in re.split(r"[;,\s]+", request.POST.get("cp", "")[:500])
        if "=" in part
    )
    try:
        requests.ask(request.user, row, cn, given, request.POST.get("reason", ""))
    except FenheError as error:
        return device(request, mn, error)
    return HttpResponseRedirect(f"/devices/{mn}")


@require_POST
def decide(request: HttpRequest, id: str, act: str) -> HttpResponse:
    missing = NotFound("hj212.no-such-request", "没有这项请求", "there is no such request")
    row = gate.find(request.user, DeviceRequest.objects.filter(pk=id), missing)
    chosen = {"approve": requests.approve, "withdraw": requests.withdraw}.get(act)
    if chosen is None:
        raise missing
    try:
        chosen(request.user, row)
    except FenheError as error:
        return device(request, row.device_id, error)
    return HttpResponseRedirect(f"/devices/{row.device_id}")


def _device(request: HttpRequest, mn: str) -> Device:
    missing = NotFound("hj212.no-such-device", "没有登记这台数采仪", "no such logger is registered")
    return gate.find(request.user, Device.objects.select_related("object").filter(mn=mn), missing)


# -- frames ------------------------------------------------------------------------------------


def find(request: HttpRequest) -> HttpResponse:
    """Of a device (`mn`), or those that carried one reading (`series`, `start` in UTC)."""
    gate.require(request.user, "frame.view")
    series, start = request.GET.get("series", ""), request.GET.get("start", "")
    rows: list[dict[str, Any]] = []
    about = None
    if series.isdecimal() and start:
        missing = NotFound("observe.no-series", "没有这个序列", "there is no such series")
        own = Series.objects.select_related("object").filter(pk=int(series))
        about = gate.find(request.user, own, missing)
        rows = _carrying(about, start)
    elif mn := request.GET.get("mn", "")[:40]:
        _device(request, mn)
        rows = _newest(mn)
    if len(rows) == 1:
        return HttpResponseRedirect(rows[0]["url"])
    name = about.object.name(language(request)) if about else ""
    data = {"rows": rows, "about": about, "about_name": name, "start": start}
    return page(request, "pages/frames.html", data)


def _carrying(series: Series, start: str) -> list[dict[str, Any]]:
    try:
        moment = civil(datetime.fromisoformat(start))
    except ValueError:
        return []
    commands = [cn for cn, at in flow.RESOLUTIONS.items() if at == series.resolution]
    stamps = {f"{moment:%Y%m%d%H%M%S}", f"{moment:%Y%m%d%H%M%S%f}"[:17]}
    found = []
    for mn in Device.objects.filter(object=series.object_id).values_list("mn", flat=True):
        for name, reader in _readers():
            for day in reader.days:
                for cn in commands:
                    for stamp in stamps:
                        found += [
                            _row(name, day, one) for one in reader.carrying(day, mn, cn, stamp)
                        ]
    return sorted(found, key=lambda row: row["frame"].received)


def _newest(mn: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name, reader in _readers():
        for day in reversed(reader.days[-3:]):
            found += [_row(name, day, one) for one in reader.newest(day, SHOWN, mn)]
    return sorted(found, key=lambda row: -row["frame"].received)[:SHOWN]


def frame(request: HttpRequest, gateway: str, day: str, id: int) -> HttpResponse:
    """One frame to the last byte."""
    gate.require(request.user, "frame.view")
    reader = dict(_readers()).get(gateway)
    one = reader.one(day, id) if reader and day in reader.days else None
    if one is None:
        raise NotFound("hj212.no-such-frame", "没有这条报文", "there is no such frame")
    if one.mn and Device.objects.filter(mn=one.mn).exists():
        _device(request, one.mn)
    known = flow.sources().get(one.mn)
    packet = decode_frame(one.raw, known.compat if known else Compat())
    data = {
        "row": _row(gateway, day, one),
        "packet": _told(packet, language(request)),
        "bytes": _hex(one.raw),
    }
    return page(request, "pages/frame.html", data)


def kept_back(request: HttpRequest) -> HttpResponse:
    """The quarantine: nothing that came is dropped silently."""
    gate.require(request.user, "frame.view")
    rows: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    for name, reader in _readers():
        state = spool.SpoolState(reader.folder)
        try:
            for day in reversed(reader.days[-7:]):
                gone = state.released(day)
                rows += [_row(name, day, one) for one in reader.kept_back(day, SHOWN)
                         if one.id not in gone]  # fmt: skip
            refused += [
                {"url": f"/frames/{name}/{day}/{id}", "item": item, "why": why, "gateway": name,
                 "day": day, "id": id}
                for day, id, item, why in state.refused(SHOWN)
            ]  # fmt: skip
        finally:
            state.close()
    rows.sort(key=lambda row: -row["frame"].received)
    data = {
        "rows": rows[: 2 * SHOWN],
        "refused": refused,
        "may_release": gate.may(request.user, "frame.release"),
        "may_manage": gate.may(request.user, "device.manage"),
        "done": request.GET.get("done", ""),
    }
    return page(request, "pages/kept_back.html", data)


@require_POST
def release(request: HttpRequest) -> HttpResponse:
    """Read them after all: `frame` is gateway/day/id, many times."""
    gate.require(request.user, "frame.release")
    chosen: dict[tuple[str, str], list[int]] = {}
    for text in request.POST.getlist("frame")[:500]:
        gateway, _, rest = text.partition("/")
        day, _, id = rest.partition("/")
        if id.isdecimal():
            chosen.setdefault((gateway, day), []).append(int(id))
    readers, total = dict(_readers()), 0
    for (gateway, day), ids in chosen.items():
        reader = readers.get(gateway)
        if reader is not None and day in reader.days:
            total += flow.release(reader.folder, day, ids).readings
            ledger.record(request.user, "frame.release", f"{gateway}/{day}", {"frames": ids})
    return HttpResponseRedirect(f"/frames/kept-back?done={total}")


def _readers() -> list[tuple[str, spool.SpoolReader]]:
    return [(name, spool.SpoolReader(spool.root() / name)) for name in spool.gateways()]


def _row(gateway: str, day: str, one: spool.Stored) -> dict[str, Any]:
    return {
        "frame": one,
        "at": one.at,
        "url": f"/frames/{gateway}/{day}/{one.id}",
        "key": f"{gateway}/{day}/{one.id}",
        "what": vocabulary.command(one.cn),
        "reasons": one.reasons.split(),
        "text": one.raw[:160].decode("utf-8", "replace"),
    }


def _hex(raw: bytes) -> str:
    lines = []
    for start in range(0, min(len(raw), 16_384), 16):
        part = raw[start : start + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in part)
        lines.append(f"{start:04X}  {part.hex(' ').upper():<47}  {text}")
    return "\n".join(lines)


# -- decoder -----------------------------------------------------------------------------------


def decoder(request: HttpRequest) -> HttpResponse:
    """Packets pasted as text, or as hexadecimal; nothing is stored."""
    pasted = request.POST.get("packet", "")[:LONGEST_PASTE]
    frames: list[bytes] = []
    noise = 0
    if pasted.strip():
        raw = _pasted(pasted)
        framer = Framer(cap=9999, sm4_text=True)
        frames = framer.feed(raw) + framer.close()
        noise = framer.noise_bytes
        if not frames:  # broken beyond framing: say what is wrong with it
            frames, noise = [raw.strip()], 0
    key = request.POST.get("key", "").strip()
    valid = re.fullmatch(r"[0-9A-Fa-f]{32}", key) is not None
    compat = Compat(keys=(bytes.fromhex(key) if valid else sm4.EXAMPLE_KEY,), cap=9999)
    data = {
        "pasted": pasted,
        "key": key,
        "bad_key": bool(key) and not valid,
        "sample": SAMPLE,
        "noise": noise,
        "packets": [_told(decode_frame(raw, compat), language(request)) for raw in frames[:50]],
        "total": len(frames),
    }
    return page(request, "pages/decoder.html", data)


def _pasted(text: str) -> bytes:
    compact = re.sub(r"[\s:]|0x", "", text)
    if re.fullmatch(r"(?:2323[0-9A-Fa-f]*)", compact) and len(compact) % 2 == 0:
        return bytes.fromhex(compact)
    # A browser sends line ends as CR LF, whatever stood there.
    return text.encode("utf-8", "replace")


def _told(packet: Packet, tongue: Language) -> dict[str, Any]:
    """A packet as a page shows it."""
    header = packet.header or {}
    words = {
        "ST": vocabulary.word("st", header.get("ST", "")),
        "CN": vocabulary.command(header.get("CN", "")),
    }
    return {
        "packet": packet,
        "edition": packet.edition if packet.flags else "",
        "verdict": say(f"frames.verdict.{packet.verdict}", tongue),
        "tone": {"accept": "good", "accept_with_warning": "warn"}.get(packet.verdict, "bad"),
        "reasons": [
            {"code": one, "text": sentence(one)[tongue],
             "bad": one.partition(":")[0] in REJECTIONS}
            for one in packet.reasons
        ],
        "crc": _diagnosis(packet, tongue),
        "header": [
            {"name": name, "value": value, "word": words.get(name)}
            for name, value in header.items()
        ],
        "cp": list((packet.cp or {}).items()),
        "factors": [
            {
                "code": code,
                "known": vocabulary.code(code),
                "items": [
                    {"suffix": suffix, "value": value,
                     "word": vocabulary.word("data_flag", value) if suffix == "Flag" else None}
                    for suffix, value in items.items()
                ],
            }
            for code, items in (packet.factors or {}).items()
        ],
    }  # fmt: skip


def _diagnosis(packet: Packet, tongue: Language) -> str:
    if packet.crc_ok is None:
        return ""
    if packet.crc_ok:
        return say("frames.crc.ok", tongue)
    names = [name for name in packet.crc_matches or [] if name != "none"]
    if names:
        return say("frames.crc.foreign", tongue, names=", ".join(names))
    return say("frames.crc.wrong", tongue)
