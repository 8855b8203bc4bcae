"""A finding of the watch, the declared tests with their thresholds, and control of false
discovery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from fenhe.domains.sources.fraud.series import Series
from fenhe.domains.sources.rules import tables
from fenhe.kernel.text import Text
from fenhe.standards.edition import Row

DISCLAIMER = Text(
    "这些是线索，不是违法事实的认定；须经现场检查和证据核实。",
    "These are leads, not findings of fact; they need an inspection and evidence.",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """`statistic` beyond `threshold` in [begin, end). `p` only for tests under control of false
    discovery; `strength` orders findings, 0 to 1, and is no probability."""

    test: str
    outlet: str
    begin: datetime
    end: datetime
    statistic: float
    threshold: float
    reason: Text
    p: float | None = None

    @property
    def strength(self) -> float:
        if self.p is not None:
            return 1.0 - float(min(1.0, self.p) ** 0.1)
        larger, smaller = abs(self.statistic), abs(self.threshold)
        if larger < smaller:
            larger, smaller = smaller, larger
        return 0.3 + 0.7 * (1 - smaller / larger) if larger else 0.3

    @property
    def name(self) -> Text:
        return declared(self.test).text("name")


@cache
def declared(test: str) -> Row:
    return tables.latest(tables.WATCH).table("tests").one(test=test)


def threshold(test: str) -> float:
    return float(declared(test)["threshold"])


def least(test: str) -> int:
    """Of how many hours or days, cases or values the test needs to say anything."""
    return int(declared(test)["least"])


def found(
    series: Series, test: str, begin: int, end: int, statistic: float, zh: str, en: str,
    p: float | None = None,
) -> Finding:  # fmt: skip
    end = min(end, series.n)
    return Finding(
        test, series.outlet, series.at(begin), series.at(end), statistic, threshold(test),
        Text(zh, en), p,
    )  # fmt: skip


def discoveries(findings: Sequence[Finding], tried: int, rate: float) -> list[Finding]:
    """Benjamini-Hochberg: those of the candidates of one test that stand when `tried` windows of
    outlets were looked at, with at most `rate` of them false on average."""
    ordered = sorted(findings, key=lambda finding: finding.p or 0.0)
    last = 0
    for rank, finding in enumerate(ordered, 1):
        if (finding.p or 0.0) <= rate * rank / tried:
            last = rank
    return ordered[:last]
