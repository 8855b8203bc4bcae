"""Validity, limits, exceedances, marks and effectiveness; each case cites its clause."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import polars as pl
import pytest

from fenhe.domains.sources.rules import effectiveness, exceedance, marks, permits, tables, validity
from fenhe.domains.sources.rules.exceedance import Outlet
from fenhe.kernel.errors import BadInput

T0 = datetime(2026, 5, 4)  # noqa: DTZ001  # civil and naive, as devices send
COAL = Outlet("A", "GB 13271-2014", "coal boiler", "new coal boiler")
POWER = Outlet("A", "GB 13223-2011", "coal boiler", "special limits, key regions (table 2)")


def hours(values: list[float], code: str = "a21026", start: datetime = T0) -> pl.DataFrame:
    n = len(values)
    return pl.DataFrame(
        {
            "outlet": ["A"] * n, "code": [code] * n,
            "time": [start + timedelta(hours=h) for h in range(n)],
            "value": values, "valid": [True] * n,
        }
    )  # fmt: skip


@pytest.mark.parametrize(("n", "valid"), [(44, False), (45, True), (60, True)])
def test_an_hour_needs_45_valid_minutes(n: int, valid: bool) -> None:
    # HJ 212-2017 D2.2 (2)
    rows = pl.DataFrame(
        {
            "outlet": ["A"] * 60, "code": ["a21026"] * 60,
            "time": [T0 + timedelta(minutes=m) for m in range(60)],
            "value": [10.0] * n + [999.0] * (60 - n), "flag": ["N"] * n + ["C"] * (60 - n),
        }
    )  # fmt: skip
    found = validity.hours(rows).row(0, named=True)
    assert (found["value"], found["parts"], found["valid_parts"]) == (10.0, 60, n)
    assert found["valid"] is valid


@pytest.mark.parametrize("flag", ["F", "M", "S", "D", "C", "B", "T", "x", "", None])
def test_only_normal_values_make_a_mean(flag: str | None) -> None:
    # HJ 212-2017 table 8: only N counts; an unknown flag is kept and does not count
    rows = hours([10.0, 20.0]).drop("valid").with_columns(flag=pl.Series(["n", flag]))
    assert validity.means(rows, "day")["value"].to_list() == [10.0]


@pytest.mark.parametrize(("n", "valid"), [(19, False), (20, True)])
def test_a_day_needs_20_valid_hours(n: int, valid: bool) -> None:
    # HJ 212-2017 D2.2 (3)
    assert validity.days(hours([1.0] * n))["valid"].to_list() == [valid]


@pytest.mark.parametrize(
    ("month", "n", "valid"), [(3, 24, False), (3, 25, True), (2, 22, False), (2, 23, True)]
)
def test_a_month_needs_25_valid_days_and_february_23(month: int, n: int, valid: bool) -> None:
    # HJ 76-2017 Annex B
    days = pl.DataFrame(
        {
            "outlet": ["A"] * n, "code": ["a21026"] * n,
            "time": [datetime(2026, month, d + 1) for d in range(n)],  # noqa: DTZ001
            "value": [1.0] * n, "valid": [True] * n,
        }
    )  # fmt: skip
    assert validity.months(days)["valid"].to_list() == [valid]


def test_a_part_sent_twice_counts_once_and_the_last_one_holds() -> None:
    twice = pl.concat([hours([10.0]), hours([30.0])])
    found = validity.means(twice, "day").row(0, named=True)
    assert (found["value"], found["parts"]) == (30.0, 1)


def test_an_exceedance_names_limit_edition_clause_and_confidence() -> None:
    # GB 13271-2014 table 2: SO2 of new coal boilers 300 mg/m³, official text read
    rows = exceedance.judged(hours([299.0, 300.0, 301.0, 600.0]), {"A": COAL}, "hour")
    assert rows["verdict"].to_list() == ["kept", "kept", "exceeded", "exceeded"]
    worst = rows.row(3, named=True)
    assert (worst["limit"], worst["decided_by"], worst["firm_by"]) == (
        300.0,
        "standard",
        "standard",
    )
    assert (worst["clause"], worst["confidence"]) == ("Table 2", "official")
    assert worst["edition"] == "emission limits, gas (2026)"
    assert worst["times"] == 1.0


def test_a_limit_that_is_not_firm_warns_and_never_accuses() -> None:
    # GB 13223-2011 table 2: 50, sources agree only in part
    rows = exceedance.judged(hours([51.0]), {"A": POWER}, "hour").row(0, named=True)
    assert (rows["verdict"], rows["confidence"]) == ("warned", "unconfirmed")
    assert rows["limit_firm"] is None


def test_ultra_low_policy_warns_until_the_permit_takes_it_up() -> None:
    steel = Outlet(
        "A", "Ultra-low, steel (环大气〔2019〕35号)", "other main sources (in principle)", ""
    )
    assert exceedance.judged(hours([60.0]), {"A": steel}, "hour")["verdict"].to_list() == ["warned"]
    taken = Outlet(steel.outlet, steel.standard, steel.unit, "", permit={"a21026": 50.0})
    found = exceedance.judged(hours([60.0]), {"A": taken}, "hour").row(0, named=True)
    assert (found["verdict"], found["firm_by"]) == ("exceeded", "permit")


@pytest.mark.parametrize(
    ("permit", "value", "verdict", "limit", "by"),
    [
        (200.0, 250.0, "exceeded", 200.0, "permit"),
        (400.0, 350.0, "exceeded", 300.0, "standard"),
        (400.0, 250.0, "kept", 300.0, "standard"),
    ],
)
def test_the_stricter_of_standard_and_permit_decides_and_both_are_shown(
    permit: float, value: float, verdict: str, limit: float, by: str
) -> None:
    outlet = Outlet("A", COAL.standard, COAL.unit, COAL.condition, permit={"a21026": permit})
    row = exceedance.judged(hours([value]), {"A": outlet}, "hour").row(0, named=True)
    assert (row["verdict"], row["limit"], row["decided_by"]) == (verdict, limit, by)
    assert (row["limit_standard"], row["limit_permit"]) == (300.0, permit)


def test_a_permit_above_a_doubtful_limit_still_accuses_by_itself() -> None:
    outlet = Outlet("A", POWER.standard, POWER.unit, POWER.condition, permit={"a21026": 80.0})
    rows = exceedance.judged(hours([60.0, 100.0]), {"A": outlet}, "hour")
    assert rows["verdict"].to_list() == ["warned", "exceeded"]
    assert rows["times"].to_list() == [pytest.approx(0.2), pytest.approx(0.25)]


def test_invalid_unknown_and_unconvertible_means_are_not_judged() -> None:
    invalid = hours([900.0]).with_columns(valid=False)
    assert exceedance.judged(invalid, {"A": COAL}, "hour")["why_not"].to_list() == ["not_valid"]
    assert exceedance.judged(hours([900.0]), {}, "hour")["why_not"].to_list() == ["outlet_unknown"]
    sinter = Outlet("A", "GB 28662-2012", "sinter head / pellet roasting", "new, from 2012-10-01")
    row = exceedance.judged(hours([900.0]), {"A": sinter}, "hour").row(0, named=True)
    assert (row["verdict"], row["why_not"]) == ("not_judged", "o2_ref_missing")
    named = Outlet("A", sinter.standard, sinter.unit, sinter.condition, o2_ref=16)
    assert exceedance.judged(hours([900.0]), {"A": named}, "hour")["why_not"].to_list() == [None]


def test_hours_in_a_row_are_one_event_and_a_gap_ends_it() -> None:
    rows = exceedance.judged(hours([301, 400, 350, 100, 500, 302]), {"A": COAL}, "hour")
    rows = rows.filter(pl.col("time") != T0 + timedelta(hours=3))
    found = exceedance.events(rows, "hour")
    assert found["parts"].to_list() == [3, 2]
    assert found["peak"].to_list() == [400.0, 500.0]
    assert found["kind"].to_list() == ["consecutive", "consecutive"]
    assert found["end"].to_list()[0] == T0 + timedelta(hours=3)


def test_ammonia_in_cold_water_has_its_own_limit() -> None:
    # GB 18918-2002 table 1, class 1A: 5 mg/L, 8 at 12 °C or less
    plant = Outlet("A", "GB 18918-2002", "plant outlet", "class 1A")
    days = hours([6.0, 6.0, 6.0, 9.0], "w21003").with_columns(
        temperature=pl.Series([12.0, 12.1, None, None])
    )
    rows = exceedance.judged(days, {"A": plant}, "day")
    assert rows["verdict"].to_list() == ["kept", "exceeded", "kept", "exceeded"]


def test_rows_with_their_own_days() -> None:
    args = ("GB 4915-2013", "dryer with independent heat source")
    condition = "new / existing (2013 text, before 2026-04-01)"
    assert tables.limits(*args, condition, "a21026", "hour", date(2026, 3, 31))
    assert not tables.limits(*args, condition, "a21026", "hour", date(2026, 4, 1))


def test_an_unknown_limit_says_what_there_is() -> None:
    with pytest.raises(BadInput, match="coal boiler / new coal boiler"):
        tables.must_be_known("GB 13271-2014", "coal boiler", "nonsense")


def mark(begin: int, hours: float, **more: object) -> dict[str, object]:
    return {
        "outlet": "A", "begin": T0 + timedelta(hours=begin),
        "end": T0 + timedelta(hours=begin + hours),
        "origin": "manual", "kind": "condition", "condition": "start", "industry": "boilers",
        "cold": True, "made": T0 + timedelta(hours=begin + hours), **more,
    }  # fmt: skip


def test_a_manual_mark_is_due_by_noon_of_the_next_day() -> None:
    noon = T0 + timedelta(hours=36)
    rows = [mark(2, 2, made=noon), mark(2, 2, made=noon + timedelta(seconds=1))]
    assert marks.checked(pl.DataFrame(rows))["late"].to_list() == [False, True]


def test_a_coal_boiler_starts_cold_in_four_hours_and_hot_in_two() -> None:
    # HJ 953-2018 10.2.1.2
    rows = [mark(0, 4), mark(5, 4.5), mark(10, 2, cold=False), mark(13, 2.5, cold=False)]
    found = marks.checked(pl.DataFrame(rows))
    assert found["over_limit"].to_list() == [False, True, False, True]
    assert found["reasons"][1] == "longer_than_4h_per_time"


def test_a_waste_plant_has_60_hours_a_year() -> None:
    waste = {"industry": "municipal waste incineration", "cold": None}
    rows = [mark(0, 40, **waste), mark(50, 20, **waste), mark(80, 1, **waste)]
    assert marks.checked(pl.DataFrame(rows))["over_limit"].to_list() == [False, False, True]


def test_a_stop_with_the_load_unchanged_is_contradicted_and_exempts_nothing() -> None:
    loads = pl.DataFrame(
        {
            "outlet": ["A"] * 48, "time": [T0 + timedelta(hours=h) for h in range(48)],
            "load": [100.0] * 24 + [0.0] * 24,
        }
    )  # fmt: skip
    rows = [mark(4, 1, condition="stop"), mark(30, 1, condition="stop")]
    found = marks.checked(pl.DataFrame(rows), loads)
    assert found["contradicted"].to_list() == [True, False]
    inside = hours([900.0] * 48)
    exempt = marks.exempt(inside, found)
    assert exempt.arg_true().to_list() == [30]
    rows2 = exceedance.judged(inside.with_columns(exempt), {"A": COAL}, "hour")
    assert rows2["verdict"][30] == "exempt"
    assert rows2["verdict"][4] == "exceeded"


def test_effectiveness_is_transmission_times_validity() -> None:
    rows = pl.DataFrame(
        {
            "outlet": ["A"] * 90, "code": ["a21026"] * 90,
            "time": [T0 + timedelta(hours=h) for h in range(90)],
            "received": [True] * 90, "valid": [True] * 72 + [False] * 18, "outage": [False] * 90,
        }
    )  # fmt: skip
    found = effectiveness.rates(rows, T0, T0 + timedelta(hours=100)).row(0, named=True)
    assert (found["due"], found["received"], found["valid"]) == (100, 90, 72)
    assert (found["transmission"], found["validity"]) == (90.0, 72.0)
    assert found["effectiveness"] == pytest.approx(64.8)


def test_approved_outage_and_the_daily_check_of_effluent_are_not_due() -> None:
    rows = pl.DataFrame(
        {
            "outlet": ["A"] * 47, "code": ["w01018"] * 47,
            "time": [T0 + timedelta(hours=h) for h in range(47)],
            "received": [True] * 23 + [False] * 24, "valid": [True] * 47,
            "outage": [False] * 23 + [True] * 24,
        }
    )  # fmt: skip
    found = effectiveness.rates(rows, T0, T0 + timedelta(hours=48)).row(0, named=True)
    assert (found["due"], found["effectiveness"]) == (23, 100.0)


def test_the_league_takes_means_of_outlets_and_shares_ties() -> None:
    rows = pl.DataFrame(
        {
            "enterprise": ["X", "X", "X", "Y", "Z"], "outlet": ["1", "1", "2", "3", "4"],
            "effectiveness": [100.0, 80.0, 70.0, 80.0, 80.0],
        }
    )  # fmt: skip
    found = effectiveness.league(rows)
    assert found["effectiveness"].to_list() == [80.0] * 3
    assert found["rank"].to_list() == [1, 1, 1]


def test_online_is_seen_within_three_intervals() -> None:
    rows = pl.DataFrame(
        {
            "outlet": ["A", "B", "C", "D"],
            "seen": [T0 - timedelta(seconds=90), T0 - timedelta(seconds=91), None, None],
            "interval_seconds": [30] * 4, "outage": [False, False, False, True],
        },
    )  # fmt: skip
    assert effectiveness.online(rows, T0)["online"].to_list() == [True, False, False, None]


def test_due_dates_of_reports_come_from_the_permit() -> None:
    # thermal power 2017: quarterly by the 15th of the next quarter's first month; cement 01-31
    quarterly = permits.due_reports(
        permits.ReportRule("quarterly", 1, 15), date(2026, 2, 10), date(2026, 9, 30)
    )
    assert [r.due for r in quarterly] == [date(2026, 4, 15), date(2026, 7, 15), date(2026, 10, 15)]
    annual = permits.ReportRule("annual", 1, 0)
    assert permits.due_reports(annual, date(2025, 6, 1), date(2025, 12, 31))[0].due == date(
        2026, 1, 31
    )
    short = permits.due_reports(annual, date(2025, 11, 1), date(2025, 12, 31), 3)
    assert short == []
    assert permits.renewal_due(date(2026, 12, 31)) == date(2026, 11, 1)


@pytest.mark.parametrize(
    ("what", "good", "bad"),
    [
        ("permit", "91130200699229617X001P", "91130200699229617X01P"),
        ("outlet", "DA001", "DB001"),
        ("treatment", "TW012", "TX001"),
        ("facility", "MF0001", "MF001"),
    ],
)
def test_number_formats(what: str, good: str, bad: str) -> None:
    assert tables.well_formed(what, good)
    assert not tables.well_formed(what, bad)
    assert not tables.well_formed(what, good + "\n")


def test_the_credit_code_has_a_check_character() -> None:
    assert tables.credit_code("91130200699229617X")
    assert not tables.credit_code("91130200699229618X")
    assert not tables.credit_code("9113020069922961")
