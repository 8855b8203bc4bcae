"""A period verdict as the bulletin prints it: numbers with the digits of the edition it was judged
by, names with subscripts, editions by their title. Pure.

The digits are those of HJ 663 for statistics: the printed concentration is then the very number
the single index was computed from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fenhe.domains.air.rules import tables
from fenhe.domains.air.rules.method import Method, method
from fenhe.domains.air.rules.statistics import SETTLED
from fenhe.kernel.rounding import exact, round_half_even
from fenhe.kernel.text import Text
from fenhe.publish.bulletin import Fact
from fenhe.publish.sheet import NO_DATA, Cell
from fenhe.standards.edition import Edition

NONE = "—"
STAGES = {
    "transitional": Text("过渡阶段", "transitional stage"),
    "final": Text("2031 年起限值", "limits from 2031"),
}
CITED = ("GB 3095", "HJ 633", "HJ 663", "composite")


@dataclass(frozen=True, slots=True)
class Item:
    """One of the six as a bulletin prints it."""

    name: str  # property id; also of single indices and load ratios
    pollutant: str  # its daily value, as statistics name it
    column: str  # of the period verdict
    statistic: Text
    averaging: str  # of the limit it is held against

    @property
    def symbol(self) -> str:
        return subscripted(tables.SYMBOLS[self.name])

    @property
    def unit(self) -> str:
        return tables.UNITS[self.name]

    @property
    def label(self) -> Text:
        return Text(f"{self.symbol} {self.statistic.zh}", f"{self.symbol} {self.statistic.en}")


MEAN = Text("均值", "mean")
MDA8_P90 = Text("日最大 8 小时第 90 百分位数", "90th percentile of MDA8")
ITEMS = (
    Item("so2", "so2", "so2", MEAN, "annual"),
    Item("no2", "no2", "no2", MEAN, "annual"),
    Item("pm10", "pm10", "pm10", MEAN, "annual"),
    Item("pm2_5", "pm2_5", "pm2_5", MEAN, "annual"),
    Item("co", "co", "co_p95", Text("日均值第 95 百分位数", "95th percentile of days"), "24h"),
    Item("o3", "o3_mda8", "o3_mda8_p90", MDA8_P90, "MDA8"),
)


@dataclass(frozen=True)
class Printed:
    """The values of one verdict; empty where there is none or nothing was measured."""

    values: Mapping[str, Any]
    editions: Mapping[str, Edition]
    method: Method

    @classmethod
    def of(cls, fact: Fact | None, on: date) -> Printed:
        """By the editions the verdict cites; without a verdict by those of the day."""
        cited = [tables.edition(name) for name in fact.edition.split("; ")] if fact else []
        editions = {standard: tables.nearest(standard, on) for standard in CITED}
        editions |= {edition.standard: edition for edition in cited}
        return cls(
            values=fact.values if fact and fact.observed else {},
            editions=editions,
            method=method(on, editions["HJ 663"].id),
        )

    def __getitem__(self, key: str) -> Any:
        return self.values.get(key)

    def value(self, item: Item) -> float | None:
        """The concentration as the number that is printed."""
        value = self[item.column]
        digits = self.method.item(item.name).decimals_statistics
        return None if value is None else float(round_half_even(value, digits))

    def text(self, item: Item) -> Cell:
        return number(self[item.column], self.method.item(item.name).decimals_statistics)

    def limit(self, item: Item) -> float:
        return tables.limit(self.editions["GB 3095"], item.name, item.averaging)

    def within(self, item: Item) -> bool | None:
        """Against the limit, with the digits for compliance, rounded once from the whole number."""
        value = self[item.column]
        if value is None:
            return None
        whole = round((self["exact"] or {}).get(item.column, value), SETTLED)
        digits = self.method.item(item.name).decimals_compliance
        return float(round_half_even(whole, digits)) <= self.limit(item)

    def single(self, item: Item) -> float | None:
        found: float | None = (self["single"] or {}).get(item.name)
        return found

    def load(self, item: Item) -> float | None:
        found: float | None = (self["load_pct"] or {}).get(item.name)
        return found

    @property
    def main(self) -> Cell:
        """The main pollutants."""
        listed = [subscripted(one) for one in (self["main_pollutant"] or "").split(",") if one]
        return Text("、".join(listed), ", ".join(listed)) if listed else NO_DATA


def subscripted(symbol: str) -> str:
    return tables.SUBSCRIPTS.get(symbol, symbol)


def change(now: float | None, before: float | None) -> float | None:
    """Change in % of two printed values, one decimal half to even."""
    if now is None or not before:
        return None
    past = exact(before)
    return float(round_half_even((exact(now) - past) / past * 100, 1))


def number(value: float | int | None, decimals: int) -> Cell:
    return NO_DATA if value is None else f"{round_half_even(value, decimals):.{decimals}f}"


def signed(value: float | None) -> str:
    return NONE if value is None else f"{value:+.1f}".replace("-", "−")


def named(edition: Edition) -> Text:
    """ "GB 3095-2026 过渡阶段" for "GB 3095-2026 transitional"; a scheme without a number by its
    title."""
    if edition.standard not in edition.id or edition.standard == "composite":
        return edition.title
    written, _, stage = edition.id.rpartition(" ")
    if stage not in STAGES:
        return Text(edition.id, edition.id)
    return Text(f"{written} {STAGES[stage].zh}", f"{written} ({STAGES[stage].en})")
