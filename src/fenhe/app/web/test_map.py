"""The one map: nothing is drawn that may not be seen, clusters lose nobody, classes hour by hour,
base layers of the operator's own, converted where they are shifted."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from math import cos, hypot, radians
from pathlib import Path

import pytest
from conftest import SHARED
from django.test import Client

from fenhe.access.models import Person
from fenhe.app import assets, base_layers, map_classes, map_data
from fenhe.app.boot import boot
from fenhe.assess.models import Verdict
from fenhe.kernel.gcj02 import converted, from_wgs84
from fenhe.kernel.period import HOUR
from fenhe.registry.models import Area, Object
from fenhe.store.config import settings
from fenhe.store.lake import Lake

boot()
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
    ),
]
CITIES = "air.city"


@pytest.fixture(autouse=True)
def fresh(lake: Lake) -> None:
    map_classes._by_rule.cache_clear()
    map_classes._by_hours.cache_clear()


@pytest.fixture
def client(client: Client) -> Client:
    client.force_login(Person.objects.create(username="chief", role="administrator"))
    return client


def city(number: int, x: float, y: float, **more: object) -> Object:
    fields = {"name_zh": f"城{number}", "longitude": x, "latitude": y} | more
    return Object.objects.create(kind="air_city", code=f"C{number}", **fields)


def asked(client: Client, **params: object) -> dict[str, object]:
    answer = client.get("/map/data", {"layer": CITIES, **params})
    assert answer.status_code == 200, answer.content
    found: dict[str, object] = answer.json()
    return found


def test_points_of_the_frame_and_of_the_words_asked_for(client: Client) -> None:
    city(1, 112.5, 37.8, name_zh="太原")
    city(2, 113.3, 40.1, name_zh="大同")
    city(3, 121.5, 31.2, name_zh="上海")
    Object.objects.create(kind="air_city", code="C4", name_zh="无处")
    found = asked(client, bbox="110,34,115,41")
    assert found["names"] == ["太原", "大同"] or sorted(found["names"]) == ["大同", "太原"]
    assert asked(client, bbox="110,34,115,41", q="太原")["codes"] == ["C1"]
    assert asked(client)["clustered"] is False
    assert len(asked(client)["ids"]) == 3


@pytest.mark.parametrize("bbox", ["", "1,2,3", "a,b,c,d", "nan,0,1,1", "0,9,1,1"])
def test_a_frame_that_is_none_is_refused(client: Client, bbox: str) -> None:
    assert client.get("/map/data", {"layer": CITIES, "bbox": bbox}).status_code == 422


def test_layers_that_are_not_there(client: Client) -> None:
    assert client.get("/map/data", {"layer": "no.such"}).status_code == 404
    assert client.get("/map/base/no-such.geojson").status_code == 404


def test_clusters_hold_everybody_once_and_the_gravest_class(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(map_data, "MOST_POINTS", 5)
    near = [city(n, 112.5 + n * 1e-4, 37.8) for n in range(6)]
    city(9, 120.0, 30.0)
    start = datetime(2015, 7, 1, 16, tzinfo=UTC)
    for thing, category in zip(near, ("1", "4", "2", "1", "1", "1"), strict=True):
        judge(thing, start, category)
    found = asked(client, zoom=6)
    assert found["clustered"] is True
    assert sorted(found["counts"]) == [1, 6]
    six = found["counts"].index(6)
    assert found["x"][six] == pytest.approx(112.50025, abs=1e-4)
    assert found["class"][six] == 3, "the gravest of its members"
    assert found["class"][1 - six] == -1, "nothing is known of the other"
    assert "names" not in found


def judge(thing: Object, start: datetime, category: str, length: timedelta = 24 * HOUR) -> None:
    Verdict.objects.create(
        subject=thing, rule="air.city-day", start=start, end=start + length, edition="x",
        values={}, category=category, expected=1, observed=1, lake_version=0, computed_at=start,
    )  # fmt: skip


def test_a_verdict_counts_for_its_hours_and_as_long_again_until_the_next(client: Client) -> None:
    one, other, silent = (city(n, 112.0 + n, 37.8) for n in range(3))
    first = datetime(2015, 7, 1, 16, tzinfo=UTC)
    judge(one, first, "1")
    judge(one, first + 24 * HOUR, "3")
    judge(other, first, "2")
    judge(silent, first - 48 * HOUR, "6")
    found = asked(client)
    hours = dict(zip(found["ids"], found["hours"], strict=True))
    assert found["end"] == "2015-07-04 00:00"
    assert hours[one.pk] == "0" * 24 + "2" * 24
    assert hours[other.pk] == "1" * 48, "yesterday's stands while today's is awaited"
    assert hours[silent.pk] == "." * 48, "what ended two days before tells nothing of now"


def test_what_may_not_be_seen_is_neither_a_point_nor_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from fenhe.access import gate

    city(1, 112.5, 37.8)
    hidden = city(2, 112.6, 37.8)
    person = Person.objects.create(username="guest", role="administrator")
    real = gate.visible

    def narrower(person: object, rows: object, action: str = "page.view") -> object:
        seen = real(person, rows, action)  # type: ignore[type-var]
        return seen.exclude(pk=hidden.pk) if seen.model is Object else seen

    monkeypatch.setattr(gate, "visible", narrower)
    domain, layer = map_data.layer(CITIES)
    everything = map_data.Window()
    assert map_data.points(person, domain, layer, everything, "", "zh")["codes"] == ["C1"]
    assert map_data.extent(person, ["air_city"]) == [112.5, 37.8, 112.5, 37.8]
    monkeypatch.setattr(map_data, "MOST_POINTS", 0)
    assert map_data.points(person, domain, layer, everything, "", "zh")["counts"] == [1]


def test_a_stranger_gets_no_data() -> None:
    for url in ("/map", f"/map/data?layer={CITIES}", "/map/base/rivers.geojson"):
        assert Client().get(url).status_code == 302


def test_lines_and_areas_are_drawn_too(client: Client) -> None:
    line = {"type": "LineString", "coordinates": [[112.0, 37.0], [112.1, 37.1]]}
    reach = city(1, 112.0, 37.0, geometry=line)
    shapes = asked(client)["shapes"]
    assert shapes["features"][0]["geometry"] == line
    assert shapes["features"][0]["properties"]["id"] == reach.pk


def test_every_kind_is_on_the_map_declared_or_not(client: Client) -> None:
    from fenhe.registry import kinds

    drawn = {layer.kind for _, layer in map_data.layers().values()}
    assert drawn == {kind.id for kind in kinds.all()}
    assert client.get("/map?kind=air_city").context["told"]["layers"][1]["shown"] is True


def test_the_map_opens_where_it_is_asked_to(client: Client) -> None:
    Area.objects.create(adcode="1", name_zh="一", name_en="one", level="city")
    place = city(1, 112.5, 37.8)
    told = client.get(f"/map?at={place.pk}").context["told"]
    assert told["at"] == {"id": place.pk, "x": 112.5, "y": 37.8}
    assert told["extent"] == [112.5, 37.8, 112.5, 37.8] or told["extent"] == map_data_china()
    assert client.get("/map?at=x").context["told"]["at"] is None


def map_data_china() -> list[float]:
    from fenhe.app.web.map import CHINA

    return CHINA


# --- Base layers ---------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FENHE_MAP_LAYERS", str(tmp_path))
    settings.cache_clear()
    return tmp_path


def put(folder: Path, about: str = "", content: object = None) -> None:
    line = {"type": "LineString", "coordinates": [[112.55, 37.87], [112.6, 37.9]]}
    feature = {"type": "Feature", "properties": {"name": "界"}, "geometry": line}
    made = content or {"type": "FeatureCollection", "features": [feature]}
    (folder / "county.geojson").write_text(json.dumps(made), "utf-8")
    if about:
        (folder / "county.yaml").write_text(about, "utf-8")


ABOUT = """
name: {{zh: 区县界, en: counties}}
role: boundary
coordinates: {coordinates}
source: 市规划和自然资源局
approval: 晋S(2026)001号
"""


def test_rivers_are_the_default_and_say_whose_they_are(client: Client) -> None:
    page = client.get("/map").content.decode()
    assert "Natural Earth" in page
    assert "未注明审图号" in page
    assert client.get("/map/base/rivers.geojson").status_code == 200


def test_a_folder_of_the_operator_replaces_the_default_and_shows_its_approval(
    client: Client, folder: Path
) -> None:
    put(folder, ABOUT.format(coordinates="wgs84"))
    page = client.get("/map").content.decode()
    assert "晋S(2026)001号" in page
    assert "Natural Earth" not in page
    answer = client.get("/map/base/county.geojson")
    assert json.loads(answer.content)["features"][0]["geometry"]["coordinates"][0] == [
        112.55,
        37.87,
    ]
    again = client.get("/map/base/county.geojson", headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304


def test_a_shifted_file_is_moved_to_where_it_is(client: Client, folder: Path) -> None:
    put(folder, ABOUT.format(coordinates="gcj02"))
    found = json.loads(client.get("/map/base/county.geojson").content)
    x, y = found["features"][0]["geometry"]["coordinates"][0]
    assert from_wgs84(x, y) == pytest.approx((112.55, 37.87), abs=1e-6)
    assert (x, y) != pytest.approx((112.55, 37.87), abs=1e-3)


@pytest.mark.parametrize(
    ("about", "content", "says"),
    [
        ("", None, "county.yaml"),
        ("name: {zh: 界, en: x}\nrole: boundary\nsource: s", None, "county.yaml"),
        (ABOUT.format(coordinates="bd09"), None, "county.yaml"),
    ],
)
def test_a_layer_nobody_describes_leaves_the_map_usable(
    client: Client, folder: Path, about: str, content: object, says: str
) -> None:
    put(folder, about, content)
    answer = client.get("/map")
    assert answer.status_code == 200
    assert says in answer.context["fault"]
    assert client.get("/map/base/county.geojson").status_code == 422


@pytest.mark.parametrize(
    "content",
    [
        {"type": "Topology"},
        [1],
        {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry":
            {"type": "Point", "coordinates": [[], 2]}}]},
    ],
)  # fmt: skip
def test_a_file_that_is_no_geojson_is_refused(
    client: Client, folder: Path, content: object
) -> None:
    put(folder, ABOUT.format(coordinates="gcj02"), content)
    assert client.get("/map/base/county.geojson").status_code == 422


def test_a_name_leads_nowhere_else(client: Client, folder: Path) -> None:
    put(folder, ABOUT.format(coordinates="wgs84"))
    for name in ("..%2F..%2Fetc%2Fpasswd", "%2e%2e", "county%00"):
        assert client.get(f"/map/base/{name}.geojson").status_code in (400, 404)


def test_a_folder_that_is_not_there_is_said(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENHE_MAP_LAYERS", "/nowhere/at/all")
    settings.cache_clear()
    assert "/nowhere/at/all" in client.get("/map").context["fault"]


@pytest.mark.skipif(not (SHARED / "data/geo").is_dir(), reason="boundaries are not in this tree")
def test_the_outline_of_taiyuan_moves_by_half_a_kilometre() -> None:
    whole = json.loads((SHARED / "data/geo/taiyuan_counties.geojson").read_text("utf-8"))
    before, after = (
        [place for feature in one["features"] for place in places(feature["geometry"])]
        for one in (whole, converted(whole))
    )
    assert len(before) == len(after) > 1000
    for (x, y), (u, v) in zip(before[::50], after[::50], strict=True):
        metres = 111_320 * hypot((x - u) * cos(radians(y)), y - v)
        assert 400 < metres < 700


def places(geometry: dict[str, object]) -> list[list[float]]:
    found: list[list[float]] = []

    def walk(part: object) -> None:
        if isinstance(part, list) and part and isinstance(part[0], float | int):
            found.append(part[:2])
        elif isinstance(part, list):
            for one in part:
                walk(one)

    walk(geometry["coordinates"])
    return found


def test_the_built_in_layer_is_whole() -> None:
    body, _ = base_layers.content("rivers")
    names = {one["properties"]["name"] for one in json.loads(body)["features"]}
    assert "Fen" in names
