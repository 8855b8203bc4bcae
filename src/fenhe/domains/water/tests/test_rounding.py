"""Rounding by 环办监测函〔2020〕82号 and 总站水字〔2020〕90号."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenhe.domains.water.rules import rounding


@pytest.mark.parametrize(
    ("value", "places", "printed"),
    [
        (7.995, 2, "8.00"),  # EX-11, 鼓楼外大街 2020-05-08 15:00
        (393.35, 1, "393.4"),
        (8.675, 2, "8.68"),
        (0.0245, 3, "0.024"),
        (0.0255, 3, "0.026"),
        (0.0004, 3, "0.0004"),
        (0.0005, 3, "0.0005"),  # a tie that would round to 0 keeps its digit
        (0.00096, 3, "0.001"),
        (0.0, 3, "0.000"),
        (12.0, 0, "12"),
    ],
)
def test_as_printed(value: float, places: int, printed: str) -> None:
    assert format(rounding.one(value, places), "f") == printed
    assert rounding.text(pl.Series([value]), places)[0] == printed


@given(st.decimals(0, 5000, places=5), st.integers(0, 5))
def test_half_even_and_one_significant_digit(value: Decimal, places: int) -> None:
    plain = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    found = rounding.one(float(value), places)
    if plain == 0 and value != 0:
        assert found != 0
        assert len(found.normalize().as_tuple().digits) == 1
    else:
        assert found == plain
    assert rounding.array(pl.Series([float(value)]), places)[0] == float(found)


def test_purposes_have_their_own_decimals() -> None:
    frame = pl.DataFrame({"nh3n": [0.1255], "do": [7.25], "colour": [1.23456]})
    assert rounding.for_purpose(frame, frame.columns, "hourly").row(0) == (0.126, 7.25, 1.23456)
    assert rounding.for_purpose(frame, frame.columns, "assessment").row(0) == (0.13, 7.2, 1.23456)


def test_nothing_stays_nothing() -> None:
    assert rounding.text(pl.Series([None, 1.0], dtype=pl.Float64), 1).to_list() == [None, "1.0"]
