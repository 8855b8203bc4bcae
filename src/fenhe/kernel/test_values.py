from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenhe.kernel.values import DASHES, Qualifier, read_values

DECLARED = (*DASHES, "NA", "/")


@pytest.mark.parametrize(
    ("text", "value", "qualifier"),
    [
        ("12.5", 12.5, Qualifier.EXACT), ("+3.", 3.0, Qualifier.EXACT),
        (" 3\u00a0", 3.0, Qualifier.EXACT), ("<0.05", 0.05, Qualifier.BELOW),
        ("0.01L", 0.01, Qualifier.BELOW), (".05 l", 0.05, Qualifier.BELOW),
        ("≤0.05", 0.05, Qualifier.BELOW), ("> 500", 500.0, Qualifier.ABOVE),
        ("", None, Qualifier.MISSING_BLANK), (None, None, Qualifier.MISSING_BLANK),
        ("—", None, Qualifier.MISSING_MARKED), ("-;", None, Qualifier.MISSING_MARKED),
        ("NA", None, Qualifier.MISSING_MARKED), ("na", None, Qualifier.MISSING_MARKED),
        ("/", None, Qualifier.NOT_MEASURED), ("1e3", 1000.0, Qualifier.EXACT),
        ("-2.5", -2.5, Qualifier.EXACT),
    ],
)  # fmt: skip
def test_as_people_write(text: str | None, value: float | None, qualifier: Qualifier) -> None:
    row = read_values(pl.Series([text], dtype=pl.String), DECLARED).row(0, named=True)
    assert row == {"value": value, "qualifier": int(qualifier), "ok": True}


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "inf",
        "-Infinity",
        "1,234",
        "12a",
        "L",
        "0.01Lx",
        "<0.01L",
        "<",
        "<NA",
        "1e999",
        "１２．５",
        "＜0.05",
        "—",
        "NA",
        "/",
    ],
)
def test_refused(text: str) -> None:
    row = read_values(pl.Series([text])).row(0, named=True)
    assert row["ok"] is False
    assert row["value"] is None


def test_number_columns_pass_and_nan_does_not() -> None:
    frame = read_values(pl.Series([1.0, 2.5, math.nan, math.inf, None]))
    assert frame["value"].to_list() == [1.0, 2.5, None, None, None]
    assert frame["ok"].to_list() == [True, True, False, False, True]
    assert frame["qualifier"][4] == Qualifier.MISSING_BLANK


def test_a_source_names_its_sentinels() -> None:
    assert read_values(pl.Series(["999.9"]), ["999.9"])["qualifier"][0] == Qualifier.MISSING_MARKED


@given(st.floats(-1e12, 1e12, allow_subnormal=False))
def test_any_printed_float_reads_back(x: float) -> None:
    assert read_values(pl.Series([repr(x)]))["value"][0] == x


@given(st.lists(st.text(max_size=6)))
def test_any_text_gives_one_row_each_and_never_a_nan(texts: list[str]) -> None:
    frame = read_values(pl.Series(texts, dtype=pl.String))
    assert frame.height == len(texts)
    assert not frame["value"].is_nan().any()
    assert frame.filter(pl.col("ok") & pl.col("value").is_null())["qualifier"].ge(10).all()
