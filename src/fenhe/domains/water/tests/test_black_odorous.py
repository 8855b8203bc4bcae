"""Black-odorous water from points (城市黑臭水体整治工作指南, 2015)."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from fenhe.domains.water.commands import app
from fenhe.domains.water.rules import black_odorous as rules


@pytest.mark.parametrize(
    ("item", "values", "grades"),
    [
        ("sd", [25.1, 25.0, 10.0, 9.9], [0, 1, 1, 2]),
        ("do", [2.1, 2.0, 0.2, 0.19], [0, 1, 1, 2]),
        ("orp", [51.0, 50.0, -200.0, -201.0], [0, 1, 1, 2]),
        ("nh3n", [7.9, 8.0, 15.0, 15.1], [0, 1, 1, 2]),
    ],
)
def test_light_and_heavy_at_their_edges(item: str, values: list[float], grades: list[int]) -> None:
    found = rules.grades(pl.DataFrame({item: values}))
    assert found[f"grade_{item}"].to_list() == grades


def test_shallow_water_is_judged_against_its_depth() -> None:
    frame = pl.DataFrame({"sd": [7.9, 8.1, 20.0], "depth": [20.0, 20.0, 30.0]})
    assert rules.grades(frame)["grade_sd"].to_list() == [1, 0, 1]


def rounds(point: str, do: list[float], nh3n: list[float]) -> pl.DataFrame:
    return pl.DataFrame({"point": [point] * len(do), "do": do, "nh3n": nh3n})


def test_a_point_is_heavy_by_one_item_or_two() -> None:
    frame = pl.concat([
        rounds("A", [0.1, 0.1, 0.1, 3.0, 3.0], [1.0] * 5),  # 60 % of one item
        rounds("B", [0.1, 0.1, 3.0, 3.0, 3.0], [20.0, 20.0, 1.0, 1.0, 1.0]),  # 40 % of two
        rounds("C", [0.1, 0.1, 3.0, 3.0, 3.0], [1.0] * 5),
        rounds("D", [3.0] * 2, [1.0] * 2),
    ])  # fmt: skip
    found = rules.points(rules.grades(frame))
    assert found["grade"].to_list() == [2, 2, 1, 0]
    assert found["enough"].to_list() == [True, True, True, False]


def test_reaches_and_the_whole_water() -> None:
    grades = [2, 2, 2, 1, 0, 0, 0, 0]
    found = pl.DataFrame(
        {"point": list("abcdefgh"), "grade": grades, "rounds": [3] * 8, "enough": [True] * 8}
    )
    water = rules.water(found)
    assert (water.grade, water.reaches, water.enough) == (1, (("a", "c"),), True)
    assert rules.water(found.head(4)).grade == 2  # 75 % heavy


def test_rural_thresholds_are_unconfirmed_and_single_level() -> None:
    found = rules.grades(pl.DataFrame({"do": [1.9, 2.0], "nh3n": [15.0, 15.1]}), "rural")
    assert found["grade_do"].to_list() == [1, 0]
    assert found["grade_nh3n"].to_list() == [0, 1]


def test_the_command_grades_points_and_the_water(tmp_path: Path) -> None:
    """Heavy from ammonia over 15 mg/L in 60 % of a point's data; the whole from 60 % of points."""
    rows = ["water,point,sd,nh3n"]
    for place, ammonia in (("1", 16), ("2", 20), ("3", 18), ("4", 9)):
        rows += [f"某渠,{place},30,{ammonia}"] * 3
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("\n".join(rows), encoding="utf-8")
    answer = CliRunner().invoke(app, ["black-odorous", str(source), str(target)])
    assert answer.exit_code == 0, answer.output
    found = pl.read_csv(target, schema_overrides={"point": pl.String})
    assert found["grade"].to_list() == ["heavy", "heavy", "heavy", "light", "heavy"]
    assert found["heavy_share"].to_list()[-1] == 0.75
    assert found["heavy_reaches"].to_list()[-1] == "1-3"
    assert found["enough"].all()
    rural = CliRunner().invoke(app, ["black-odorous", str(source), "-", "--scope", "rural"])
    assert "未经证实" in rural.output
