"""Composite index against published bulletins, to the last digit, and against fractions."""

from __future__ import annotations

import csv
from fractions import Fraction

import polars as pl
import pytest
from conftest import SHARED
from hypothesis import given
from hypothesis import strategies as st

from fenhe.domains.air.rules import tables
from fenhe.domains.air.rules.composite import COLUMNS, composite
from fenhe.domains.air.rules.ranking import rank, rank_among
from fenhe.kernel.errors import BadInput

OLD = tables.edition("composite 2012")
# Taiyuan, fourth quarter of 2022 (太原市政府新闻办 2023-01-13).
TAIYUAN = {"so2": 13, "no2": 46, "pm10": 96, "pm2_5": 50, "co_p95_mg": 1.4, "o3_mda8_p90": 90}


def frame(*rows: dict[str, float | None]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema_overrides=dict.fromkeys(rows[0], pl.Float64))


def test_a_published_bulletin() -> None:
    found = composite(frame(TAIYUAN), OLD).row(0, named=True)
    assert found["composite"] == 5.08
    assert [found[f"load_pct_{name}"] for name in COLUMNS] == [4.3, 22.6, 27.0, 28.1, 6.9, 11.0]
    assert found["main_pollutant"] == "PM2.5"
    assert found["single_co"] == 0.35


def test_every_published_example() -> None:
    path = SHARED / "reference" / "air_examples.csv"
    if not path.exists():
        pytest.skip("the reference tables are not beside this checkout")
    with path.open(encoding="utf-8") as file:
        examples = list(csv.DictReader(file))
    rows = frame(*({c: float(row[c]) for c in COLUMNS.values()} for row in examples))
    found = composite(rows, OLD).rows(named=True)
    for row, result in zip(examples, found, strict=True):
        assert result["composite"] == float(row["composite_single_indices_2dp_half_even"])
        for name in COLUMNS:
            if row[f"load_pct_{name}"]:
                assert result[f"load_pct_{name}"] == float(row[f"load_pct_{name}"])


def test_a_change_is_computed_from_printed_values() -> None:
    """Wuyuan, September 2023: 2.63 after 2.89 is printed as -9.0 %."""
    wuyuan = {"so2": 11, "no2": 16, "pm10": 40, "pm2_5": 16, "co_p95_mg": 0.6, "o3_mda8_p90": 139}
    found = composite(frame({**wuyuan, "prev_composite": 2.89, "prev_so2": 0}), OLD)
    assert found["yoy_pct_composite"].item() == -9.0
    assert found["yoy_pct_so2"].item() is None


def test_previous_composite_follows_from_previous_concentrations() -> None:
    previous = {f"prev_{column}": value for column, value in TAIYUAN.items()}
    found = composite(frame({**TAIYUAN, **previous, "prev_so2": 18}), OLD)
    assert found["yoy_pct_so2"].item() == -27.8
    assert found["yoy_pct_composite"].item() == -1.6  # 5.08 after 5.16


concentrations = st.fixed_dictionaries({
    "so2": st.integers(0, 200), "no2": st.integers(0, 200), "pm10": st.integers(0, 400),
    "pm2_5": st.integers(0, 3000).map(lambda k: k / 10),
    "co_p95_mg": st.integers(0, 100).map(lambda k: k / 10), "o3_mda8_p90": st.integers(0, 400),
})  # fmt: skip


@given(concentrations, st.sampled_from(["composite 2012", "composite 2026-A", "composite 2026-B"]))
def test_equals_fractions(row: dict[str, float], id: str) -> None:
    scheme = tables.edition(id)
    rows = {r["pollutant"]: r for r in scheme.table("composite")}
    singles = {
        name: round(Fraction(str(row[column])) / rows[tables.SYMBOLS[name]]["limit"] * 100)
        for name, column in COLUMNS.items()
    }
    parts = {name: s * rows[tables.SYMBOLS[name]]["weight"] for name, s in singles.items()}
    total = sum(parts.values())
    found = composite(frame(row), scheme).row(0, named=True)
    assert found["composite"] == total / 100
    for name, single in singles.items():
        assert found[f"single_{name}"] == single / 100
        expected = round(Fraction(parts[name] * 1000, total)) / 10 if total else None
        assert found[f"load_pct_{name}"] == expected


def test_a_missing_concentration_leaves_the_composite_empty() -> None:
    found = composite(frame({**TAIYUAN, "no2": None}), OLD).row(0, named=True)
    assert found["composite"] is None
    assert found["main_pollutant"] is None
    assert found["single_pm10"] == 1.37
    with pytest.raises(BadInput, match="co_p95_mg"):
        composite(frame(TAIYUAN).drop("co_p95_mg"), OLD)


@pytest.mark.parametrize(
    ("after_tie", "expected"), [("skip", [2, 1, 2, 4, None]), ("dense", [2, 1, 2, 3, None])]
)
def test_equal_printed_values_share_a_rank(after_tie: str, expected: list[int | None]) -> None:
    found = rank(pl.DataFrame({"composite": [3.1, 2.0, 3.1, 4.0, None]}), after_tie)  # type: ignore[arg-type]
    assert found["rank"].to_list() == expected
    assert found["tied"].to_list() == [True, False, True, False, None]
    assert rank_among(310, [200, 310, 400], after_tie) == 2  # type: ignore[arg-type]


def test_a_city_within_grade_ii_is_left_out_of_the_worsening_list() -> None:
    clean = {"so2": 5, "no2": 20, "pm10": 40, "pm2_5": 20, "co_p95_mg": 1.0, "o3_mda8_p90": 140}
    rows = frame(
        {**clean, "composite": 3.0, "prev_composite": 2.0},
        {**TAIYUAN, "composite": 5.2, "prev_composite": 5.0},
        {**TAIYUAN, "composite": 4.5, "prev_composite": 5.0},
    )
    found = rank(rows, limits=tables.edition("GB 3095-2012"))
    assert found["change_pct"].to_list() == [50.0, 4.0, -10.0]
    assert found["change_rank"].to_list() == [3, 2, 1]
    assert found["worsening_rank"].to_list() == [None, 1, 2]
