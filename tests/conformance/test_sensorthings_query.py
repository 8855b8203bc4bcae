"""SensorThings: what can be asked, and what is no question."""

from __future__ import annotations

from typing import Any

import pytest
from conformance_asking import ROOT, get, malformed, proves, values

from fenhe.app.boot import boot
from fenhe.app.sta import lake, push

boot()
World = Any


@proves("request-data/select", "request-data/order")
def test_select_and_the_order_of_options(world: World) -> None:
    client = world.client()
    first = values(client, "Things", select="name,@iot.id")[0]
    assert first.keys() == {"name", "@iot.id"}
    nested = values(client, "Datastreams", expand="Thing($select=name)", select="name,Thing")[0]
    assert nested["Thing"].keys() == {"name"}
    # Filter, count, order, skip, top, expand, select: applied in this order, however written.
    told = client.get(
        f"{ROOT}/Observations?$top=2&$skip=1&$orderby=result desc&$count=true"
        f"&$filter=Datastream/@iot.id eq {world.pm.pk} and result lt 30"
    ).json()
    assert told["@iot.count"] == 9
    assert [one["result"] for one in told["value"]] == [28.0, 27.0]


@proves("request-data/top", "request-data/skip", "request-data/count", "request-data/pagination")
@pytest.mark.parametrize(
    "path",
    ["Things", "Datastreams", "ObservedProperties", "Observations", "Locations",
     "Observations?$orderby=phenomenonTime desc", "Observations?$orderby=result,@iot.id",
     "Things?$orderby=name desc", "Datastreams?$orderby=@iot.id desc",
     "Datastreams?$filter=startswith(name,'尖') or true", "Observations?$skip=3",
     "Observations?$filter=result gt 30"],
)  # fmt: skip
def test_pages_lead_through_everything_once(world: World, path: str) -> None:
    client, joint = world.client(), "&" if "?" in path else "?"
    whole = client.get(f"{ROOT}/{path}{joint}$top=1000&$count=true").json()
    assert whole["@iot.count"] >= len(whole["value"]) > 0
    assert "@iot.nextLink" not in whole
    seen, link = [], f"{ROOT}/{path}{joint}$top=7"
    if len(whole["value"]) < 8:
        link = f"{ROOT}/{path}{joint}$top=1"
    while link:
        page = client.get(link).json()
        assert "@iot.count" not in page
        seen += page["value"]
        link = page.get("@iot.nextLink")
    assert [one["@iot.id"] for one in seen] == [one["@iot.id"] for one in whole["value"]]


@proves("request-data/orderby")
def test_order_by_properties_ways_and_expressions(world: World) -> None:
    client = world.client()
    names = [one["name"] for one in values(client, "Things", orderby="name desc")]
    assert names == sorted(names, reverse=True)
    newest = values(client, f"Datastreams({world.pm.pk})/Observations",
                    orderby="phenomenonTime desc", top=3)  # fmt: skip
    assert [one["result"] for one in newest] == [67.0, 66.0, 65.0]
    first = values(client, "Observations", orderby="Datastream/@iot.id desc,result asc", top=1)
    assert first[0]["@iot.id"].startswith(f"{world.far.pk}.")
    by = values(client, "Datastreams", orderby="Thing/name,ObservedProperty/@iot.id desc")
    assert [one["@iot.id"] for one in by] == [world.far.pk, world.pm.pk, world.ozone.pk]
    nested = values(
        client, "Datastreams",
        expand="Observations($orderby=phenomenonTime desc;$top=2),Thing($select=name)",
    )  # fmt: skip
    assert [o["result"] for o in nested[0]["Observations"]] == [67.0, 66.0]
    assert nested[0]["Observations@iot.nextLink"]
    rest = client.get(nested[0]["Observations@iot.nextLink"]).json()["value"]
    assert [one["result"] for one in rest] == [65.0, 64.0]


