"""The log of parameter changes, as people see it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from django.test import Client

from fenhe.access.models import Grant, Person
from fenhe.app import assets
from fenhe.app.boot import boot
from fenhe.ingest.models import Device, DeviceRequest
from fenhe.observe import flags, readings
from fenhe.observe.flags import Flag
from fenhe.observe.models import Parameter
from fenhe.registry.models import Area, Object, Series
from fenhe.store.lake import Lake

boot()
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
    ),
]
MN = "010000A8900016F000169DC0"
SET = datetime(2026, 8, 2, 18, tzinfo=UTC)


@pytest.fixture
def changed(lake: Lake) -> Device:
    """A slope set from 1.00 to 0.70, and SO2 of 10 before, 7 after it."""
    here = Area.objects.create(adcode="140105", name_zh="小店区", level="district")
    station = Object.objects.create(kind="air_station", code="S1", name_zh="一号站", area=here)
    device = Device.objects.create(mn=MN, object=station, profile="air_station")
    for at, value in ((SET - timedelta(days=3), "1.00"), (SET, "0.70")):
        Parameter.objects.create(
            device=device, factor="a21026", code="i13008", at=at, value=value, received=at,
            frame="gateway-0/2026-08-02/7",
        )  # fmt: skip
    so2 = Series.objects.create(object=station, property="so2", resolution="hour").pk
    hours = [SET + timedelta(hours=hour) for hour in range(-24, 24)]
    values = [10.0] * 24 + [7.0] * 24
    readings.append(pl.DataFrame({"series": so2, "start": hours, "value": values}), "hour", "file")
    return device


def read(client: Client, url: str = "/devices/parameters") -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return b"".join(answer).decode()


def test_a_change_stands_beside_the_concentrations(client: Client, changed: Device) -> None:
    client.force_login(Person.objects.create(username="o", role="officer"))
    for language, word in (("zh", "斜率"), ("en", "slope")):
        client.cookies["language"] = language
        page = read(client)
        assert "1.00 → <strong>0.70</strong>" in page
        assert word in page
        assert "10.00" in page
        assert "7.00" in page
        assert "/frames/gateway-0/2026-08-02/7" in page
        assert "parameters." not in page.replace("devices/parameters", "")
    assert "0.70" in read(client, "/devices/parameters?csv=changes")
    assert "→ <strong>" not in read(client, "/devices/parameters?code=i13001")
    assert "→ <strong>" in read(client, "/devices/parameters?q=一号")
    assert "→ <strong>" not in read(client, "/devices/parameters?before=2026-08-01T00:00:00Z")


def test_what_the_platform_set_names_who_asked(client: Client, changed: Device) -> None:
    asker = Person.objects.create(username="王工", role="leader")
    DeviceRequest.objects.create(
        id="r", device=changed, cn="3021", state="done", asked_by=asker, reason="比对后修正",
        cp={"PolId": "a21026", "InfoId": "i13008", "Value": "0.70"},
        created_at=SET - timedelta(hours=2), ended_at=SET - timedelta(hours=1),
    )  # fmt: skip
    client.force_login(asker)
    page = read(client)
    assert "王工" in page
    assert "比对后修正" in page


def test_changes_of_others_are_not_shown(client: Client, changed: Device) -> None:
    person = Person.objects.create(username="e", role="")
    Grant.objects.create(person=person, role="enforcer", area="140106")
    client.force_login(person)
    assert "0.70" not in read(client)


def test_changes_of_one_instant_are_all_listed_page_after_page(
    client: Client, changed: Device
) -> None:
    for number in range(70):
        Parameter.objects.create(
            device=changed, factor="a21026", code="i13008", at=SET + timedelta(hours=1),
            value=f"v{number:02d}", received=SET, frame="gateway-0/2026-08-02/7",
        )  # fmt: skip
    client.force_login(Person.objects.create(username="o", role="officer"))
    seen: list[str] = []
    query = ""
    for _ in range(3):
        page = read(client, f"/devices/parameters?{query}")
        seen += re.findall(r"→ <strong>(v\d\d)<", page)
        older = re.search(r'href="\?([^"]*before=[^"]*)"', page)
        query = older[1].replace("&amp;", "&") if older else ""
    assert seen == [f"v{number:02d}" for number in reversed(range(70))]
    file = read(client, "/devices/parameters?csv=changes")
    assert len(file.splitlines()) == 1 + 71
    assert len(read(client, f"/devices/parameters?csv=changes&{query}").splitlines()) == 1 + 71


def test_hours_that_failed_their_checks_are_in_no_mean(client: Client, changed: Device) -> None:
    so2 = Series.objects.get(property="so2").pk
    hours = [SET + timedelta(hours=hour) for hour in range(12)]
    readings.append(pl.DataFrame({"series": so2, "start": hours, "value": 100.0}), "hour", "file")
    flags.record(
        pl.DataFrame({"series": so2, "start": hours, "check": "range", "flag": int(Flag.FAIL)})
    )
    client.force_login(Person.objects.create(username="o", role="officer"))
    page = read(client)
    assert '<td class="num">10.00</td><td class="num">7.00</td>' in page


def test_the_page_asks_the_database_a_bounded_number_of_times(
    client: Client, changed: Device, django_assert_max_num_queries: object
) -> None:
    for number in range(40):
        Parameter.objects.create(
            device=changed, factor="a21026", code="i13008", at=SET + timedelta(hours=number + 1),
            value=str(number), received=SET, frame="gateway-0/2026-08-02/7",
        )  # fmt: skip
    client.force_login(Person.objects.create(username="o", role="officer"))
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        page = read(client)
    assert page.count("/frames/gateway-0") == 30
    assert "before=" in page
