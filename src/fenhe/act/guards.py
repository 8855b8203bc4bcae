"""Why a step cannot be taken now: the needs of the procedure held against the facts of the case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from fenhe.act import clocks, notices
from fenhe.act.deadlines import compute
from fenhe.act.models_case import Case, CaseDocument, CaseEntry
from fenhe.act.models_obligation import Obligation
from fenhe.act.procedures.shape import Need, Procedure, Step, Transition
from fenhe.kernel.period import civil
from fenhe.kernel.text import Text


@dataclass
class Facts:
    """What is known of a case now; each part is read once, when somebody asks for it."""

    case: Case
    procedure: Procedure
    now: datetime

    @cached_property
    def entries(self) -> list[CaseEntry]:
        """Of all rounds, oldest first."""
        return list(self.case.entries.order_by("seq"))

    @cached_property
    def this_round(self) -> list[CaseEntry]:
        return [one for one in self.entries if one.round == self.case.round]

    @cached_property
    def documents(self) -> list[CaseDocument]:
        return list(self.case.documents.all())

    @cached_property
    def clocks(self) -> list[Obligation]:
        return clocks.of(self.case)

    @cached_property
    def open_children(self) -> int:
        """Of the procedures that this one opens; a supervision notice keeps nothing open."""
        children = self.case.children.filter(procedure__in=self.procedure.children)
        return children.filter(closed_at=None).count()

    def last(self, step: str) -> int:
        """The place of the newest entry of this step in the round; 0 when there is none."""
        return max((one.seq for one in self.this_round if one.step == step), default=0)

    def makers(self, steps: Sequence[str]) -> set[str]:
        """Who took any of these steps, in any round."""
        return {one.person for one in self.entries if one.step in steps}


def unmet(
    facts: Facts, step: Step, fields: Mapping[str, Any], *, before_asking: bool = False
) -> Iterator[Text]:
    """The reasons against it. `before_asking`: what the step itself asks for is left out, because
    nobody has been asked yet."""
    asked = {*step.fields, *step.may_fill} if before_asking else set()
    for need in step.needs:
        if need.field not in asked and not _met(need, facts, fields):
            yield need.why
    if isinstance(step, Transition) and step.times:
        key = next(k for k, one in facts.procedure.transitions.items() if one is step)
        done = sum(one.step == key for one in facts.this_round)
        if done >= step.times:
            yield Text(f"本轮最多 {step.times} 次", f"at most {step.times} times in a round")


def _met(need: Need, facts: Facts, fields: Mapping[str, Any]) -> bool:
    if need.field:
        return _field(need, facts, fields.get(need.field))
    if need.passed:
        done = facts.last(need.passed)
        return done > 0 and (not need.since or done > facts.last(need.since))
    if need.not_passed:
        return facts.last(need.not_passed) == 0
    if need.document:
        found = [
            one
            for one in facts.documents
            if one.kind == need.document and one.round == facts.case.round
        ]
        return any(one.signed_hash or not need.signed for one in found)
    if need.clock:
        one = clocks.newest(facts.clocks).get(need.clock)
        running = one is not None and one.state in clocks.RUNNING
        stopped = one is not None and one.state == "suspended"
        return {
            "running": running,
            "suspended": stopped,
            "not_running": not (running or stopped),
        }[need.state or "running"]
    return facts.open_children == 0


def _field(need: Need, facts: Facts, value: Any) -> bool:
    today = civil(facts.now).date()
    if value is None or value == "" or value == []:
        return False
    if need.equals is not None:
        return bool(value == need.equals)
    if need.one_of:
        return value in need.one_of
    if need.at_least is not None:
        return bool(float(value) >= need.at_least)
    if need.count is not None:
        return isinstance(value, list) and len(value) >= need.count
    if need.past:
        return date.fromisoformat(str(value)[:10]) < today
    if need.ahead:
        due = compute(need.ahead, date.fromisoformat(str(value)[:10]), notices.current()).due
        last = due.date() if isinstance(due, datetime) else due
        return last is not None and today <= last
    return True
