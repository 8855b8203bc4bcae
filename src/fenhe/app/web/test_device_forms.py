"""Registering loggers on their page: one by a form, many by a table, all or none, and by whom."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from fenhe.access.models import Grant, Person
from fenhe.app import assets
from fenhe.app.boot import boot
from fenhe.app.commands import gateway
from fenhe.evidence.models import Act
from fenhe.ingest.hj212.gateway import records
from fenhe.ingest.models import Device
from fenhe.kernel.errors import BadInput
from fenhe.registry.models import Area, Object

boot()
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
    ),
]
MN = "010000A8900016F000169DC0"
KEY = "30" * 16
GIVEN = {
    "mn": MN, "profile": "air_station", "object": "air_station/S1", "password": "123456",
    "enabled": "1", "agreed": f'{{"crc": ["modbus"], "sm4_keys": ["{KEY}"]}}',
}  # fmt: skip


@pytest.fixture
def stations() -> dict[str, Object]:
    made = {}
    for code, adcode in (("S1", "140105"), ("S2", "140106")):
        area = Area.objects.create(adcode=adcode, name_zh=adcode, level="county")
        made[code] = Object.objects.create(
            kind="air_station", code=code, name_zh=f"{code} 站", area=area
        )
    return made


@pytest.fixture
def officer(client: Client, stations: dict[str, Object]) -> Client:
    client.force_login(Person.objects.create(username="officer", role="officer"))
    return client


def upload(client: Client, text: str) -> tuple[int, str]:
    file = SimpleUploadedFile("数采仪.csv", text.encode())
    answer = client.post("/devices/upload", {"file": file})
    return answer.status_code, answer.content.decode()


def test_a_logger_is_registered_and_the_gateway_knows_it(officer: Client) -> None:
    assert "registering." not in officer.get("/devices").content.decode()
    assert f'value="{MN}"' in officer.get(f"/devices?mn={MN}").content.decode()
    assert officer.post("/devices/save", GIVEN).status_code == 302
    (known,) = records.known_devices()
    assert (known.mn, known.password, known.enabled) == (MN, "123456", True)
    assert known.compat.crc == {"modbus"}
    act = Act.objects.get(action="device.add")
    assert KEY not in str(act.detail)
    assert "123456" not in str(act.detail)


def test_what_is_secret_is_kept_and_never_shown(officer: Client) -> None:
    officer.post("/devices/save", GIVEN)
    page = officer.get(f"/devices/{MN}").content.decode()
    assert KEY not in page
    assert "123456" not in page
    assert "modbus" in page
    changed = {**GIVEN, "password": "", "agreed": '{"cap": 2048}', "enabled": ""}
    officer.post("/devices/save", changed)
    device = Device.objects.get()
    assert (device.password, device.enabled) == ("123456", False)
    assert device.agreed == {"cap": 2048, "sm4_keys": [KEY]}
    officer.post("/devices/save", changed)  # the same again changes nothing
    assert Act.objects.filter(action="device.add").count() == 2


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("mn", "MN;PW=1", "hj212.device-mn"),
        ("profile", "x", "hj212.device-profile"),
        ("object", "air_station/none", "hj212.device-object"),
        ("agreed", "{", "hj212.device-agreed"),
        ("agreed", "[]", "hj212.device-agreed"),
        ("agreed", '{"crc": ["md5"]}', "hj212.device-agreed"),
        ("agreed", '{"crcs": []}', "hj212.device-agreed"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_registered(
    officer: Client, field: str, value: str, code: str
) -> None:
    answer = officer.post("/devices/save", {**GIVEN, field: value})
    assert answer.status_code == 422
    assert code in answer.content.decode()
    assert not Device.objects.exists()


def test_a_table_registers_all_or_none(officer: Client) -> None:
    head = "mn,profile,object,password,enabled\n"
    status, page = upload(
        officer, f"{head}{MN},air_station,air_station/S1,1,\nA,,,,\n{MN},,air_station/S9,,\n"
    )
    assert status == 422
    for code in ("hj212.device-mn", "hj212.device-object"):
        assert code in page
    assert not Device.objects.exists()
    good = f"{head}{MN},air_station,air_station/S1,123456,\n{'F' * 24},,,,否\n"
    assert upload(officer, good)[0] == 200
    assert dict(Device.objects.values_list("mn", "enabled")) == {MN: True, "F" * 24: False}
    status, page = upload(officer, good.replace("123456", ""))
    assert status == 200
    assert "新登记 0 台，修改 0 台，未变 2 台" in page
    assert Device.objects.get(mn=MN).password == "123456"
    assert upload(officer, "nm\nx\n")[0] == 422
    assert upload(officer, "")[0] == 422


def test_nobody_registers_beyond_their_rights(client: Client, stations: dict[str, Object]) -> None:
    client.force_login(Person.objects.create(username="v", role="viewer"))
    assert client.post("/devices/save", GIVEN).status_code == 403
    assert upload(client, f"mn\n{MN}\n")[0] == 403
    assert "/devices/save" not in client.get("/devices").content.decode()
    local = Person.objects.create(username="local", role="")
    Grant.objects.create(person=local, role="office", area="140105")
    client.force_login(local)
    assert client.post("/devices/save", {**GIVEN, "object": ""}).status_code == 403
    assert client.post("/devices/save", {**GIVEN, "object": "air_station/S2"}).status_code == 403
    assert not Device.objects.exists()
    assert client.post("/devices/save", GIVEN).status_code == 302
    other = Device.objects.create(mn="E" * 24, object=stations["S2"])
    assert client.post("/devices/save", {**GIVEN, "mn": other.mn}).status_code == 403
    assert upload(client, f"mn,object\n{other.mn},air_station/S1\n")[0] == 403
    other.refresh_from_db()
    assert other.object_id == stations["S2"].pk


def test_the_same_table_at_the_command_line(stations: dict[str, Object], tmp_path: Path) -> None:
    table = tmp_path / "devices.csv"
    table.write_text(f"mn,object\n{MN},air_station/S1\n{MN},\n")
    with pytest.raises(BadInput):
        gateway.load(table)
    assert not Device.objects.exists()
    table.write_text(f"mn,object\n{MN},air_station/S1\n")
    gateway.load(table)
    gateway.add("F" * 24, profile="air_station", place="", password="1", agreed="{}")
    assert Device.objects.count() == 2
