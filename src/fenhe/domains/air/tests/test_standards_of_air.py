"""The standards' numbers against the reference tables, and which edition holds on which day."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
from conftest import SHARED

from fenhe.domains.air.rules import tables
from fenhe.kernel import units
from fenhe.standards.load import load_folder

OWN = {edition.id for edition in load_folder(Path(tables.__file__).parents[1] / "standards")}
EDITIONS = [edition for edition in tables.editions() if edition.id in OWN]


def reference(name: str) -> list[dict[str, str]]:
    path: Path = SHARED / "reference" / name
    if not path.exists():
        pytest.skip("the reference tables are not beside this checkout")
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("standard", "day", "expected"),
    [
        ("GB 3095", date(2026, 2, 28), "GB 3095-2012"),
        ("GB 3095", date(2026, 3, 1), "GB 3095-2026 transitional"),
        ("GB 3095", date(2030, 12, 31), "GB 3095-2026 transitional"),
        ("GB 3095", date(2031, 1, 1), "GB 3095-2026 final"),
        ("HJ 633", date(2026, 2, 28), "HJ 633-2012"),
        ("HJ 633", date(2026, 3, 1), "HJ 633-2026"),
        ("HJ 663", date(2013, 10, 1), "HJ 663-2013"),
        ("composite", date(2026, 3, 1), "composite 2026-A"),
        ("composite", date(2031, 1, 1), "composite 2031-C"),
    ],
)
def test_the_edition_of_a_day(standard: str, day: date, expected: str) -> None:
    assert tables.in_force(standard, day).id == expected


def test_every_limit_equals_the_reference() -> None:
    phases = {
        "basic items": ("GB 3095-2012", "limits"),
        "other items": ("GB 3095-2012", "other_limits"),
        "transitional": ("GB 3095-2026 transitional", "limits"),
        "final": ("GB 3095-2026 final", "limits"),
        "other items, until 2030-12-31": ("GB 3095-2026 transitional", "other_limits"),
        "other items, from 2031": ("GB 3095-2026 final", "other_limits"),
    }
    counted = 0
    for row in reference("air_limits.csv"):
        if row["phase"] not in phases:
            continue  # annex A is informative
        id, name = phases[row["phase"]]
        table = tables.edition(id).table(name)
        key = {key: row[key] for key in ("pollutant", "averaging", "grade")}
        assert table.one(**key)["limit"] == float(row["limit"])
        counted += 1
    held = {(id, name) for id, name in phases.values()}
    assert counted == sum(len(tables.edition(id).table(name)) for id, name in held)


def test_every_category_and_alert_condition_has_its_words_in_both_languages() -> None:
    for edition in tables.editions("HJ 633"):
        for row in edition.table("categories"):
            for column in ("level_name", "category", "colour", "advice"):
                assert row.text(column).zh
                assert row.text(column).en


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda edition: edition.id)
def test_every_row_names_clause_and_confidence_and_a_known_unit(edition: tables.Edition) -> None:
    for table in edition.tables.values():
        for row in table:
            assert row.clause
            assert row.confidence.label.zh
            unit = row.cells.get("unit")
            if unit and table.id in ("limits", "other_limits", "annex_a", "breakpoints"):
                assert units.unit(unit).symbol == unit


def test_what_is_not_proven_does_not_accuse() -> None:
    assert tables.edition("HJ 633-2026").table("breakpoints").rows[0].confidence.accuses
    assert tables.edition("composite 2012").table("composite").rows[0].confidence.accuses
    assert not tables.edition("composite 2026-A").table("composite").rows[0].confidence.accuses
