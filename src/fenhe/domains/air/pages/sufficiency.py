"""Whether the days there are can carry a verdict of compliance at all (GB 3095 Table 4).

The mean of one month meets no annual limit and misses none."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import numpy as np

from fenhe.domains.air.rules import tables
from fenhe.domains.air.rules.method import Item, Method
from fenhe.domains.air.rules.validity import Months, valid_period
from fenhe.kernel.period import Period
from fenhe.kernel.text import Text
from fenhe.standards.clauses import clause_in


@dataclass(frozen=True, slots=True)
class Sufficiency:
    """How many of the days that are over are valid, and what that allows to be said."""

    valid: int
    elapsed: int
    enough: bool  # the period is valid as it stands
    lost: bool  # it can no longer be, though every day to come were valid
    needed: Text  # what the standard asks for, with its clause

    @property
    def counted(self) -> Text:
        return Text(
            f"有效 {self.valid}/{self.elapsed} 天",
            f"{self.valid} of {self.elapsed} days valid",
        )

    @property
    def said(self) -> Text | None:
        """Why there is no verdict of compliance; None where there may be one."""
        if self.enough:
            return None
        if self.lost:
            return Text(
                f"仅 {self.valid}/{self.elapsed} 天有效，不足以判定达标（{self.needed.zh}）",
                f"Only {self.valid} of {self.elapsed} days are valid, too few to judge compliance "
                f"({self.needed.en})",
            )
        return Text(
            f"目前有效 {self.valid}/{self.elapsed} 天，时段结束后方可判定（{self.needed.zh}）",
            f"{self.valid} of {self.elapsed} days valid so far; judged when the period is over "
            f"({self.needed.en})",
        )


def sufficiency(
    valid: Collection[date], period: Period, as_of: date, way: Method, item: Item
) -> Sufficiency:
    """`valid`: the days with a valid value; the days after `as_of` are still to come."""
    calendar = list(period.civil_days())
    months = Months.of(period)
    hoped = np.array([[day > as_of or day in valid for day in calendar]])
    present = np.array([[day in valid for day in calendar]])
    now = valid_period(months.count(present), months, item.validity)
    best = valid_period(months.count(hoped), months, item.validity)
    elapsed = sum(day <= as_of for day in calendar)
    return Sufficiency(
        valid=sum(day in valid and day <= as_of for day in calendar),
        elapsed=elapsed,
        # For a period that cuts a month the standard has no rule: then any day will do.
        enough=bool(valid) if now is None else bool(now[0]),
        lost=not valid if best is None else not best[0],
        needed=_needed(months, way, item),
    )


def _needed(months: Months, way: Method, item: Item) -> Text:
    rows = tables.edition(way.statistics_edition).table("validity")
    symbol = tables.SYMBOLS[item.property]
    wanted = (
        ("year", "percentile_year")
        if months.whole_year
        else ("month_of_year", "percentile_month_of_year")
    )
    row = next(
        r for name in wanted for r in rows if r["statistic"] == name and symbol in r["pollutants"]
    )
    days = int(row["minimum"])
    clause = (
        row.clause
        if row.clause.startswith(("GB", "HJ"))
        else f"{way.statistics_edition} {row.clause}"
    )
    each = Text("", "") if months.whole_year else Text("每月", " a month")
    return Text(
        f"{each.zh}需 {days} 天，{clause_in(clause, 'zh')}",
        f"{days} days{each.en} needed, {clause}",
    )
