"""Tests that need many values: a p-value for each window of days, held against false discovery
across all outlets and windows of a run (`finding.discoveries`). Pure functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy import stats

from fenhe.domains.sources.fraud.finding import Finding, found, least
from fenhe.domains.sources.fraud.series import DAY, Series

STEP = 10
Test = Callable[[Series, int, int], Finding | None]


def windows(series: Series, days: int) -> Iterator[tuple[int, int]]:
    for first in range(0, series.days - days + 1, STEP):
        yield first * DAY, (first + days) * DAY


def clipped(series: Series, begin: int, end: int) -> Finding | None:
    """2 · more hours just under the limit than a step lower, and none above it."""
    values = series.sent[begin:end][series.running()[begin:end]] / series.limit
    values = values[np.isfinite(values)]
    lower = int(((values >= 0.90) & (values < 0.95)).sum())
    under = int(((values >= 0.95) & (values < 1.0)).sum())
    above = int(((values >= 1.0) & (values < 1.05)).sum())
    if under < least("clipped") or above > 0.05 * under:
        return None
    p = float(stats.binom.sf(under - 1, under + lower, 0.5))
    return found(
        series, "clipped", begin, end, under / max(lower, 1),
        f"限值下 5% 内有 {under} 小时，再低 5% 内 {lower} 小时，限值上 5% 内 {above} 小时",
        f"{under} hours within 5 % under the limit, {lower} in the 5 % below them, {above} above",
        p,
    )  # fmt: skip


def digits(series: Series, begin: int, end: int) -> Finding | None:
    """5 · the last digit is not even: numbers somebody thought of."""
    values = series.nox[begin:end][series.running()[begin:end]]
    values = values[np.isfinite(values) & (values >= 1)]
    if len(values) < least("digits"):
        return None
    counts = np.bincount(np.rint(values * 100).astype(np.int64) % 10, minlength=10)
    if counts.min() == 0:
        return None  # a display of coarse steps: its last digits say nothing
    result = stats.chisquare(counts)
    most = int(counts.argmax())
    return found(
        series, "digits", begin, end, float(result.statistic),
        f"{len(values)} 个数值末位分布不均匀（χ²={result.statistic:.0f}，末位 {most} 占"
        f" {counts[most] / len(values):.0%}）",
        f"last digits of {len(values)} values are uneven (χ² = {result.statistic:.0f}, "
        f"{counts[most] / len(values):.0%} end in {most})",
        float(result.pvalue),
    )  # fmt: skip


def outage(series: Series, begin: int, end: int) -> Finding | None:
    """13 · gaps begin after high values: rank sum of the hour before against the rest."""
    sent = series.sent[begin:end]
    run = series.running()[begin:end] & np.isfinite(sent)
    before = run[:-1] & ~np.isfinite(sent[1:])
    before = np.append(before, False)
    high, rest = sent[before], sent[run & ~before]
    if len(high) < least("outage") or len(rest) < 5 * DAY:
        return None
    p = float(stats.mannwhitneyu(high, rest, alternative="greater").pvalue)
    ratio = float(np.median(high) / np.median(rest))
    return found(
        series, "outage", begin, end, ratio,
        f"{len(high)} 次缺数前一小时的数值是平时的 {ratio:.2f} 倍",
        f"the hour before {len(high)} gaps is {ratio:.2f} times the usual value",
        p,
    )  # fmt: skip


def recovery(series: Series, begin: int, end: int) -> Finding | None:
    """11, A6 · span checks too good: variance far below the outlet's own before."""
    inside = series.recovery[begin // DAY : end // DAY]
    past = series.recovery[: begin // DAY]
    inside, past = inside[np.isfinite(inside)], past[np.isfinite(past)]
    if len(inside) < least("recovery") or len(past) < 30:
        return None
    ratio = float(inside.var(ddof=1) / past.var(ddof=1))
    p = float(stats.f.cdf(ratio, len(inside) - 1, len(past) - 1))
    return found(
        series, "recovery", begin, end, ratio,
        f"{len(inside)} 次标样核查的方差仅为以往的 {ratio:.1%}",
        f"the variance of {len(inside)} span checks is {ratio:.1%} of what it was",
        p,
    )  # fmt: skip


def rewrites(series: Series, begin: int, end: int) -> Finding | None:
    """18 · values sent again, lower more often than higher."""
    inside = [r for r in series.rewrites if begin <= r.hour < end and r.new != r.old]
    if len(inside) < least("rewrites"):
        return None
    lower = sum(1 for r in inside if r.new < r.old)
    p = float(stats.binom.sf(lower - 1, len(inside), 0.5))
    return found(
        series, "rewrites", begin, end, lower / len(inside),
        f"{len(inside)} 个小时值被改报，其中 {lower} 个改低",
        f"{len(inside)} hours were sent again, {lower} of them lower",
        p,
    )  # fmt: skip


WINDOWED: dict[str, tuple[Test, int]] = {
    "clipped": (clipped, 30),
    "digits": (digits, 30),
    "outage": (outage, 30),
    "recovery": (recovery, 20),
    "rewrites": (rewrites, 45),
}
"""Test and the days of its window."""
