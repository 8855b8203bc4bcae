"""The watch over many outlets: all tests, false discovery held down, findings joined and ranked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from fenhe.domains.sources.fraud import hourly, records, windows
from fenhe.domains.sources.fraud.finding import DISCLAIMER, Finding, declared, discoveries
from fenhe.domains.sources.fraud.series import Series
from fenhe.domains.sources.rules import tables

Single = Callable[[Series], list[Finding]]
SINGLE: dict[str, Single] = {
    "constant": hourly.constant,
    "noise": hourly.noise,
    "oxygen": hourly.oxygen,
    "flow": hourly.flow,
    "dilution": hourly.dilution,
    "conversion": hourly.conversion,
    "scrubber": hourly.scrubber,
    "zero": hourly.zero,
    "impossible": hourly.impossible,
    "replay": records.replay,
    "parameter": records.parameter,
    "mark": records.mark,
}
TESTS = (*SINGLE, *windows.WINDOWED)
__all__ = ["DISCLAIMER", "TESTS", "Suspect", "ranked", "watch"]


@dataclass(frozen=True, slots=True)
class Suspect:
    """An outlet with its findings, strongest first. `suspicion` orders outlets, 0 to 1; it is no
    probability and never proof."""

    outlet: str
    suspicion: float
    findings: tuple[Finding, ...]


def watch(outlets: Sequence[Series]) -> list[Finding]:
    """Every finding about these outlets, by outlet and time."""
    rate = float(declared("discovery")["threshold"])
    out = [f for series in outlets for test in SINGLE.values() for f in test(series)]
    out += records.copies(outlets)
    for test, days in windows.WINDOWED.values():
        candidates: list[Finding] = []
        tried = 0
        for series in outlets:
            for begin, end in windows.windows(series, days):
                tried += 1
                finding = test(series, begin, end)
                if finding is not None:
                    candidates.append(finding)
        stand = discoveries(candidates, tried, rate)
        out += _joined(stand)
    return sorted(out, key=lambda f: (f.outlet, f.begin, f.test))


def _joined(findings: Sequence[Finding]) -> list[Finding]:
    """Overlapping windows of one outlet and test are one finding, told by the strongest."""
    out: list[Finding] = []
    for finding in sorted(findings, key=lambda f: (f.outlet, f.begin)):
        if out and out[-1].outlet == finding.outlet and finding.begin <= out[-1].end:
            best = min(out[-1], finding, key=lambda f: f.p or 0.0)
            out[-1] = replace(best, begin=out[-1].begin, end=max(out[-1].end, finding.end))
        else:
            out.append(finding)
    return out


def ranked(findings: Sequence[Finding]) -> list[Suspect]:
    """Outlets by suspicion: the strongest finding of each test counts once, and several different
    tests together weigh more than one alone."""
    by_outlet: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_outlet[finding.outlet].append(finding)
    suspects = []
    for outlet, some in by_outlet.items():
        best: dict[str, float] = {}
        for finding in some:
            best[finding.test] = max(best.get(finding.test, 0.0), finding.strength)
        order = sorted(some, key=lambda f: (-f.strength, f.begin))
        suspects.append(Suspect(outlet, suspicion(best), tuple(order)))
    return sorted(suspects, key=lambda s: (-s.suspicion, s.outlet))


def suspicion(best: Mapping[str, float]) -> float:
    """Of the strongest finding of each test."""
    innocent = 1.0
    for strength in best.values():
        innocent *= 1 - strength
    return 1 - innocent


def edition_id() -> str:
    return tables.latest(tables.WATCH).id
