"""The river's pages over the simulated river of the demonstration: what they show and refuse, how
much they ask of the database, and the order that one pulse has."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fenhe.access.models import Grant, Person
from fenhe.act.models import Case
from fenhe.alert import alarms
from fenhe.app import assets, demo_river, demo_water, wiring
from fenhe.app.boot import boot
from fenhe.app.demo_cases import organ
from fenhe.assess import dirty, engine
from fenhe.domains.water import network_layer, network_records
from fenhe.kernel.errors import BadInput
from fenhe.kernel.period import Period
from fenhe.kernel.text import Text
from fenhe.registry.models import Area, Change, Object
from fenhe.store import outbox
from fenhe.store.lake import Lake

boot()
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
    ),
]
NOW = datetime(2015, 12, 31, 16, tzinfo=UTC)
EVENT = "/water/event/TY05/20151229T0400"
BUDGETS = {"/water/events": 6, "/water/river": 11, "/water/network": 8, EVENT: 17}
LAYER = (files("fenhe.app") / "demo_data" / demo_river.FILE).read_text("utf-8")


@pytest.fixture
def sign_in(client: Client) -> Callable[..., Client]:
    def of(role: str, **grant: Any) -> Client:
        person = Person.objects.create(username=role, role="" if grant else role)
        if grant:
            Grant.objects.create(person=person, role=role, **grant)
        client.force_login(person)
        return client

    return of


@pytest.fixture
def chief(sign_in: Callable[..., Client]) -> Client:
    return sign_in("administrator")


@pytest.fixture
def basin(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """The river with the last ten days of its sections."""
    monkeypatch.setattr(demo_water, "PERIOD", Period.days(date(2015, 12, 20), date(2015, 12, 29)))
    demo_water.prepare(lambda share: None)
    handlers = wiring.handlers(lambda: NOW)
    while outbox.run(handlers) or dirty.count():
        engine.assess()


def body(client: Client, page: str) -> str:
    answer = client.get(page)
    assert answer.status_code == 200, page
    text = answer.content.decode()
    assert "{{" not in text
    assert not re.findall(r">\s*water\.[a-z._]+\s*<", text)
    return text


def send(client: Client, text: str, name: str = "河网", **more: str) -> str:
    file = SimpleUploadedFile("river.geojson", text.encode())
    return client.post("/water/network", {"layer": file, "name": name, **more}).content.decode()


@pytest.mark.parametrize("page", ["river", "events", "network"])
def test_pages_answer_without_a_river(chief: Client, lake: Lake, page: str) -> None:
    body(chief, f"/water/{page}")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_event_shows_its_candidates_and_its_way_down(
    chief: Client, basin: None, language: str
) -> None:
    chief.cookies["language"] = language
    text = body(chief, EVENT)
    assert ("不是认定" if language == "zh" else "not a verdict") in text
    assert text.index("化工园排口") < text.index("清徐灌区取水口")
    first = re.findall(r'<li><p><a href="/object/\d+">([^<]+)（模拟）</a>', text)
    if language == "zh":
        assert "化工园排口" in first[:2], first
        assert "汾河清徐段河长（模拟）" in text
    assert "Jobson" in text
    for page in ("/water/river", "/water/events", "/water/network"):
        assert ("迎泽桥" in body(chief, page)) is True


def test_an_event_gives_its_tables_as_files(chief: Client, basin: None) -> None:
    answer = chief.get(f"{EVENT}?csv=downstream").getvalue().decode("utf-8-sig").splitlines()
    assert answer[0].startswith("target,km,arrival_early,arrival_probable")
    assert any(line.startswith("SIM-I02,") for line in answer)
    first = chief.get(f"{EVENT}?csv=candidates").getvalue().decode("utf-8-sig").splitlines()[1:3]
    assert any("SIM-O07" in line for line in first)


def test_a_replay_knows_only_what_was_sampled_by_then(chief: Client, basin: None) -> None:
    assert "这一时刻还看不出异常" in body(chief, f"{EVENT}?at=2015-12-29T00:00")
    early = body(chief, f"{EVENT}?at=2015-12-29T04:00")
    late = body(chief, EVENT)
    assert "截至 12-29 04:00 未回落" in early
    assert "这里按采样时刻回放" in early
    assert "截至 12-29 20:00 未回落" in late
    body(chief, f"{EVENT}?at=yesterday")
    assert "截至 12-29 04:00 未回落" in body(chief, f"{EVENT}?at=2015-12-28T20:00Z")


def test_what_is_not_there_is_not_found(chief: Client, basin: None) -> None:
    for wrong in ("TY05/20151228T0400", "TY05/x", "TY05/99991231T2300", "NO/20151229T0400"):
        assert chief.get(f"/water/event/{wrong}").status_code == 404, wrong


def test_events_are_chosen_by_section_item_standing_and_day(chief: Client, basin: None) -> None:
    def rows(query: str) -> list[str]:
        return re.findall(r'<th scope="row"><a href="(/water/event/[^"]+)"', body(
            chief, f"/water/events?{query}"
        ))  # fmt: skip

    every = rows("")
    assert EVENT in every
    assert set(rows("section=TY05")) == {one for one in every if "/TY05/" in one}
    assert set(rows("standing=weak")) | set(rows("standing=likely")) == set(every)
    assert not set(rows("standing=weak")) & set(rows("standing=likely"))
    assert EVENT in rows("item=codmn")
    assert rows("from=2015-12-20&to=2015-12-21") == []
    assert set(rows("from=x&to=y&page=zz&section=")) == set(every)
    listed = chief.get("/water/events?csv=events").getvalue().decode().splitlines()
    assert len(listed) == 1 + len(every)


@pytest.mark.parametrize("page", sorted(BUDGETS))
def test_pages_stay_within_their_queries(chief: Client, basin: None, page: str) -> None:
    chief.get(page)
    with CaptureQueriesContext(connection) as seen:
        assert chief.get(page).status_code == 200
    assert len(seen) <= BUDGETS[page], len(seen)


def test_nobody_sees_what_is_not_theirs(sign_in: Callable[..., Client], basin: None) -> None:
    elsewhere = sign_in("viewer", area="150000")
    assert elsewhere.get(EVENT).status_code == 404
    for page in ("/water/river", "/water/events", "/water/network"):
        text = elsewhere.get(page).content.decode()
        assert "迎泽桥" not in text
        assert "FEN-1" not in text


def test_who_may_see_the_section_alone_is_told_no_source(
    sign_in: Callable[..., Client], basin: None
) -> None:
    section = Object.objects.get(code="TY05")
    client = sign_in("viewer", subjects=[section.pk])
    text = body(client, EVENT)
    assert "化工园排口" not in text
    assert "登记河网" in text


def test_a_stranger_is_sent_to_sign_in(client: Client) -> None:
    for page in ("/water/river", "/water/events", EVENT, "/water/network"):
        assert client.get(page).status_code == 302


def test_a_pulse_has_one_order_however_often_it_is_sent(chief: Client, basin: None) -> None:
    organ()
    sent = {"procedure": "dispatch.order", "task": "去看看迎泽桥", "team": "一队"}
    chief.get(f"{EVENT}?procedure=dispatch.order&task=x")
    assert not Case.objects.exists(), "an address alone opens nothing"
    first = chief.post(EVENT, sent).content.decode()
    chief.post(EVENT, {**sent, "task": "再看看"})
    (case,) = Case.objects.all()
    assert case.number in first
    assert case.subject == Object.objects.get(code="TY05")
    assert (case.fields["what"], case.fields["team"]) == ("去看看迎泽桥", "一队")
    refused = chief.post(EVENT, {"procedure": "enforcement.penalty", "task": "x"})
    assert "act.no-procedure" in refused.content.decode()
    assert Case.objects.count() == 1


def test_who_holds_no_post_cannot_send_the_order(
    sign_in: Callable[..., Client], basin: None
) -> None:
    client = sign_in("viewer")
    assert "须由有派单职责的人员办理" in body(client, EVENT)
    answer = client.post(EVENT, {"procedure": "dispatch.order", "task": "x"}).content.decode()
    assert "act.no-post" in answer
    assert not Case.objects.exists()


def test_an_alarm_of_a_source_in_the_window_is_a_reason(chief: Client, basin: None) -> None:
    source = Object.objects.get(code="SIM-O05")
    inside = datetime(2015, 12, 28, 18, tzinfo=UTC)
    alarms.raise_(
        "sources.exceedance:1", "sources.exceedance", "yellow", source.pk,
        Text("城中雨污排口超标", "over its limit"), inside,
    )  # fmt: skip
    alarms.raise_(
        "sources.exceedance:2", "sources.exceedance", "yellow",
        Object.objects.get(code="SIM-O04").pk, Text("很久以前", "long ago"),
        datetime(2015, 11, 1, tzinfo=UTC),
    )  # fmt: skip
    text = body(chief, EVENT)
    assert "告警：城中雨污排口超标" in text
    assert "很久以前" not in text
    first = re.findall(r'<li><p><a href="/object/\d+">([^<]+)（模拟）</a>', text)[0]
    assert first == "城中雨污排口"


def test_a_layer_is_checked_first_and_written_on_the_second_word(chief: Client, lake: Lake) -> None:
    checked = send(chief, LAYER)
    assert "新增 7，更改 0，相同 0" in checked
    assert "拓扑没有发现问题" in checked
    assert not Object.objects.filter(kind="water_reach").exists()
    (kept,) = re.findall(r'name="hash" value="([0-9a-f]{64})"', checked)
    chief.get(f"/water/network?hash={kept}&name=河网&commit=1")
    assert not Object.objects.filter(kind="water_reach").exists(), "an address writes nothing"
    written = chief.post("/water/network", {"hash": kept, "name": "河网", "commit": "1"})
    assert "已登记，7 个河段" in written.content.decode()
    reach = Object.objects.get(kind="water_reach", code="FEN-3")
    assert reach.geometry["type"] == "LineString"
    assert reach.attributes["river_chief"] == "汾河城区段河长（模拟）"
    assert "相同 7" in send(chief, LAYER)
    map_answer = chief.get("/map/data", {"layer": "water.reach"}).json()
    assert len(map_answer["shapes"]["features"]) == 7


def test_a_reach_that_is_gone_ends_and_one_that_is_back_holds_again(lake: Lake) -> None:
    raw = json.loads(LAYER)
    fewer = {**raw, "features": raw["features"][:-1]}
    day = date(2026, 1, 1)

    def bring(layer: dict[str, Any]) -> network_records.Prepared:
        prepared = network_records.prepare(network_layer.read(json.dumps(layer)), "河网")
        network_records.apply(prepared, "test", day)
        return prepared

    bring(raw)
    assert bring(fewer).ended == ["TAIYU-1"]
    river = network_records.load(Object.objects.all(), day)
    assert river is not None
    assert "TAIYU-1" not in river.river.reaches
    bring(raw)
    river = network_records.load(Object.objects.all(), day)
    assert river is not None
    assert "TAIYU-1" in river.river.reaches
    told = Change.objects.filter(object__code="TAIYU-1").order_by("pk")
    ends = [one.fields["valid_to"] for one in told if "valid_to" in one.fields]
    assert ends == [["", "2026-01-01"], ["2026-01-01", ""]]
    assert {one.person for one in told} == {"test"}
    others = Change.objects.exclude(object__code="TAIYU-1")
    assert not [one for one in others if "valid_to" in one.fields]


def feature(id: str, *corners: tuple[float, float]) -> dict[str, Any]:
    line = {"type": "LineString", "coordinates": [list(one) for one in corners]}
    return {"type": "Feature", "properties": {"id": id}, "geometry": line}


@pytest.mark.parametrize(
    ("layer", "code"),
    [
        ("nothing", "water.network-unreadable"),
        ("[]", "water.network-unreadable"),
        ('{"type": "FeatureCollection", "features": []}', "water.network-empty"),
        (
            json.dumps({"features": [
                feature("a", (112.0, 38.0), (112.1, 38.0)),
                feature("b", (112.1, 38.0), (112.0, 38.0)),
            ]}),
            "water.network-circle",
        ),
        (
            json.dumps({"features": [feature("a", (520_000.0, 4_200_000.0), (520_100.0, 4.2e6))]}),
            "water.network-degrees",
        ),
        (
            json.dumps({"features": [{"properties": {}, "geometry": {
                "type": "Point", "coordinates": [112, 38]}}]}),
            "water.network-line",
        ),
    ],
)  # fmt: skip
def test_a_faulty_layer_is_refused_with_its_code(
    chief: Client, lake: Lake, layer: str, code: str
) -> None:
    assert code in send(chief, layer)
    assert not Object.objects.filter(kind="water_reach").exists()


def test_reaches_lie_in_the_area_that_is_named(chief: Client, lake: Lake) -> None:
    assert "registry.area-unknown" in send(chief, LAYER, area="140100")
    assert not Object.objects.filter(kind="water_reach").exists()
    Area.objects.create(adcode="140100", name_zh="太原市", name_en="Taiyuan", level="city")
    (kept,) = re.findall(r'name="hash" value="([0-9a-f]{64})"', send(chief, LAYER, area="140100"))
    sent = {"hash": kept, "name": "河网", "area": "140100", "commit": "1"}
    chief.post("/water/network", sent)
    assert Object.objects.filter(kind="water_reach", area__adcode="140100").count() == 7


def test_a_reach_of_another_layer_and_a_layer_without_a_name_are_refused(
    chief: Client, lake: Lake
) -> None:
    chart = network_layer.read(LAYER)
    network_records.apply(network_records.prepare(chart, "甲"), "test", date(2026, 1, 1))
    assert "water.reach-elsewhere" in send(chief, LAYER, "乙")
    assert "water.network-name" in send(chief, LAYER, " ")
    with pytest.raises(BadInput):
        network_records.prepare(chart, "很长" * 30)


def test_a_network_is_registered_only_by_who_may_everywhere(
    sign_in: Callable[..., Client], lake: Lake
) -> None:
    client = sign_in("viewer")
    assert client.post("/water/network", {"name": "河网"}).status_code == 403
    assert "须有全域的登记权限" in body(client, "/water/network")


def test_an_object_stands_by_its_chainage_else_by_its_coordinates(lake: Lake) -> None:
    chart = network_layer.read(LAYER)
    stood = Object(kind="water_outfall", code="A", attributes={"reach": "FEN-3", "km": 99.0})
    near = Object(kind="water_outfall", code="B", longitude=112.53, latitude=37.86)
    far = Object(kind="water_outfall", code="C", longitude=113.5, latitude=37.86)
    nowhere = Object(kind="water_outfall", code="D")
    found = [network_records.place(chart, one) for one in (stood, near, far, nowhere)]
    assert found[0] is not None
    assert found[1] is not None
    assert found[0].place.km == pytest.approx(chart.river.reach("FEN-3").length)
    assert (found[1].place.reach, found[1].by) == ("FEN-3", "coordinates")
    assert 0.3 < found[1].off < 1.0
    assert found[2:] == [None, None]
    x, y = chart.at(found[1].place)
    assert chart.place(x, y)[1] < 0.02
