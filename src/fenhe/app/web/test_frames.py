"""Devices, raw frames, quarantine, decoder and requests, through the pages people use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client

from fenhe.access.models import Person
from fenhe.app import assets
from fenhe.app.boot import boot
from fenhe.evidence.models import Act
from fenhe.ingest.hj212 import encode
from fenhe.ingest.hj212.gateway import intake, records
from fenhe.ingest.hj212.gateway.directory import Device as Known
from fenhe.ingest.hj212.gateway.directory import Directory
from fenhe.ingest.models import Device, DeviceRequest
from fenhe.kernel.period import utc_now
from fenhe.observe import devices
from fenhe.registry.models import Object, Series
from fenhe.store import spool
from fenhe.store.config import settings
from fenhe.store.lake import Lake

boot()
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
    ),
]
MN, STRANGER = "010000A8900016F000169DC0", "F" * 24


def packet(mn: str = MN) -> bytes:
    head = {"QN": "20260801090000000", "ST": "22", "CN": "2061", "PW": "123456", "MN": mn,
            "Flag": "5"}  # fmt: skip
    return encode(head, {"DataTime": "20260801080000"}, {"a21026": {"Avg": "7.5", "Flag": "D"}})


@pytest.fixture
def spooled(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Frames of a known device, of a stranger, and noise; the first is in the lake."""
    monkeypatch.setenv("FENHE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("FENHE_GATEWAY_REVERSE_CONTROL", "true")
    settings.cache_clear()
    station = Object.objects.create(kind="air_station", code="S1", name_zh="一号站")
    Device.objects.create(mn=MN, object=station, profile="air_station", password="123456")
    folder = spool.root() / "gateway-0"
    directory = Directory([Known(MN, "123456")])
    received = int(utc_now().timestamp() * 1e6)
    entries = [intake.judge(raw, "10.0.0.9:1", received, directory)
               for raw in (packet(), packet(STRANGER))]  # fmt: skip
    entries.append(intake.noise(b"<script>x</script>", "10.0.0.9:1", received))
    writer = spool.SpoolWriter(folder)
    writer.write([entry.row for entry in entries], datetime(2026, 8, 1, 1, tzinfo=UTC))
    writer.close()
    devices.flush_one(folder, devices.sources())
    yield folder
    settings.cache_clear()


def person(client: Client, role: str, name: str = "") -> Person:
    found = Person.objects.create(username=name or role, role=role)
    client.force_login(found)
    return found


def read(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url, follow=True)
    assert answer.status_code == status, url
    return answer.content.decode()


def test_every_page_answers_in_both_languages(client: Client, spooled: Path) -> None:
    person(client, "leader")
    for language in ("zh", "en"):
        client.cookies["language"] = language
        assert MN in read(client, "/devices")
        assert MN in read(client, f"/devices/{MN}")
        assert "2061" in read(client, f"/frames?mn={MN}")
        assert "unknown_mn" in read(client, "/frames/kept-back")
        assert "frames." not in read(client, "/decoder")


def test_a_number_leads_down_to_its_bytes(client: Client, spooled: Path) -> None:
    person(client, "leader")
    series = Series.objects.get(property="so2").pk
    page = read(client, f"/frames?series={series}&start=2026-08-01T00:00:00%2B00:00")
    assert "0000  23 23" in page
    assert "二氧化硫" in page
    assert "Flag=D</span> 故障" in page


def test_the_page_of_a_reading_leads_to_its_frames_whoever_may_see_them(
    client: Client, spooled: Path
) -> None:
    series = Series.objects.get(property="so2").pk
    reading = f"/explain/reading/{series}/20260801T000000Z"
    person(client, "leader")
    link = re.search(r'href="(/frames\?[^"]+)"', read(client, reading))
    assert link is not None
    assert "0000  23 23" in read(client, link[1].replace("&amp;", "&"))
    person(client, "viewer")
    assert "/frames?" not in read(client, reading)


def test_noise_is_shown_and_harmless(client: Client, spooled: Path) -> None:
    person(client, "leader")
    page = read(client, "/frames/kept-back")
    assert "&lt;script&gt;x" in page
    assert "<script>x" not in page


def test_a_stranger_is_released_once_registered(client: Client, spooled: Path) -> None:
    person(client, "leader")
    station = Object.objects.create(kind="air_station", code="S2", name_zh="二号站")
    Device.objects.create(mn=STRANGER, object=station, profile="air_station")
    client.post("/frames/kept-back/release", {"frame": ["gateway-0/2026-08-01/2", "x/y/z"]})
    assert Series.objects.filter(object=station).exists()
    assert STRANGER not in read(client, "/frames/kept-back")
    assert Act.objects.get(action="frame.release").detail["frames"] == [2]


@pytest.mark.parametrize(
    ("pasted", "expected"),
    [
        (packet().decode(), ["accept", "20260801080000", "二氧化硫", "校验正确"]),
        (packet().hex(" "), ["二氧化硫"]),
        (packet().decode()[:-6] + "0000", ["crc_mismatch", "校验不符"]),
        ("hello", ["bad_prefix"]),
        ("##00", ["bad_length_field"]),
        ("", ["粘贴"]),
    ],
)
def test_the_decoder_explains(client: Client, pasted: str, expected: list[str]) -> None:
    person(client, "viewer")
    client.cookies["language"] = "zh"
    answer = client.post("/decoder", {"packet": pasted}).content.decode()
    assert all(text in answer or text == "accept" for text in expected), answer[:3000]


def test_an_ordinary_request_is_queued_claimed_and_settled(client: Client, spooled: Path) -> None:
    person(client, "officer")
    client.post(
        f"/devices/{MN}/ask",
        {"cn": "2061", "cp": "BeginTime=20260801000000;EndTime=20260801010000"},
    )
    (dialogue,) = records.claim([MN])
    assert records.claim([MN]) == []
    assert b"BeginTime=20260801000000;EndTime=20260801010000" in dialogue.raw
    dialogue.state, dialogue.code, dialogue.packets = "done", "1", 2
    records.settle(dialogue)
    row = DeviceRequest.objects.get()
    assert (row.state, row.packets) == ("done", 2)
    assert Act.objects.filter(action="device.ask", subject=MN).exists()


@pytest.mark.parametrize(
    ("cn", "cp"),
    [("2061", ""), ("1062", "RtdInterval=5"), ("1064", "MinInterval=7"), ("7777", ""),
     ("2011", "Foo=1"), ("3011", "PolId=a21026")],
)  # fmt: skip
def test_a_malformed_request_is_refused(client: Client, spooled: Path, cn: str, cp: str) -> None:
    person(client, "officer")
    assert client.post(f"/devices/{MN}/ask", {"cn": cn, "cp": cp}).status_code == 422
    assert not DeviceRequest.objects.exists()


def test_reverse_control_needs_two_others(client: Client, spooled: Path) -> None:
    person(client, "leader", "asks")
    client.post(f"/devices/{MN}/ask", {"cn": "3011", "cp": "PolId=a21026", "reason": "月度校准"})
    row = DeviceRequest.objects.get()
    url = f"/requests/{row.pk}/approve"
    assert row.state == "proposed"
    assert client.post(url).status_code == 422  # one's own
    for name, state in (("first", "proposed"), ("second", "queued")):
        person(client, "leader", name)
        client.post(url)
        row.refresh_from_db()
        assert row.state == state
        assert client.post(url).status_code == 422  # twice, or too late
    assert Act.objects.filter(action="device.approve").count() == 2
    assert records.claim([MN])[0].cn == "3011"


def test_what_a_fallen_gateway_left_open_is_asked_again_but_never_reverse_control(
    client: Client, spooled: Path
) -> None:
    long_ago = utc_now() - timedelta(hours=3)
    for id, cn, control in (("a", "2061", False), ("b", "3011", True)):
        DeviceRequest.objects.create(
            id=id, device_id=MN, cn=cn, is_control=control, state="sent", created_at=long_ago
        )
    assert records.recover() == 1
    states = dict(DeviceRequest.objects.values_list("id", "state"))
    assert states == {"a": "queued", "b": "failed"}
    assert records.recover() == 0


def test_reverse_control_is_off_by_default(
    client: Client, spooled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FENHE_GATEWAY_REVERSE_CONTROL")
    settings.cache_clear()
    person(client, "leader")
    answer = client.post(f"/devices/{MN}/ask", {"cn": "3011", "cp": "PolId=a21026", "reason": "x"})
    assert answer.status_code == 422
    assert not DeviceRequest.objects.exists()


def test_who_may_not_sees_no_frame_and_asks_nothing(client: Client, spooled: Path) -> None:
    person(client, "viewer")
    read(client, "/devices")
    read(client, "/frames/kept-back", 403)
    read(client, "/frames/gateway-0/2026-08-01/1", 403)
    assert client.post("/frames/kept-back/release", {}).status_code == 403
    client.post(f"/devices/{MN}/ask", {"cn": "2011"})
    assert not DeviceRequest.objects.exists()


@pytest.mark.parametrize(
    "url", ["/devices/NOBODY", "/frames/x/2026-08-01/1", "/frames/gateway-0/..%2Fx/1",
            "/frames/gateway-0/2026-08-01/99", "/requests/none/approve"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(client: Client, spooled: Path, url: str) -> None:
    person(client, "leader")
    answer = client.post(url) if "requests" in url else client.get(url)
    assert answer.status_code == 404
