"""Compliance of a year by GB 3095 and HJ 663: boundaries, multiples, shares."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenhe.domains.air.rules import frames
from fenhe.domains.air.rules.compliance import attainment_rate, city_complies, judge, multiple
from fenhe.domains.air.rules.method import method
from fenhe.kernel.rounding import round_half_even

OLD, NEW = method(date(2025, 12, 31)), method(date(2026, 3, 1))


def year(**figures: tuple[float | None, float | None]) -> pl.DataFrame:
    """Statistics of a valid year: pollutant=(mean, percentile)."""
    rows = [
        {
            "unit": "city",
            "period": "2025",
            "pollutant": pollutant,
            "valid": True,
            "mean": mean,
            "percentile_value": percentile,
            "day_limit": OLD.item(pollutant).day_limit,
        }
        for pollutant, (mean, percentile) in figures.items()
    ]
    return pl.DataFrame(rows, schema_overrides=frames.STATISTICS)


def complies(pollutant: str, mean: float, percentile: float) -> bool | None:
    return judge(year(**{pollutant: (mean, percentile)}), OLD)["complies"][0]


def test_at_the_limits_a_year_complies() -> None:
    assert complies("pm2_5", 35, 75) is True


def test_what_rounds_to_the_limit_complies_and_what_rounds_above_does_not() -> None:
    assert complies("pm10", 70.5, 150) is True, "half to even: 70"
    assert complies("pm10", 70.51, 150) is False
    assert complies("pm10", 69, 151.5) is False


def test_the_percentile_alone_can_fail_a_year() -> None:
    assert complies("no2", 40, 81) is False


def test_co_and_o3_are_judged_by_the_percentile_alone() -> None:
    assert complies("co", 99, 4.0) is True
    assert complies("co", 1, 4.1) is False
    assert complies("o3_mda8", 999, 160) is True
    assert complies("o3_mda8", 90, 161) is False


def test_an_invalid_year_is_not_judged() -> None:
    rows = year(pm10=(50, 100)).with_columns(valid=pl.lit(False))
    assert judge(rows, OLD)["complies"][0] is None


def test_a_month_is_not_judged() -> None:
    rows = year(pm10=(50, 100)).with_columns(period=pl.lit("2025-01"))
    assert judge(rows, OLD)["complies"][0] is None


SIX = {
    "so2": (10, 20),
    "no2": (30, 60),
    "pm10": (60, 120),
    "pm2_5": (30, 60),
    "co": (1, 2),
    "o3_mda8": (90, 150),
}


def test_a_city_complies_when_all_six_do() -> None:
    assert city_complies(judge(year(**SIX), OLD)).row(0) == ("city", "2025", True, [])
    found = city_complies(judge(year(**SIX | {"pm10": (80, 120)}), OLD)).row(0)
    assert found == ("city", "2025", False, ["pm10"])


def test_a_city_with_five_pollutants_is_not_judged_unless_one_fails() -> None:
    five = {name: figures for name, figures in SIX.items() if name != "co"}
    assert city_complies(judge(year(**five), OLD))["complies"][0] is None
    assert city_complies(judge(year(**five | {"pm10": (80, 120)}), OLD))["complies"][0] is False


def test_the_new_limits_fail_what_the_old_ones_passed() -> None:
    rows = year(pm2_5=(33, 70)).with_columns(day_limit=NEW.item("pm2_5").day_limit)
    judged = judge(rows, NEW).row(0, named=True)
    assert judged["complies"] is False
    assert judged["year_limit"] == 30
    assert judged["mean_multiple"] == pytest.approx(0.10)


def test_a_past_year_under_the_new_standard_says_so() -> None:
    again = method(date(2015, 12, 31), edition="GB 3095-2026")
    assert again.recomputed
    assert again.limits_edition == "GB 3095-2026 transitional"
    assert again.statistics_edition == "HJ 663-2026"
    assert not method(date(2015, 12, 31)).recomputed


def test_the_share_of_stations_is_off_until_asked_for() -> None:
    assert method(date(2015, 12, 31)).city_share is None
    assert method(date(2015, 12, 31), city_share=True).city_share == 0.75


@given(st.integers(0, 4000), st.sampled_from([60, 40, 70, 35, 160, 4]))
def test_multiples_equal_exact_fractions(tenths: int, limit: int) -> None:
    frame = pl.DataFrame({"c": [tenths / 10], "s": [float(limit)]})
    found = frame.select(multiple(pl.col("c"), pl.col("s"))).item()
    exact = (Fraction(tenths, 10) - limit) / limit
    if exact > 0:
        assert found == float(round_half_even(exact, 2))
    else:
        assert found is None


@given(st.integers(0, 366), st.integers(0, 366))
def test_shares_of_good_days_equal_exact_fractions(good: int, bad: int) -> None:
    frame = pl.DataFrame({"good": [good], "valid": [good + bad]})
    found = frame.select(attainment_rate(pl.col("good"), pl.col("valid"))).item()
    if good + bad:
        assert found == float(round_half_even(Fraction(100 * good, good + bad), 1))
    else:
        assert found is None
