"""A real client against a real server on loopback: the whole journey of `frost-sta-client`, from
its service object to paging, nested expansions, data arrays and creating."""

from __future__ import annotations

from typing import Any

import frost_sta_client as fsc
import pytest
from frost_sta_client.model.ext.data_array_document import DataArrayDocument
from frost_sta_client.model.ext.data_array_value import DataArrayValue
from pytest_django.live_server_helper import LiveServer

from fenhe.app.boot import boot

boot()
pytestmark = [pytest.mark.django_db(transaction=True)]
World = Any


@pytest.fixture
def service(live_server: LiveServer, world: World) -> Any:
    known = fsc.AuthHandler(username="key", password=world.full)
    return fsc.SensorThingsService(f"{live_server.url}/sta/v1.1", auth_handler=known)


def test_the_whole_journey_of_a_client(service: Any, world: World) -> None:
    # Deep reads, from thing to reading and back.
    things = service.things().query().filter("properties/code eq 'S1'").list()
    [thing] = list(things)
    assert thing.name == "尖草坪"
    assert [place.location["type"] for place in thing.get_locations().query().list()] == ["Point"]
    streams = list(thing.get_datastreams().query().orderby("@iot.id", "asc").list())
    assert [stream.id for stream in streams] == [world.pm.pk, world.ozone.pk]
    stream = service.datastreams().find(world.pm.pk)
    assert stream.unit_of_measurement.symbol == "µg/m³"
    observed = stream.get_observations().query().orderby("phenomenonTime", "desc").top(5).list()
    assert observed.get(0).result == 67.0
    one = service.observations().find(observed.get(0).id)
    assert one.result == 67.0

    # Counting, filters, selections, paging by the link.
    counted = service.observations().query().filter("result gt 30").count().top(10).list()
    assert counted.count == 37 + 13 + 37
    assert len(list(counted)) == counted.count
    words = service.things().query().filter("substringof('草', name)").select("name").list()
    assert [item.name for item in words] == ["尖草坪"]
    near = "geo.distance(location, geography'POINT (112.5 37.9)') lt 0.5"
    assert len(list(service.locations().query().filter(near).list())) == 1

    # Expanded, nested, ordered inside.
    wide = "Observations($orderby=phenomenonTime desc;$top=1),ObservedProperty,Sensor,Thing"
    for stream in service.datastreams().query().expand(wide).list():
        assert stream.observed_property.name in ("PM2.5", "O3", "O₃")
        assert stream.sensor.name == "import"
        assert len(stream.observations.entities) == 1
        assert stream.thing.name
    for kind in ("sensors", "observed_properties", "features_of_interest", "historical_locations"):
        assert list(getattr(service, kind)().query().list())

    # Creating one, and many at once.
    made = fsc.Observation(
        phenomenon_time="2026-03-12T00:00:00Z",
        result=12.5,
        datastream=fsc.Datastream(id=world.pm.pk),
    )
    service.create(made)
    assert service.observations().find(made.id).result == 12.5
    block = DataArrayValue()
    block.datastream = fsc.Datastream(id=world.pm.pk)
    block.components = {block.Property.PHENOMENON_TIME, block.Property.RESULT}
    for hour in range(3):
        block.add_observation(
            fsc.Observation(phenomenon_time=f"2026-03-12T0{hour + 1}:00:00Z", result=hour)
        )
    document = DataArrayDocument()
    document.add_data_array_value(block)
    links = service.observations().create(document)
    assert [service.observations().find(link.self_link.split("'")[1]).result for link in links] == [
        0.0, 1.0, 2.0,
    ]  # fmt: skip


def test_a_client_is_told_what_was_wrong(service: Any) -> None:
    import requests

    with pytest.raises(requests.exceptions.HTTPError) as refused:
        service.things().query().filter("colour eq 'red'").list()
    assert refused.value.response.status_code == 400
    with pytest.raises(requests.exceptions.HTTPError) as refused:
        service.things().find(99999)
    assert refused.value.response.status_code == 404
