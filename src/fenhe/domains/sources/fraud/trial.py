"""What the watch finds and how often it cries wolf: scripted tamperings in simulated outlet-years.

Outlet k of the year carries tampering k modulo 18, begun on a random day after the first 75 (the
tests need a past) and 30 to 45 days long where the pattern does not end sooner. A tampering counts
as found when a test it is expected of overlaps it. Every finding on the outlet that does not
overlap its tampering is a false alarm, and so is every finding on the clean outlets beside. `rough`
outlets are honest too (`simulated.roughened`), and their alarms are told apart.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import polars as pl

from fenhe.domains.sources.fraud import watch
from fenhe.domains.sources.fraud.injected import INJECTORS
from fenhe.domains.sources.fraud.series import DAY, Marks
from fenhe.domains.sources.fraud.simulated import outlet, roughened

AFTER, LATEST = 75, 310


@dataclass
class Trial:
    outlets: int
    scripted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    missed: list[tuple[str, str]] = field(default_factory=list)
    false_on_tampered: Counter[str] = field(default_factory=Counter)
    false_on_clean: Counter[str] = field(default_factory=Counter)
    false_on_rough: Counter[str] = field(default_factory=Counter)

    @property
    def false_per_year(self) -> float:
        """False alarms per outlet-year, clean and tampered outlets together."""
        return (self.false_on_tampered.total() + self.false_on_clean.total()) / (2 * self.outlets)

    @property
    def rough_per_year(self) -> float:
        """False alarms per outlet-year of plants where honest things look like tampering."""
        return self.false_on_rough.total() / self.outlets

    def table(self) -> pl.DataFrame:
        return pl.DataFrame(
            [
                {
                    "tampering": name,
                    "expected_of": ", ".join(expected),
                    "scripted": self.scripted[name],
                    "found": self.found[name],
                }
                for name, (_, expected) in INJECTORS.items()
            ]
        )

    def alarms(self) -> pl.DataFrame:
        return pl.DataFrame(
            [
                {
                    "test": test,
                    "tampered": self.false_on_tampered[test],
                    "clean": self.false_on_clean[test],
                    "rough": self.false_on_rough[test],
                }
                for test in watch.TESTS
            ]
        )


def run(outlets: int = 50, seed: int = 0) -> Trial:
    """`outlets` tampered years, as many clean and as many rough ones, each group by itself."""
    trial = Trial(outlets)
    names = list(INJECTORS)
    spans: dict[str, tuple[str, datetime, datetime]] = {}
    tampered = []
    for k in range(outlets):
        rng = np.random.default_rng([seed, k, 7])
        series = outlet(seed * 100_000 + k)
        name = names[k % len(names)]
        begin = int(rng.integers(AFTER, LATEST)) * DAY + int(rng.integers(0, DAY))
        end = begin + int(rng.integers(30, 46)) * DAY
        begin, end = _running(series.running(), begin, end)
        INJECTORS[name][0](series, begin, end, rng)
        trial.scripted[name] += 1
        spans[series.outlet] = (name, series.at(begin), series.at(end))
        tampered.append(series)
    hit = set()
    for finding in watch.watch(tampered):
        name, first, last = spans[finding.outlet]
        if finding.begin <= last and first <= finding.end:
            if finding.test in INJECTORS[name][1]:
                hit.add(finding.outlet)
        else:
            trial.false_on_tampered[finding.test] += 1
    for code, (name, _, _) in spans.items():
        if code in hit:
            trial.found[name] += 1
        else:
            trial.missed.append((code, name))
    clean = [outlet(seed * 100_000 + 50_000 + k) for k in range(outlets)]
    trial.false_on_clean.update(finding.test for finding in watch.watch(clean))
    rough = [roughened(outlet(seed * 100_000 + 60_000 + k), k) for k in range(outlets)]
    trial.false_on_rough.update(finding.test for finding in watch.watch(rough))
    return trial


def _running(run: Marks, begin: int, end: int) -> tuple[int, int]:
    """The same length, moved on until the plant runs for its first three days: nobody tampers with
    a plant that stands still."""
    length = end - begin
    while begin + length < len(run) and not run[begin : begin + 3 * DAY].all():
        begin += DAY
    return begin, min(begin + length, len(run))
