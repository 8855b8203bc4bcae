"""The bulletin prints the concentrations its single indices are computed from, with the digits of
the edition in force, and no table, sentence or label says a number another way."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenhe.domains.air import bulletin
from fenhe.domains.air.printed import ITEMS, Printed, named
from fenhe.domains.air.rules import composite, tables
from fenhe.domains.air.rules.method import method
from fenhe.kernel.errors import BadInput
from fenhe.kernel.period import Period
from fenhe.kernel.rounding import exact, round_half_even
from fenhe.kernel.text import Text
from fenhe.publish.bulletin import Fact, Material
from fenhe.publish.changes import changes, prints_the_same
from fenhe.publish.sheet import Sheet

NOW = datetime(2032, 1, 1, tzinfo=UTC)
MONTHS = (Period.month(2015, 12), Period.month(2026, 10), Period.month(2031, 3))
TOP = {"so2": 200.0, "no2": 200.0, "pm10": 400.0, "pm2_5": 300.0, "co": 9.0, "o3": 300.0}
CONCENTRATIONS = st.tuples(*(st.floats(0, TOP[item.name]) for item in ITEMS))


def verdict(
    period: Period, whole: tuple[float, ...], good: float = 71.0, code: str = "140100"
) -> Fact:
    """What the rule of a month derives from six unrounded statistics."""
    on = period.last_day
    way, scheme = method(on), tables.in_force("composite", on)
    values: dict[str, Any] = {
        item.column: float(round_half_even(one, way.item(item.name).decimals_statistics))
        for item, one in zip(ITEMS, whole, strict=True)
    }
    columns = {composite.COLUMNS[item.name]: [values[item.column]] for item in ITEMS}
    found = composite.composite(pl.DataFrame(columns), scheme).row(0, named=True)
    values |= {
        "exact": {item.column: one for item, one in zip(ITEMS, whole, strict=True)},
        "composite": found["composite"],
        "main_pollutant": found["main_pollutant"],
        "single": {item.name: found[f"single_{item.name}"] for item in ITEMS},
        "load_pct": {item.name: found[f"load_pct_{item.name}"] for item in ITEMS},
        "days_judged": 31, "good_days": 22, "good_days_pct": good, "heavy_days": 2,
    }  # fmt: skip
    cited = ("HJ 633", "GB 3095", "HJ 663", "composite")
    edition = "; ".join(tables.in_force(standard, on).id for standard in cited)
    return Fact(code, Text("甲", "A"), {}, period, values, "", edition, 31, 31)


def sheet(period: Period, *now: Fact, places: tuple[Fact, ...] = ()) -> Sheet:
    facts = {"now": now, "before": (), "places": places, "places_before": ()}
    return bulletin.compose(
        Material(Text("太原市", "Taiyuan"), "140100", period, facts, period.end, NOW)
    )


@pytest.mark.parametrize("period", MONTHS, ids=str)
@given(whole=CONCENTRATIONS)
def test_every_single_index_is_that_of_the_printed_concentration(
    period: Period, whole: tuple[float, ...]
) -> None:
    table = next(block for block in sheet(period, verdict(period, whole)).blocks if block.rows)
    for row in table.rows:
        _, printed, _, _, limit, _, single = (str(cell) for cell in row)
        assert single == str(round_half_even(exact(float(printed)) / exact(float(limit)), 2))


@pytest.mark.parametrize("period", MONTHS, ids=str)
@given(whole=CONCENTRATIONS)
def test_the_composite_is_the_sum_of_what_is_printed(
    period: Period, whole: tuple[float, ...]
) -> None:
    figures = {one.key: str(one.text) for one in sheet(period, verdict(period, whole)).figures}
    singles = [exact(float(figures[f"{item.column}.single"])) for item in ITEMS]
    assert figures["composite"] == str(round_half_even(sum(singles, start=exact(0)), 2))


def test_digits_are_those_of_the_edition() -> None:
    """49.4 of October 2026 stays 49.4; under the rules of 2013 it is 49."""
    whole = (10.2, 33.3, 91.5, 49.4, 1.26, 148.5)
    for period, printed, single in ((MONTHS[1], "49.4", "1.65"), (MONTHS[0], "49", "1.40")):
        made = sheet(period, verdict(period, whole), places=(verdict(period, whole, code="1A"),))
        figures = {one.key: str(one.text) for one in made.figures}
        assert figures["pm2_5.value"] == figures["1A.pm2_5"] == printed
        assert figures["pm2_5.single"] == single
        assert f"PM₂.₅ 均值 {printed} µg/m³" in made.blocks[2].text.zh


def test_a_limit_is_held_against_the_digits_for_compliance() -> None:
    """30.46 prints as 30.5 and is judged as 30."""
    month = MONTHS[1]
    printed = Printed.of(verdict(month, (1.0, 1.0, 1.0, 30.46, 1.0, 1.0)), month.last_day)
    pm2_5 = ITEMS[3]
    assert (str(printed.text(pm2_5)), printed.within(pm2_5)) == ("30.5", True)


@given(old=st.floats(0, 100), new=st.floats(0, 100))
def test_a_cell_of_the_station_table_is_among_the_changes(old: float, new: float) -> None:
    month, whole = MONTHS[0], (10.0, 30.0, 90.0, 49.0, 1.2, 148.0)
    before, after = (
        sheet(month, verdict(month, whole), places=(verdict(month, whole, good, "1A"),)).as_dict()
        for good in (old, new)
    )
    texts = [str(round_half_even(good, 1)) for good in (old, new)]
    found = [(one["key"], one["from"]["zh"], one["to"]["zh"]) for one in changes(before, after)]
    assert found == ([("1A.good_days_pct", *texts)] if texts[0] != texts[1] else [])
    assert prints_the_same(before, after) == (texts[0] == texts[1])


@pytest.mark.parametrize("period", MONTHS, ids=str)
def test_without_data_the_sheet_says_so(period: Period) -> None:
    content = sheet(period).as_dict()
    for figure in content["figures"]:
        assert figure["text"]["zh"] != "—" or not figure["unit"]
    assert content["blocks"][0]["figures"][1]["text"] == {"zh": "无数据", "en": "no data"}


def test_editions_are_named_in_both_languages() -> None:
    name = named(tables.in_force("GB 3095", date(2026, 10, 1)))
    assert (name.zh, name.en) == ("GB 3095-2026 过渡阶段", "GB 3095-2026 (transitional stage)")
    made = sheet(MONTHS[1], verdict(MONTHS[1], (1.0,) * 6)).as_dict()
    assert "transitional" not in str([block["text"]["zh"] for block in made["blocks"]])
    for item in made["blocks"][-1]["items"]:
        assert not any("\u4e00" <= letter <= "\u9fff" for letter in item["en"]), item["en"]


def test_a_period_no_rule_judges_is_refused() -> None:
    with pytest.raises(BadInput) as refused:
        bulletin.wants(Period.parse("2015-07-01..2015-07-20"))
    assert refused.value.code == "air.bulletin-period"
