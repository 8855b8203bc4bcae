"""Every row of the reference tables against the editions: the number, where it stands, and that no
row is held to be more certain than its source."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from conftest import SHARED

from fenhe.domains.air.rules import tables
from fenhe.standards.confidence import Confidence
from fenhe.standards.edition import Row

CERTAINTY = {
    Confidence.OFFICIAL: 4,
    Confidence.REPRODUCED: 3,
    Confidence.SECOND_HAND: 2,
    Confidence.FROM_MEMORY: 1,
    Confidence.UNCONFIRMED: 1,
    Confidence.EXTRAPOLATION: 1,
}
NUMBERS = re.compile(r"(?:Table )?[A-Z]?\.?\d+(?:\.\d+)+|Table [A-Z\d.]+")


def reference(name: str) -> list[dict[str, str]]:
    path: Path = SHARED / "reference" / name
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def rows_of(name: str) -> list[dict[str, str]]:
    found = reference(name)
    if not found:
        pytest.skip("the reference tables are not beside this checkout")
    return found


def ceiling(said: str) -> int:
    """How certain a row may be at most, by what the reference says of it."""
    if said.startswith("PRIMARY"):
        return CERTAINTY[Confidence.OFFICIAL]
    if said.startswith("FROM MEMORY") or "UNCONFIRMED" in said or said == "EXTRAPOLATION":
        return CERTAINTY[Confidence.FROM_MEMORY]
    if "VERIFIED" in said or "EXACTLY" in said:
        return CERTAINTY[Confidence.REPRODUCED]
    return CERTAINTY[Confidence.SECOND_HAND]


def not_surer(rows: Iterable[Row], said: str) -> None:
    for row in rows:
        assert CERTAINTY[row.confidence] <= ceiling(said), (dict(row.cells), said)


def same_place(row: Row, clause: str) -> None:
    """Each table and paragraph the reference names is named by the row too."""
    for number in NUMBERS.findall(clause):
        assert number in row.clause, (dict(row.cells), row.clause, clause)


def words(cell: str) -> list[str]:
    return [word for word in re.split(r"[ ,]+", cell) if word]


def edition_of(phase: str) -> tuple[str, str]:
    return {
        "basic items": ("GB 3095-2012", "limits"),
        "other items": ("GB 3095-2012", "other_limits"),
        "transitional": ("GB 3095-2026 transitional", "limits"),
        "final": ("GB 3095-2026 final", "limits"),
        "other items, until 2030-12-31": ("GB 3095-2026 transitional", "other_limits"),
        "other items, from 2031": ("GB 3095-2026 final", "other_limits"),
    }[phase]


def test_limits() -> None:
    for row in rows_of("air_limits.csv"):
        cells = {key: row[key] for key in ("pollutant", "averaging")}
        if row["phase"].startswith("Annex A"):
            area = row["phase"].removeprefix("Annex A (informative)").strip() or "general"
            id, table = "GB 3095-2026 transitional", "annex_a"
            cells |= {"area": area}
        else:
            id, table = edition_of(row["phase"])
            cells |= {"grade": row["grade"]}
        held = tables.edition(id).table(table).one(**cells)
        assert held["limit"] == float(row["limit"])
        not_surer([held], row["confidence"])
        same_place(held, row["clause"])


def test_breakpoints() -> None:
    for row in rows_of("air_iaqi_breakpoints.csv"):
        edition = tables.edition(row["standard"])
        held = edition.table("breakpoints").one(
            pollutant=row["pollutant"], averaging=row["averaging"]
        )
        pairs = dict(zip(held["iaqi"], held["concentration"], strict=True))
        assert pairs[int(row["iaqi"])] == float(row["breakpoint"])
        not_surer([held], row["confidence"])
        same_place(held, row["clause"])
        if above := re.search(r"C>800 -> (IAQI=(\d+))?", row["note"]):
            rule = edition.table("above_top").one(
                pollutant=row["pollutant"], averaging=row["averaging"]
            )
            assert rule["iaqi"] == (int(above[2]) if above[2] else None)
            not_surer([rule], row["confidence"])


def test_breakpoints_hold_nothing_the_reference_does_not_have() -> None:
    listed = len(rows_of("air_iaqi_breakpoints.csv"))
    assert listed == sum(
        len(row["iaqi"])
        for edition in tables.editions("HJ 633")
        for row in edition.table("breakpoints")
    )


def test_categories_and_colours() -> None:
    for row in rows_of("air_aqi_categories.csv"):
        for edition in tables.editions("HJ 633"):
            held = edition.table("categories").one(level=int(row["level"]))
            assert (held["aqi_from"], held["aqi_to"]) == (int(row["aqi_lo"]), int(row["aqi_hi"]))
            assert held["level_name"]["zh"] == row["level_zh"]
            assert held["category"] == {
                "zh": row["category_zh"],
                "en": row["category_en_translation"],
            }
            assert held["colour"]["zh"] == row["colour_zh"]
            assert held["hex"] == "#" + "".join(f"{int(row[c]):02x}" for c in "rgb")
            assert held["cmyk"] == [int(row[c]) for c in "cmyk"]
            not_surer([held], row["confidence"])


def test_sensitive_groups() -> None:
    table = tables.edition("HJ 633-2026").table("sensitive_groups")
    named = []
    for row in rows_of("air_sensitive_groups.csv"):
        for pollutant in row["pollutant_with_iaqi_over_100"].split(" / "):
            held = table.one(pollutant=pollutant)
            assert held["groups"]["zh"] == row["sensitive_groups_gist_zh"]
            not_surer([held], row["confidence"])
            same_place(held, row["clause"])
            named.append(pollutant)
    assert len(table) == len(named)


def test_percentiles() -> None:
    for row in rows_of("air_statistics.csv"):
        if not row["percentile"]:
            continue
        for edition in tables.editions("HJ 663"):
            held = edition.table("percentiles").one(pollutant=row["pollutant"])
            assert held["percentile"] == float(row["percentile"])
            not_surer([held], row["confidence"])


@pytest.mark.parametrize(
    ("statistic", "table", "cells"),
    [
        ("percentile formula", "percentile_method", {}),
        ("stations counted", "stations", {"station_type": "city"}),
        ("three-year sliding mean", "options", {"option": "three_year_sliding_mean"}),
        ("sand-dust deduction", "options", {"option": "deduct_dust"}),
        ("month mean / quarter mean", "city_statistics", {"statistic": "month_mean"}),
        ("city hour", "city_statistics", {"statistic": "city_hour"}),
        ("city year", "city_statistics", {"statistic": "city_year"}),
    ],
)
def test_how_statistics_are_made(statistic: str, table: str, cells: dict[str, str]) -> None:
    said = next(row for row in rows_of("air_statistics.csv") if row["statistic"] == statistic)
    for edition in tables.editions("HJ 663"):
        rows = edition.table(table).find(**cells)
        assert rows
        not_surer(rows, said["confidence"])


VALIDITY = {
    ("annual", "SO2"): [("year", 324, None), ("month_of_year", 27, 25)],
    ("24h", "SO2"): [("day", 20, None)],
    ("8h", "O3"): [("window_8h", 6, None)],
    ("1h", "SO2"): [("hour", 45, None)],
    ("annual", "TSP"): [("year", 60, None), ("month_of_year", 5, None)],
    ("quarter", "Pb"): [("quarter", 15, None)],
    ("24h", "TSP"): [("day", 24, None)],
    ("MDA8 of a day", "O3"): [("mda8_windows", 14, None)],
    ("MDA8 windows of a day", "O3"): [("mda8_first_end_hour", 8, None)],
    ("1h (2012 edition)", "PM10"): [("hour", 45, None)],
    ("annual", "percentiles"): [
        ("percentile_year", 324, None),
        ("percentile_month_of_year", 27, 25),
    ],
}


def test_validity() -> None:
    found = set()
    for row in rows_of("air_validity.csv"):
        key = (row["averaging"], words(row["pollutants"])[0])
        pollutants = set(words(row["pollutants"])) - {"percentiles"}
        for statistic, minimum, february in VALIDITY.get(key, []):
            found.add(key)
            for edition in tables.editions("HJ 663"):
                (held,) = [
                    one
                    for one in edition.table("validity").find(statistic=statistic)
                    if pollutants <= set(one["pollutants"])
                ]
                assert (held["minimum"], held["february"]) == (minimum, february)
                not_surer([held], row["confidence"])
            assert str(minimum) in row["rule"] or minimum == 8
    assert found == VALIDITY.keys()
    share = next(row for row in rows_of("air_validity.csv") if row["pollutants"] == "city value")
    for edition in tables.editions("HJ 663"):
        not_surer(
            edition.table("validity").find(statistic="city_day_stations"), share["confidence"]
        )


def test_rounding() -> None:
    quantities = {
        "concentration": "concentration",
        "exceedance multiple": "exceedance_multiple",
        "attainment rate": "attainment_rate",
        "single index": "single_index",
        "composite index": "composite_index",
        "year-on-year % of a concentration": "year_on_year",
        "pollution load ratio": "load_ratio",
    }
    columns = {
        "raw": "decimals_raw_hour_day",
        "statistics": "decimals_statistics",
        "compliance": "decimals_compliance",
    }
    table = tables.edition("HJ 663-2026").table("rounding")
    counted = 0
    for row in rows_of("air_rounding.csv"):
        if row["quantity"] not in quantities:
            continue
        pollutants = set(words(row["pollutant"]))
        (held,) = [
            one
            for one in table.find(quantity=quantities[row["quantity"]])
            if set(one["pollutants"]) == pollutants
        ]
        for column, name in columns.items():
            assert held[column] == (int(row[name]) if row[name] else None)
        not_surer([held], row["confidence"])
        counted += 1
    assert counted == len(table)


def test_rounding_of_the_index() -> None:
    rules = {edition.id: edition.table("rules") for edition in tables.editions("HJ 633")}
    for row in rows_of("air_rounding.csv"):
        if row["quantity"] == "IAQI and AQI":
            for id, table in rules.items():
                held = table.one(rule="iaqi_rounding")
                assert held["value"] == "up"
                assert f"{id} {held.clause}" in row["clause"]
                not_surer([held], row["confidence"])
        if row["quantity"] == "AQI input concentration":
            for edition in tables.editions("HJ 633"):
                for pollutant in words(row["pollutant"]):
                    for held in edition.table("breakpoints").find(pollutant=pollutant):
                        assert held["decimals"] == int(row["decimals_raw_hour_day"])
            same_place(rules["HJ 633-2026"].one(rule="input_rounding"), row["clause"])


def test_composite_schemes() -> None:
    schemes = {
        "r": "composite 2012",
        "A": "composite 2026-A",
        "B": "composite 2026-B",
        "C": "composite 2031-C",
    }
    for row in rows_of("air_composite_index.csv"):
        table = tables.edition(schemes[row["scheme"][0]]).table("composite")
        held = table.one(pollutant=row["pollutant"])
        assert held["limit"] == float(row["normalising_limit"])
        assert held["weight"] == float(row["weight"])
        percentile = re.match(r"(\d+)th percentile", row["statistic_month_quarter_year"])
        assert held["percentile"] == (int(percentile[1]) if percentile else None)
        not_surer([held], row["confidence"])


def conditions(text: str) -> set[tuple[int, int]]:
    """(above which AQI, for how many hours) of every part of a condition; a day is 24 hours."""
    parts = re.findall(r"AQI > (\d+)(?: forecast)?(?: for >= (\d+) h)?", text)
    return {(int(aqi), int(hours or 24)) for aqi, hours in parts} | (
        {(499, 24)} if "reaching 500" in text else set()
    )


def test_alert_levels() -> None:
    for row in rows_of("air_alert_levels.csv"):
        year = row["regime"][:4]
        if year not in ("2018", "2024") or "-" in row["regime"][:6]:
            continue
        edition = tables.edition(f"alert levels {year}")
        if row["level"] != "0":
            held = edition.table("start").find(level=int(row["level"]))
            assert {(one["aqi_above"], one["hours"]) for one in held} == conditions(
                row["condition_start"]
            )
            assert {one["colour"] for one in held} == {row["colour"]}
            not_surer(held, row["confidence"])
    of = {row["response"]: row["confidence"] for row in rows_of("air_alert_levels.csv")}
    for year in ("2018", "2024"):
        rules = tables.edition(f"alert levels {year}").table("rules")
        not_surer(rules.find(rule="window_hours"), of["definition"])
        not_surer(rules.find(rule="release_hours"), of["all"])
        not_surer(rules.find(rule="colour_pollutants"), of["scope"])


def test_flags_of_the_network() -> None:
    table = tables.edition("CNEMC data flags").table("flags")
    for row in rows_of("air_data_flags.csv"):
        held = table.one(flag=row["flag"])
        assert held["meaning"]["zh"] == row["meaning_zh"]
        not_surer([held], row["confidence"])


def test_other_indices() -> None:
    european = {"2017-2024": "EAQI 2017", "2025 revision": "EAQI 2025"}
    for row in rows_of("air_eaqi.csv"):
        held = (
            tables.edition(european[row["version"]]).table("bands").one(pollutant=row["pollutant"])
        )
        for band in ("good", "fair", "moderate", "poor", "very_poor"):
            assert held[band] == float(row[f"{band}_hi"])
        not_surer([held], row["confidence"])
    table = tables.edition("US AQI 2024").table("breakpoints")
    listed = rows_of("air_us_aqi_2024.csv")
    for row in listed:
        held = table.one(
            pollutant=row["pollutant"],
            averaging=row["averaging"],
            index_from=int(row["i_lo"]),
            concentration_from=float(row["c_lo"]),
        )
        assert held["concentration_to"] == float(row["c_hi"])
        assert held["index_to"] == int(row["i_hi"])
        assert held["truncate"] == int(row["truncate_decimals"])
    assert len(table) == len(listed)


def test_editions_carried_over_from_another_text_are_not_called_official() -> None:
    """HJ 663-2013 could not be read: nothing in it may claim the official text of 2026."""
    for table in tables.edition("HJ 663-2013").tables.values():
        for row in table:
            assert row.confidence is not Confidence.OFFICIAL, dict(row.cells)
