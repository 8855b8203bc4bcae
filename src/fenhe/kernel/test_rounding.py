"""GB/T 8170-2008 3.2, 3.3: half to even, once; proven against Python fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenhe.kernel.rounding import (
    half_even,
    half_even_array,
    half_even_ratio,
    round_half_even,
    scaled_int,
    scaled_int_ratio,
)

decimals = st.integers(0, 4)


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        (0.5, 0, "0"), (1.5, 0, "2"), (2.5, 0, "2"), (2.51, 0, "3"), (35.5, 0, "36"),
        (34.5, 0, "34"), (-0.5, 0, "0"), (-1.5, 0, "-2"), (0.925, 2, "0.92"),
        (0.525, 2, "0.52"), (0.375, 2, "0.38"), (Fraction(1, 3), 2, "0.33"), (1234, -2, "1200"),
    ],
)  # fmt: skip
def test_one_value(value: float, places: int, expected: str) -> None:
    assert str(round_half_even(value, places)) == expected


def _shortest(x: float, places: int) -> int:
    return round(Fraction(repr(x)) * 10**places)


@given(st.lists(st.floats(-1e8, 1e8), min_size=1), decimals)
def test_vectorised_equals_fractions_on_any_float(values: list[float], places: int) -> None:
    expected = [_shortest(x, places) for x in values]
    frame = pl.DataFrame({"x": values})
    assert frame.select(scaled_int(pl.col("x"), places))["x"].to_list() == expected
    assert frame.select(half_even(pl.col("x"), places))["x"].to_list() == [
        k / 10**places for k in expected
    ]
    assert (half_even_array(np.array(values), places) * 10**places).round().tolist() == expected


@given(st.integers(-(10**7), 10**7), decimals, st.sampled_from([-1, 0, 1]))
def test_every_tie_and_its_neighbours(k: int, places: int, side: int) -> None:
    tie = (2 * k + 1) / (2 * 10**places)
    x = float(np.nextafter(tie, side * np.inf)) if side else tie
    frame = pl.DataFrame({"x": [x]})
    assert frame.select(scaled_int(pl.col("x"), places)).item() == _shortest(x, places)
    assert half_even_array([x], places)[0] == _shortest(x, places) / 10**places


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6), decimals)
def test_ratio_of_whole_numbers(num: int, den: int, places: int) -> None:
    frame = pl.DataFrame({"n": [num], "d": [den]})
    expected = round(Fraction(num, den) * 10**places)
    assert frame.select(scaled_int_ratio(pl.col("n"), pl.col("d"), places)).item() == expected
    ratio = frame.select(half_even_ratio(pl.col("n"), pl.col("d"), places)).item()
    assert ratio == expected / 10**places


def test_null_stays_null_and_nan_stays_nan() -> None:
    frame = pl.DataFrame({"x": [None, 2.5]}, schema={"x": pl.Float64})
    assert frame.select(half_even(pl.col("x")))["x"].to_list() == [None, 2.0]
    assert np.isnan(half_even_array([np.nan])[0])


def test_infinity_is_refused() -> None:
    with pytest.raises(ValueError, match="inf"):
        round_half_even(float("inf"))
