"""CWQI: item indices, sums, joining, ranks and changes (环办监测〔2017〕51号)."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenhe.domains.water.rules import cwqi, tables

EDITION = tables.surface()


@pytest.mark.parametrize(
    ("item", "kind", "value", "index"),
    [
        ("nh3n", "river", 0.5, 0.5),
        ("tp", "river", 0.1, 0.5),
        ("tp", "lake", 0.1, 2.0),
        ("do", "river", 10.0, 0.5),
        ("ph", "river", 6.5, 0.5),
        ("ph", "river", 8.0, 0.5),
        ("cod", "river", 30.0, 1.5),
    ],
)
def test_item_indices_against_class_iii(item: str, kind: str, value: float, index: float) -> None:
    frame = pl.DataFrame({item: [value]})
    assert frame.select(x=cwqi.item_index(item, EDITION, kind))["x"][0] == pytest.approx(index)


def city(name: str, **values: float) -> dict[str, object]:
    return {"city": name, "waterbody": "river", **values}


def test_the_river_index_is_the_sum_over_means_of_sections() -> None:
    rows = pl.DataFrame([city("A", nh3n=0.2, cod=10.0), city("A", nh3n=0.6, cod=20.0)])
    found = cwqi.cities(rows, EDITION, ["city"])
    assert found["cwqi"].to_list() == [1.15]  # 0.4/1 + 15/20
    assert found["items"].to_list() == [2]


def test_rivers_and_lakes_are_joined_by_points_or_left_apart() -> None:
    rows = pl.DataFrame([
        city("A", tp=0.2), city("A", tp=0.2), {"city": "A", "waterbody": "lake", "tp": 0.2},
    ])  # fmt: skip
    by_points = cwqi.cities(rows, EDITION, ["city"])
    assert by_points.select("cwqi_river", "cwqi_lake", "cwqi").row(0) == (1.0, 4.0, 2.0)
    assert cwqi.cities(rows, EDITION, ["city"], "river")["cwqi"].to_list() == [1.0]
    assert by_points["weighting"].to_list() == ["points"]


def test_equal_indices_share_a_rank_and_missing_items_have_none() -> None:
    rows = pl.DataFrame([
        city("A", nh3n=0.5, cod=10.0), city("B", nh3n=0.5, cod=10.0), city("C", nh3n=0.9, cod=10.0),
        city("D", nh3n=0.1, cod=None),
    ], infer_schema_length=None)  # fmt: skip
    found = cwqi.ranked(cwqi.cities(rows, EDITION, ["city"]))
    assert dict(found.select("city", "rank").iter_rows()) == {"A": 1, "B": 1, "C": 3, "D": None}
    assert dict(found.select("city", "lacking").iter_rows())["D"] == "cod"


@given(
    st.sampled_from(["nh3n", "tp", "codmn", "cod", "do", "ph"]),
    st.floats(0.5, 8.9, allow_nan=False),
)
def test_the_derivative_is_the_slope(item: str, value: float) -> None:
    step = 1e-6
    if item == "ph" and abs(value - 7) <= step:
        return
    frame = pl.DataFrame({item: [value - step, value + step]})
    low, high = frame.select(x=cwqi.item_index(item, EDITION, "river"))["x"]
    slope = (high - low) / (2 * step)
    assert cwqi.derivative(item, value, EDITION) == pytest.approx(slope, rel=1e-4)
