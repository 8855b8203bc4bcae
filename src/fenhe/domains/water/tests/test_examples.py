"""The examples of the water reference, case by case (water_examples.csv)."""

from __future__ import annotations

import csv

import polars as pl
import pytest
from conftest import SHARED

from fenhe.domains.water.rules import classes, compensation, evaluation, tables, trophic
from fenhe.domains.water.rules.compensation import Result
from fenhe.kernel.rounding import half_even_array

JINCHENG = "jincheng-2020"
PUBLISHED = (("沁水县", 2.12, 1.0), ("晋城开发区", 3.17, 2.0))


def test_every_example_has_a_test_here() -> None:
    path = SHARED / "reference" / "water_examples.csv"
    if not path.exists():
        pytest.skip("the reference tables are not beside this checkout")
    with path.open(encoding="utf-8") as file:
        cases = {row["case_id"] for row in csv.DictReader(file)}
    assert cases == {f"EX-{n:02d}" for n in range(1, 13)}


def test_ex_01_02_exceedance_multiples() -> None:
    assert [compensation.multiple(value, target) for _, value, target in PUBLISHED] == [1.12, 0.585]


def test_ex_03_04_compensation_of_jincheng() -> None:
    rows = [
        Result(district, "断面", "2022-11", "nh3n", value, target)
        for district, value, target in PUBLISHED
    ]
    found = compensation.statements(rows, tables.edition(JINCHENG))
    assert {one.district: one.amount for one in found} == {"沁水县": 100.0, "晋城开发区": 50.0}
    assert sum(one.amount or 0 for one in found) == 150


def test_ex_05_06_changes_of_class_between_periods() -> None:
    """Ⅱ is excellent; Ⅲ→Ⅱ, 劣Ⅴ→Ⅳ and 劣Ⅴ→Ⅴ are better."""
    assert evaluation.grade(2).zh == "优"
    for before, now in ((3, 2), (6, 4), (6, 5)):
        _, direction, confidence = evaluation.grade_change(before, now)
        assert direction.zh == "好转"
        assert not confidence.accuses  # the words of change are from memory


def test_ex_07_share_of_good_sections() -> None:
    assert evaluation.shares([2, 2, 2, 3, 4, 5]).good == 66.67


def test_ex_08_09_basin_grades() -> None:
    twelve = [2] * 6 + [3] * 5 + [4]
    assert evaluation.basin_grade(twelve).zh == "优"
    assert evaluation.shares(twelve).good == 91.67
    assert evaluation.basin_grade([3] * 7 + [4] + [6] * 2).zh == "中度污染"


def test_ex_10_trophic_index() -> None:
    point = {"chla": 10.0, "tp": 0.05, "tn": 1.0, "sd": 1.0, "codmn": 4.0}
    found = trophic.trophic(pl.DataFrame([point]))
    single = [found[f"tli_{item}"][0] for item in ("chla", "tp", "tn", "sd", "codmn")]
    assert half_even_array(single, 4).tolist() == [50.0061, 45.7093, 54.53, 51.18, 37.9793]
    assert half_even_array(found["tli"], 4).tolist() == [48.0181]
    assert found["trophic_state"].to_list() == ["中营养"]


def test_ex_12_the_class_is_of_the_unrounded_value() -> None:
    """横潦泾, shown TP 0.200, published Ⅳ: any raw value above 0.2 that shows as 0.200."""
    frame = pl.DataFrame({"tp": [0.2, 0.2004]})
    assert classes.classify(frame, tables.surface())["level"].to_list() == [3, 4]
