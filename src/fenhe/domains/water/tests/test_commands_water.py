"""The verbs as a person runs them: files in, files out, errors with their rows."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

FIVE = "section,ph,do,codmn,nh3n,tp,waterbody\n"


def fenhe(*arguments: object, stdin: str = "") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "fenhe", "water", *map(str, arguments)]
    return subprocess.run(command, input=stdin.encode(), capture_output=True, check=False)


def table(result: subprocess.CompletedProcess[bytes]) -> pl.DataFrame:
    assert result.returncode == 0, result.stderr.decode()
    return pl.read_csv(io.BytesIO(result.stdout), infer_schema=False)


def problems(result: subprocess.CompletedProcess[bytes]) -> list[tuple[int, str, str]]:
    assert result.returncode == 2
    found = json.loads(result.stderr)["error"]["problems"]
    return [(p["row"], p["column"], p["code"]) for p in found]


def test_classify_rivers_and_lakes() -> None:
    rows = "甲,7.2,8.1,3.0,2.12,0.05,river\n乙,7.2,8.1,3.0,0.3,0.05,湖库\n丙,9.1,8,1,0.1,0.01,\n"
    found = table(fenhe("classify", "-", "-", stdin=FIVE + rows))
    assert found["class"].to_list() == ["劣Ⅴ", "Ⅲ", "劣Ⅴ"]
    assert found["class_tp"].to_list() == ["Ⅱ", "Ⅲ", "Ⅰ"]
    assert found["main_pollutants"].to_list() == ["氨氮(1.12)", None, "pH"]
    assert found["main_items"].to_list() == ["nh3n", None, "ph"]
    assert found["section"].to_list() == ["甲", "乙", "丙"]


def test_chinese_headers_codes_units_and_detection_limits() -> None:
    text = "断面,氨氮(mg/L),W21011,铅,石油类\n甲,0.05L,<0.01,0.02L,0.01\n"
    result = fenhe("classify", "-", "-", stdin=text)
    found = table(result)
    assert found["class"].to_list() == ["Ⅰ"]
    assert found["censored"].to_list() == ["nh3n,tp,pb"]
    assert found["class_pb"].to_list() == ["Ⅰ"]
    assert found["missing_items"].to_list() == ["ph,do,codmn"]


def test_a_detection_limit_above_the_limit_is_told() -> None:
    result = fenhe("classify", "-", "-", stdin="nh3n\n3L\n")
    assert table(result)["class"].to_list() == ["Ⅳ"]
    assert "detection limit is above" in result.stderr.decode()


def test_every_bad_cell_is_told_and_nothing_written(tmp_path: Path) -> None:
    rows = "甲,15,8,—,1,0.1,river\n乙,7,-1,2,>3,0.1,sea\n"
    result = fenhe("classify", "-", tmp_path / "out.csv", "--json", stdin=FIVE + rows)
    assert problems(result) == [
        (2, "codmn", "water.not-a-number"),
        (2, "ph", "water.ph-range"),
        (3, "do", "water.negative"),
        (3, "nh3n", "water.not-a-number"),
        (3, "waterbody", "water.waterbody-unknown"),
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_table_without_items_is_refused() -> None:
    result = fenhe("classify", "-", "-", stdin="a,b\n1,2\n")
    assert result.returncode == 2
    assert "water.no-items" in result.stderr.decode()


@pytest.mark.parametrize("name", ["out.parquet", "out.csv", "out.json"])
def test_files_by_their_ending(tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    assert fenhe("classify", "-", target, stdin="do,tp\n8,0.1\n").returncode == 0
    read = {"out.parquet": pl.read_parquet, "out.csv": pl.read_csv, "out.json": pl.read_json}[name]
    assert read(target)["class"].to_list() == ["Ⅱ"]


def test_round_long_and_wide() -> None:
    long = table(
        fenhe(
            "round", "-", "-", stdin="item,value\npH,7.995\n电导率,393.35\nDO,8.675\n氨氮,0.0004\n"
        )
    )
    assert long["rounded"].to_list() == ["8.00", "393.4", "8.68", "0.0004"]
    wide = table(fenhe("round", "-", "-", "--for", "assessment", stdin="nh3n,do\n0.125,7.25\n"))
    assert wide["nh3n_rounded"].to_list() == ["0.12"]
    assert wide["do_rounded"].to_list() == ["7.2"]
    result = fenhe("round", "-", "-", "--json", stdin="item,value\nxx,1\n")
    assert problems(result) == [(2, "item", "water.item-unknown")]


FEED = "province,section,time,class,ph,do,codmn,nh3n,tp,status\n"


def test_feed_tells_stale_midnights_rounding_and_half_limits() -> None:
    rows = (
        "晋,甲,04-01 20:00,Ⅳ,8.0,8.0,7.0,0.025,0.050,正常\n"
        "晋,甲,04-02 00:00,Ⅳ,8.0,8.0,3.0,0.025,0.050,正常\n"
        "晋,甲,04-02 04:00,Ⅳ,8.0,8.0,3.0,0.100,0.200,正常\n"
        "晋,甲,04-02 08:00,Ⅰ,8.0,8.0,3.0,0.100,*,正常\n"
        "晋,甲,04-02 12:00,*,--,--,--,--,--,维护\n"
    )
    found = table(fenhe("feed", "-", "-", stdin=FEED + rows))
    assert found["difference"].to_list() == [
        "same", "stale_midnight", "rounding", "item_missing", "no_class_published",
    ]  # fmt: skip
    assert found["class_computed"].to_list() == ["Ⅳ", "Ⅱ", "Ⅲ", "Ⅱ", None]
    assert found["half_limits"].to_list() == ["nh3n", "nh3n", None, None, None]
    assert found["class_differs"].to_list() == ["false", "true", "true", "true", None]


def test_feed_infers_lakes_from_what_was_published() -> None:
    rows = "晋,湖,04-01 04:00,Ⅳ,8.0,8.0,2.0,0.1,0.060,正常\n晋,河,04-01 04:00,Ⅱ,8,8,2,0.1,0.060,\n"
    found = table(fenhe("feed", "-", "-", stdin=FEED + rows))
    assert found["waterbody"].to_list() == ["lake", "river"]
    assert found["waterbody_from"].to_list() == ["inferred", "inferred"]


def test_cwqi_ranks_cities_and_says_what_is_missing() -> None:
    text = "city,section,period,nh3n,cod\n甲,a,2025,0.5,10\n甲,b,2025,0.7,10\n乙,c,2025,0.2,10\n"
    text += "甲,a,2026,0.3,10\n甲,b,2026,0.3,10\n乙,c,2026,0.4,10\n"
    result = fenhe("cwqi", "-", "-", "--base", "2025", stdin=text)
    found = table(result)
    rows = found.select("period", "city", "cwqi", "rank", "change_percent", "change_rank").rows()
    assert rows == [
        ("2025", "乙", "0.7", "1", None, None),
        ("2025", "甲", "1.1", "2", None, None),
        ("2026", "甲", "0.8", "1", "-27.27", "1"),
        ("2026", "乙", "0.9", "2", "28.57", "2"),
    ]
    assert "19 of the 21 items are missing" in result.stderr.decode()
    refused = fenhe("cwqi", "-", "-", "--base", "2020", stdin=text)
    assert refused.returncode == 2
    assert "water.base-unknown" in refused.stderr.decode()


def test_compensation_statement_csv_and_json(tmp_path: Path) -> None:
    text = "district,section,period,item,value,target\n沁水县,郑庄,2022-11,氨氮,2.12,Ⅲ\n"
    result = fenhe("compensation", "-", "-", "--scheme", "jincheng-2020", stdin=text)
    found = table(result)
    assert found.select("kind", "measure", "amount").rows() == [
        ("item", "1.12", "100.0"),
        ("total", None, "100.0"),
    ]
    told = json.loads(
        fenhe("compensation", "-", "-", "--scheme", "jincheng-2020", "--json", stdin=text).stdout
    )
    assert told["statements"][0]["lines"][0]["clause"] == "JC2020"
    missing = fenhe("compensation", "-", "-", stdin=text)
    assert missing.returncode == 2
    assert "water.scheme-unknown" in missing.stderr.decode()
    bad = text + "沁水县,郑庄,2022-13,氮,—,\n"
    refused = fenhe("compensation", "-", "-", "--scheme", "jincheng-2020", "--json", stdin=bad)
    assert [(row, column) for row, column, _ in problems(refused)] == [
        (3, "item"), (3, "period"), (3, "value"),
    ]  # fmt: skip


def test_feed_through_a_pipe_reads_what_classify_wrote() -> None:
    once = fenhe("classify", "-", "-", stdin="do,tp,waterbody\n8,0.03,lake\n")
    again = fenhe("feed", "-", "-", stdin=once.stdout.decode())
    assert table(again)["difference"].to_list() == ["same"]


def test_groundwater_names_what_decides() -> None:
    text = "井,pH,铁,总硬度,嗅和味,氨氮\nA,7.2,0.25,400,无,<0.04\nB,9.5,0.1,100,有,0.02\nC,,,,,\n"
    found = table(fenhe("groundwater", "-", "-", stdin=text))
    assert found["class"].to_list() == ["Ⅲ", "Ⅴ", None]
    assert found["worst_items"].to_list() == ["总硬度、铁", "嗅和味、pH", None]
    assert found["class_氨氮"].to_list() == ["Ⅰ", "Ⅰ", None]
    refused = fenhe("groundwater", "-", "-", "--json", stdin="嗅和味,铁\n臭,x\n")
    assert [(row, column) for row, column, _ in problems(refused)] == [(2, "嗅和味"), (2, "铁")]
