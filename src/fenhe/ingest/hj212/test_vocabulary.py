"""The tables against the reference they were typed from, and against the codec."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest
from conftest import SHARED

from fenhe.ingest.hj212 import cp, packet, vocabulary

REFERENCE = SHARED / "reference"
needs_reference = pytest.mark.skipif(
    not REFERENCE.exists(), reason="the reference is not on this machine"
)


def table(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@needs_reference
def test_every_code_is_that_of_the_reference() -> None:
    columns = {"code": "code", "zh": "name_zh", "en": "name_en", "medium": "medium",
               "unit": "unit", "emission_unit": "emission_unit", "type": "data_type",
               "old": "code_2005", "source": "source", "note": "note"}  # fmt: skip
    typed = [item.model_dump() for item in vocabulary.all_codes()]
    assert typed == [
        {own: row[its] for own, its in columns.items()} for row in table("hj212_codes.csv")
    ]


@needs_reference
def test_every_command_is_that_of_the_reference() -> None:
    typed = [
        (c.cn, c.zh, c.en, c.direction, c.type, list(c.editions), c.note)
        for c in vocabulary.commands()
    ]
    assert typed == [
        (row["cn"], row["name_zh"], row["name_en"], row["direction"], row["type"],
         [e for e in ("2005", "2017", "2025") if row[f"in_{e}"] == "y"], row["note"])
        for row in table("hj212_commands.csv")
    ]  # fmt: skip


@needs_reference
def test_every_enumeration_is_that_of_the_reference() -> None:
    said: dict[str, Any] = json.loads((REFERENCE / "hj212_enums.json").read_text("utf-8"))
    tables = vocabulary.tables()
    assert {key: row["zh"] for key, row in tables["st"].items()} == said["st"]
    assert {key: row["zh"] for key, row in tables["qn_rtn"].items()} == said["qn_rtn"]
    assert {key: row["zh"] for key, row in tables["exe_rtn"].items()} == said["exe_rtn"]
    assert set(tables["data_flag"]) == set(said["data_flag"]) | {"P"}
    assert set(tables["air_marks_2005"]) == set("0123") & set(said["data_flag_2005"])
    assert set(tables["facility_status"]) == set(said["facility_status"])
    assert tables["min_intervals"] == said["param_ranges"]["MinInterval"]
    assert tables["frame"]["max_segment"] == said["frame"]["max_segment"]
    assert [tables["timeouts"][key] for key in ("over_time_s", "re_count")] == said["timeouts"][
        "GPRS"
    ]
    assert set(tables["numeric_suffixes"]) <= set(said["suffixes"])


def test_the_codec_speaks_by_the_tables() -> None:
    tables = vocabulary.tables()
    assert set(tables["numeric_suffixes"]) == cp.NUMERIC
    assert {key: row["id"] for key, row in tables["editions"].items()} == packet.EDITIONS
    assert tables["frame"]["max_segment"] == packet.MAX_SEGMENT
    assert tables["frame"]["cap"] == packet.CAP


def test_words() -> None:
    assert vocabulary.code("02") == vocabulary.code("a21026")
    assert vocabulary.code("zz999") is None
    told = vocabulary.command("2061")
    assert told is not None
    assert told.zh == "取污染物小时数据／上传污染物小时数据"
    assert vocabulary.command("7777") is None
    flag = vocabulary.word("data_flag", "D")
    assert flag is not None
    assert flag.en == "instrument fault"
