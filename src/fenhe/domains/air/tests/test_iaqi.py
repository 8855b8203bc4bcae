"""IAQI against exact fractions for every concentration that can be written, both editions.

Formula (1) of HJ 633: linear between breakpoints, rounded up (2026 4.2.6; 2012 6.2).
"""

from __future__ import annotations

import csv
import itertools
from fractions import Fraction
from math import ceil

import numpy as np
import polars as pl
import pytest
from conftest import SHARED
from hypothesis import given
from hypothesis import strategies as st

from fenhe.domains.air.rules import tables
from fenhe.domains.air.rules.iaqi import NONE, explain, iaqi, look_up, one, scale
from fenhe.kernel.errors import NotFound

EDITIONS = ("HJ 633-2012", "HJ 633-2026")
ROWS = [
    (id, row["pollutant"], row["averaging"])
    for id in EDITIONS
    for row in tables.edition(id).table("breakpoints")
]
ABOVE = {
    ("HJ 633-2012", "SO2", "1h"): None,  # Table 1 note (2)
    ("HJ 633-2012", "O3", "8h"): None,  # Table 1 note (3)
    ("HJ 633-2026", "SO2", "1h"): 200,  # Table 3 note b
    ("HJ 633-2026", "O3", "8h"): 300,  # Table 3 note c
}


def by_fractions(points: list[tuple[int, Fraction]], c: Fraction, above: int | None) -> int | None:
    for (i_low, low), (i_high, high) in itertools.pairwise(points):
        if c <= high:
            return ceil((i_high - i_low) / (high - low) * (c - low) + i_low)
    return above


@pytest.mark.parametrize(("id", "pollutant", "averaging"), ROWS)
def test_every_representable_concentration(id: str, pollutant: str, averaging: str) -> None:
    edition = tables.edition(id)
    row = edition.table("breakpoints").one(pollutant=pollutant, averaging=averaging)
    points = [(i, Fraction(str(c))) for i, c in zip(row["iaqi"], row["concentration"], strict=True)]
    scaled = 10 ** row["decimals"]
    above = ABOVE.get((id, pollutant, averaging), 500)
    concentrations = [Fraction(k, scaled) for k in range(int(points[-1][1] + 50) * scaled + 1)]
    expected = [by_fractions(points, c, above) for c in concentrations]
    floats = [float(c) for c in concentrations]
    found = look_up(scale(edition, pollutant, averaging), np.array(floats))
    assert [None if v == NONE else v for v in found.tolist()] == expected
    assert [one(edition, pollutant, averaging, c) for c in concentrations] == expected
    frame = pl.DataFrame({"concentration": floats}).with_columns(
        edition=pl.lit(id), pollutant=pl.lit(pollutant), averaging=pl.lit(averaging)
    )
    assert iaqi(frame)["iaqi"].to_list() == expected
    assert all(a <= b for a, b in itertools.pairwise(expected) if a and b)


@pytest.mark.parametrize("id", EDITIONS)
def test_breakpoints_equal_the_reference_table(id: str) -> None:
    path = SHARED / "reference" / "air_iaqi_breakpoints.csv"
    if not path.exists():
        pytest.skip("the reference tables are not beside this checkout")
    with path.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["standard"] == id]
    assert rows
    for row in rows:
        concentration = Fraction(row["breakpoint"])
        assert one(tables.edition(id), row["pollutant"], row["averaging"], concentration) == int(
            row["iaqi"]
        )


@pytest.mark.parametrize(
    ("id", "pollutant", "averaging", "concentration", "expected"),
    [
        ("HJ 633-2012", "PM2.5", "24h", 75, 100),  # Table 1
        ("HJ 633-2026", "PM2.5", "24h", 60, 100),  # Table 3
        ("HJ 633-2026", "CO", "24h", 2.2, 55),  # exactly 55; floats go to 56
        ("HJ 633-2026", "PM2.5", "24h", 60.5, 100),  # 4.2.3: half to even before the index
        ("HJ 633-2026", "PM2.5", "24h", 61.5, 102),
        ("HJ 633-2026", "PM2.5", "1h", 60, 100),  # 4.2.4: 1 h PM by the 24 h row
        ("HJ 633-2026", "SO2", "1h", 800.5, 200),  # rounds to 800
        ("HJ 633-2026", "CO", "1h", 0.25, 2),  # 0.2 after rounding
    ],
)
def test_golden(
    id: str, pollutant: str, averaging: str, concentration: float, expected: int
) -> None:
    assert one(tables.edition(id), pollutant, averaging, concentration) == expected


@given(st.floats(0, 200, allow_nan=False), st.sampled_from(ROWS))
def test_any_float_is_rounded_once_from_what_it_prints(c: float, key: tuple[str, str, str]) -> None:
    id, pollutant, averaging = key
    edition = tables.edition(id)
    found = scale(edition, pollutant, averaging)
    rounded = Fraction(round(Fraction(repr(c)) * 10**found.decimals), 10**found.decimals)
    expected = one(edition, pollutant, averaging, rounded)
    assert look_up(found, np.array([c])).tolist() == [NONE if expected is None else expected]


def test_no_number_gives_no_index() -> None:
    found = scale(tables.edition("HJ 633-2026"), "PM2.5", "24h")
    values = np.array([np.nan, -1.0, -0.4, np.inf, 1e12])
    assert look_up(found, values).tolist() == [NONE, NONE, 0, 500, 500]
    with pytest.raises(ValueError, match="negative"):
        one(found.edition, "PM2.5", "24h", -1)


def test_explanation_shows_segment_formula_and_clause() -> None:
    rounding, formula = explain(tables.edition("HJ 633-2026"), "PM2.5", "24h", 47.5)
    assert (rounding.value, rounding.clause) == (48.0, "4.2.2, 4.2.3")
    assert formula.value == 76
    assert "(100 − 50) ÷ (60 − 35) × (48 − 35) + 50" in formula.zh
    assert formula.clause == "Table 3"
    excluded = explain(tables.edition("HJ 633-2012"), "SO2", "1h", 900)[1]
    assert (excluded.value, excluded.clause) == (None, "Table 1 note (2)")
    capped = explain(tables.edition("HJ 633-2026"), "NO2", "1h", 9000)[1]
    assert (capped.value, capped.confidence) == (500, "unconfirmed")


def test_an_unknown_averaging_is_an_error() -> None:
    with pytest.raises(NotFound, match="row-unknown"):
        scale(tables.edition("HJ 633-2026"), "SO2", "8h")
