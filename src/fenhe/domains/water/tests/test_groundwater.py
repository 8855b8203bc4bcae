"""Groundwater by GB/T 14848-2017."""

from __future__ import annotations

import math

import polars as pl
import pytest

from fenhe.domains.water.rules import groundwater
from fenhe.standards.edition import Row

ROWS = [row for row in groundwater.items().values() if row["rule"] == "at_most"]


def level(name: str, value: object) -> int | None:
    frame = groundwater.classify(pl.DataFrame({name: [value]}))
    found: int | None = frame["level"][0]
    return found


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_each_limit_gives_the_better_class_and_beyond_it_the_worse(row: Row) -> None:
    limits = [-1.0 if limit == "ND" else limit for limit in row["limits"]]
    for limit in dict.fromkeys(one for one in limits if one is not None and one >= 0):
        first = limits.index(limit) + 1
        last = len(limits) - limits[::-1].index(limit)
        beyond = last + 1
        assert level(row["name"], float(limit)) == first
        assert level(row["name"], math.nextafter(float(limit), math.inf)) == beyond


@pytest.mark.parametrize(
    ("ph", "expected"),
    [(6.5, 1), (8.5, 1), (6.49, 4), (5.5, 4), (8.51, 4), (9.0, 4), (5.49, 5), (9.01, 5)],
)
def test_ph(ph: float, expected: int) -> None:
    assert level("pH", ph) == expected


def test_words_and_not_detectable() -> None:
    assert [level("嗅和味", word) for word in ("无", "有", None)] == [1, 5, None]
    assert [level("阴离子表面活性剂", v) for v in (0.0, 0.05, 0.2, 0.31)] == [1, 2, 3, 5]
    assert [level("总α放射性", v) for v in (0.1, 0.5, 0.6)] == [1, 3, 4]  # Ⅳ and Ⅴ share a bound


def test_the_worst_item_decides() -> None:
    frame = pl.DataFrame({"铁": [0.1, 0.1], "总硬度": [100.0, 500.0], "x": [1, 2]})
    assert groundwater.classify(frame)["level"].to_list() == [1, 4]
