"""Every row of the water reference tables against the editions: the number, and that no row is
held to be more certain than its source."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from conftest import SHARED

from fenhe.domains.water.rules import rounding, tables, trophic
from fenhe.standards.confidence import Confidence
from fenhe.standards.edition import Row

SURE = {Confidence.OFFICIAL: 4, Confidence.REPRODUCED: 3, Confidence.SECOND_HAND: 2}
CLASSES = ("I", "II", "III", "IV", "V")
REPRODUCED = {"ph", "do", "codmn", "nh3n", "tp"}


def rows_of(name: str) -> list[dict[str, str]]:
    path: Path = SHARED / "reference" / name
    if not path.exists():
        pytest.skip("the reference tables are not beside this checkout")
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def ceiling(said: str) -> int:
    low = said.lower()
    if "unconfirmed" in low or "memory" in low or low.startswith("low") or "differ" in low:
        return 1
    if "official" in low:
        return 4
    return 3 if "real data" in low else 2


def not_surer(row: Row, said: str, most: int = 0) -> None:
    assert SURE.get(row.confidence, 1) <= max(ceiling(said), most), (dict(row.cells), said)


def number(text: str) -> float | str | None:
    if text in ("", "ND", "6-9"):
        return text or None
    return float(text)


def test_gb3838_basic_items() -> None:
    edition = tables.edition("GB 3838-2002")
    rows = rows_of("water_gb3838_2002.csv")
    assert len(edition.table("basic")) == len(rows)
    for row in rows:
        held = edition.table("basic").one(item=row["key"], waterbody=row["waterbody"] or "any")
        assert (held["seq"], held["code"]) == (int(row["seq"]), row["code"])
        match row["op"]:
            case "range":
                assert {row[c] for c in CLASSES} == {"6-9"}
                assert held["limits"] == [6, 9]
            case "change":
                assert held["limits"] == []
            case op:
                assert held["limits"] == [float(row[c]) for c in CLASSES]
                assert held["rule"] == {"<=": "at_most", ">=": "at_least"}[op]
        assert held["assessed"] == (row["in_21_assessed"] == "yes")
        assert held["in_cwqi"] == (row["in_cwqi"] == "yes")
        not_surer(held, row["confidence"], 3 if row["key"] in REPRODUCED else 0)
    assert len(tables.assessed(edition.id)) == 21


def test_gb3838_drinking_water_sources() -> None:
    edition = tables.edition("GB 3838-2002")
    rows = rows_of("water_gb3838_2002_drinking_source.csv")
    names = {"2": "drinking_supplementary", "3": "drinking_specific"}
    assert len(rows) == sum(len(edition.table(name)) for name in names.values()) == 85
    for row in rows:
        held = edition.table(names[row["table"]]).one(seq=int(row["seq"]))
        assert (held["name"], held["code"], held["unit"]) == (
            row["name_zh"],
            row["code"],
            row["unit"],
        )
        assert held["limit"] == float(row["limit"])
        assert held.clause == f"Table {row['table']} item {row['seq']}"
        not_surer(held, row["confidence"])


def test_section_and_basin_grades() -> None:
    edition = tables.evaluation()
    words = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5}
    for row in rows_of("water_eval_grades.csv"):
        if row["scope"] == "section":
            held = next(
                r for r in edition.table("section_grades") if r["grade"]["zh"] == row["grade_zh"]
            )
            if row["rule"].startswith("worse"):
                assert held["levels"] == [6]
            else:
                assert held["levels"] == [words[w] for w in re.findall(r"\b[IV]+\b", row["rule"])]
            assert held["colour"]["en"] == row["colour"]
        else:
            held = next(
                r for r in edition.table("basin_grades") if r["grade"]["zh"] == row["grade_zh"]
            )
            said = {float(n) for n in re.findall(r"(\d+)%", row["rule"])}
            assert said == {
                float(held[c])
                for c in ("good_from", "good_below", "worst_from", "worst_below")
                if held[c] is not None
            }
        not_surer(held, row["confidence"].split(";")[0])


def test_rounding() -> None:
    table = tables.latest(tables.STATISTICS).table("decimals")
    rows = rows_of("water_rounding_2020.csv")
    assert len(table) == len(rows)
    for row in rows:
        held = table.one(name=row["name_zh"])
        assert held["assessment"] == number(row["decimals_for_assessment"])
        assert held["hourly"] == number(row["decimals_for_hourly"])
        verified = row["verified_on_real_data"].startswith("yes")
        assert (held.confidence is Confidence.REPRODUCED) == verified
    assert set(rounding.decimals("hourly")) >= {"wt", "ph", "do", "ec", "turb", "codmn", "tn"}


def test_trophic_index() -> None:
    share = trophic.weights()
    for row in rows_of("water_tli.csv"):
        held = tables.evaluation().table("tli").one(item=row["item"])
        assert [held[c] for c in ("a", "b", "r")] == [float(row[c]) for c in ("a", "b", "r")]
        assert held["unit"] == row["unit"]
        assert share[row["item"]] == pytest.approx(
            float(row["weight"]), abs=1e-5
        )  # copies print 0.2662 or 0.2663: computed, not typed
    states = [row["state"]["zh"] for row in tables.evaluation().table("tli_levels")]
    rows = rows_of("water_tli_levels.csv")
    assert states == [row["level_zh"] for row in rows]
    for row in rows:
        held = next(
            r
            for r in tables.evaluation().table("tli_levels")
            if r["state"]["zh"] == row["level_zh"]
        )
        upper = re.search(r"TLI(<=?)(\d+)", row["rule"])
        assert held["up_to"] == (float(upper[2]) if upper else None)
        assert not upper or held["inclusive"] == (upper[1] == "<=")


def test_groundwater() -> None:
    table = tables.latest("GB/T 14848").table("limits")
    rows = rows_of("water_gbt14848_2017.csv")
    assert len(table) == len(rows) == 93
    for row in rows:
        held = table.one(seq=int(row["seq"]))
        assert held["name"] == row["name_zh"]
        assert held["unit"] == row["unit"].replace("μ", "µ")
        cells = [row[c] for c in CLASSES]
        match held["rule"]:
            case "absent":
                assert cells == ["无", "无", "无", "无", "有"]
            case "range":
                assert cells[:4] == ["[6.5,8.5]"] * 3 + ["[5.5,6.5)|(8.5,9]"]
                assert held["limits"] == [[6.5, 8.5], [5.5, 9]]
            case _:
                want = [
                    "ND" if c == "ND" else float(c[2:]) if c.startswith("<=") else None
                    for c in cells[:4]
                ]
                assert held["limits"] == want
        not_surer(held, row["confidence"])


def test_black_odorous() -> None:
    table = tables.latest("black-odorous water").table("grades")
    rows = rows_of("water_black_odorous.csv")
    assert len(table) == len(rows)
    for row in rows:
        held = table.one(scope=row["scope"], item=row["key"])
        said = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", row["light"])]
        assert held["name"]["zh"] == row["name_zh"]
        assert float(held["light"]) in said
        if row["heavy"]:
            assert [float(held["heavy"])] == [
                float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", row["heavy"])
            ]
            assert held["heavy"] in said
        assert (held["direction"] == "above") == (">" in row["heavy"] + row["light"])
        not_surer(held, row["confidence"])


def test_wastewater_plants() -> None:
    edition = tables.latest("GB 18918")
    rows = rows_of("water_wwtp_gb18918_2002.csv")
    assert len(rows) == len(edition.table("limits")) + len(edition.table("taiyuan_municipal"))
    for row in rows:
        item, _, built = row["item"].partition(" (built ")
        if item.startswith("Taiyuan"):
            held = edition.table("taiyuan_municipal").one(item=item.split(": ")[1])
            assert held["limit"] == float(row["1A"])
        else:
            held = edition.table("limits").one(item=item, built=built.rstrip(")") or "any")
            for column, key in (("1A", "1a"), ("1B", "1b"), ("2", "2"), ("3", "3")):
                warm, _, cold = row[column].partition("(")
                assert held[f"grade_{key}"] == number(warm)
                if cold:
                    place = ("1A", "1B", "2", "3").index(column)
                    assert held["at_most_12c"][place] == float(cold.rstrip(")"))
        not_surer(held, row["confidence"])


def test_integrated_wastewater() -> None:
    table = tables.latest("GB 8978").table("limits")
    rows = rows_of("water_gb8978_1996.csv")
    assert len(table) == len(rows)
    for held, row in zip(table, rows, strict=True):
        assert held["item"] == row["item"]
        assert held["unit"] == row["unit"]
        assert [held[f"grade_{n}"] for n in (1, 2, 3)] == [
            number(row[f"level{n}"]) for n in (1, 2, 3)
        ]
        assert held["built"] in ("any", *re.findall(r"(?:before|from) [\d-]+", row["scope"]))
        assert held.clause == f"Table {row['table']}"
        not_surer(held, row["confidence"])


def test_station_checks() -> None:
    edition = tables.latest("water checks")
    rows = rows_of("water_auto_qc.csv")
    limits = [
        r for r in rows if r["item"] not in ("all analysers", "site status", "missing marker")
    ]
    assert len(edition.table("control_limits")) == len(limits)
    for held, row in zip(edition.table("control_limits"), limits, strict=True):
        said = [float(n) for n in re.findall(r"\d+(?:\.\d+)?", row["limit"])]
        assert float(held["high"]) == said[-1]
        assert float(held["low"]) == (said[0] if len(said) == 2 else -said[0])
        not_surer(held, row["confidence"])
    states = next(row for row in rows if row["item"] == "site status")
    for row in edition.table("states"):
        assert row["state"] in states["limit"]


def test_sections_of_taiyuan() -> None:
    table = tables.latest("sections").table("sections")
    rows = rows_of("water_sections_taiyuan.csv")
    assert len(table) == len(rows)
    for held, row in zip(table, rows, strict=True):
        assert (held["section"], held["river"]) == (row["section"], row["river"])
        assert held["level"] == ("national" if row["level"].startswith("国考") else "provincial")
        assert held["lat"] == number(row["lat_approx"])
        assert held["lon"] == number(row["lon_approx"])
        not_surer(held, "from memory")


def test_compensation_tiers() -> None:
    schemes = {e.aliases[0]: e for e in tables.editions("river compensation")}
    held: dict[str, list[Row]] = {}
    for scheme in schemes.values():
        for table in scheme.tables.values():
            for row in table:
                held.setdefault(row.clause, []).append(row)
    for row in rows_of("water_compensation.csv"):
        found = held.get(row["rule_id"])
        if found is None:
            # frameworks, policies, annual base money and rows without any amount: not computed
            assert row["rule_id"].startswith(
                ("SX2021", "SX2023", "SX-AMT", "NAT", "SD2019-A", "SD2019-E")
            )
            continue
        amounts = [
            row_[name] for row_ in found for name in ("amount", "per_point") if name in row_.cells
        ]
        said = [float(n) for n in re.findall(r"\d+(?:\.\d+)?", row["amount_wan_yuan"])]
        if row["amount_wan_yuan"].startswith("UNCONFIRMED"):
            assert set(amounts) == {None}
        else:
            assert {float(a) for a in amounts if a is not None} <= set(said)
        for one in found:
            not_surer(
                one, row["confidence"] if not row["rule_id"].startswith("SX2013-P1") else "high"
            )


def test_every_reference_row_names_its_unsure_rows_unsure() -> None:
    unsure: Iterable[Row] = (
        row
        for e in tables.editions()
        for table in e.tables.values()
        for row in table
        if not row.confidence.accuses
    )
    names = {row.clause for row in unsure}
    assert {"SX2013-P2", "SX2013-P3", "SX2013-P4"} <= names
