"""The public portal and the command screen over a small city: what is shown, what stays inside."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta

import polars as pl
import pytest
from django.test import Client

from fenhe.access.models import Person
from fenhe.alert import alarms
from fenhe.app import assets, wiring
from fenhe.app.boot import boot
from fenhe.app.web import public, screen
from fenhe.assess import dirty, engine
from fenhe.kernel.period import Period, civil, utc_now
from fenhe.kernel.text import Text
from fenhe.observe import readings
from fenhe.publish import editions
from fenhe.publish.models import Publication
from fenhe.publish.public import Cell, Place, Public
from fenhe.registry.models import Area, Object, Relation, Series
from fenhe.store import outbox
from fenhe.store.config import settings
from fenhe.store.lake import Lake

boot()
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
    ),
]
SECRET = "13800001111"
PROPERTIES = ("so2", "no2", "pm10", "pm2_5", "co", "o3")


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    public.forget()
    yield
    public.forget()


@pytest.fixture
def city(lake: Lake) -> Object:
    """A city of two stations with two days of hours, judged; a telephone number among the
    attributes, an alarm, a published and a drafted bulletin."""
    area = Area.objects.create(adcode="140100", name_zh="太原市", name_en="Taiyuan", level="city")
    whole = Object.objects.create(
        kind="air_city", code="140100", name_zh="太原市", name_en="Taiyuan", area=area
    )
    last = utc_now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    hours = [last - timedelta(hours=back) for back in range(48)]
    frames = []
    for at, name in enumerate(("小店", "晋源")):
        station = Object.objects.create(
            kind="air_station",
            code=f"S{at}",
            name_zh=name,
            name_en=f"Station {at}",
            area=area,
            longitude=112.5 + at / 10,
            latitude=37.8,
            attributes={"address": SECRET, "station_type": "national"},
        )
        Relation.objects.create(subject=station, predicate="part_of", object=whole)
        for number, measured in enumerate(PROPERTIES):
            one = Series.objects.create(object=station, property=measured, resolution="hour")
            rows = {"series": one.pk, "start": hours, "value": [float(20 + number)] * len(hours)}
            frames.append(pl.DataFrame(rows))
    readings.append(pl.concat(frames), "hour", "test")
    handlers = wiring.handlers(utc_now)
    while outbox.run(handlers) or dirty.count():
        engine.assess(lambda judged, waiting: None)
    return whole


def page(client: Client, path: str = "/public") -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.content[:500]
    return answer.content.decode()


def test_without_data_it_says_so(client: Client, lake: Lake) -> None:
    assert "还没有可以公开的数据" in page(client)
    assert "nothing to show the public yet" in page(client, "/public?lang=en")


def test_the_public_sees_the_hour_and_nothing_that_is_not_for_it(
    client: Client, city: Object
) -> None:
    alarms.raise_("k", "air.silent", "red", city.pk, Text("内部告警", "internal"), utc_now())
    period = Period.month(civil(utc_now()).year, civil(utc_now()).month)
    draft = editions.draft("air.city-bulletin", city, period)
    shown = page(client) + page(client, "/public?lang=en")
    assert "太原市" in shown
    assert "小店" in shown
    assert "Station 1" in shown
    for hidden in (SECRET, "内部告警", "internal", "/explain/", "/alarms", "csrf", "address"):
        assert hidden not in shown, hidden
    assert "还没有发布通报" in shown
    assert client.get(f"/public/bulletins/{draft.pk}.pdf").status_code == 404


def test_a_public_copy_has_only_the_fields_made_for_it(city: Object) -> None:
    part = public.parts("zh")["air"]
    assert {one.name for one in fields(Public)} == {
        "title", "value", "word", "look", "sentence", "advice", "basis", "columns", "places",
        "data_to", "observed", "expected", "open_data",
    }  # fmt: skip
    assert all(isinstance(place, Place) for place in part.places)
    assert all(isinstance(cell, Cell) for place in part.places for cell in place.cells)


def test_open_data_say_their_licence_quality_and_reach(
    client: Client, city: Object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENHE_OPEN_DATA_LICENCE", "CC BY 4.0")
    settings.cache_clear()
    text = client.get("/public/data/air/hour.csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["code"] for row in rows} == {"S0", "S1"}
    assert {row["licence"] for row in rows} == {"CC BY 4.0"}
    assert all(row["quality"] and row["data_up_to"] for row in rows)
    assert "address" not in rows[0]
    assert client.get("/public/data/air/none.csv").status_code == 404
    assert client.get("/public/data/none/hour.csv").status_code == 404
    days = client.get("/public/data/air/days.csv?lang=en").content.decode("utf-8-sig")
    assert days.splitlines()[0].startswith("day,aqi,category,primary")


def test_published_bulletins_can_be_had(client: Client, city: Object) -> None:
    year = Period.year(civil(utc_now()).year)
    made = editions.draft("air.city-bulletin", city, year)
    # Two days do not make a year that may be published; what is tested here comes after that.
    Publication.objects.filter(pk=made.pk).update(
        state="published", published_at=utc_now(), published_by="chief"
    )
    shown = page(client)
    assert f"/public/bulletins/{made.pk}.pdf" in shown
    assert "chief" not in shown
    assert client.get(f"/public/bulletins/{made.pk}.pdf").content[:5] == b"%PDF-"
    assert client.get(f"/public/bulletins/{'9' * 30}.pdf").status_code == 404


def test_answers_may_be_kept_on_the_way_and_are_the_same_for_all(
    client: Client, city: Object
) -> None:
    first = client.get("/public")
    assert first["Cache-Control"] == "public, max-age=60"
    assert "Set-Cookie" not in first
    assert not first.cookies
    again = client.get("/public", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/public?lang=en")["ETag"] != first["ETag"]
    assert client.post("/public").status_code == 405


def test_too_many_from_one_address_are_told_when_to_come_back(
    client: Client, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENHE_PUBLIC_PER_MINUTE", "3")
    settings.cache_clear()
    address = {"REMOTE_ADDR": "203.0.113.7"}
    answers = [client.get("/public", **address) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 21
    assert client.get("/public", REMOTE_ADDR="203.0.113.8").status_code == 200


def test_the_command_screen_shows_it_all_to_who_may_see_it(client: Client, city: Object) -> None:
    assert client.get("/screen").status_code == 302
    client.force_login(Person.objects.create(username="wall", role="viewer"))
    alarms.raise_("k", "air.silent", "red", city.pk, Text("站点掉线", "silent"), utc_now())
    shown = page(client, "/screen")
    assert "小店" in shown
    assert "站点掉线" in shown
    assert shown.count("<circle") == 2
    part = client.get("/screen/now", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "小店" in part
    client.force_login(Person.objects.create(username="keeper", role="system_administrator"))
    assert client.get("/screen").status_code == 403


def test_places_lie_true_to_scale_and_north_is_up() -> None:
    places = [
        Place("south", [Cell("1")], 112.0, 37.0),
        Place("north", [Cell("2")], 112.0, 38.0),
        Place("east", [Cell("3")], 113.0, 37.0),
        Place("nowhere", [Cell("4")]),
    ]
    at = {one["name"]: (one["x"], one["y"]) for one in screen.plot(places)}
    assert "nowhere" not in at
    assert at["north"][1] < at["south"][1]
    wide, high = at["east"][0] - at["south"][0], at["south"][1] - at["north"][1]
    assert 0.76 < wide / high < 0.82  # cos 37.5° is 0.793
    assert screen.plot([]) == []
    assert len(screen.plot([Place("one", [], 1.0, 2.0)])) == 1
