"""Duplicates: reports of one thing are handled as one case and answered each for itself.

`similar` hints at what may be the same; `merge` brings a duplicate to where its main case stands,
and from then on the engine lets it follow (`cases.take`). Its own clocks go on: each reporter is
owed an answer in time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import SequenceMatcher

import networkx as nx
from django.db import transaction
from django.db.models import F, QuerySet

from fenhe.access.models import Person
from fenhe.act import cases, history, holding
from fenhe.act.models_case import Case
from fenhe.act.procedures import register
from fenhe.kernel.errors import Conflict
from fenhe.kernel.text import plain
from fenhe.store import outbox

STEP = "@merge"
WITHIN = timedelta(days=90)
ALIKE = 0.55
MOST_COMPARED = 400
MOST_GROUPED = 400
NEAR = 0.2
SAME_SOURCE, SAME_SOURCE_WITHIN = 3, timedelta(days=30)


def merge(
    pk: int, main_pk: int, person: Person, now: datetime, *, revision: int, reason: str = ""
) -> Case:
    """`pk` is handled together with `main_pk` from now on. Raises Conflict `act.merge`."""
    with transaction.atomic():
        _alone(pk, main_pk)
        case, main = cases.find(pk), cases.find(main_pk)
        merging = register.get(case.procedure, case.version).merging
        if (
            merging is None
            or case.pk == main.pk
            or (case.procedure, case.version) != (main.procedure, main.version)
            or case.merged_into is not None
            or main.merged_into is not None
            or case.duplicates.exists()
            or case.state not in merging.sources
            or main.state not in merging.sources
        ):
            raise Conflict(
                "act.merge",
                "只能把同一程序中尚在办理的件并入另一件主件，且两件都须已受理、未答复",
                "a case merges into a main case of the same procedure while both are accepted "
                "and neither is answered",
            )
        post = holding.require(person, merging.by, case)
        before = case.state
        changed = Case.objects.filter(pk=pk, revision=revision).update(
            revision=F("revision") + 1, state=main.state, merged_into=main, changed_at=now
        )
        if not changed:
            raise Conflict(
                "act.moved-on", "案件刚被办理过，请重新查看", "the case has moved on; look again"
            )
        case = cases.find(pk)
        history.append(
            case, step=STEP, before=before, person=str(person), post=post, now=now,
            given={}, reason=reason, note=main.number,
        )  # fmt: skip
        outbox.put(cases.CHANGED, {"case": case.pk, "seq": case.revision, "step": STEP})
    return case


def _alone(*pks: int) -> None:
    """Nobody else takes a step with these cases until the transaction ends; locked in one order, so
    that no two wait for each other."""
    list(Case.objects.select_for_update().filter(pk__in=pks).order_by("pk").values_list("pk"))


def similar(case: Case, visible: QuerySet[Case], now: datetime, most: int = 5) -> list[Case]:
    """Recent cases of the same procedure that say nearly the same, closed ones too, the most alike
    first. `visible` is what the person asking may see."""
    recent = (
        visible.filter(procedure=case.procedure, opened_at__gte=now - WITHIN)
        .exclude(pk=case.pk)
        .exclude(merged_into=case)
        .order_by("-pk")[:MOST_COMPARED]
    )
    scored = sorted(_scores(case, recent), key=lambda pair: -pair[0])
    return [one for score, one in scored[:most] if score >= ALIKE]


@dataclass(frozen=True, slots=True)
class Group:
    """Open cases of one procedure that say nearly the same, the oldest first."""

    cases: tuple[Case, ...]
    same_source: bool
    """SAME_SOURCE of them or more within SAME_SOURCE_WITHIN (同源聚类): product policy, not law."""


def groups(visible: QuerySet[Case], now: datetime, most: int = MOST_GROUPED) -> list[Group]:
    """Likely duplicates among the newest open cases of procedures that know merging, the largest
    groups first. Merged ones are handled already and left out."""
    kinds = [one.id for one in register.all() if one.merging is not None]
    recent = visible.filter(
        procedure__in=kinds, closed_at=None, merged_into=None, opened_at__gte=now - WITHIN
    ).select_related("organ")
    found = sorted(recent.order_by("-pk")[:most], key=lambda one: one.pk)
    alike: nx.Graph[int] = nx.Graph()
    pairs = {one.pk: _pairs(_words(one)) for one in found}
    for place, one in enumerate(found):
        near = [
            other
            for other in found[place + 1 :]
            if other.procedure == one.procedure and _dice(pairs[one.pk], pairs[other.pk]) >= NEAR
        ]
        alike.add_edges_from(
            (one.pk, other.pk) for score, other in _scores(one, near) if score >= ALIKE
        )
    known = {one.pk: one for one in found}
    made = [
        _group([known[pk] for pk in sorted(together)])
        for together in nx.connected_components(alike)
    ]
    return sorted(made, key=lambda one: (-len(one.cases), -one.cases[-1].pk))


def _group(together: list[Case]) -> Group:
    days = sorted(one.opened_at for one in together)
    close = any(
        last - first <= SAME_SOURCE_WITHIN
        for first, last in zip(days, days[SAME_SOURCE - 1 :], strict=False)
    )
    return Group(tuple(together), close)


def _pairs(words: str) -> set[str]:
    return {words[place : place + 2] for place in range(len(words) - 1)}


def _dice(one: set[str], other: set[str]) -> float:
    """Cheap, and never far above what the closer comparison says."""
    return 2 * len(one & other) / max(len(one) + len(other), 1)


def _scores(case: Case, others: Iterable[Case]) -> list[tuple[float, Case]]:
    mine = _words(case)
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(mine)
    found = []
    for one in others:
        matcher.set_seq1(_words(one))
        alike = matcher.ratio() if matcher.quick_ratio() >= ALIKE / 2 else 0.0
        same_place = bool(case.subject_id and case.subject_id == one.subject_id) or bool(
            case.fields.get("place") and plain(str(case.fields["place"])) == _place(one)
        )
        found.append((alike + 0.25 * same_place, one))
    return found


def _words(case: Case) -> str:
    return plain(str(case.fields.get("what") or case.title))[:400]


def _place(case: Case) -> str:
    return plain(str(case.fields.get("place") or ""))
