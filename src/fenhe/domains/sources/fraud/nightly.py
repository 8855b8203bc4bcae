"""The watch over all stacks of the lake, its findings as leads of the platform."""

from __future__ import annotations

from datetime import datetime
from math import isfinite
from typing import Any

from fenhe.assess.watches import Found, Suspicion
from fenhe.domains.sources.fraud import lake, watch
from fenhe.domains.sources.fraud.finding import Finding
from fenhe.domains.sources.fraud.lake import Stack
from fenhe.kernel.period import CIVIL


def look(now: datetime) -> Found:
    found = lake.read(now)
    by_outlet = {one.series.outlet: one for one in found.stacks}
    findings = watch.watch([one.series for one in found.stacks])
    return Found(
        suspicions=[_suspicion(one, by_outlet[one.outlet]) for one in findings],
        subjects=len(found.stacks),
        period=found.period,
        edition=watch.edition_id(),
        left_out=found.left_out,
    )


def _suspicion(finding: Finding, stack: Stack) -> Suspicion:
    values: dict[str, Any] = {
        "statistic": _number(finding.statistic),
        "threshold": _number(finding.threshold),
        "p": None if finding.p is None else _number(finding.p),
        "reason": finding.reason.as_dict(),
        "series": stack.ids,
        "load_from": stack.load_from,
        "limit": stack.limit,
        "changes": [
            [
                f"{stack.series.at(one.hour):%Y-%m-%d %H:%M}",
                one.parameter,
                _number(one.old),
                one.new,
            ]
            for one in stack.series.changes
        ],
    }
    return Suspicion(
        stack.thing.pk,
        finding.test,
        finding.begin.replace(tzinfo=CIVIL),
        finding.end.replace(tzinfo=CIVIL),
        float(finding.strength),
        values,
    )


def _number(value: float) -> float | None:
    return float(value) if isfinite(value) else None
