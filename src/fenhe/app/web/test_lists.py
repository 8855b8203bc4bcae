"""Lists of any kind: what the filters leave, in every order to the last row, round trip, saved
views; and what each page may ask of the database, whatever its length."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fenhe.access.models import Organ, Person
from fenhe.app import assets, listing
from fenhe.app.boot import boot
from fenhe.ingest.readers import read_whole
from fenhe.registry import kinds, objects
from fenhe.registry.models import Area, Change, Object, Relation, SavedView, Series
from fenhe.store.lake import Lake

boot()
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
    ),
]
KIND = "air_station"
BUDGETS = Path(__file__).parents[4] / "tests" / "budgets" / "queries.json"


@pytest.fixture
def client(client: Client) -> Client:
    client.force_login(Person.objects.create(username="chief", role="administrator"))
    return client


def area(adcode: str, name: str, parent: Area | None = None) -> Area:
    return Area.objects.create(
        adcode=adcode, name_zh=name, name_en=name, level="city", parent=parent
    )


def station(number: int, **more: object) -> Object:
    fields = {"name_zh": f"第{number}站", "attributes": {}} | more
    return Object.objects.create(kind=KIND, code=f"S{number:04d}", **fields)


def shown(client: Client, query: str = "") -> list[str]:
    """The codes of one page."""
    rows = client.get(f"/objects/{KIND}?{query}").context["rows"]
    return [thing.code for thing, _ in rows]


def walked(client: Client, query: str) -> list[str]:
    """Every code, from the first page to the last."""
    codes, after = [], ""
    while True:
        answer = client.get(f"/objects/{KIND}?size=3&{query}&after={after}")
        codes += [thing.code for thing, _ in answer.context["rows"]]
        following = answer.context["next"]
        if not following:
            return codes
        after = following.partition("after=")[2].partition("&")[0]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=汾河", ["S0001"]),
        ("q=汾河+小店", ["S0001"]),
        ("q=小店", ["S0001", "S0003"]),
        ("q=ＳＨＡＮＧＬＡＮ", ["S0002"]),
        ("q=汾水", []),
        ("f.station_type=national", ["S0001"]),
        ("f.control_point=true", ["S0002"]),
        ("f.district=店", ["S0003"]),
        ("f.part_of=太原", ["S0001"]),
        ("area=140100", ["S0001", "S0002"]),
        ("area=140105", ["S0002"]),
        ("area=none", []),
        ("valid=ended", ["S0003"]),
        ("valid=now", ["S0001", "S0002"]),
        ("q=%25", []),
        ("f.nothing=1", ["S0001", "S0002", "S0003"]),
    ],
)
def test_filters_leave_what_they_say(client: Client, query: str, found: list[str]) -> None:
    city = area("140100", "太原")
    station(1, name_zh="汾河小店站", area=city, attributes={"station_type": "national"})
    station(2, name_en="Shanglan", area=area("140105", "小店", city),
            attributes={"control_point": True})  # fmt: skip
    station(3, attributes={"district": "小店区"}, valid_to=date(2020, 1, 1))
    place = Object.objects.create(kind="air_city", code="140100", name_zh="太原市")
    Relation.objects.create(
        subject=Object.objects.get(code="S0001"), predicate="part_of", object=place
    )
    assert shown(client, query) == found


@pytest.mark.parametrize(
    "sort", ["code", "-code", "name", "-name", "district", "-district", "longitude", "-valid_to"]
)
def test_every_order_reaches_every_row_once(client: Client, sort: str) -> None:
    for number in range(10):
        station(
            number,
            name_zh=f"站{number % 3}",
            longitude=112.0 + number % 4 if number % 2 else None,
            valid_to=date(2030, 1, 1 + number % 2) if number % 3 else None,
            attributes={"district": f"区{number % 2}"} if number % 3 else {},
        )
    codes = walked(client, f"sort={sort}")
    assert sorted(codes) == [f"S{number:04d}" for number in range(10)]
    if sort in ("district", "-district"):
        lacking = {"S0000", "S0003", "S0006", "S0009"}
        assert set(codes[-4:]) == lacking, "what is missing stays at the bottom"


def test_an_order_by_number_is_by_number(client: Client) -> None:
    for number, longitude in enumerate((100.5, 9.0, 20.0)):
        station(number, longitude=longitude)
    assert walked(client, "sort=longitude") == ["S0001", "S0002", "S0000"]
    assert walked(client, "sort=-longitude") == ["S0000", "S0002", "S0001"]


@pytest.mark.parametrize("after", ["x", "W10", "WyJhIl0", "WzEsMiwzXQ", "W3t9LDFd"])
def test_a_place_that_is_none_is_refused(client: Client, after: str) -> None:
    station(1)
    assert client.get(f"/objects/{KIND}?after={after}").status_code == 422


def test_unknown_kinds_are_not_there(client: Client) -> None:
    assert client.get("/objects/unicorn").status_code == 404
    assert client.get("/objects/unicorn.csv").status_code == 404


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_is_exported_imports_unchanged(client: Client, form: str, tmp_path: Path) -> None:
    station(1, name_zh="=1+1", longitude=-0.5, latitude=1.25,
            attributes={"control_point": True, "address": "+86 一号, “楼”"})  # fmt: skip
    station(2, valid_from=date(2020, 2, 29))
    file = tmp_path / f"stations.{form}"
    file.write_bytes(client.get(f"/objects/{KIND}.{form}").content)
    table, findings = read_whole(file, file.name, 10**7)
    plan = objects.plan(KIND, table, file.name)
    assert (findings.kept, plan.problems) == ([], [])
    assert (plan.new, plan.changed, plan.unchanged) == (0, 0, 2)


def test_an_export_holds_what_the_filters_leave(client: Client) -> None:
    station(1, name_zh="汾河")
    station(2)
    answer = client.get(f"/objects/{KIND}.csv?q=汾河")
    assert pl.read_csv(io.BytesIO(answer.content))["code"].to_list() == ["S0001"]


def test_a_formula_is_escaped_in_a_file_and_markup_on_the_page(client: Client) -> None:
    station(1, name_zh="=cmd()", name_en="<script>alert(1)</script>")
    assert b"'=cmd()" in client.get(f"/objects/{KIND}.csv").content
    client.cookies["language"] = "en"
    page = client.get(f"/objects/{KIND}?q=<script>").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_an_import_is_remembered_field_by_field(client: Client) -> None:
    station(1, name_zh="旧名", attributes={"district": "小店"})
    table = pl.DataFrame({"row": [2], "code": ["S0001"], "name_zh": ["新名"], "district": ["迎泽"]})
    objects.apply(objects.plan(KIND, table), "王工")
    change = Change.objects.get()
    assert change.person == "王工"
    assert change.fields == {
        "name_zh": ["旧名", "新名"],
        "attributes.district": ["小店", "迎泽"],
    }
    assert shown(client, "q=新名") == ["S0001"], "what is searched follows the change"
    told = client.get(f"/object/{change.object_id}/history").content.decode()
    assert "旧名" in told
    assert "迎泽" in told
    assert "王工" in told


def test_views_are_ones_own_or_shared_with_the_organ(client: Client) -> None:
    office = Organ.objects.create(code="air", name_zh="大气科", name_en="air", kind="office")
    Person.objects.update(organ=office)
    client.post(f"/objects/{KIND}/views", {"name": "我的", "query": "q=1"})
    client.post(f"/objects/{KIND}/views", {"name": "共享", "query": "q=2", "shared": "1"})
    other = Client()
    other.force_login(Person.objects.create(username="other", role="viewer", organ=office))
    assert [v.name for v in other.get(f"/objects/{KIND}").context["views"]] == ["共享"]
    mine = SavedView.objects.get(name="我的")
    assert other.post(f"/objects/views/{mine.pk}/drop").status_code == 404
    assert client.post(f"/objects/views/{mine.pk}/drop").status_code == 302
    assert client.post(f"/objects/{KIND}/views", {"name": " ", "query": ""}).status_code == 422


def test_a_stranger_sees_no_list() -> None:
    for url in ("/objects", f"/objects/{KIND}", f"/objects/{KIND}.csv", "/series", "/object/1"):
        assert Client().get(url).status_code == 302, url


def fill(count: int, lake: Lake) -> Object:
    """`count` stations in a city, each with a series and a reading."""
    from fenhe.observe import readings

    city = Object.objects.create(kind="air_city", code="140100", name_zh="太原市")
    things = [
        Object(kind=KIND, code=f"Q{number:04d}", name_zh=f"站{number}") for number in range(count)
    ]
    Object.objects.bulk_create(things)
    Relation.objects.bulk_create(
        Relation(subject=thing, predicate="part_of", object=city) for thing in things
    )
    Series.objects.bulk_create(
        Series(object=thing, property="pm2_5", resolution="hour") for thing in things
    )
    ids = list(Series.objects.values_list("id", flat=True))
    frame = pl.DataFrame(
        {
            "series": pl.Series(ids, dtype=pl.Int32),
            "start": [datetime(2015, 7, 1, tzinfo=UTC)] * count,
            "value": [35.0] * count,
            "qualifier": pl.Series([0] * count, dtype=pl.Int8),
        }
    )
    readings.append(frame, "hour", "import", lake=lake)
    return things[0]


@pytest.mark.parametrize("count", [10, 200])
def test_every_page_stays_within_its_queries_however_long_it_is(
    client: Client, lake: Lake, count: int
) -> None:
    first = fill(count, lake)
    budgets = json.loads(BUDGETS.read_text("utf-8"))
    told = {}
    for page in budgets:
        url = page.replace("{object}", str(first.pk))
        client.get(url)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(url).status_code == 200, url
        told[page] = len(asked)
    assert {page: count for page, count in told.items() if count > budgets[page]} == {}


def test_budgets_name_every_list() -> None:
    """A kind that is added must not escape: its list costs what the dearest does."""
    for kind in kinds.all():
        question = listing.read(kind, {}, "zh")
        assert question.shown, kind.id


def test_a_code_nobody_has_mapped_is_shown_by_its_code(client: Client, lake: Lake) -> None:
    thing = fill(2, lake)
    Series.objects.filter(object=thing).update(property="w99999")
    [series] = Series.objects.filter(object=thing)
    for url in ("/series", f"/object/{thing.pk}/data"):
        answer = client.get(url)
        assert (answer.status_code, "w99999" in answer.content.decode()) == (200, True), url
    for url in (f"/explain/reading/{series.pk}/20150701T000000Z", f"/search?q={thing.code}"):
        assert client.get(url).status_code == 200, url
