"""Random walks with random rights: cases of every shipped procedure are opened and pushed by
people who hold random posts, on revisions that are sometimes stale, with fields that are
sometimes missing.

Whatever is tried, a case is only ever in a state that its procedure lets it reach, every step
that succeeded stands in its history and in the ledger, and nothing that was refused left a
trace. `FENHE_WALK_STEPS=100000` runs the long one.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fenhe.access.models import Organ, Person
from fenhe.act import cases, history, posts
from fenhe.act.models import Case, CaseDocument, CaseEntry, Obligation
from fenhe.act.procedures import register
from fenhe.act.procedures.shape import OPENING, FieldShape, Procedure, Step
from fenhe.evidence import ledger
from fenhe.evidence.models import Act
from fenhe.kernel.errors import FenheError

pytestmark = pytest.mark.django_db

STEPS = int(os.environ.get("FENHE_WALK_STEPS", "4000"))
START = datetime(2026, 9, 1, 1, tzinfo=UTC)
ROLES = (
    *("enforcer", "branch_head", "legal_reviewer", "deputy_director", "board", "office"),
    *("rectification_office", "county_government", "grid_worker", "leader", "viewer"),
)


class Walk:
    def __init__(self, procedures: list[Procedure], seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 (which way to walk, no secret)
        self.procedures = procedures
        self.now = START
        self.organ = Organ.objects.create(
            code="140100", name_zh="太原市生态环境局", name_en="Bureau", kind="bureau",
            area="140100", issuing=True,
        )  # fmt: skip
        self.people = [
            Person.objects.create(username=f"p{n}", role=role, organ=self.organ)
            for n, role in enumerate(ROLES * 2)
        ]
        self.expected: dict[int, list[str]] = {}  # case -> states, as we saw them succeed
        self.running: set[int] = set()
        self.tally: Counter[str] = Counter()

    def value(self, shape: FieldShape) -> Any:
        pick = self.chance.choice
        day = (self.now + timedelta(days=self.chance.randint(-40, 40))).date().isoformat()
        return {
            "text": "某公司", "long": "情况说明", "date": day, "moment": f"{day}T08:30",
            "number": "12.5", "integer": "3", "yes_no": pick(["yes", "yes", "no"]),
            "choice": pick(list(shape.choices) or [""]), "people": "甲、乙", "list": "一\n二",
            "photos": [],
        }[shape.type]  # fmt: skip

    def given(self, procedure: Procedure, step: Step) -> dict[str, Any]:
        wanted = [*step.fields, *(f for f in step.may_fill if self.chance.random() < 0.8)]
        given = {key: self.value(procedure.fields[key]) for key in wanted}
        if given and self.chance.random() < 0.05:
            given.pop(self.chance.choice(list(given)))
        if self.chance.random() < 0.01:
            given["nonsense"] = "x"
        return given

    def one(self) -> None:
        days = 6 if self.chance.random() < 0.02 else 0
        self.now += timedelta(days=days, minutes=self.chance.choice([1, 10, 60]))
        if len(self.running) < 40 or self.chance.random() < 0.04:
            self.open()
        else:
            self.push()

    def person_for(self, step: Step) -> Person:
        """Mostly somebody who may, so that walks go far; otherwise anybody."""
        if self.chance.random() < 0.8:
            roles = {role for post in step.by for role in posts.POSTS[post].roles}
            fitting = [one for one in self.people if one.role in roles]
            return self.chance.choice(fitting)
        return self.chance.choice(self.people)

    def open(self) -> None:
        procedure = self.chance.choice(self.procedures)
        person = self.person_for(procedure.opening)
        given, through = self.given(procedure, procedure.opening), procedure.opening.through
        wanted = cases.Opening(procedure.id, given, through=through)
        try:
            case = cases.open_(wanted, person, self.now)
        except FenheError as error:
            self.tally[error.code] += 1
            return
        self.tally["opened"] += 1
        self.expected[case.pk] = [procedure.opening.to]
        self.running.add(case.pk)

    def push(self) -> None:
        closed = self.chance.random() < 0.05
        pk = self.chance.choice(sorted(self.expected if closed else self.running))
        case = Case.objects.get(pk=pk)
        procedure = register.get(case.procedure, case.version)
        steps = procedure.leaving(case.state) or procedure.transitions
        if self.chance.random() < 0.1:
            steps = procedure.transitions
        key = self.chance.choice(list(steps))
        step = procedure.transitions[key]
        before = (case.state, case.revision, case.fields)
        stale = self.chance.random() < 0.05
        try:
            cases.take(
                pk, key, self.person_for(step), self.now,
                revision=case.revision - stale, given=self.given(procedure, step),
                reason="理由" if self.chance.random() < 0.9 else "",
                produce=[one for one in step.offers if self.chance.random() < 0.5],
                through=step.through,
            )  # fmt: skip
        except FenheError as error:
            self.tally[error.code] += 1
            case.refresh_from_db()
            assert (case.state, case.revision, case.fields) == before
            return
        self.tally["taken"] += 1
        assert not stale
        assert before[0] in step.sources
        after = step.to or before[0]
        self.expected[pk].append(after)
        (self.running.discard if procedure.states[after].final else self.running.add)(pk)


def check(walk: Walk) -> None:
    made = {(one.id, one.version): one for one in walk.procedures}
    found = {case.pk: case for case in Case.objects.all()}
    assert found.keys() == walk.expected.keys()
    entries: dict[int, list[CaseEntry]] = {}
    for entry in CaseEntry.objects.order_by("case_id", "seq"):
        entries.setdefault(entry.case_id, []).append(entry)
    for pk, states in walk.expected.items():
        case, procedure = found[pk], made[found[pk].procedure, found[pk].version]
        assert [one.after for one in entries[pk]] == states
        assert case.state == states[-1]
        assert case.revision == len(states)
        assert (case.closed_at is not None) == procedure.states[case.state].final
        for one in entries[pk]:
            assert one.step == OPENING or one.before in procedure.transitions[one.step].sources
    steps = sum(map(len, walk.expected.values()))
    assert Act.objects.filter(action=history.ACTION).count() == steps
    assert list(history.problems(found.values())) == []
    assert ledger.verify().problems == []
    closed = [f"case:{pk}" for pk, case in found.items() if case.closed_at]
    running = Obligation.objects.filter(state__in=("running", "overdue", "suspended"))
    assert not running.filter(about__in=closed).exists()
    _no_gaps(walk)


def _no_gaps(walk: Walk) -> None:
    for procedure in walk.procedures:
        count = Case.objects.filter(procedure=procedure.id).count()
        numbers = set(Case.objects.filter(procedure=procedure.id).values_list("number", flat=True))
        by_year: Counter[str] = Counter(number.split("〔")[1][:4] for number in numbers)
        wanted = {
            procedure.number.format(authority=walk.organ.name_zh, year=year, serial=serial)
            for year, most in by_year.items()
            for serial in range(1, most + 1)
        }
        assert numbers == wanted
        assert len(numbers) == count


def test_random_people_never_bring_a_case_where_it_may_not_go(
    procedures: list[Procedure],
) -> None:
    walk = Walk(procedures, seed=7)
    for _ in range(STEPS):
        walk.one()
    check(walk)
    print(f"{STEPS} steps: {dict(walk.tally)}; {CaseDocument.objects.count()} documents")  # noqa: T201
    reached = {(case.procedure, state) for case in Case.objects.all()
               for state in walk.expected[case.pk]}  # fmt: skip
    assert len({procedure for procedure, _ in reached}) == len(procedures)
    refused = {"act.moved-on", "act.no-post", "act.not-met", "act.fields", "act.same-person"}
    assert refused <= walk.tally.keys()  # the walk did try what must be refused
    assert walk.tally["taken"] > STEPS / 20
