"""Conversion, kilograms, substitution and effluent; each case cites its clause."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest

from fenhe.domains.sources.rules import convert, effluent, emissions

T0 = datetime(2026, 1, 1)  # noqa: DTZ001  # civil and naive, as devices send


def one(expr: pl.Expr) -> float | None:
    value = pl.select(expr).item()
    return None if value is None else float(value)


def test_reference_oxygen() -> None:
    # GB 4915-2013 4.1.4: C · (21 − 10) / (21 − O2)
    assert one(convert.to_reference(pl.lit(100.0), pl.lit(10.0), pl.lit(10.0))) == 100.0
    assert one(convert.to_reference(pl.lit(100.0), pl.lit(15.5), pl.lit(10.0))) == 200.0


def test_a_unit_without_reference_is_judged_as_measured_and_air_says_nothing() -> None:
    none = pl.lit(None, dtype=pl.Float64)
    assert one(convert.to_reference(pl.lit(100.0), pl.lit(18.0), none)) == 100.0
    assert one(convert.to_reference(pl.lit(100.0), pl.lit(20.9), pl.lit(6.0))) is None
    assert one(convert.to_reference(pl.lit(100.0), none, pl.lit(6.0))) is None


def test_standard_state_dry_gas_ppm_and_nox() -> None:
    # HJ 212-2017 Annex D: C·(101325/(Ba+Ps))·((273+t)/273); wet/(1−Xsw); ppm·M/22.4; NO·46/30+NO2
    at_stack = convert.standard_state(pl.lit(100.0), pl.lit(136.5), pl.lit(0.0), pl.lit(101.325))
    assert one(at_stack) == pytest.approx(150.0)
    assert one(convert.dry(pl.lit(90.0), pl.lit(10.0))) == pytest.approx(100.0)
    assert one(convert.from_ppm(pl.lit(22.4), 64.0)) == pytest.approx(64.0)
    assert one(convert.nox(pl.lit(30.0), pl.lit(4.0))) == pytest.approx(50.0)


def test_flow_and_kilograms() -> None:
    # Qs = 3600·F·V; Qsn = Qs·273/(273+t)·(Ba+Ps)/101325·(1−Xsw); G = C·Qsn·1e-6
    flow = convert.dry_flow(
        pl.lit(10.0), pl.lit(2.0), pl.lit(0.0), pl.lit(0.0), pl.lit(101.325), pl.lit(10.0)
    )
    assert one(flow) == pytest.approx(64800.0)
    assert one(convert.mass_of_gas(pl.lit(50.0), pl.lit(200000.0))) == pytest.approx(10.0)
    assert one(convert.mass_of_water(pl.lit(50.0), pl.lit(200.0))) == pytest.approx(10.0)


def test_what_the_device_sent_follows_from_raw_or_not() -> None:
    rows = pl.DataFrame(
        {
            "value": [20.0] * 3, "o2": [8.0, 8.0, 8.0], "o2_ref": [6.0] * 3,
            "sent": [23.08, 23.2, 20.0],
        }
    )  # fmt: skip
    found = convert.compared(rows)
    assert found["converted"][0] == pytest.approx(20 * 15 / 13)
    assert found["follows"].to_list() == [True, True, False]


def emitted(valid: list[bool], kg: list[float], cause: str = "fault") -> pl.DataFrame:
    n = len(valid)
    return pl.DataFrame(
        {
            "outlet": ["A"] * n, "code": ["a21026"] * n,
            "time": [T0 + timedelta(hours=h) for h in range(n)],
            "kg": [k if v else None for k, v in zip(kg, valid, strict=True)], "valid": valid,
            "cause": [None if v else cause for v in valid],
        },
        schema_overrides={"cause": pl.String, "kg": pl.Float64},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("capture", "gap", "hours"),
    [
        (95, 24, 180), (90, 1, 180), (95, 25, 720), (89.9, 1, 2160), (75, 500, 2160),
        (74.9, 1, None),
    ],
)  # fmt: skip
def test_tiers_of_substitution(capture: float, gap: int, hours: int | None) -> None:
    # HJ 75-2017 tables 5 and 6
    assert emissions.valid_hours_for(capture, gap) == hours


def test_a_short_gap_takes_the_largest_of_the_last_180_valid_hours() -> None:
    valid = [True] * 400 + [False] * 10 + [True] * 90
    kg = [9.0] + [5.0] * 219 + [7.0] + [2.0] * 279
    rows = emissions.substituted(emitted(valid, kg))
    inside = rows[400:410]
    assert inside["basis"].unique().to_list() == ["max180"]
    assert inside["kg_substitute"].unique().to_list() == [7.0]
    assert inside["kg"].null_count() == 10  # the measured value stays what it was: absent
    assert rows["kg_final"][0] == 9.0


def test_a_long_gap_looks_back_720_hours_and_a_bad_quarter_2160() -> None:
    valid = [True] * 1000 + [False] * 30 + [True] * 70
    rows = emissions.substituted(emitted(valid, [8.0] + [1.0] * 299 + [6.0] + [1.0] * 799))
    assert (rows["basis"][1000], rows["kg_substitute"][1000]) == ("max720", 6.0)
    poor = [True] * 80 + [False] * 20
    rows = emissions.substituted(emitted(poor, [3.0] + [1.0] * 99))
    assert (rows["basis"][80], rows["kg_substitute"][80]) == ("max2160", 3.0)


def test_below_75_percent_there_is_no_rule_and_the_sum_says_so() -> None:
    rows = emissions.substituted(emitted([True] * 70 + [False] * 30, [1.0] * 100))
    assert rows["basis"][99] == "no_rule"
    total = emissions.totals(rows, "1y").row(0, named=True)
    assert (total["kg_final"], total["hours_without"]) == (70.0, 30)


def test_out_of_control_hours_look_back_from_the_last_good_calibration() -> None:
    valid = [True] * 200 + [False] * 5
    kg = [1.0] * 100 + [9.0] * 100 + [1.0] * 5
    rows = emitted(valid, kg, "control").with_columns(anchor=pl.lit(T0 + timedelta(hours=100)))
    assert emissions.substituted(rows)["kg_substitute"][200] == 1.0


def test_outage_is_not_due_and_gets_nothing() -> None:
    rows = emitted([True] * 50 + [False] * 50, [1.0] * 100, "outage")
    assert emissions.capture_rate(rows)["capture"].to_list() == [100.0]
    assert emissions.substituted(rows)["kg_final"].sum() == 50.0


def test_a_day_of_effluent_is_weighed_by_flow() -> None:
    # HJ 212-2017 D.1: ΣG / ΣD
    rows = pl.DataFrame(
        {
            "outlet": ["A"] * 24, "code": ["w01018"] * 24,
            "time": [T0 + timedelta(hours=h) for h in range(24)],
            "value": [10.0] * 12 + [40.0] * 12, "volume": [10.0] * 12 + [20.0] * 12,
            "valid": [True] * 24,
        }
    )  # fmt: skip
    day = effluent.days(rows).row(0, named=True)
    assert day["value"] == pytest.approx(30.0)
    assert (day["volume"], day["kg"], day["valid"]) == (360.0, pytest.approx(10.8), True)
    gap = rows.with_columns(valid=pl.Series([True] * 19 + [False] * 5))
    assert effluent.days(gap)["valid"].to_list() == [False]


def test_a_gap_of_effluent_is_given_the_mean_of_as_long_before() -> None:
    rows = pl.DataFrame(
        {
            "outlet": ["A"] * 6, "code": ["w01018"] * 6,
            "time": [T0 + timedelta(hours=h) for h in range(6)],
            "value": [1.0, 3.0, 5.0, 99.0, None, 7.0],
            "valid": [True, True, True, False, False, True],
        }
    )  # fmt: skip
    found = effluent.filled(rows)
    assert found["value_final"].to_list() == [1.0, 3.0, 5.0, 4.0, 4.0, 7.0]
    assert found["value"].to_list()[3] == 99.0
    first = effluent.filled(rows.with_columns(valid=pl.Series([False] + [True] * 5)))
    assert (first["value_final"][0], first["basis"][0]) == (None, "none")
