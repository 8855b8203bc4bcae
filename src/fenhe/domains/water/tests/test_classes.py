"""Classes by GB 3838-2002: each limit of each item, and the single-factor rule."""

from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenhe.domains.water.rules import classes, pollutants, tables

EDITION = tables.edition("GB 3838-2002")
LIMITED = [
    (item, kind, level)
    for kind in (tables.RIVER, tables.LAKE)
    for item in tables.items(EDITION.id, kind).values()
    if item.rule != "range"
    for level in range(1, 6)
]


def level_of(item: str, value: float, kind: str = tables.RIVER) -> int:
    frame = pl.DataFrame({item: [value], "waterbody": [kind]})
    found: int = classes.item_levels(frame, EDITION)[f"level_{item}"][0]
    return found


@pytest.mark.parametrize(("item", "kind", "level"), LIMITED, ids=lambda v: getattr(v, "id", str(v)))
def test_a_value_equal_to_a_limit_belongs_to_the_better_class(
    item: tables.Item, kind: str, level: int
) -> None:
    """GB 3838 table 1: ≤, for dissolved oxygen ≥. Equal limits of several classes give the best."""
    limit = item.limit(level)
    best = 1 + item.limits.index(limit)
    worse = best + item.limits.count(limit)
    beyond = math.nextafter(limit, -math.inf if item.rule == "at_least" else math.inf)
    assert level_of(item.id, limit, kind) == best
    assert level_of(item.id, beyond, kind) == worse


@pytest.mark.parametrize(("ph", "level"), [(6, 1), (9, 1), (7.2, 1), (5.99, 6), (9.01, 6)])
def test_ph_has_one_range(ph: float, level: int) -> None:
    assert level_of("ph", ph) == level


def test_tp_of_lakes_and_rivers_and_tn_of_lakes_only() -> None:
    """Table 1 items 8 and 9; TN is told apart and decides nothing."""
    frame = pl.DataFrame({"tp": [0.05, 0.05], "tn": [9.0, 9.0], "waterbody": ["river", "lake"]})
    found = classes.classify(frame, EDITION)
    assert found["level_tp"].to_list() == [2, 3]
    assert found["level_tn"].to_list() == [None, 6]
    assert found["level"].to_list() == [2, 3]


def test_the_worst_item_decides_and_an_empty_row_has_no_class() -> None:
    frame = pl.DataFrame(
        {"ph": [7.0, None], "do": [8.0, None], "nh3n": [2.1, None], "fc": [90000.0, None]},
        schema_overrides=dict.fromkeys(("ph", "do", "nh3n", "fc"), pl.Float64),
    )
    found = classes.classify(frame, EDITION)
    assert found["level"].to_list() == [6, None]
    assert found["level_fc"].to_list() == [6, None]
    without = classes.classify(frame.drop("nh3n"), EDITION)
    assert without["level"].to_list() == [1, None]


amount = st.floats(0, 60, allow_nan=False)


@given(st.fixed_dictionaries({name: st.none() | amount for name in ("do", "codmn", "nh3n", "tp")}))
def test_more_of_a_pollutant_never_betters_the_class(values: dict[str, float | None]) -> None:
    frame = pl.DataFrame([values], schema=dict.fromkeys(values, pl.Float64))
    worse = frame.with_columns(pl.col("codmn", "nh3n", "tp") * 1.5, do=pl.col("do") / 1.5)
    a, b = (classes.classify(f, EDITION)["level"][0] for f in (frame, worse))
    assert (a is None) == (b is None) == all(v is None for v in values.values())
    assert a is None or b >= a


def test_main_pollutants_are_ranked_by_class_then_multiple_heavy_metals_first() -> None:
    """环办〔2011〕22号: three at most, none where good; no multiple for pH and DO."""
    frame = pl.DataFrame(
        {
            "ph": [7.0, 9.5, 7.0, 7.0],
            "do": [8.0, 8.0, 1.0, 8.0],
            "codmn": [6.0, 7.0, 20.0, 2.0],
            "nh3n": [1.0, 2.12, 4.0, 0.1],
            "tp": [0.2, 0.1, 0.41, 0.01],
            "pb": [0.05, 0.05, 0.051, 0.06],
        }
    )
    judged = classes.classify(frame, EDITION)
    found = pollutants.main(judged, EDITION, frame.columns)
    assert found["main_pollutants"].to_list() == [
        "",
        "氨氮(1.12)、pH、高锰酸盐指数(0.167)",
        "铅(0.02)、氨氮(3)、高锰酸盐指数(2.333)",
        "铅(0.2)",
    ]
    assert found["main_items"][2] == "pb,nh3n,codmn"


@pytest.mark.parametrize(
    ("text", "level"),
    [("Ⅲ", 3), ("III", 3), ("3", 3), ("Ⅲ类", 3), ("劣Ⅴ", 6), ("劣V类", 6), ("VI", 6), ("ⅳ", 4),
     ("", None), ("好", None), ("7", None), (" Ⅱ ", 2)],
)  # fmt: skip
def test_classes_are_read_as_people_write_them(text: str, level: int | None) -> None:
    assert tables.level_of(text) == level
