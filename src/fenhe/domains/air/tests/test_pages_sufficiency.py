"""What the days there are allow to be said: a year of one month is neither compliant nor not; and
sensitive groups are named once, joined as each language does."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from fenhe.domains.air.pages import levels
from fenhe.domains.air.pages.sufficiency import Sufficiency, sufficiency
from fenhe.domains.air.rules import aqi, tables
from fenhe.domains.air.rules.method import method
from fenhe.kernel.period import Period
from fenhe.standards.clauses import clause_in

YEAR = Period.year(2026)
END = date(2026, 12, 31)


def of(first: date, days: int, as_of: date, period: Period = YEAR) -> Sufficiency:
    way = method(as_of)
    valid = {first + timedelta(days=n) for n in range(days)}
    return sufficiency(valid, period, as_of, way, way.item("pm2_5"))


def test_one_month_of_a_year_carries_no_verdict() -> None:
    found = of(date(2026, 10, 1), 31, date(2026, 10, 31))
    assert found.lost
    assert found.said is not None
    assert found.said.zh == "仅 31/304 天有效，不足以判定达标（需 324 天，GB 3095-2026 表4）"
    assert "31 of 304" in found.said.en
    assert "GB 3095-2026 Table 4" in found.said.en


def test_a_year_that_runs_without_gaps_is_judged_at_its_end() -> None:
    running = of(date(2026, 1, 1), 304, date(2026, 10, 31))
    assert not running.lost
    assert running.said is not None
    assert "仅" not in running.said.zh
    assert of(date(2026, 1, 1), 365, END).said is None


@pytest.mark.parametrize("missing", [28, 59, 120])
def test_a_month_without_its_days_spoils_the_year(missing: int) -> None:
    """28 days of January alone leave 337 of 365, but January has 3."""
    assert of(date(2026, 1, 1) + timedelta(days=missing), 365 - missing, END).lost


def test_a_month_needs_its_27_days() -> None:
    october = Period.month(2026, 10)
    assert of(date(2026, 10, 1), 26, date(2026, 10, 31), october).lost
    assert of(date(2026, 10, 1), 27, date(2026, 10, 31), october).said is None


def test_groups_of_two_pollutants_are_named_once() -> None:
    edition = tables.edition("HJ 633-2026")
    given = aqi.advice(edition, 150, {"PM2.5": 150, "PM10": 120, "O3": 110}).groups.values()
    for language, joiner, other in (("zh", "；", ";"), ("en", "; ", "；")):
        said = levels.groups(given, language)
        named = said.split(joiner)
        assert len(named) == len(set(named)) >= 4
        assert other not in said


def test_clauses_are_read_in_the_language_of_the_page() -> None:
    assert clause_in("Table 4", "zh") == "表4"
    assert clause_in("4.2.4; Table 5", "zh") == "4.2.4；表5"
    assert clause_in("Table A.2 note b", "zh") == "表A.2 注 b"
    assert clause_in("Table 4", "en") == "Table 4"
