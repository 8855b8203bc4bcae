"""Areas from tables, objects placed into them, and rights that stand on it."""

from __future__ import annotations

import polars as pl
import pytest

from fenhe.access import gate
from fenhe.access.models import Grant, Person
from fenhe.app.boot import boot
from fenhe.kernel.errors import BadInput
from fenhe.registry import areas, objects
from fenhe.registry.models import Area, Object

boot()
pytestmark = pytest.mark.django_db

COLUMNS = ["adcode", "name_zh", "name_en", "level", "parent"]
CITY = ["140100", "太原市", "Taiyuan", "city", ""]
COUNTY = ["140105", "小店区", "", "county", "140100"]


def table(columns: list[str], *rows: list[str]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), dict.fromkeys(columns, pl.String()), orient="row")


def test_objects_in_areas_are_reached_by_rights_over_them() -> None:
    assert areas.register(table(COLUMNS, COUNTY, CITY)) == 2
    Object.objects.create(kind="air_station", code="1081A", name_zh="站")
    Object.objects.create(kind="air_station", code="1083A", name_zh="站")
    person = Person.objects.create(username="li")
    Grant.objects.create(person=person, role="viewer", area="140100")
    assert not gate.visible(person, Object.objects.all()).exists()
    placed = table(["row", "code", "area"], ["2", "1081A", "140105"])
    objects.apply(objects.plan("air_station", placed))
    assert [one.code for one in gate.visible(person, Object.objects.all())] == ["1081A"]
    parent = Area.objects.get(adcode="140105").parent
    assert parent is not None
    assert parent.adcode == "140100"


def test_the_same_table_again_changes_nothing() -> None:
    for _ in range(2):
        areas.register(table(COLUMNS, CITY, COUNTY))
    assert Area.objects.count() == 2


@pytest.mark.parametrize(
    "wrong",
    [
        ["1", "名", "", "city", ""],
        ["140200", "", "", "city", ""],
        ["140200", "名", "", "galaxy", ""],
        ["140200", "名", "", "city", "999999"],
        ["140200", "名", "", "city", "140200"],
    ],
)
def test_what_is_wrong_is_refused_whole(wrong: list[str]) -> None:
    with pytest.raises(BadInput, match=r"registry\.areas-refused"):
        areas.register(table(COLUMNS, CITY, wrong))
    assert not Area.objects.exists()


def test_unknown_places_are_refused() -> None:
    areas.register(table(COLUMNS, CITY))
    Object.objects.create(kind="air_station", code="S", name_zh="站")
    plan = objects.plan("air_station", table(["row", "code", "area"], ["2", "S", "999999"]))
    assert [problem.code for problem in plan.problems] == ["registry.area-unknown"]
    with pytest.raises(BadInput):
        objects.apply(plan)
    assert Object.objects.get().area is None


def test_other_columns_are_refused() -> None:
    with pytest.raises(BadInput, match=r"registry\.columns"):
        areas.register(table(["adcode"], ["140100"]))
