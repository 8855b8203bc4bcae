"""The history of a case: appended only, each entry's digest in the chained ledger of acts.

What was filled in may be secret (who reported), so the ledger holds the digest and not the words;
`verify` re-computes every digest and finds what was changed, lost or slipped in; `problems` the
same of some cases.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from fenhe.act.models_case import Case, CaseDocument, CaseEntry
from fenhe.evidence import ledger
from fenhe.evidence.models import Act
from fenhe.kernel.errors import Problem
from fenhe.kernel.ids import content_hash
from fenhe.kernel.text import Text

ACTION = "case.step"
AT_ONCE = 500  # cases


def append(
    case: Case,
    *,
    step: str,
    before: str,
    person: str,
    post: str,
    now: datetime,
    given: dict[str, Any],
    reason: str = "",
    note: str = "",
    key: str | None = None,
) -> CaseEntry:
    """The next entry, with its act. Call it inside the transaction that moves the case; `revision`
    counts the entries, so two of them cannot have one place."""
    entry = CaseEntry(
        case=case,
        seq=case.revision,
        round=case.round,
        at=now,
        person=person,
        post=post,
        step=step,
        before=before,
        after=case.state,
        given=given,
        reason=reason,
        note=note,
        key=key,
    )
    entry.digest = digest(case.number, entry)
    detail = {
        "seq": entry.seq,
        "step": step,
        "from": before,
        "to": case.state,
        "procedure": f"{case.procedure}@{case.version}",
        "entry": entry.digest,
    }
    entry.act = ledger.record(person, ACTION, case.number, detail, reason).seq
    entry.save(force_insert=True)
    return entry


def digest(number: str, entry: CaseEntry) -> str:
    return content_hash(
        [
            number,
            entry.seq,
            entry.round,
            entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
            entry.person,
            entry.post,
            entry.step,
            entry.before,
            entry.after,
            entry.given,
            entry.reason,
            entry.note,
        ]
    )


def verify() -> Iterator[Problem]:
    """Every case, document and entry held against the ledger; what the ledger knows of cases that
    are gone."""
    yield from _compared(Case.objects.order_by("pk").iterator(AT_ONCE), None)


def problems(cases: Iterable[Case]) -> Iterator[Problem]:
    """Where the history of these cases and the ledger disagree."""
    found = list(cases)
    yield from _compared(found, {case.number for case in found})


def _compared(cases: Iterable[Case], numbers: set[str] | None) -> Iterator[Problem]:
    """`numbers`: of the cases that are looked at; None for all there are."""
    seen: set[int] = set()
    for some in _chunks(cases):
        entries: dict[int, list[CaseEntry]] = defaultdict(list)
        for entry in CaseEntry.objects.filter(case__in=some).order_by("case_id", "seq"):
            entries[entry.case_id].append(entry)
        wanted = [entry.act for found in entries.values() for entry in found]
        acts = {act.seq: act for act in Act.objects.filter(seq__in=wanted, action=ACTION)}
        seen.update(acts)
        for case in some:
            yield from _of_case(case, entries[case.pk], acts)
        yield from _of_documents(some)
    told = Act.objects.filter(action=ACTION).values_list("seq", "subject")
    for seq, number in told.order_by("seq").iterator(5000):
        if seq not in seen and (numbers is None or number in numbers):
            text = Text("存证中有历史里没有的条目", "the ledger has entries the history has not")
            yield _problem(number, text)


def _of_case(case: Case, entries: list[CaseEntry], acts: Mapping[int, Act]) -> Iterator[Problem]:
    number = case.number
    if [one.seq for one in entries] != list(range(1, case.revision + 1)):
        yield _problem(number, Text("历史缺少条目", "entries of the history are missing"))
    for one in entries:
        act = acts.get(one.act)
        told = act.detail.get("entry") if act is not None and act.subject == number else None
        if told != digest(number, one):
            yield _problem(
                number,
                Text(f"第 {one.seq} 条与存证不符", f"entry {one.seq} differs from the ledger"),
            )
    if entries and entries[-1].after != case.state:
        yield _problem(
            number, Text("状态与最后一条不符", "the state is not that of the last entry")
        )


def _of_documents(cases: list[Case]) -> Iterator[Problem]:
    """A document says what it said when its hash was taken."""
    for one in CaseDocument.objects.filter(case__in=cases).select_related("case").order_by("pk"):
        if content_hash(one.content) != one.content_hash:
            yield _problem(
                one.case.number,
                Text(
                    f"文书“{one.content['name']['zh']}”的内容与其哈希不符",
                    f"the document “{one.content['name']['en']}” is not what its hash says",
                ),
            )


def _chunks(cases: Iterable[Case]) -> Iterator[list[Case]]:
    waiting = iter(cases)
    while some := list(islice(waiting, AT_ONCE)):
        yield some


def _problem(number: str, text: Text) -> Problem:
    return Problem("act.history-broken", text, file=number)
