"""AQI of HJ 633: golden rows with their clause, and invariants."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenhe.domains.air.rules import tables
from fenhe.domains.air.rules.aqi import advice, aqi, category, columns, exceeding, level
from fenhe.domains.air.rules.dust import deduct
from fenhe.domains.air.rules.iaqi import one
from fenhe.kernel.errors import BadInput

OLD, NEW = tables.edition("HJ 633-2012"), tables.edition("HJ 633-2026")
DAY = {"so2": 10, "no2": 40, "pm10": 120, "pm2_5": 60, "co": 1.0, "o3_mda8": 100}


def frame(**values: float | None) -> pl.DataFrame:
    return pl.DataFrame(
        {k: [v] for k, v in values.items()}, schema=dict.fromkeys(values, pl.Float64)
    )


def test_seven_indices_a_day_in_2012_and_six_in_2026() -> None:
    assert columns(NEW, "day") == ["so2", "no2", "pm10", "pm2_5", "co", "o3_mda8"]
    assert set(columns(OLD, "day")) == {*columns(NEW, "day"), "o3_1h_max"}
    assert len(columns(NEW, "hour")) == 6


def test_the_same_day_under_both_editions() -> None:
    """The new breakpoints: IAQI 100 at PM2.5 60 and PM10 120 (HJ 633-2026 Table 3)."""
    new = aqi(frame(**DAY), NEW).row(0, named=True)
    assert (new["aqi"], new["aqi_level"], new["primary"]) == (100, 2, "PM10,PM2.5")
    old = aqi(frame(**DAY, o3_1h_max=150), OLD).row(0, named=True)
    assert (old["aqi"], old["primary"], old["iaqi_pm10"]) == (85, "PM10", 85)


def test_no_primary_pollutant_up_to_50() -> None:
    found = aqi(frame(so2=10, no2=10, pm10=50, pm2_5=35, co=1, o3_mda8=100), NEW)
    assert (found["aqi"].item(), found["primary"].item()) == (50, "")


def test_an_incomplete_day_is_published_only_above_100() -> None:
    """HJ 633-2026 5.3; one marked "/" does not block."""
    lacking = frame(**{**DAY, "so2": None})
    found = aqi(lacking, NEW).row(0, named=True)
    assert (found["aqi"], found["aqi_of_present"], found["complete"]) == (None, 100, False)
    assert found["primary"] == ""
    assert aqi(lacking.with_columns(pm2_5=61.0), NEW)["aqi"].item() == 101
    assert aqi(lacking, NEW, not_planned={"so2"})["aqi"].item() == 100
    assert aqi(lacking.drop("so2"), NEW, not_planned={"so2"})["aqi"].item() == 100
    with pytest.raises(BadInput, match="so2"):
        aqi(lacking.drop("so2"), NEW)
    old = aqi(lacking.with_columns(o3_1h_max=1.0), OLD)
    assert old["aqi"].item() == 85


def test_nothing_measured_gives_nothing() -> None:
    found = aqi(frame(**dict.fromkeys(DAY, None)), NEW).row(0, named=True)
    assert (found["aqi"], found["aqi_level"], found["primary"]) == (None, None, "")


def test_exceeding_pollutants_exist_only_in_2012() -> None:
    """HJ 633-2012 3.4, 4.4.2; deleted in 2026."""
    day = frame(**{**DAY, "pm2_5": 80, "o3_mda8": 170}, o3_1h_max=210)
    assert exceeding(aqi(day, OLD), OLD).to_list() == [["PM2.5", "O3"]]
    assert exceeding(aqi(day, NEW), NEW).to_list() == [None]


def test_advice_names_the_groups_of_every_pollutant_above_100() -> None:
    found = advice(NEW, 130, {"PM2.5": 130, "O3": 101, "CO": 100, "SO2": None})
    assert set(found.groups) == {"PM2.5", "O3"}
    assert "青少年儿童" in found.text.zh
    assert found.groups["O3"].en
    assert advice(OLD, 130, {"PM2.5": 130}).groups == {}


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 1), (50, 1), (51, 2), (100, 2), (101, 3), (150, 3), (151, 4), (200, 4), (201, 5),
     (300, 5), (301, 6), (500, 6)],
)  # fmt: skip
def test_level_boundaries(value: int, expected: int) -> None:
    assert level(pl.Series([value, None], dtype=pl.Int16), NEW).to_list() == [expected, None]
    assert category(NEW, value)["level"] == expected


concentration = st.one_of(st.none(), st.floats(0, 700))


@given(st.lists(st.tuples(*[concentration] * 6), min_size=1, max_size=5))
def test_the_frame_equals_the_single_index(rows: list[tuple[float | None, ...]]) -> None:
    names = columns(NEW, "day")
    found = aqi(pl.DataFrame(rows, schema=dict.fromkeys(names, pl.Float64), orient="row"), NEW)
    averaging = {"o3_mda8": ("O3", "8h")}
    for row, result in zip(rows, found.rows(named=True), strict=True):
        sub = {}
        for name, value in zip(names, row, strict=True):
            symbol, time = averaging.get(name) or (tables.SYMBOLS[name], "24h")
            sub[name] = None if value is None else one(NEW, symbol, time, value)
            assert result[f"iaqi_{name}"] == sub[name]
        known = [value for value in sub.values() if value is not None]
        assert result["aqi_of_present"] == (max(known) if known else None)
        assert result["complete"] == (None not in sub.values())


def test_dust_is_deducted_from_pm_only_and_both_series_stay() -> None:
    days = pl.DataFrame({
        "station": ["A", "A", "B"], "date": ["1", "2", "1"],
        "pm10": [800.0, 60.0, 700.0], "pm2_5": [90.0, None, 80.0], "o3_mda8": [90.0, 80.0, 70.0],
    })  # fmt: skip
    found = deduct(days, pl.DataFrame({"date": ["1"]}))
    assert found.without_dust["pm10"].to_list() == [None, 60.0, None]
    assert found.without_dust["o3_mda8"].to_list() == [90.0, 80.0, 70.0]
    assert found.with_dust.equals(days)
    assert found.deducted == 2
    one_station = deduct(days, pl.DataFrame({"station": ["B"], "date": ["1"]}))
    assert one_station.without_dust["pm2_5"].to_list() == [90.0, None, None]