@proves("request-data/expand")
def test_expand_deep_and_with_options_of_its_own(world: World) -> None:
    client = world.client()
    [thing] = values(
        client, "Things", filter=f"@iot.id eq {world.station.pk}",
        expand="Datastreams($orderby=@iot.id;$count=true;$expand=ObservedProperty,"
        "Observations($filter=result gt 30;$orderby=result;$top=1;$count=true)),Locations",
    )  # fmt: skip
    assert thing["Datastreams@iot.count"] == 2
    first = thing["Datastreams"][0]
    assert first["ObservedProperty"]["@iot.id"] == "pm2_5"
    assert first["Observations@iot.count"] == 37
    assert [one["result"] for one in first["Observations"]] == [31.0]
    assert thing["Locations"][0]["@iot.id"] == world.station.pk
    slashed = get(client, f"Datastreams({world.pm.pk})", expand="Thing/Locations")
    assert slashed["Thing"]["Locations"][0]["location"]["type"] == "Point"
    [one] = values(client, "Observations", top=1, expand="FeatureOfInterest,Datastream/Sensor")
    assert one["FeatureOfInterest"]["@iot.id"] == world.station.pk
    assert one["Datastream"]["Sensor"]["@iot.id"] == "import"
    [feature] = values(client, f"FeaturesOfInterest?$filter=@iot.id eq {world.elsewhere.pk}"
                       "&$expand=Observations($top=2;$orderby=phenomenonTime)")  # fmt: skip
    assert [o["result"] for o in feature["Observations"]] == [20.0, 21.0]
    sensors = values(client, "Sensors", expand="Datastreams($top=1)")
    assert sensors[0]["Datastreams@iot.nextLink"]


@proves("request-data/filter", "request-data/built-in-filter-operations")
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("result eq 30", 1), ("result ne 30", 47), ("result gt 65", 2), ("result ge 65", 3),
        ("result lt 22", 2), ("result le 22", 3), ("result gt 20 and result lt 23", 2),
        ("result lt 22 or result gt 66", 3), ("not (result gt 22)", 4),
        ("not result gt 22", 4), ("result add 1 eq 30", 1), ("result sub 1 eq 30", 1),
        ("result mul 2 eq 60", 1), ("result div 2 eq 15", 1), ("result mod 10 eq 0", 5),
        ("(result eq 20 or result eq 21) and result ne 20", 1), ("-result lt -66", 1),
        ("result eq null", 1), ("30 lt result", 37), ("result div 0 gt 1", 0),
        ("resultQuality/flag eq 9", 1), ("parameters/qualifier eq 'missing_blank'", 1),
        ("phenomenonTime ge 2026-03-02T00:00:00Z", 24),
        ("phenomenonTime lt 2026-03-02T00:00:00Z", 24),
        ("phenomenonTime gt 2026-03-01T22:00:00Z and phenomenonTime le 2026-03-02T08:00:00+08:00",
         2),
        ("phenomenonTime eq 2026-03-01T07:00:00Z", 1),
        ("phenomenonTime lt 2026-03-01T10:00:00Z/2026-03-01T12:00:00Z", 10),
        ("resultTime lt 2026-03-02T00:00:00Z", 0),
    ],
)  # fmt: skip
def test_operators(world: World, asked: str, expected: int) -> None:
    path = f"Datastreams({world.pm.pk})/Observations"
    told = get(world.client(), path, filter=asked, count="true", top=1000)
    if asked.startswith("not"):
        expected = 48 - len(values(world.client(), path, filter="result gt 22", top=1000))
    assert (told["@iot.count"], len(told["value"])) == (expected, expected)


