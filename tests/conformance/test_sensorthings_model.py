"""SensorThings: the eight entity types, their properties, and the ways between them."""

from __future__ import annotations

from typing import Any

import pytest
from conformance_asking import ROOT, SETS, get, proves, values

from fenhe.app.boot import boot

boot()
World = Any


@proves(
    "datamodel/thing/properties", "datamodel/location/properties",
    "datamodel/historical-location/properties", "datamodel/datastream/properties",
    "datamodel/sensor/properties", "datamodel/observed-property/properties",
    "datamodel/observation/properties", "datamodel/feature-of-interest/properties",
    "datamodel/entity-control-information/common-control-information",
)  # fmt: skip
@pytest.mark.parametrize("name", SETS)
def test_entities_have_their_properties_and_control_information(world: World, name: str) -> None:
    first = values(world.client(), name)[0]
    properties, ways = SETS[name]
    control = {"@iot.id", "@iot.selfLink", *(f"{way}@iot.navigationLink" for way in ways)}
    assert first.keys() == properties | control
    assert first["@iot.selfLink"].startswith(f"http://testserver{ROOT}/{name}(")
    alone = world.client().get(first["@iot.selfLink"])
    assert alone.json() == first


@proves(
    "datamodel/thing/relations", "datamodel/location/relations",
    "datamodel/historical-location/relations", "datamodel/datastream/relations",
    "datamodel/sensor/relations", "datamodel/observed-property/relations",
    "datamodel/observation/relations", "datamodel/feature-of-interest/relations",
    "resource-path/resource-path-to-entities",
)  # fmt: skip
@pytest.mark.parametrize("name", SETS)
def test_every_way_leads_where_it_says(world: World, name: str) -> None:
    client = world.client()
    first = next(
        one for one in values(client, name)
        if name not in ("Things", "FeaturesOfInterest") or one["@iot.id"] == world.station.pk
    )  # fmt: skip
    for way in SETS[name][1]:
        answer = client.get(first[f"{way}@iot.navigationLink"])
        assert answer.status_code == 200, way
        found = answer.json()
        if "value" in found:
            assert found["value"], way
            found = found["value"][0]
        assert found["@iot.selfLink"]


@proves("resource-path/resource-path-to-entities", "request-data/status-code")
def test_paths_to_entities_properties_values_and_references(world: World) -> None:
    client, station, pm = world.client(), world.station.pk, world.pm.pk
    sets = {item["name"] for item in get(client, "")["value"]}
    assert sets == set(SETS)
    assert get(client, f"Things({station})/name") == {"name": "尖草坪"}
    plain = client.get(f"{ROOT}/Things({station})/name/$value")
    assert plain.content.decode() == "尖草坪"
    assert plain["Content-Type"].startswith("text/plain")
    refs = values(client, f"Things({station})/Datastreams/$ref")
    assert all(item.keys() == {"@iot.selfLink"} for item in refs)
    deep = get(client, f"Things({station})/Datastreams({pm})/Thing/Locations({station})")
    assert deep["location"] == {"type": "Point", "coordinates": [112.49, 37.94]}
    assert get(client, "ObservedProperties('pm2_5')/name")["name"] == "PM2.5"
    for path in ("Things(999999)", "Nothings", f"Things({station})/colour", "Things(1)x",
                 f"Things({world.elsewhere.pk})/Datastreams({pm})", "Things/name", "Sensors('x')",
                 "Observations('1.2')", f"Things({station})/name/more", "Things(99999999999999999)",
                 f"Locations({world.city.pk})"):  # fmt: skip
        assert client.get(f"{ROOT}/{path}").status_code in (400, 404), path
    for method in ("put", "patch", "delete"):
        answer = getattr(client, method)(f"{ROOT}/Things({station})")
        assert answer.status_code == 405
        assert answer.json()["error"]["code"] == "api.method"
