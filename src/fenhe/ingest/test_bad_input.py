"""Bad input: every case gets its code, its row as a person sees it, and its column; all at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fenhe.ingest import columns
from fenhe.ingest.dry_run import collapse
from fenhe.ingest.findings import Findings
from fenhe.ingest.parse import READINGS, Known, Parser
from fenhe.ingest.profile import Profile
from fenhe.ingest.readers import open_table
from fenhe.kernel.text import plain
from fenhe.kernel.values import Qualifier
from fenhe.registry.vocabulary import Property

NOW = datetime(2026, 3, 1, tzinfo=UTC)
VOCABULARY = {
    "so2": Property(
        id="so2", name={"zh": "二氧化硫", "en": "sulfur dioxide"}, symbol="SO2", unit="µg/m³",
        decimals=0, domain="air", aliases=("SO₂",), minimum=-50, maximum=10000,
    ),
    "co": Property(
        id="co", name={"zh": "一氧化碳", "en": "carbon monoxide"}, symbol="CO", unit="mg/m³",
        decimals=1, domain="air", minimum=-5, maximum=150,
    ),
}  # fmt: skip
OBJECTS = {plain(text): id for text, id in {"1001A": 1, "1002A": 2, "同名": -1}.items()}
HEADER = "station,time,so2,co\n"
GOOD = "1001A,2015-01-01 00:00,12,0.5\n"


def profile(**changes: Any) -> Profile:
    return Profile.model_validate(
        {
            "id": "p",
            "name": "p",
            "object_kind": "k",
            "time": {"side": "begin"},
            "object": {"column": "station"},
            "properties": {
                "so2": {"property": "so2", "unit": "µg/m³"},
                "co": {"property": "co", "unit": "mg/m³"},
            },
        }
        | changes
    )


LONG: dict[str, Any] = {
    "layout": "long", "property_column": "item", "value_column": "value", "unit_column": "unit",
}  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., tuple[pl.DataFrame, Findings]]:
    def run(content: str | bytes, **changes: Any) -> tuple[pl.DataFrame, Findings]:
        path, shape = tmp_path / "file.csv", profile(**changes)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        findings = Findings("file.csv")
        table = open_table(path, shape, "file.csv", 10_000_000)
        roles = columns.assign(table, shape, VOCABULARY, OBJECTS, findings)
        if findings.total:
            return pl.DataFrame(schema=READINGS), findings
        parser = Parser(table, shape, roles, Known(OBJECTS, VOCABULARY), findings, NOW)
        parts = [parser.readings(b) for b, _ in table.batches(roles.used, findings)]
        readings = pl.concat(parts) if parts else pl.DataFrame(schema=READINGS)
        return collapse(readings, findings, table.header), findings

    return run


Run = Callable[..., tuple[pl.DataFrame, Findings]]


AT = "1001A,2015-01-01 00:00"


def cell(code: str, row: int, column: str) -> list[tuple[str, int, str]]:
    return [(f"ingest.{code}", row, column)]


WIDE_CASES = {
    "unknown station": ("9999X,2015-01-01 00:00,12,0.5\n", cell("object-unknown", 2, "station")),
    "no station": (",2015-01-01 00:00,12,0.5\n", cell("object-blank", 2, "station")),
    "two have the name": ("同名,2015-01-01 00:00,1,1\n", cell("object-ambiguous", 2, "station")),
    "not a time": (GOOD + "1001A,yesterday,12,0.5\n", cell("time-unreadable", 3, "time")),
    "half past": ("1001A,2015-01-01 00:30,12,0.5\n", cell("time-off-grid", 2, "time")),
    "the future": ("1001A,2099-01-01 00:00,12,0.5\n", cell("time-future", 2, "time")),
    "not a number": (AT + ",twelve,0.5\n", cell("value-unreadable", 2, "so2")),
    "NaN": (AT + ",NaN,0.5\n", cell("value-unreadable", 2, "so2")),
    "an undeclared dash": (AT + ",—,0.5\n", cell("value-unreadable", 2, "so2")),
    "full-width digits": (AT + ",１２,0.5\n", cell("value-unreadable", 2, "so2")),
    "infinity": (AT + ",12,inf\n", cell("value-unreadable", 2, "co")),
    "impossible": (AT + ",1e9,0.5\n", cell("value-impossible", 2, "so2")),
    "µg in an mg column": (AT + ",12,800\n", cell("value-impossible", 2, "co")),
    "one cell too few": (GOOD + "1001A,2015-01-01 01:00,12\n", cell("row-width", 3, "")),
    "one cell too many": (GOOD + "1001A,2015-01-01 01:00,12,1,9\n", cell("row-width", 3, "")),
    "two values for one hour": (
        GOOD + GOOD.replace("12", "13"),
        [("ingest.duplicate", 2, "so2"), ("ingest.duplicate", 3, "so2")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WIDE_CASES, ids=str)
def test_a_bad_cell_is_named(run: Run, case: str) -> None:
    rows, expected = WIDE_CASES[case]
    _, findings = run(HEADER + rows)
    assert [(p.code, p.row, p.column) for p in findings.kept] == expected
    assert all(
        p.message.zh and p.message.en and p.message.zh != p.message.en for p in findings.kept
    )


HEADERS = {
    "unknown column": ("station,time,so2,co,wind\n", {}, [("ingest.column-unknown", "wind")]),
    "missing column": ("station,so2,co\n", {}, [("ingest.column-missing", "time")]),
    "twice": ("station,time,so2,co,so2\n", {}, [("ingest.column-duplicate", "so2")]),
    "twice by alias": ("station,time,so2,co,SO₂\n", {}, [("ingest.column-duplicate", "SO₂")]),
    "a column without title": ("station,time,,co\n", {}, [("ingest.column-unknown", "#3")]),
    "unknown unit": ("station,time,so2(oz),co\n", {}, [("kernel.unit-unknown", "so2(oz)")]),
    "dimension": ("station,time,so2(mg/L),co\n", {}, [("kernel.unit-dimension", "so2(mg/L)")]),
    "all at once": (
        "station,so2(mg/L),co,wind\n",
        {},
        [("kernel.unit-dimension", "so2(mg/L)"), ("ingest.column-missing", "time"),
         ("ingest.column-unknown", "wind")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", HEADERS, ids=str)
def test_a_bad_header_is_named(run: Run, case: str) -> None:
    header, changes, expected = HEADERS[case]
    readings, findings = run(header + GOOD, **changes)
    assert sorted((p.code, p.column) for p in findings.kept) == sorted(expected)
    assert readings.is_empty()


def test_a_column_ignored_by_the_profile_is_no_problem(run: Run) -> None:
    readings, findings = run(
        "station,time,so2,co,wind\n" + GOOD.strip() + ",NNE\n", ignore=["Wind"]
    )
    assert (findings.total, readings.height) == (0, 2)


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        ("1001A,2015-01-01 00:00,mercury,1,µg/m³", "ingest.property-unknown", "item"),
        ("1001A,2015-01-01 00:00,so2,1,furlong", "kernel.unit-unknown", "unit"),
        ("1001A,2015-01-01 00:00,so2,1,mg/L", "kernel.unit-dimension", "unit"),
        ("1001A,2015-01-01 00:00,so2,1,", "ingest.unit-blank", "unit"),
    ],
)
def test_a_bad_property_or_unit_in_a_long_file(run: Run, row: str, code: str, column: str) -> None:
    _, findings = run(f"station,time,item,value,unit\n{row}\n", **LONG)
    assert [(p.code, p.row, p.column) for p in findings.kept] == [(code, 2, column)]


def test_units_are_converted_row_by_row(run: Run) -> None:
    rows = "1001A,2015-01-01 00:00,CO,700,ug/m3\n1001A,2015-01-01 01:00,一氧化碳,0.7,毫克/立方米\n"
    readings, findings = run("station,time,item,value,unit\n" + rows, **LONG)
    assert findings.total == 0
    assert readings["value"].to_list() == [0.7, 0.7]  # exactly, not 0.7000000000000001


def test_a_units_row_outranks_the_profile(run: Run) -> None:
    text = "station,time,so2,co\n,,mg/m³,µg/m³\n1001A,2015-01-01 00:00,0.012,500\n"
    readings, findings = run(text, units_row=True)
    assert findings.total == 0
    assert sorted(readings["value"]) == [0.5, 12.0]
    assert readings["row"].to_list() == [3, 3]


def test_what_the_profile_declares_missing_is_kept_with_its_reason(run: Run) -> None:
    rows = "1001A,2015-01-01 00:00,—,na\n1001A,2015-01-01 01:00,/,\n1001A,2015-01-01 02:00,<1,-\n"
    readings, findings = run(HEADER + rows, missing=["—", "-", "NA", "/"])
    assert findings.total == 0
    assert readings.sort("row", "column")["qualifier"].to_list() == [
        Qualifier.MISSING_MARKED, Qualifier.MISSING_MARKED, Qualifier.NOT_MEASURED,
        Qualifier.BELOW, Qualifier.MISSING_MARKED,
    ]  # fmt: skip


def test_a_blank_says_nothing_unless_the_profile_says_it_means_missing(run: Run) -> None:
    text = HEADER + "1001A,2015-01-01 00:00,,0.5\n"
    assert run(text)[0].height == 1
    readings = run(text, blank="missing")[0].sort("row", "column")
    assert readings["qualifier"].to_list() == [Qualifier.MISSING_BLANK, 0]


def test_full_width_letters_in_codes_and_stamps_are_read(run: Run) -> None:
    readings, findings = run(HEADER + "１００１Ａ,２０１５－０１－０１　００：００,12,0.5\n")
    assert findings.total == 0
    assert readings.sort("row", "column")["value"].to_list() == [12.0, 0.5]


def test_a_profile_means_the_same_whatever_the_order_of_its_columns() -> None:
    """A database that keeps JSON need not keep its order; staged rows refer to it."""
    turned = dict(reversed(profile().properties.items()))
    assert profile(properties=turned).used_properties == profile().used_properties


def test_equal_repetitions_collapse(run: Run) -> None:
    readings, findings = run(HEADER + GOOD * 3)
    assert (findings.total, readings.height) == (0, 2)


def test_a_column_an_object(run: Run) -> None:
    text = "date,hour,type,1001A,1002A\n20150101,1,SO2,12,\n20150101,1,AQI,50,60\n"
    readings, findings = run(
        text,
        layout="across",
        object=None,
        property_column="type",
        time={"pattern": "{date} {hour}", "side": "end"},
        properties={"SO2": {"property": "so2", "unit": "µg/m³"}, "AQI": None},
    )
    assert findings.total == 0
    assert readings.select("object", "value", "start").rows() == [
        (1, 12.0, datetime(2014, 12, 31, 16, tzinfo=UTC))
    ]


def test_all_problems_are_counted_and_the_first_thousand_are_listed(run: Run) -> None:
    _, findings = run(HEADER + "9999X,yesterday,a,b\n" * 700)
    assert findings.total == 4 * 700
    assert dict(findings.counts) == {
        "ingest.object-unknown": 700,
        "ingest.time-unreadable": 700,
        "ingest.value-unreadable": 1400,
    }
    rows = [p.row for p in findings.kept]
    assert len(rows) == 1000
    assert rows == sorted(rows)
    assert rows[-1] == 251  # whole rows, from the top