FUNCTIONS = [
    ("Things", "substringof('草',name)", {"S1"}),
    ("Things", "startswith(name,'云')", {"S2"}),
    ("Things", "endswith(properties/code,'2')", {"S2"}),
    ("Things", "length(name) eq 3", {"140100", "S1"}),
    ("Things", "indexof(name,'草') eq 1", {"S1"}),
    ("Things", "substring(name,1) eq '冈'", {"S2"}),
    ("Things", "substring(properties/code,0,1) eq 'S'", {"S1", "S2"}),
    ("Things", "tolower(properties/code) eq 's1'", {"S1"}),
    ("Things", "toupper(properties/name_en) eq 'YUNGANG'", {"S2"}),
    ("Things", "trim(concat(' ',properties/code)) eq 'S1'", {"S1"}),
    ("Things", "properties/attributes/station_type eq 'national'", {"S1"}),
    ("Things", "Datastreams/ObservedProperty/@iot.id eq 'o3'", {"S1"}),
    ("Things", "Datastreams/properties/resolution eq 'hour' and properties/code ne 'S1'", {"S2"}),
    ("Things", "not (Datastreams/@iot.id gt 0)", {"140100"}),
    ("HistoricalLocations", "year(time) eq 2019 and month(time) eq 12 and day(time) eq 31", {"S1"}),
    ("HistoricalLocations", "hour(time) eq 16 and minute(time) eq 0 and second(time) eq 0", {"S1"}),
    ("HistoricalLocations", "fractionalseconds(time) eq 0 and totaloffsetminutes(time) eq 0",
     {"S1"}),
    ("HistoricalLocations", "date(time) eq 2019-12-31 and time(time) eq '16:00:00'", {"S1"}),
    ("HistoricalLocations", "time lt now() and time gt mindatetime() and time lt maxdatetime()",
     {"S1"}),
    ("HistoricalLocations", "time lt now() sub duration'P1D'", {"S1"}),
    ("Locations", "geo.distance(location,geography'POINT (112.5 37.9)') lt 0.1", {"S1"}),
    ("Locations", "geo.intersects(location,geography'POLYGON((113 40,114 40,114 41,113 40))')",
     {"S2"}),
    ("Locations", "geo.length(geography'LINESTRING (0 0, 3 4)') eq 5", {"S1", "S2"}),
    ("Locations", "st_within(location,geography'POLYGON((112 37,113 37,113 38,112 38,112 37))')",
     {"S1"}),
    ("Locations", "st_equals(location,geography'POINT (113.13 40.11)')", {"S2"}),
    ("Locations", "st_disjoint(location,geography'POINT (113.13 40.11)')", {"S1"}),
    ("Locations", "st_intersects(location,geography'POINT (113.13 40.11)')", {"S2"}),
    ("Locations", "st_contains(location,geography'POINT (113.13 40.11)')", {"S2"}),
    ("Locations", "st_touches(location,geography'LINESTRING (113.13 40.11, 120 40)')", {"S2"}),
    ("Locations", "st_overlaps(location,geography'POINT (113.13 40.11)')", set()),
    ("Locations", "st_crosses(location,geography'LINESTRING (113 40, 120 40)')", set()),
    ("Locations", "st_relate(location,geography'POINT (113.13 40.11)','T********')", {"S2"}),
]  # fmt: skip


@proves("request-data/built-in-query-functions")
@pytest.mark.parametrize(("path", "asked", "expected"), FUNCTIONS)
def test_functions(world: World, path: str, asked: str, expected: set[str]) -> None:
    client = world.client()
    way = {"Things": "", "Locations": "Things", "HistoricalLocations": "Thing"}[path]
    found = values(client, path, filter=asked, **({"expand": way} if way else {}))
    things = [one[way] if way else one for one in found]
    codes = {(one[0] if isinstance(one, list) else one)["properties"]["code"] for one in things}
    assert codes == expected


