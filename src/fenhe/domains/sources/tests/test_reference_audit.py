"""Every row of the reference's emission limits and permit formats against the editions, and that no
row is held to be more certain than its source."""

from __future__ import annotations

import csv
import re
from collections import Counter

import pytest
from conftest import SHARED

from fenhe.domains.sources.rules import tables
from fenhe.standards.confidence import Confidence
from fenhe.store import yaml

SIMPLE = str.maketrans("環發號氣", "环发号气")
REFERENCE = SHARED / "reference"


def reference() -> list[dict[str, str]]:
    path = REFERENCE / "emission_limits.csv"
    if not path.exists():
        pytest.skip("the reference tables are not beside this checkout")
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def held() -> list[tuple[str, tables.Row]]:
    return [
        (chosen, row)
        for chosen in (tables.GAS, tables.WATER)
        for row in tables.latest(chosen).table("limits")
    ]


AVERAGES = {
    "hour": "hour",
    "hour (as mean)": "hour",
    "day": "day",
    "24 hours": "day",
    "24 hours or day": "day",
    "5 min": "5min",
    "sampled mean": "sample",
    "any single reading": "reading",
    "observation": "observation",
    "": "",
    "instantaneous (day mean before 2026-03-01)": "instantaneous",
}


def test_every_row_is_there_once_and_no_other() -> None:
    wanted = Counter(
        (x["standard"].translate(SIMPLE), x["industry"], x["source_unit"], x["condition"],
         x["pollutant"], x["code_hj212"], float(x["limit"]), x["unit"], AVERAGES[x["averaging"]])
        for x in reference()
    )  # fmt: skip
    found = Counter(
        (r["standard"], r["industry"], r["source_unit"], r["condition"], r["pollutant"], r["code"],
         float(r["limit"]), r["unit"], r["averaging"])
        for _, r in held()
    )  # fmt: skip
    assert wanted == found


def rows_together() -> list[tuple[dict[str, str], tables.Row]]:
    """The reference's rows beside ours; their order within a medium is the same."""
    water = {"mg/L", "pH", "times"}
    rows = reference()
    ordered = [x for x in rows if x["unit"] not in water] + [x for x in rows if x["unit"] in water]
    return list(zip(ordered, [row for _, row in held()], strict=True))


def test_no_row_is_surer_than_its_source() -> None:
    for x, row in rows_together():
        assert float(x["limit"]) == float(row["limit"])
        if x["confidence"] != "confirmed":
            assert not row.confidence.accuses, x
        if row.confidence is Confidence.OFFICIAL:
            assert "official text read" in x["source_note"], x
        if x["confidence"] == "from memory":
            assert row.confidence is Confidence.FROM_MEMORY
        assert bool(row["binding"]) == (x["edition_status"] != "policy")


def test_oxygen_references() -> None:
    for x, row in rows_together():
        said = x["o2_ref_percent"]
        if re.fullmatch(r"[\d.]+", said):
            assert (float(said), None) == (float(row["o2_ref"]), row["o2_note"])
        else:
            assert (row["o2_ref"], row["o2_note"]) == (None, said or None)


def test_sense_and_cold_limits() -> None:
    for x, row in rows_together():
        below = "not below" in x["source_unit"] + x["condition"] + x["source_note"].split(";")[0]
        assert (row["sense"] == "at_least") == below, x
        cold = re.search(r"(\d+) at water temperature of 12 degC", x["source_note"])
        assert row["cold_limit"] == (int(cold.group(1)) if cold else None)


def test_permit_formats() -> None:
    path = REFERENCE / "governance_permit.yaml"
    if not path.exists():
        pytest.skip("the reference tables are not beside this checkout")
    raw = yaml.read(path)
    formats = tables.latest(tables.PERMITS).table("formats")
    for what, name in (
        ("permit", "permit_code"),
        ("outlet", "outlet_code"),
        ("treatment", "treatment_code"),
        ("facility", "facility_code"),
    ):
        assert formats.one(what=what)["pattern"] == raw[name]["regex"]
    periods = tables.latest(tables.PERMITS).table("periods")
    assert periods.one(rule="renew_apply_days_before")["value"] == raw["renew_apply_days_before"]
    assert periods.one(rule="change_apply_days_after")["value"] == raw["change_apply_days_after"]
    assert periods.one(rule="valid_years")["value"] == raw["permit"]["valid_years"]


@pytest.mark.parametrize(
    "phrase",
    [
        "mean of ≥12 readings",
        "≥45 valid minutes",
        "≥20 valid hours",
        "≥25 valid days (February ≥23)",
        "max of the last 180 valid hours",
        "max of 720 valid hours",
        "max of 2160 valid hours",
        "≥75 %",
        "≥95 % of the valid hours",
        "before 12:00 of the next day",
    ],
)
def test_the_rules_numbers_stand_in_the_reference(phrase: str) -> None:
    path = REFERENCE / "cems_rules.md"
    if not path.exists():
        pytest.skip("the reference tables are not beside this checkout")
    assert phrase in path.read_text(encoding="utf-8")


def test_the_rules_numbers() -> None:
    assert [tables.least(s) for s in ("minute", "hour", "day", "month")] == [12, 45, 20, 25]
    assert tables.february() == 23
    found = [
        (r["capture_from"], r["gap_over_hours"], r["valid_hours"])
        for r in tables.monitoring().table("substitution")
    ]
    assert found == [(90, 0, 180), (90, 24, 720), (75, 0, 2160)]
