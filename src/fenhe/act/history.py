"""The history of a case: appended only, each entry's digest in the chained ledger of acts.

What was filled in may be secret (who reported), so the ledger holds the digest and not the words;
`problems` re-computes every digest and finds what was changed, lost or slipped in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from fenhe.act.models_case import Case, CaseEntry
from fenhe.evidence import ledger
from fenhe.evidence.models import Act
from fenhe.kernel.errors import Problem
from fenhe.kernel.ids import content_hash
from fenhe.kernel.text import Text

ACTION = "case.step"


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


def problems(cases: Iterable[Case]) -> Iterator[Problem]:
    """Where the history of a case and the ledger disagree."""
    for case in cases:
        entries = list(case.entries.order_by("seq"))
        acts = {act.seq: act for act in Act.objects.filter(action=ACTION, subject=case.number)}
        if [one.seq for one in entries] != list(range(1, case.revision + 1)):
            yield _problem(case, Text("历史缺少条目", "entries of the history are missing"))
        for one in entries:
            act = acts.pop(one.act, None)
            if act is None or act.detail.get("entry") != digest(case.number, one):
                yield _problem(
                    case,
                    Text(f"第 {one.seq} 条与存证不符", f"entry {one.seq} differs from the ledger"),
                )
        if acts:
            yield _problem(
                case, Text("存证中有历史里没有的条目", "the ledger has entries the history has not")
            )
        if entries and entries[-1].after != case.state:
            yield _problem(
                case, Text("状态与最后一条不符", "the state is not that of the last entry")
            )


def _problem(case: Case, text: Text) -> Problem:
    return Problem("act.history-broken", text, file=case.number)
