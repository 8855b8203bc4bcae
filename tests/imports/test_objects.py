"""Objects from a table: all problems at once, all rows or none, export imports unchanged."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import polars as pl
import pytest
from conftest import SHARED

from fenhe.app import discovery
from fenhe.evidence.models import Act
from fenhe.kernel.errors import BadInput
from fenhe.registry import objects
from fenhe.registry.models import Object, Relation

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def city() -> None:
    discovery.load()
    Object.objects.create(kind="air_city", code="140100", name_zh="太原")


def table(**columns: list[str]) -> pl.DataFrame:
    height = len(next(iter(columns.values())))
    rows = pl.Series("row", range(2, height + 2), dtype=pl.UInt32)
    return pl.DataFrame({"row": rows, **columns})


GOOD = {
    "code": ["1081A", "1083A"],
    "name_zh": ["尖草坪", "上兰"],
    "longitude": ["112.51", "112.43"],
    "station_type": ["国控", "national"],
    "control_point": ["否", "true"],
    "part_of": ["140100", "140100"],
}


def test_stations_with_their_city() -> None:
    plan = objects.plan("air_station", table(**GOOD))
    assert (plan.new, plan.changed, plan.problems) == (2, 0, [])
    assert Object.objects.filter(kind="air_station").count() == 0
    objects.apply(plan, "王工")
    station = Object.objects.get(code="1083A")
    assert station.attributes == {"station_type": "national", "control_point": True}
    assert station.relations_out.get().object.name_zh == "太原"
    act = Act.objects.get(action="registry.objects")
    assert (act.person, act.detail) == ("王工", {"new": 2, "changed": 0})


def test_the_same_table_again_changes_nothing() -> None:
    objects.apply(objects.plan("air_station", table(**GOOD)))
    again = objects.plan("air_station", table(**GOOD))
    assert (again.new, again.changed, again.unchanged) == (0, 0, 2)
    objects.apply(again)
    assert Relation.objects.count() == 2


def test_the_export_imports_unchanged() -> None:
    objects.apply(objects.plan("air_station", table(**GOOD)))
    exported = objects.export("air_station").with_row_index("row", offset=2)
    plan = objects.plan("air_station", exported)
    assert (plan.new, plan.changed, plan.unchanged, plan.problems) == (0, 0, 2, [])


def test_a_blank_leaves_what_is_there() -> None:
    objects.apply(objects.plan("air_station", table(**GOOD)))
    objects.apply(objects.plan("air_station", table(code=["1081A"], longitude=[""], name_en=["J"])))
    station = Object.objects.get(code="1081A")
    assert (station.longitude, station.name_en, station.name_zh) == (112.51, "J", "尖草坪")


def test_a_station_moves_to_another_city() -> None:
    objects.apply(objects.plan("air_station", table(**GOOD)))
    Object.objects.create(kind="air_city", code="140200", name_zh="大同")
    plan = objects.plan("air_station", table(code=["1081A"], part_of=["140200"]))
    assert plan.changed == 1
    objects.apply(plan)
    assert Relation.objects.get(subject__code="1081A").object.code == "140200"


def test_every_problem_with_its_place_and_nothing_written() -> None:
    bad = table(
        code=["1081A", "1081A", "", "1084A"],
        name_zh=["尖草坪", "上兰", "无码", ""],
        longitude=["112.5", "999", "x", "1"],
        station_type=["国控", "mine", "市控", "县控"],
        control_point=["否", "maybe", "是", "是"],
        valid_from=["2015-01-01", "soon", "", ""],
        part_of=["140100", "999999", "", ""],
    )
    plan = objects.plan("air_station", bad, "stations.csv")
    assert sorted((p.row, p.column, p.code.split(".")[1]) for p in plan.problems) == [
        (3, "code", "code-twice"),
        (3, "control_point", "attribute-invalid"),
        (3, "longitude", "coordinate-invalid"),
        (3, "part_of", "relation-unknown"),
        (3, "station_type", "attribute-invalid"),
        (3, "valid_from", "date-invalid"),
        (4, "code", "code-blank"),
        (4, "longitude", "coordinate-invalid"),
        (5, "name_zh", "name-blank"),
    ]
    assert {problem.file for problem in plan.problems} == {"stations.csv"}
    with pytest.raises(BadInput):
        objects.apply(plan)
    assert not Object.objects.filter(kind="air_station").exists()


def test_an_unknown_column_is_refused(tmp_path: Path) -> None:
    plan = objects.plan("air_station", table(code=["1"], colour=["red"]))
    assert [(p.code, p.column) for p in plan.problems] == [("registry.column-unknown", "colour")]
    plan = objects.plan("air_station", table(name_zh=["x"]))
    assert [(p.code, p.column) for p in plan.problems] == [("registry.column-missing", "code")]


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data are not here")
def test_all_national_stations_in_a_few_queries(
    django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]],
) -> None:
    source = pl.read_csv(SHARED / "data/air/stations_cn_1498.csv", infer_schema=False)
    stations = source.select(
        pl.int_range(2, source.height + 2, dtype=pl.UInt32).alias("row"),
        "name_zh",
        "name_en",
        code="station_code",
        longitude="lon",
        latitude="lat",
        part_of=pl.lit("140100"),
    )
    plan = objects.plan("air_station", stations)
    assert (plan.new, plan.problems) == (source.height, [])
    with django_assert_max_num_queries(48):
        objects.apply(plan)
    assert Relation.objects.count() == source.height
    with django_assert_max_num_queries(48):
        objects.apply(objects.plan("air_station", stations))


def test_what_to_write_is_said() -> None:
    wrong = GOOD | {"control_point": ["maybe", "否"], "station_type": ["x", "国控"]}
    wrong |= {"part_of": ["999999", "140100"]}
    said = {one.column: one.message for one in objects.plan("air_station", table(**wrong)).problems}
    assert "true" in said["control_point"].zh
    assert "national（国控）" in said["station_type"].zh
    assert "micro (micro station)" in said["station_type"].en
    command = "fenhe import-objects FILE.csv --kind air_city --yes"
    assert command in said["part_of"].zh
    assert command in said["part_of"].en
