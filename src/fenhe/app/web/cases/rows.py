"""Cases as lists show them: one query for the cases, one for their clocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from fenhe.act import clocks
from fenhe.act.models import Case, Obligation
from fenhe.act.procedures import register
from fenhe.kernel.period import civil


def rows(cases: Sequence[Case], language: str, now: datetime) -> list[dict[str, Any]]:
    due = _next_due(cases)
    return [_row(case, due.get(clocks.about(case)), language, now) for case in cases]


def _row(case: Case, clock: Obligation | None, language: str, now: datetime) -> dict[str, Any]:
    procedure = register.get(case.procedure, case.version)
    return {
        "case": case,
        "procedure": procedure.name[language],
        "state": procedure.states[case.state].name[language],
        "waiting": procedure.states[case.state].waiting,
        "handler": case.handler.get_username() if case.handler else "",
        "organ": case.organ.name(language) if case.organ else "",
        "clock": told(clock, procedure, language, now) if clock else None,
    }


def told(clock: Obligation, procedure: Any, language: str, now: datetime) -> dict[str, Any]:
    """A clock in words: its name, its day, how many days are left or over."""
    name = clocks.name_of(clock)
    shape = procedure.clocks.get(name)
    today = civil(now).date()
    left = (clock.due_day - today).days if clock.due_day else None
    running = clock.state in clocks.RUNNING
    late = bool(running and clock.due and clock.due <= now)
    return {
        "clock": clock,
        "name": shape.name[language] if shape else name,
        "left": left,
        "over": -left if left is not None and left < 0 else 0,
        "late": late and clock.accuses,
        "look": ("bad" if late and clock.accuses else "warn" if running and left is not None
                 and left <= 5 else ""),
        "running": running,
    }  # fmt: skip


def _next_due(cases: Iterable[Case]) -> dict[str, Obligation]:
    """The running clock of each case that ends first."""
    abouts = [clocks.about(case) for case in cases]
    found: dict[str, Obligation] = {}
    running = Obligation.objects.filter(about__in=abouts, state__in=clocks.RUNNING)
    for one in running.exclude(due=None).order_by("-due"):
        found[one.about] = one
    return found
