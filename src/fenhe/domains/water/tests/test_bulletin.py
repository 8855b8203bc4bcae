"""The water bulletin: shares, grade, main pollutants, and what it says of itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fenhe.domains.water import bulletin
from fenhe.kernel.errors import BadInput
from fenhe.kernel.period import Period
from fenhe.kernel.text import Text
from fenhe.publish.bulletin import Fact, Material
from fenhe.publish.sheet import NO_DATA, Sheet

MONTH = Period.month(2026, 3)


def fact(code: str, level: int | None, period: Period = MONTH, **values: object) -> Fact:
    return Fact(
        code, Text(code, code), {"targets": "Ⅲ", "district": "甲"}, period,
        {"level": level, "levels": {"nh3n": level}, "nh3n": 1.2, **values},
        str(level or ""), "GB 3838-2002; 环办〔2011〕22号", 21, 9,
    )  # fmt: skip


def sheet(*now: Fact, past: tuple[Fact, ...] = ()) -> Sheet:
    facts = {"sections": now, "lakes": (), "sections_before": past, "lakes_before": ()}
    end = MONTH.end
    return bulletin.compose(
        Material(Text("甲市", "A"), "1", MONTH, facts, end, datetime(2026, 4, 2, tzinfo=UTC))
    )


def figures(made: Sheet) -> dict[str, object]:
    return {one.key: one.text for one in made.figures}


def test_shares_grade_and_targets() -> None:
    made = sheet(*(fact(str(n), level) for n, level in enumerate([2, 2, 3, 4, 6])))
    found = figures(made)
    assert (found["good_pct"], found["worst_pct"], found["met"]) == ("60.00", "20.00", "3/5")
    assert found["grade"] == Text("中度污染", "moderately polluted")
    assert "氨氮（40%）" in made.blocks[2].text.zh
    assert made.data_up_to == "2026-03-31 24:00"


def test_sections_stand_from_best_to_worst_with_their_main_pollutants() -> None:
    made = sheet(fact("b", 4, main_pollutants="氨氮(0.2)"), fact("a", 2))
    table = made.blocks[6]
    assert [str(row[0]) for row in table.rows] == ["a", "b"]
    assert table.rows[1][5] == "氨氮(0.2)"
    assert table.rows[1][3] == "Ⅳ"


def test_the_unconfirmed_comparison_is_said_to_be_so() -> None:
    past = (fact("0", 4, MONTH.year_before()),)
    assert any("未经证实" in one.zh for one in sheet(fact("0", 3), past=past).doubts)
    assert sheet(fact("0", 3)).doubts == []


def test_without_sections_nothing_is_claimed() -> None:
    found = figures(sheet(fact("0", None)))
    assert found["good_pct"] == NO_DATA
    assert found["grade"] == NO_DATA


@pytest.mark.parametrize("period", [Period.quarter(2026, 1), Period.day(MONTH.first_day)])
def test_only_months_and_years(period: Period) -> None:
    with pytest.raises(BadInput, match="bulletin-period"):
        bulletin.wants(period)
