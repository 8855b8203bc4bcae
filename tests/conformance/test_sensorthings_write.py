"""SensorThings: data arrays and creating, rights, and that what is claimed is what is proved."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from conformance_asking import PROVED, ROOT, SETS, get, load, proves, values
from conftest import SHARED
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fenhe.access import keys
from fenhe.access.models import Person
from fenhe.app.boot import boot
from fenhe.app.sta.views import CONFORMANCE, REQ
from fenhe.kernel.period import Period
from fenhe.observe import readings
from fenhe.registry.models import Object, Series

boot()
World = Any


@proves("request-data/expand")
def test_expanding_asks_the_database_no_more_for_more_records(world: World) -> None:
    expand = "Datastreams($expand=Observations($top=1),ObservedProperty,Sensor),Locations"

    def asked() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert values(world.client(), "Things", expand=expand, top=100)
        return len(seen)

    asked()  # the first use of a key is noted
    few = asked()
    for number in range(40):
        more = Object.objects.create(kind="air_station", code=f"M{number}", name_zh="站")
        Series.objects.create(object=more, property="pm2_5", resolution="hour")
    assert asked() == few


@proves("request-data/built-in-query-functions")
def test_functions_of_numbers(world: World) -> None:
    client, path = world.client(), f"Datastreams({world.pm.pk})/Observations"
    readings.append(world.hours(world.pm.pk, [2.5, 3.4]), "hour", "b")
    for asked, expected in (("round(result) eq 3", 2), ("floor(result) eq 2", 1),
                            ("ceiling(result) eq 3", 1)):  # fmt: skip
        assert len(values(client, path, filter=asked)) == expected


# -- data arrays and creating ----------------------------------------------------------------------


@proves("data-array/data-array")
def test_observations_as_a_data_array(world: World) -> None:
    client = world.client()
    told = get(client, "Observations", resultFormat="dataArray", top=1000, count="true")
    assert told["@iot.count"] == 120
    assert {len(block["dataArray"]) for block in told["value"]} == {24, 48}
    for block in told["value"]:
        assert block["dataArray@iot.count"] == len(block["dataArray"])
        assert all(len(line) == len(block["components"]) for line in block["dataArray"])
        assert "Datastreams(" in block["Datastream@iot.navigationLink"]
    chosen = get(client, "Observations", resultFormat="dataArray", select="result,phenomenonTime")
    assert chosen["value"][0]["components"] == ["result", "phenomenonTime"]
    assert chosen["@iot.nextLink"]


def post(client: Client, path: str, body: Any, **more: Any) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post(f"{ROOT}/{path}", text, content_type="application/json", **more)


@proves("data-array/data-array")
def test_a_data_array_is_created_line_by_line(world: World) -> None:
    sent = [
        {
            "Datastream": {"@iot.id": world.pm.pk},
            "components": ["phenomenonTime", "result", "FeatureOfInterest/id"],
            "dataArray@iot.count": 4,
            "dataArray": [
                ["2026-03-10T00:00:00Z", 11, world.station.pk],
                ["2026-03-10T01:00:00Z", "much", world.station.pk],
                ["2026-03-10T02:30:00Z", 12, world.station.pk],
                ["2026-03-10T03:00:00Z", 13, world.station.pk],
            ],
        },
        {"Datastream": {"@iot.id": 99999}, "components": ["phenomenonTime", "result"],
         "dataArray": [["2026-03-10T00:00:00Z", 1]]},
    ]  # fmt: skip
    for _ in range(2):  # the same again is the same
        answer = post(world.client(), "CreateObservations", sent)
        assert answer.status_code == 201, answer.content
        links = answer.json()
        assert [link == "error" for link in links] == [False, True, True, False, True]
    assert world.client().get(links[3]).json()["result"] == 13.0
    begin = world.begin.replace(day=10)
    now = readings.current([world.pm.pk], Period(begin, begin.replace(day=11)))
    assert now["value"].to_list() == [11.0, 13.0]


@proves("create-update-delete/create-entity")
def test_an_observation_is_created_where_it_belongs(world: World) -> None:
    client = world.client()
    sent = {"phenomenonTime": "2026-03-11T00:00:00Z/2026-03-11T01:00:00Z", "result": 7.5,
            "Datastream": {"@iot.id": world.pm.pk}}  # fmt: skip
    made = post(client, "Observations", sent)
    assert made.status_code == 201, made.content
    assert client.get(made["Location"]).json() == made.json()
    assert made.json()["result"] == 7.5
    del sent["Datastream"]
    again = post(client, f"Datastreams({world.pm.pk})/Observations", sent)
    assert (again.status_code, again["Location"]) == (201, made["Location"])
    missing = {"phenomenonTime": "2026-03-11T01:00:00Z", "result": None,
               "parameters": {"qualifier": "not_measured"}}  # fmt: skip
    blank = post(client, f"Datastreams({world.pm.pk})/Observations", missing)
    assert blank.json()["parameters"]["qualifier"] == "not_measured"


@pytest.mark.parametrize(
    "change",
    [
        {"result": "much"}, {"result": None}, {"result": True}, {"phenomenonTime": "soon"},
        {"phenomenonTime": None}, {"phenomenonTime": "2026-03-11T00:00:00Z/2026-03-11T03:00:00Z"},
        {"phenomenonTime": "2199-03-11T00:00:00Z"}, {"Datastream": {"@iot.id": 99999}},
        {"Datastream": None}, {"Datastream": {"name": "new"}}, {"colour": "red"},
        {"parameters": {"unit": "km"}}, {"parameters": 5}, {"FeatureOfInterest": {"name": "x"}},
        {"result": 1e300},
    ],
)  # fmt: skip
def test_what_is_wrong_is_not_created(world: World, change: dict[str, Any]) -> None:
    version = readings.open_lake().version()
    sent = {"phenomenonTime": "2026-03-11T00:00:00Z", "result": 7.5,
            "Datastream": {"@iot.id": world.pm.pk}} | change  # fmt: skip
    answer = post(world.client(), "Observations", sent)
    assert answer.status_code == 400, answer.content
    assert readings.open_lake().version() == version


def test_bodies_and_places_that_take_no_observation(world: World) -> None:
    client = world.client()
    for body in ("{", "[]", "5", '{"result": NaN}', "[" * 100_000):
        assert post(client, "Observations", body).status_code == 400
        assert post(client, "CreateObservations", body).status_code == 400
    assert post(client, "Things", {"name": "x"}).status_code == 405
    assert post(client, f"Things({world.station.pk})/Datastreams", {}).status_code == 405
    assert post(client, "Datastreams(99999)/Observations", {}).status_code == 404
    wrong = client.post(f"{ROOT}/Observations", "x", content_type="text/plain")
    assert wrong.status_code == 415


# -- rights ----------------------------------------------------------------------------------------


def test_every_entity_and_expansion_passes_the_gate(world: World) -> None:
    assert Client().get(f"{ROOT}/Things").status_code == 401
    narrow, pm = world.client(world.narrow), world.pm.pk
    for name in SETS:
        for one in values(narrow, name):
            text = json.dumps(one, ensure_ascii=False)
            assert "尖草坪" not in text
            assert "太原" not in text
    assert [one["@iot.id"] for one in values(narrow, "Datastreams")] == [world.far.pk]
    assert get(narrow, "Observations", count="true", top=1)["@iot.count"] == 48
    sensors = values(narrow, "Sensors", expand="Datastreams")
    assert [one["@iot.id"] for s in sensors for one in s["Datastreams"]] == [world.far.pk]
    assert [one["@iot.id"] for one in values(narrow, "ObservedProperties")] == ["pm2_5"]
    stamp = int(world.begin.timestamp() * 1_000_000)
    for path in (
        f"Things({world.station.pk})",
        f"Datastreams({pm})",
        "ObservedProperties('o3')",
        f"Observations('{pm}.{stamp}')",
        f"FeaturesOfInterest({world.station.pk})",
    ):
        assert world.client().get(f"{ROOT}/{path}").status_code == 200, path
        assert narrow.get(f"{ROOT}/{path}").status_code == 404, path
    sent = {"phenomenonTime": "2026-03-11T00:00:00Z", "result": 1,
            "Datastream": {"@iot.id": world.far.pk}}  # fmt: skip
    assert post(narrow, "Observations", sent).status_code == 403
    chief = Person.objects.get(username="chief")
    _, token = keys.make(chief, "w", ["page.view", "import.commit"], area="140200")
    assert post(world.client(token), "Observations", sent).status_code == 201
    elsewhere = {**sent, "Datastream": {"@iot.id": pm}}
    assert post(world.client(token), "Observations", elsewhere).status_code == 400


# -- the claim -------------------------------------------------------------------------------------


@pytest.fixture
def proved() -> set[str]:
    """By this file and its neighbours, also where only this one runs."""
    for neighbour in ("model", "query"):
        load(f"test_sensorthings_{neighbour}")
    return set(PROVED)


def test_what_is_claimed_is_what_is_proved(world: World, proved: set[str]) -> None:
    claimed = get(world.client(), "")["serverSettings"]["conformance"]
    assert claimed == CONFORMANCE
    reading = {f"{REQ}{name}" for name in proved if not name.startswith("create-update-delete/")}
    assert set(claimed) == reading


def test_nothing_of_the_list_agreed_upon_is_left_out(proved: set[str]) -> None:
    notes = SHARED / "peers" / "anchors.md"
    if not notes.exists():
        pytest.skip("the list of requirements is kept beside the repository")
    listed = re.findall(r"^([a-z-]+/[a-z/-]+),(v1\S*)$", notes.read_text("utf-8"), re.MULTILINE)
    assert len(listed) > 25
    assert {name for name, _ in listed} == proved
