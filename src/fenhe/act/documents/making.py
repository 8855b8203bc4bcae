"""Produces a document: its fields are checked against the case, its words filled in, its number
taken, and the whole fixed as content with a hash. Later changes of the case do not touch it."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction

from fenhe.act import filling, numbers, progress
from fenhe.act.models_case import Case, CaseDocument, CaseEntry
from fenhe.act.procedures.shape import Procedure, Step
from fenhe.evidence import ledger
from fenhe.kernel.errors import BadInput, Conflict, Problem
from fenhe.kernel.ids import content_hash
from fenhe.kernel.period import civil
from fenhe.kernel.text import Text
from fenhe.store import outbox
from fenhe.store.files import open_files

MADE = "document.made"
"""Outbox topic: {document}."""
WHOLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
BLANK = "／"
"""What stands where an optional field is empty: nobody can write into it later."""
MOST_SIGNED_MB = 20
SIGNED_KINDS = {b"%PDF": ".pdf", b"\xff\xd8\xff": ".jpg", b"\x89PNG": ".png"}


def produce(
    case: Case, procedure: Procedure, kind: str, entry: CaseEntry, step: Step, now: datetime
) -> CaseDocument:
    """The next edition of this document. Raises BadInput `act.document-fields`."""
    shape = procedure.documents[kind]
    missing = [key for key in shape.fields if case.fields.get(key) in (None, "", [])]
    if missing:
        raise BadInput(
            "act.document-fields",
            f"文书“{shape.name.zh}”缺少 {len(missing)} 项内容，请先补全",
            f"the document “{shape.name.en}” lacks {len(missing)} fields; fill them first",
            [
                Problem(
                    "act.field", Text("必填", "is required"), column=procedure.fields[k].name.zh
                )
                for k in missing
            ],
        )
    today = civil(now).date()
    number = ""
    if shape.serial:
        number = numbers.take(f"{case.procedure}/{kind}", shape.serial, case.organ, today.year)
    values = _values(case, procedure, entry, number, today)
    content = {
        "kind": kind,
        "name": shape.name.as_dict(),
        "authority": numbers.authority(case.organ),
        "number": number,
        "case": case.number,
        "procedure": f"{procedure.id}@{procedure.version}",
        "date": today.isoformat(),
        "paragraphs": [_filled(one, values) for one in shape.body],
        "signatures": [one.as_dict() for one in shape.signatures],
        "stamped": shape.stamped,
        "grounds": [
            ground.zh for key in step.basis if (ground := procedure.ground(key, today)) is not None
        ],
        "values": {key: value for key, value in values.items() if key in procedure.fields},
    }
    made = CaseDocument.objects.create(
        case=case,
        kind=kind,
        edition=1 + CaseDocument.objects.filter(case=case, kind=kind).count(),
        round=case.round,
        seq=entry.seq,
        number=number,
        content=content,
        content_hash=content_hash(content),
        made_at=now,
        made_by=entry.person,
    )
    detail = {"kind": kind, "edition": made.edition, "number": number, "hash": made.content_hash}
    ledger.record(entry.person, "case.document", case.number, detail)
    outbox.put(MADE, {"document": made.pk})
    return made


def attach_signed(
    document: CaseDocument, name: str, raw: bytes, person: object, now: datetime
) -> CaseDocument:
    """The signed or stamped copy, once. Raises BadInput for what is no PDF, JPEG or PNG."""
    if not any(raw.startswith(begins) for begins in SIGNED_KINDS):
        raise BadInput(
            "act.signed-kind",
            "签章件须为 PDF、JPEG 或 PNG",
            "a signed copy is a PDF, JPEG or PNG",
        )
    if len(raw) > MOST_SIGNED_MB * 1024 * 1024:
        raise BadInput(
            "act.signed-size",
            f"签章件不能超过 {MOST_SIGNED_MB} MB",
            f"a signed copy has {MOST_SIGNED_MB} MB at most",
        )
    stored = open_files().put(io.BytesIO(raw))
    with transaction.atomic():
        changed = CaseDocument.objects.filter(pk=document.pk, signed_hash="").update(
            signed_hash=stored.hash, signed_name=name[:200], signed_at=now, signed_by=str(person)
        )
        if not changed:
            raise Conflict(
                "act.signed-already",
                "此文书已有签章件；有误的请重新制作文书",
                "this document has its signed copy; produce the document anew if it is wrong",
            )
        detail = {"kind": document.kind, "edition": document.edition, "file": stored.hash}
        ledger.record(person, "case.signed", document.case.number, detail)
    document.refresh_from_db()
    return document


def _values(
    case: Case, procedure: Procedure, entry: CaseEntry, number: str, today: date
) -> dict[str, str]:
    fields = {
        key: filling.shown(shape, case.fields.get(key), "zh")
        for key, shape in procedure.fields.items()
    }
    return {
        **fields,
        "number": case.number,
        "serial": number,
        "title": case.title,
        "authority": numbers.authority(case.organ),
        "subject": case.subject.name_zh if case.subject else "",
        "today": today.isoformat(),
        "person": entry.person,
        "reason": entry.reason,
        "check_code": progress.check_code(case.number) if procedure.progress else "",
        "opened_on": civil(case.opened_at).date().isoformat(),
    }


def _filled(paragraph: str, values: Mapping[str, Any]) -> str:
    """`{{ name }}` replaced; nothing else is interpreted, so no field can smuggle in a command."""
    return WHOLE.sub(lambda found: str(values.get(found[1]) or BLANK), paragraph)
