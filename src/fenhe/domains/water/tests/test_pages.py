"""The pages over an empty platform and over a small one of its own."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import polars as pl
import pytest
from django.test import Client

from fenhe.access.models import Person
from fenhe.alert import alarms
from fenhe.app import assets, demo_water, wiring
from fenhe.app.boot import boot
from fenhe.app.web import public
from fenhe.assess import dirty, engine
from fenhe.assess.models import Verdict
from fenhe.domains.water.pages import dossier, standing
from fenhe.domains.water.rules import evaluation, tables
from fenhe.kernel.period import Period, utc_now
from fenhe.kernel.text import Text
from fenhe.registry import vocabulary
from fenhe.registry.models import Object, Relation
from fenhe.store import outbox
from fenhe.store.lake import Lake

boot()
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
    ),
]
PAGES = ("", "basins", "league", "compensation", "compare")


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(Person.objects.create(username="chief", role="administrator"))
    return client


@pytest.fixture
def river(lake: Lake, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Object:
    """The simulated sections of the demonstration over twelve days, or so many as are asked for."""
    last = date(2015, 12, getattr(request, "param", 12))
    monkeypatch.setattr(demo_water, "PERIOD", Period.days(date(2015, 12, 1), last))
    demo_water.prepare(lambda share: None)
    handlers = wiring.handlers(lambda: demo_water.PERIOD.end)
    while outbox.run(handlers) or dirty.count():
        engine.assess()
    return Object.objects.get(kind="water_city")


@pytest.mark.parametrize("page", PAGES)
def test_pages_answer_without_any_data(administrator: Client, page: str) -> None:
    answer = administrator.get(f"/water/{page}")
    assert answer.status_code == 200
    assert "{{" not in answer.content.decode()


def test_an_unknown_section_is_not_found(administrator: Client) -> None:
    assert administrator.get("/water/section/none").status_code == 404


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_show_the_river(administrator: Client, river: Object, language: str) -> None:
    administrator.cookies["language"] = language
    asked = (
        *PAGES,
        "section/TY07",
        "section/TY90?property=tp&span=92&date=2015-12-05",
        "basins?span=year&month=2015-12",
        "league?section=TY07&item=nh3n&value=0.2",
        "compensation?scheme=shandong-2019",
        "league?value=x&section=TY07&item=do",
    )
    for page in asked:
        answer = administrator.get(f"/water/{page}")
        body = answer.content.decode()
        assert answer.status_code == 200, page
        assert "{{" not in body
        if page != "compare":
            assert ("模拟数据" if language == "zh" else "Simulated data") in body, page
    home = administrator.get("/").content.decode()
    assert "/water/" in home


def test_the_list_is_given_as_csv_with_the_same_rows(administrator: Client, river: Object) -> None:
    answer = administrator.get("/water/?csv=sections")
    rows = answer.getvalue().decode("utf-8-sig").splitlines()
    assert len(rows) == 1 + Relation.objects.filter(object=river).count()
    assert re.match(r"TY01,汾河水库出口,汾河,娄烦县,Ⅱ,", rows[1])
    ended = Relation.objects.filter(object=river, subject__code="TY01")
    ended.update(valid_to=date(2015, 12, 1))
    answer = administrator.get("/water/?csv=sections")
    assert "TY01," not in answer.getvalue().decode("utf-8-sig"), "no section of the city any more"


def test_what_if_lowers_the_index(administrator: Client, river: Object) -> None:
    answer = administrator.get("/water/league?section=TY07&item=nh3n&value=0.1")
    pattern = r'CWQI <span class="muted">([\d.]+)</span> → <strong>([\d.]+)'
    was, now = map(float, re.findall(pattern, answer.content.decode())[0])
    assert now < was


def test_a_published_file_is_compared_and_not_kept(administrator: Client, lake: Lake) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    text = "section,time,class,ph,do,codmn,nh3n,tp\n甲,04-01 20:00,Ⅳ,8,8,7,0.1,0.05\n"
    text += "甲,04-02 00:00,Ⅳ,8,8,3,0.1,0.05\n"
    file = SimpleUploadedFile("feed.csv", text.encode())
    answer = administrator.post("/water/compare", {"table": file}).content.decode()
    assert "00:00 公布的是前一样品的类别" in answer
    bad = SimpleUploadedFile("feed.csv", b"nh3n\nmuch\n")
    refused = administrator.post("/water/compare", {"table": bad}).content.decode()
    assert "water.not-a-number" in refused


def test_the_simulation_is_seeded_and_physical() -> None:
    rain = np.zeros(600)
    made = [demo_water.samples(0.8, np.random.default_rng(1), 600, rain) for _ in range(2)]
    for item in demo_water.ITEMS:
        assert np.array_equal(made[0][item], made[1][item], equal_nan=True)
    frame = pl.DataFrame(made[0]).drop_nans()
    assert (frame["tn"] >= frame["nh3n"]).all()
    assert frame["ph"].is_between(6, 9).all()
    assert (frame["do"] > 0).all()


def test_lists_the_map_and_dossiers_know_the_sections(administrator: Client, river: Object) -> None:
    section = Object.objects.get(code="TY07")
    for page in (
        "objects/water_section",
        "objects/water_lake_point",
        "map",
        f"object/{section.pk}",
    ):
        assert administrator.get(f"/{page}").status_code == 200, page
    hours = dossier.map_hours(Period.days(date(2015, 12, 11), date(2015, 12, 12)))
    own = hours.filter(pl.col("object") == section.pk)
    starts = own["start"].dt.epoch("s") // 3600
    # a sample holds for its four hours; where one is missing, all four are
    assert own.height > 0
    assert own.height % 4 == 0
    assert starts.n_unique() == own.height
    assert set(own["class"]) <= {str(level) for level in range(1, 7)}


def test_limits_of_charts_are_those_of_the_target(river: Object) -> None:
    section, lake = (Object.objects.get(code=code) for code in ("TY07", "TY90"))
    day = date(2015, 12, 12)
    assert [value for value, _ in dossier.limits("nh3n", "hour", section, day)] == [2.0]
    assert [value for value, _ in dossier.limits("tp", "day", lake, day)] == [0.05]
    assert dossier.limits("ec", "hour", section, day) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_public_sees_classes_with_their_hour_and_nothing_else(
    client: Client, river: Object, language: str
) -> None:
    public.forget()
    shown = client.get(f"/public?lang={language}").content.decode()
    assert "韩武村" in shown
    assert ("采样时间" if language == "zh" else "Sampled") in shown
    assert re.search(r'class="level water-[1-6]">', shown)
    for hidden in ("/explain/", "/water/section/", "小店区", "csrf"):
        assert hidden not in shown, hidden
    rows = client.get("/public/data/water/sections.csv").content.decode("utf-8-sig").splitlines()
    assert rows[0].startswith("code,name,river,longitude,latitude,sampled,class,ph (pH)")
    assert len(rows) == 1 + Relation.objects.filter(object=river).count()
    public.forget()


@pytest.mark.parametrize("river", [28], indirect=True)
def test_districts_are_balanced_and_what_cannot_be_said_is_said(
    administrator: Client, river: Object
) -> None:
    page = administrator.get("/water/compensation?month=2015-12").content.decode()
    assert "迎泽桥 → " in page
    assert "上游没有断面" in page  # the first section, and tributaries
    answer = administrator.get("/water/compensation?csv=balance")
    rows = answer.getvalue().decode("utf-8-sig").splitlines()
    head = rows[0].split(",")
    ammonia = [dict(zip(head, row.split(","), strict=True)) for row in rows if ",nh3n," in row]
    gauged = [row for row in ammonia if row["own_kg_d"]]
    assert gauged
    for row in gauged:
        own = float(row["load_out_kg_d"]) - float(row["load_in_kg_d"])
        assert float(row["own_kg_d"]) == pytest.approx(own)
        assert float(row["own_low_kg_d"]) < own < float(row["own_high_kg_d"])
    assert {row["cannot_be_said"] for row in ammonia if not row["own_kg_d"]} <= {
        "loads", "no_inflow;loads", "no_inflow",
    }  # fmt: skip


def test_the_page_asks_as_often_for_many_sections(
    administrator: Client, river: Object, django_assert_max_num_queries: object
) -> None:
    administrator.get("/water/compensation")
    with django_assert_max_num_queries(45):  # type: ignore[operator]
        administrator.get("/water/compensation")


@pytest.mark.parametrize("river", [12], indirect=True)
def test_what_fails_the_target_is_named_though_no_station_measures_it(
    administrator: Client, river: Object
) -> None:
    section = Object.objects.get(code="TY01")
    found = Verdict.objects.get(
        subject=section, rule="water.section-month", current=True, start__month=11
    )
    values = found.values | {"cod": 18.9, "level": 3}
    Verdict.objects.filter(pk=found.pk).update(
        values=values
        | {
            "levels": found.values["levels"] | {"cod": 3},
            "exact": found.values["exact"] | {"cod": 18.9},
        }
    )
    page = administrator.get("/water/section/TY01").content.decode()
    assert "本月已不能达到目标：化学需氧量 18.9 mg/L" in page
    assert "本月有余量" not in page
    assert "超目标：化学需氧量" in page
    listed = administrator.get("/water/").content.decode()
    (row,) = re.findall(r'<tr><th scope="row"><a href="/water/section/TY01".*?</tr>', listed, re.S)
    assert "超目标：化学需氧量" in row
    assert "已不可达" in row
    csv = administrator.get("/water/?csv=sections").getvalue().decode("utf-8-sig")
    assert "beyond_target" in csv
    assert re.search(r"TY01,.*,化学需氧量,", csv)


def row_of(item: str, **given: float | None) -> dict[str, object]:
    return {"item": item, "waterbody": "river", "room": None, "one_day": None, **given}


def test_a_bound_without_meaning_is_said_in_words_on_the_pages() -> None:
    said = standing._bounded
    assert said(row_of("codmn", room=141.43), "room", "zh") == "无论如何都能达标"
    assert said(row_of("do", room=-2.0), "room", "en") == "any value will do"
    assert said(row_of("do", one_day=-2.0), "one_day", "en") == "no one day can"
    assert said(row_of("do", room=25.0), "room", "zh") == "任何值都不够"
    assert said(row_of("codmn", room=-1.0), "room", "zh") == "任何值都不够"
    assert said(row_of("codmn", room=6.05), "room", "zh") == "6.05"
    assert said(row_of("ph"), "room", "zh") == "—"


def graded(frame: pl.DataFrame) -> evaluation.Basin:
    return evaluation.basin(frame, tables.surface())


def test_a_lake_is_graded_by_the_limits_of_lakes_and_compared_by_grade() -> None:
    """0.08 mg/L of phosphorus is class Ⅱ in a river and Ⅳ in a lake."""
    level = pl.Series("level", [4])
    of = {
        body: graded(pl.DataFrame([level]).with_columns(tp=0.08, waterbody=pl.lit(body)))
        for body in ("lake", "river")
    }
    assert (of["lake"].level, of["river"].level) == (4, 2)
    words, way, _ = evaluation.basin_change(of["river"], of["lake"])
    assert (words.zh, way.zh) == ("明显变化", "变差")
    words, way, _ = evaluation.basin_change(of["lake"], of["lake"])
    assert (words.zh, way.zh) == ("无明显变化", "持平")


def test_what_is_wrong_stands_under_the_table_in_six_rows(
    administrator: Client, river: Object
) -> None:
    for n in range(9):
        alarms.raise_(f"k{n}", "water.x", "red", river.pk, Text("甲", "a"), utc_now())
    page = administrator.get("/water/").content.decode()
    assert page.count('<li class="notice') == 6
    assert page.index('id="sections"') < page.index("现在的问题")
    assert re.search(r'href="/alarms">全部 \d+ 条', page)


def test_ph_of_water_has_no_unit_on_pages() -> None:
    assert vocabulary.shown("ph").unit == ""
    assert vocabulary.shown("nh3n").unit == "mg/L"
