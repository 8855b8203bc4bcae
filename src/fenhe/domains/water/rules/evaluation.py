"""Grades, shares, changes and trends by 环办〔2011〕22号.

A section's grade follows from its class. A river or basin with five sections or more is graded by
the shares of classes I to III and of worse than V; with fewer, the mean of each item over the
sections is classed by single factor and no shares are stated. Comparing two periods and the
significance of a trend rest on rows from memory: they are said, never held against anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations
from math import factorial

import polars as pl

from fenhe.domains.water.rules import classes, rounding, tables
from fenhe.domains.water.rules.statistics import mean
from fenhe.kernel.rounding import round_half_even
from fenhe.kernel.text import Text
from fenhe.standards.confidence import Confidence
from fenhe.standards.edition import Edition

GOOD = 3  # classes I to III
EXACT_PERIODS = 8  # up to so many, the distribution of Spearman's r is counted out


@dataclass(frozen=True, slots=True)
class Shares:
    """Sections by class; shares in %, two decimals as published (4 of 6 is 66.67)."""

    sections: int
    counts: tuple[int, ...]  # Ⅰ … 劣Ⅴ
    good: float
    worst: float


@dataclass(frozen=True, slots=True)
class Basin:
    """How a river or basin is graded. `level` only where fewer than five sections are averaged."""

    grade: Text
    shares: Shares
    by: str  # "shares" or "means"
    level: int | None = None


def grade(level: int) -> Text:
    """优 … 重度污染 of a section."""
    for row in tables.evaluation().table("section_grades"):
        if level in row["levels"]:
            return row.text("grade")
    raise ValueError(f"no class {level}")


def colour(level: int) -> str:
    for row in tables.evaluation().table("section_grades"):
        if level in row["levels"]:
            return str(row["hex"])
    raise ValueError(f"no class {level}")


def shares(levels: Sequence[int]) -> Shares:
    """Of sections that have a class."""
    count = len(levels)
    counts = tuple(sum(one == level for one in levels) for level in range(1, tables.WORST + 1))

    def share(of: int) -> float:
        return float(round_half_even(Fraction(of * 100, count), 2)) if count else 0.0

    return Shares(count, counts, share(sum(counts[:GOOD])), share(counts[-1]))


def basin_grade(levels: Sequence[int]) -> Text:
    """By shares, compared exactly and not as printed. Needs at least one section."""
    count = len(levels)
    good = Fraction(100 * sum(level <= GOOD for level in levels), count)
    worst = Fraction(100 * sum(level == tables.WORST for level in levels), count)
    for row in tables.evaluation().table("basin_grades"):
        if (
            _from(good, row["good_from"])
            and _below(good, row["good_below"])
            and _from(worst, row["worst_from"])
            and _below(worst, row["worst_below"])
        ):
            return row.text("grade")
    raise ValueError("the table of basin grades has a hole")


def _from(share: Fraction, bound: float | None) -> bool:
    return bound is None or share >= bound


def _below(share: Fraction, bound: float | None) -> bool:
    return bound is None or share < bound


def basin(sections: pl.DataFrame, edition: Edition) -> Basin:
    """A river or basin from its sections: `level` of each, and the items' values for the case of
    fewer than five. Sections without a class do not count. `waterbody`, where it is given and all
    agree, chooses the limits of lakes."""
    known = sections.filter(pl.col("level").is_not_null())
    levels = known["level"].to_list()
    found = shares(levels)
    if len(levels) >= tables.option("few_sections_below"):
        return Basin(basin_grade(levels), found, "shares")
    names = classes.present(known, edition)
    means = rounding.for_purpose(known.select(mean(name) for name in names), names, "assessment")
    if "waterbody" in known.columns and known["waterbody"].n_unique() == 1:
        means = means.with_columns(waterbody=pl.lit(known["waterbody"][0]))
    level = classes.classify(means, edition)["level"][0]
    return Basin(grade(level), found, "means", level)


def basin_pollutants(sections: pl.DataFrame, names: Sequence[str]) -> list[tuple[str, float]]:
    """Items worse than class III by the share of sections over, %, the largest first, three."""
    bad = tables.option("pollutant_from_level")
    count = sections.height
    over = {
        name: int((sections[f"level_{name}"] >= bad).sum())
        for name in names
        if f"level_{name}" in sections.columns
    }
    ranked = sorted((name for name in over if over[name]), key=lambda name: -over[name])
    most = int(tables.option("main_pollutants"))
    return [
        (name, float(round_half_even(Fraction(over[name] * 100, count), 2)))
        for name in ranked[:most]
    ]


def grade_change(before: int, now: int) -> tuple[Text, Text, Confidence]:
    """Two classes of one section: how much, which way, and how sure the rule is. Steps are those
    of the grade: I and II are one."""
    grades = [row["levels"] for row in tables.evaluation().table("section_grades")]
    place = {level: number for number, levels in enumerate(grades) for level in levels}
    return _moved(place[now] - place[before])


def basin_change(before: Basin, now: Basin) -> tuple[Text, Text, Confidence]:
    """By shares where both are graded by shares; else by the steps between the two grades."""
    if before.by == now.by == "shares":
        return share_change(before.shares, now.shares)
    words = [row.text("grade").zh for row in tables.evaluation().table("section_grades")]
    return _moved(words.index(now.grade.zh) - words.index(before.grade.zh))


def _moved(moved: int) -> tuple[Text, Text, Confidence]:
    rows = tables.evaluation().table("grade_change").rows
    row = rows[min(abs(moved), len(rows) - 1)]
    return row.text("words"), direction(moved), row.confidence


def share_change(before: Shares, now: Shares) -> tuple[Text, Text, Confidence]:
    """By ΔG - ΔD, in percentage points."""
    moved = (now.good - before.good) - (now.worst - before.worst)
    for row in tables.evaluation().table("share_change"):
        if row["up_to"] is None or abs(moved) <= row["up_to"]:
            return row.text("words"), direction(-moved), row.confidence
    raise ValueError("the table of share changes has a hole")


def direction(worse_by: float) -> Text:
    if worse_by == 0:
        return Text("持平", "unchanged")
    return Text("变差", "worse") if worse_by > 0 else Text("好转", "better")


@dataclass(frozen=True, slots=True)
class Trend:
    """Spearman's rank correlation with time; `p` is two-sided and exact, or None beyond eight
    periods, where `critical` of the usual normal approximation is compared instead."""

    r: float
    periods: int
    p: float | None
    significant: bool


def spearman(values: Sequence[float], alpha: float = 0.05) -> Trend:
    """r = 1 - 6 Σd²/(N³-N) over at least five periods in order of time; equal values get mean
    ranks. Raises ValueError for fewer periods."""
    n = len(values)
    if n < tables.option("trend_least_periods"):
        raise ValueError("a trend needs at least five periods")
    ranks = _ranks(values)
    r = _r([float(k) for k in range(1, n + 1)], ranks)
    if n <= EXACT_PERIODS:
        order = [float(k) for k in range(1, n + 1)]
        as_far = sum(abs(_r(order, list(p))) >= abs(r) - 1e-12 for p in permutations(ranks))
        p = as_far / factorial(n)
        return Trend(r, n, p, p < alpha)
    # z of 0.975; r has variance 1/(n-1) under no trend
    return Trend(r, n, None, abs(r) > 1.959964 / (n - 1) ** 0.5)


def _r(order: Sequence[float], ranks: Sequence[float]) -> float:
    n = len(ranks)
    squares = sum((a - b) ** 2 for a, b in zip(order, ranks, strict=True))
    return 1 - 6 * squares / (n**3 - n)


def _ranks(values: Sequence[float]) -> list[float]:
    series = pl.Series(values, dtype=pl.Float64)
    return [float(rank) for rank in series.rank("average")]