@proves("request-data/query-status-code", "request-data/status-code")
@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("Things", {"filter": "colour eq 'red'"}), ("Things", {"filter": "name eq"}),
        ("Things", {"filter": "name eq 5"}), ("Things", {"filter": "name"}),
        ("Things", {"filter": "name eq 'x' and"}), ("Things", {"filter": "(name eq 'x'"}),
        ("Things", {"filter": "nothing(name)"}), ("Things", {"filter": "length(name,1) eq 1"}),
        ("Things", {"filter": "length(5) eq 1"}), ("Things", {"filter": "'x"}),
        ("Things", {"filter": "((((" * 30}),
        ("Things", {"filter": "name eq 'x'" + " or true" * 900}),
        ("Things", {"filter": "Datastreams eq 5"}), ("Things", {"filter": ""}),
        ("Things", {"filter": "name eq 'x' name"}), ("Things", {"orderby": "colour"}),
        ("Things", {"orderby": ""}), ("Things", {"orderby": "name sideways"}),
        ("Things", {"select": "colour"}), ("Things", {"select": ""}),
        ("Things", {"expand": "Colours"}), ("Things", {"expand": "Datastreams($top"}),
        ("Things", {"expand": "Datastreams($colour=1)"}), ("Things", {"expand": ""}),
        ("Things", {"expand": "/".join(["Datastreams", "Thing"] * 6)}),
        ("Things", {"top": "-1"}), ("Things", {"top": "x"}), ("Things", {"skip": "1.5"}),
        ("Things", {"skip": "999999999"}), ("Things", {"count": "maybe"}),
        ("Things", {"colour": "red"}), ("Things", {"resultFormat": "dataArray"}),
        ("Things", {"skiptoken": "mine"}), ("Observations", {"skiptoken": "mine"}),
        ("Observations", {"resultFormat": "xml"}), ("Observations", {"filter": "result gt 'x'"}),
        ("Observations", {"filter": "phenomenonTime gt 5"}),
        ("Observations", {"filter": "phenomenonTime gt 2026-13-01T00:00:00Z"}),
        ("Locations", {"filter": "st_within(location,geography'POLYGON((')"}),
        ("Locations", {"filter": "st_relate(location,location,'x')"}),
        ("Locations", {"filter": "geo.distance(location,5) lt 1"}),
        ("Datastreams", {"filter": "Observations/result gt 5"}),
        ("Things", {"filter": "name eq duration'P99999999D'"}),
    ],
)  # fmt: skip
def test_a_question_that_is_not_one_is_the_askers_error(
    world: World, path: str, options: dict[str, str]
) -> None:
    error = malformed(world.client(), path, **options)
    assert error["code"] == "sta.malformed"


def test_strange_addresses_are_refused_and_nothing_fails(world: World) -> None:
    client = world.client()
    for path in ("Things?name=x", "Things?$top=1&$top=2", "Things?%24filter=%00", "Things('')",
                 "Things('a''b')", "Things(1.5)", "Things(now())", "Sensors('%00')",
                 "Things?$filter", "Things(1)/Datastreams/$count",
                 "/".join(["Things(1)"] * 20), "Things()", "Things(1)/$value", "$ref",
                 "Things/$ref/x",
                 "Observations('1.99999999999999999')", "Observations('-1.5')",
                 "Things?$filter=%ff",
                 "ObservedProperties('%F0%9F%98%80')"):  # fmt: skip
        answer = client.get(f"{ROOT}/{path}")
        assert answer.status_code in (400, 404), (path, answer.status_code)
        assert answer.json()["error"]["code"]


PUSHED = [
    ("Things", "@iot.id gt 1 and properties/code ne 'S1'"),
    ("Things", "not (name eq '云冈' or properties/kind eq 'air_city')"),
    ("Things", "Datastreams/ObservedProperty/@iot.id eq 'o3' or name eq '云冈'"),
    ("Things", "not (Datastreams/Sensor/@iot.id eq 'import')"),
    ("Datastreams", "Thing/properties/code eq 'S1' and ObservedProperty/@iot.id ne 'o3'"),
    ("Datastreams", "5000000000 gt Thing/@iot.id"),
    ("Observations", "Datastream/Thing/name eq '尖草坪' and result ge 30 and result lt 40"),
    ("Observations", "phenomenonTime gt 2026-03-01T03:30:00Z and phenomenonTime le "
     "2026-03-01T09:30:00Z"),
    ("Observations", "FeatureOfInterest/@iot.id gt 0 and phenomenonTime eq 2026-03-01T09:00:00Z"),
    ("Observations", "2026-03-01T05:00:00Z ge phenomenonTime and resultTime gt "
     "2026-01-01T00:00:00Z"),
]  # fmt: skip


@proves("request-data/filter")
@pytest.mark.parametrize(("path", "asked"), PUSHED)
def test_the_database_answers_as_looking_at_each_row_does(
    world: World, path: str, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = {"filter": asked, "top": 1000, "count": "true"}
    told = get(world.client(), path, **whole)
    assert told["value"]
    monkeypatch.setattr(push, "_q", lambda entity, tree: None)
    monkeypatch.setattr(lake, "_plain", lambda made, tree: False)
    assert get(world.client(), path, **whole) == told
