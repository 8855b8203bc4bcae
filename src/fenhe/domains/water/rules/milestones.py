"""Milestones of a project as the register writes them:
"2026-03-31 开工 = 2026-04-02; 2026-09-30 通水" — the day planned, what, and the day it was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Milestone:
    due: date
    name: str
    done: date | None = None

    def late(self, on: date) -> int:
        """Days behind its plan on a day: until it was done, or until now; 0 in time."""
        until = self.done if self.done and self.done <= on else on
        return max((until - self.due).days, 0)


@dataclass(frozen=True, slots=True)
class Standing:
    done: int
    whole: int
    next: Milestone | None
    overdue: tuple[Milestone, ...]


def read(written: object) -> list[Milestone]:
    """In order of their planned days. Raises ValueError for what it cannot read, so that a slip
    never becomes a plan."""
    found = []
    for part in str(written or "").replace("；", ";").split(";"):
        if not part.strip():
            continue
        plan, _, done = part.partition("=")
        words = plan.split(maxsplit=1)
        if len(words) != 2:
            raise ValueError(f"no milestone: {part.strip()}")
        finished = date.fromisoformat(done.strip()) if done.strip() else None
        found.append(Milestone(date.fromisoformat(words[0]), words[1].strip(), finished))
    return sorted(found, key=lambda one: one.due)


def standing(milestones: Sequence[Milestone], on: date) -> Standing:
    """What is done on a day, what comes next, what should have been done."""
    open_ = [one for one in milestones if one.done is None or one.done > on]
    return Standing(
        done=len(milestones) - len(open_),
        whole=len(milestones),
        next=next(iter(open_), None),
        overdue=tuple(one for one in open_ if one.due < on),
    )
