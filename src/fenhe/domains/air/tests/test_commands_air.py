"""The verbs as a person runs them: files in, files out, errors with their rows."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

HEADER = "edition,pollutant,averaging,concentration,remark\n"
SIX = "city,so2,no2,pm10,pm2_5,co_p95_mg,o3_mda8_p90\n"
CITIES = SIX + "太原,13,46,96,50,1.4,90\n甲,12,44,90,45,1.4,100\n乙,12,44,90,45,1.4,100\n"


def fenhe(*arguments: object, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "fenhe", "air", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, check=False)


def table(result: subprocess.CompletedProcess[bytes], *, text: bool = False) -> pl.DataFrame:
    assert result.returncode == 0, result.stderr.decode()
    return pl.read_csv(io.BytesIO(result.stdout), infer_schema=not text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_iaqi_through_a_pipe_in_any_encoding(encoding: str) -> None:
    text = (
        HEADER
        + "HJ 633-2026,PM2.5,24h,60,甲\nHJ 633-2012,PM2.5,24h,60,\n\n"
        + "HJ 633-2026,ＣＯ,24h,2.2,“乙”\nHJ 633-2012,SO2,1h,801,\nHJ 633-2012,O3,8h,,\n"
    )
    found = table(fenhe("iaqi", "-", "-", stdin=text.encode(encoding)), text=True)
    assert found["iaqi"].to_list() == ["100", "82", "55", None, None]
    assert found["remark"].to_list() == ["甲", None, "“乙”", None, None]


def test_an_empty_index_has_its_reason() -> None:
    text = HEADER + "HJ 633-2012,SO2,1h,801,\nHJ 633-2012,O3,8h,,\nHJ 633-2012,O3,8h,90,\n"
    result = fenhe("iaqi", "-", "-", stdin=text.encode())
    assert table(result).columns == [*HEADER.strip().split(","), "iaqi"]
    told = result.stderr.decode()
    assert "第 3 行（共 1 行）：没有浓度" in told
    assert "Rows 2 (1 in all): above the last breakpoint" in told


def test_every_bad_row_is_told_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    text = (
        HEADER
        + "HJ 633-2099,PM2.5,24h,60,\nHJ 633-2012,SO2,8h,8,\nHJ 633-2026,CO,24h,NaN,\n"
        + "HJ 633-2026,XX,24h,—,\nHJ 633-2012,O3,8h,-3,\nHJ 633-2012,O3,8h,１２,\n"
    )
    result = fenhe("iaqi", "-", tmp_path / "out.csv", "--json", stdin=text.encode())
    assert result.returncode == 2
    assert list(tmp_path.iterdir()) == []
    problems = json.loads(result.stderr)["error"]["problems"]
    assert [(p["row"], p["column"]) for p in problems] == [
        (2, "edition"), (3, "averaging"), (4, "concentration"),
        (5, "concentration"), (5, "pollutant"), (6, "concentration"), (7, "concentration"),
    ]  # fmt: skip
    assert all(p["zh"] and p["en"] for p in problems)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("edition,pollutant\n1,2\n", "table.column-missing"),
        (HEADER + "HJ 633-2026,PM2.5,24h\n", "table.row-width"),
        ("edition,Edition ,pollutant,averaging,concentration\n", "table.column-twice"),
    ],
)
def test_a_table_of_the_wrong_shape(text: str, code: str) -> None:
    result = fenhe("iaqi", "-", "-", "--json", stdin=text.encode())
    assert result.returncode == 2
    assert {p["code"] for p in json.loads(result.stderr)["error"]["problems"]} == {code}


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04 torn", b"PAR1 torn", b"\xff\xfe\x00\xd8"])
def test_a_file_that_is_no_table(raw: bytes) -> None:
    result = fenhe("iaqi", "-", "-", stdin=raw)
    assert result.returncode == 2
    assert "[table.unreadable]" in result.stderr.decode()


def test_parquet_in_and_out_keeps_float32_as_it_prints(tmp_path: Path) -> None:
    frame = pl.DataFrame({
        "edition": ["HJ 633-2026"] * 2, "pollutant": ["CO"] * 2, "averaging": ["1h"] * 2,
        "concentration": pl.Series([0.35, 0.25], dtype=pl.Float32),
    })  # fmt: skip
    frame.write_parquet(tmp_path / "in.parquet")
    result = fenhe("iaqi", tmp_path / "in.parquet", tmp_path / "out.parquet", "--json")
    assert json.loads(result.stdout)["rows"] == 2
    assert pl.read_parquet(tmp_path / "out.parquet")["iaqi"].to_list() == [4, 2]


def test_composite_picks_the_scheme_by_the_period() -> None:
    values = "13,46,96,50,1.4,90"
    text = SIX.replace("city", "period") + f"2022-Q4,{values}\n2026-03,{values}\n2031,{values}\n"
    found = table(fenhe("composite", "-", "-", stdin=text.encode()))
    assert found["scheme"].to_list() == ["composite 2012", "composite 2026-A", "composite 2031-C"]
    assert found["composite"].to_list() == [5.08, 5.55, 7.01]
    named = table(fenhe("composite", "-", "-", "--edition", "2026-B", stdin=text.encode()))
    assert named["composite"][0] > found["composite"][1]
    assert fenhe("composite", "-", "-", "--edition", "x", stdin=text.encode()).returncode == 2


def test_rank_orders_and_shares_ranks() -> None:
    found = table(fenhe("rank", "-", "-", stdin=CITIES.encode()))
    assert found.select("city", "rank").rows() == [("甲", 1), ("乙", 1), ("太原", 3)]
    dense = table(fenhe("rank", "-", "-", "--after-tie", "dense", stdin=CITIES.encode()))
    assert dense["rank"].to_list() == [1, 1, 2]
    twice = fenhe("rank", "-", "-", stdin=(CITIES + "甲,1,1,1,1,1,1\n").encode())
    assert twice.returncode == 2
    assert "air.place-twice" in twice.stderr.decode()


def test_budget_from_a_daily_table() -> None:
    days = "".join(f"2026-07-{d:02d},{30 + d % 2}\n" for d in range(1, 21))
    arguments = ["budget", "pm2_5", "--target", "30", "--in", "-", "--period", "2026-07"]
    found = table(fenhe(*arguments, stdin=("date,pm2_5\n" + days).encode()))
    first = found.row(0, named=True)
    assert (first["days_known"], first["days_left"], first["rest_mean_bound_allowed"]) == (
        20,
        11,
        True,
    )
    assert first["rest_mean_largest_1_decimals"] == 30.5
    assert found.height == 11


def test_no_number_of_a_budget_looks_like_a_day_to_a_spreadsheet() -> None:
    sums = ["--sum", "90", "--days", "3", "--remaining", "2", "--decimals", "0"]
    result = fenhe("budget", "pm2_5", "--target", "30", *sums)
    first = table(result, text=True).row(0, named=True)
    assert first["rest_mean_bound"] == "31.25"  # (30.5 * 5 - 90) / 2
    assert first["rest_mean_bound_exact"] == "exactly 125/4"
    assert first["rest_mean_largest_0_decimals"] == "31"
    sums[3], sums[5] = "2", "3"  # (30.5 * 5 - 90) / 3 has no end
    endless = table(fenhe("budget", "pm2_5", "--target", "30", *sums), text=True)
    assert endless["rest_mean_bound"][0] == "20.8333"
    assert endless["rest_mean_bound_exact"][0] == "exactly 125/6"


def test_budget_of_good_days_and_of_the_composite() -> None:
    share = ["--target", "80", "--good", "200", "--days", "250", "--remaining", "10"]
    found = table(fenhe("budget", "good_share", *share))
    assert found["bad_days_left"][0] == 2
    room = table(fenhe("budget", "composite", "--target", "5", "--in", "-", stdin=CITIES.encode()))
    assert room.filter(city="太原", pollutant="PM2.5")["largest"].item() == 47
    lacking = fenhe("budget", "pm2_5", "--target", "30", "--days", "3", "--sum", "90")
    assert lacking.returncode == 2
    assert "--remaining" in lacking.stderr.decode()


def test_whatif_of_one_city() -> None:
    arguments = ["whatif", "-", "-", "--city", "太原", "--thresholds"]
    found = table(fenhe(*arguments, stdin=CITIES.encode()))
    assert found.filter(property="pm2_5").select("cut", "rank").row(0) == (8.0, 1)
    assert fenhe("whatif", "-", "-", "--city", "丁", stdin=CITIES.encode()).returncode == 2


def test_composite_takes_printed_values_as_given_and_rounds_what_no_bulletin_prints() -> None:
    rows = "甲,12,38,70,28.5,0.9,160\n乙,12,38,70,28.5499,0.9001,160.2\n丙,12,,70,28.5,0.9,160\n"
    result = fenhe("composite", "-", "-", stdin=(SIX + rows).encode())
    found = table(result)
    # 28.5/35 = 0.81, not 28/35 = 0.80
    assert found["single_pm2_5"].to_list() == [0.81, 0.81, 0.81]
    assert found["composite"].to_list()[0] == found["composite"].to_list()[1]
    assert found["composite"].to_list()[2] is None
    told = result.stderr.decode()
    assert "rounded first" in told
    assert "Rows 4 lack" in told


def test_a_previous_value_of_zero_gives_no_change() -> None:
    header = SIX.strip() + ",prev_so2,prev_no2,prev_pm10,prev_pm2_5,prev_co_p95_mg,"
    text = header + "prev_o3_mda8_p90\n甲,12,38,70,28,0.9,160,0,40,70,30,1.0,150\n"
    found = table(fenhe("composite", "-", "-", stdin=text.encode())).row(0, named=True)
    assert found["yoy_pct_so2"] is None
    assert found["yoy_pct_no2"] == -5.0


def test_days_of_ozone_that_may_still_be_above() -> None:
    days = "".join(f"2026-{m:02d}-15,{150 + m}\n" for m in range(1, 13))
    arguments = ["budget", "o3_p90", "--target", "160", "--in", "-", "--period", "2026"]
    first = table(fenhe(*arguments, stdin=("date,o3_mda8\n" + days).encode())).row(0, named=True)
    assert (first["days_known"], first["above_so_far"], first["days_left"]) == (12, 2, 16)
    assert first["may_be_above"] == 0  # 28 days: the 90th percentile leaves two, both are used


FORECAST = (
    "date,aqi,primary\n2026-12-01,160,PM2.5\n2026-12-02,205,PM2.5\n2026-12-03,240,PM2.5\n"
    "2026-12-04,90,PM2.5\n2026-12-05,80,PM2.5\n2026-12-06,70,\n2026-12-07,210,O3\n"
)


def test_alert_levels_of_a_forecast_under_both_regimes() -> None:
    found = table(fenhe("alert", "-", "-", stdin=FORECAST.encode()))
    assert found.select("first_day", "colour", "released").rows() == [
        ("2026-12-01", "orange", "2026-12-06"),
        ("2026-12-07", None, None),
    ]
    old = table(fenhe("alert", "-", "-", "--regime", "2018", stdin=FORECAST.encode()))
    assert old["colour"].to_list()[0] == "yellow"
    calm = table(fenhe("alert", "-", stdin=b"date,aqi\n2026-12-01,60\n"))
    assert calm.is_empty()
    bad = fenhe("alert", "-", stdin="date,aqi\n2026-13-01,20.5\n2026-12-01,—\n".encode())
    assert bad.returncode == 2
    assert bad.stderr.decode().count("[") == 4


def test_the_feed_in_other_spellings_with_dashes_and_without_an_aqi() -> None:
    text = (
        "TimePoint,StationCode,SO2,NO2,PM10,PM2_5,CO,O3,O3_24h,O3_8h,O3_8h_24h,AQI\n"
        "2026-03-05 12:00,1081A,8,40,90,55,0.934,120,80,—,60,—\n"
        "2026/3/5 13:00,1082A,—,—,—,—,—,—,—,—,—,—\n"
    )
    header = ",SO2_24h,NO2_24h,PM10_24h,PM2_5_24h,CO_24h"
    lines = text.splitlines()
    text = "\n".join([lines[0] + header, *(line + ",—" * 5 for line in lines[1:])]) + "\n"
    found = table(fenhe("feed", "-", "-", stdin=text.encode()))
    assert found["aqi_computed"].to_list() == [90, None]
    assert found["category_computed"].to_list() == ["良", None]
    assert found["primary_computed"].to_list() == ["细颗粒物(PM2.5)", None]


def test_rank_leaves_out_what_has_no_composite_and_keeps_periods_apart() -> None:
    text = (
        "city,period,composite\n甲,2026-03,5.1\n乙,2026-03,4.9\n丙,2026-03,\n"
        "甲,2026-04,4.0\n乙,2026-04,4.0\n"
    )
    found = table(fenhe("rank", "-", "-", stdin=text.encode()))
    ranks = {(row["city"], row["period"]): row["rank"] for row in found.rows(named=True)}
    assert ranks == {
        ("甲", "2026-03"): 2,
        ("乙", "2026-03"): 1,
        ("丙", "2026-03"): None,
        ("甲", "2026-04"): 1,
        ("乙", "2026-04"): 1,
    }
