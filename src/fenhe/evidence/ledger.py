"""The ledger of acts: `record` appends one, `verify` re-computes the whole chain.

Each hash covers the act's content and the hash before it, so a changed, missing or inserted act
breaks the chain at its place. Acts cut off at the end leave a shorter, valid chain: keep the head
(`fenhe evidence verify` prints it) outside the platform and hand it to the next verification.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from fenhe.evidence.models import Act
from fenhe.kernel.errors import Problem
from fenhe.kernel.period import utc_now
from fenhe.kernel.text import Text

GENESIS = "0" * 64
_LOCK = 0x46454E4845  # "FENHE": the advisory lock that serialises writers on PostgreSQL


def record(
    person: object,
    action: str,
    subject: object,
    detail: dict[str, Any] | None = None,
    reason: str = "",
) -> Act:
    """Appends one act, in the caller's transaction where there is one. `person` and `subject` are
    kept as their text."""
    with transaction.atomic():
        if connection.vendor == "postgresql":  # SQLite's transactions are IMMEDIATE: one writer
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        last = Act.objects.order_by("-seq").first()
        act = Act(
            seq=last.seq + 1 if last else 1,
            at=utc_now(),
            person=str(person),
            action=action,
            subject=str(subject),
            detail=json.loads(json.dumps(detail or {}, default=str)),
            reason=reason,
            previous_hash=last.hash if last else GENESIS,
        )
        act.hash = _hash(act)
        act.save(force_insert=True)
    return act


@dataclass(frozen=True, slots=True)
class Verification:
    count: int
    head: str
    """`seq:hash` of the newest act; `0:000…` when there is none."""
    problems: list[Problem]


def verify(*expected_heads: str) -> Verification:
    """Re-computes every hash. Heads noted earlier must still be there."""
    problems: list[Problem] = []
    before, count, head = GENESIS, 0, f"0:{GENESIS}"
    missing = dict.fromkeys(one for one in expected_heads if one not in ("", head))
    for count, act in enumerate(Act.objects.order_by("seq").iterator(2000), start=1):
        wrong = _what_is_wrong(act, count, before)
        if wrong:
            problems.append(Problem("evidence.broken", wrong, file="evidence", row=act.seq))
        before, head = act.hash, f"{act.seq}:{act.hash}"
        missing.pop(head, None)
    for lost in missing:
        gone = Text(f"链头 {lost} 已不在", f"the head {lost} is no longer there")
        problems.append(Problem("evidence.head-missing", gone, file="evidence"))
    return Verification(count, head, problems)


def head() -> str:
    """`seq:hash` of the newest act, without looking at the others."""
    last = Act.objects.order_by("-seq").first()
    return f"{last.seq}:{last.hash}" if last else f"0:{GENESIS}"


def anchor(path: Path) -> str:
    """Notes the head in a file kept elsewhere; once per head. A later verification finds acts cut
    off at the end by it."""
    now = head()
    if now not in anchored(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as lines:
            lines.write(f"{now} {utc_now().isoformat(timespec='seconds')}\n")
    return now


def anchored(path: Path) -> list[str]:
    """The heads noted in the file, oldest first; none where it is not there yet."""
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [line.split()[0] for line in lines if line.strip()]


def wrong(acts: Sequence[Act]) -> dict[int, Text]:
    """seq -> what is wrong with the act, of these acts alone: the cheap look a list can afford."""
    before = dict(
        Act.objects.filter(seq__in=[act.seq - 1 for act in acts]).values_list("seq", "hash")
    )
    said = {act.seq: _what_is_wrong(act, act.seq, before.get(act.seq - 1, GENESIS)) for act in acts}
    return {seq: text for seq, text in said.items() if text}


def _what_is_wrong(act: Act, position: int, before: str) -> Text | None:
    if act.hash != _hash(act):
        return Text("内容与哈希不符，被改动过", "content and hash differ: it was changed")
    if act.previous_hash != before:
        return Text("与前一条接不上", "does not follow the act before it")
    if position == 1 and act.seq != 1:
        return Text("开头缺少条目", "acts before it are missing")
    return None


def _hash(act: Act) -> str:
    content = [
        act.seq,
        act.at.astimezone(UTC).isoformat(timespec="microseconds"),
        act.person,
        act.action,
        act.subject,
        act.detail,
        act.reason,
        act.previous_hash,
    ]
    text = json.dumps(
        _canonical(content), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: Any) -> Any:
    """Numbers as plain decimal text: PostgreSQL's jsonb gives 1e22 back as an integer."""
    if isinstance(value, dict):
        return {str(key): _canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    if isinstance(value, str) and value.startswith("#"):
        return f"#{value}"  # else the text "#1" would have the hash of the number 1
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"#{Decimal(str(value or 0)).normalize():f}"  # or 0: jsonb has no -0.0
    return value
