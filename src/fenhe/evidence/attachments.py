"""Files that belong to a case, an inspection, an object: kept by their content's hash, never
changed, never removed; who brought them stands in the ledger.

    row = attachments.add(person, case, "现场.jpg", stream)
    attachments.of(case)                     # rows, for whoever may see the case
    attachments.open_for(person, pk)         # row and stream, gated by its subject
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet

from fenhe.access import gate
from fenhe.access.models import Person
from fenhe.evidence import ledger, media
from fenhe.evidence.models import Act, Attachment
from fenhe.kernel.errors import BadInput, Conflict, NotFound, Problem
from fenhe.kernel.period import utc_now
from fenhe.kernel.text import Text
from fenhe.store.config import settings
from fenhe.store.files import Files, hash_of

ADDED = "attachment.add"


def add(person: Person, subject: Model, name: str, stream: BinaryIO) -> Attachment:
    """Checks size, type and archives before a byte is kept. Raises Forbidden, BadInput."""
    gate.require(person, ADDED, subject)
    shown = media.harmless(name)
    _require_size(stream)
    type_ = media.judge(shown, stream)
    stored = files().put(stream)
    with transaction.atomic():
        row = Attachment.objects.create(
            subject_model=subject._meta.label_lower,
            subject_id=str(subject.pk),
            name=shown,
            content_hash=stored.hash,
            size=stored.size,
            media_type=type_,
            person=person.username,
            at=utc_now(),
        )
        ledger.record(person, ADDED, f"attachment:{row.pk}", _told(row))
    return row


def of(subject: Model) -> QuerySet[Attachment]:
    """Of a subject the person may see: ask the gate for that first."""
    return Attachment.objects.filter(
        subject_model=subject._meta.label_lower, subject_id=str(subject.pk)
    ).order_by("at", "pk")


def open_for(person: object, pk: int) -> tuple[Attachment, BinaryIO]:
    """The file, for whoever may see its subject; NotFound for anybody else. Its content is checked
    against the hash before it is given."""
    row = Attachment.objects.filter(pk=pk).first()
    subject = _subject(row) if row else None
    if row is None or subject is None or not gate.may(person, "page.view", subject):
        raise NotFound("evidence.no-attachment", "没有这个附件", "there is no such attachment")
    stream = files().open(row.content_hash)
    if hash_of(files().path(row.content_hash)) != row.content_hash:
        stream.close()
        raise Conflict(
            "evidence.altered",
            "附件内容与登记的指纹不符，已不可信；请联系管理员",
            "the file no longer has the content it was kept with; tell an administrator",
        )
    return row, stream


def verify() -> Iterator[Problem]:
    """Rows against what the ledger says of them, files on the disk against their hash."""
    told = {
        act.subject.removeprefix("attachment:"): act.detail
        for act in Act.objects.filter(action=ADDED).iterator(2000)
    }
    wanted: dict[str, int] = {}
    for row in Attachment.objects.order_by("pk").iterator(2000):
        wanted[row.content_hash] = row.pk
        if told.pop(str(row.pk), None) != _told(row):
            yield _problem(row.pk, "登记内容与存证不符", "its row differs from the ledger")
    for gone in told:
        yield _problem(gone, "登记已被删除", "its row is gone")
    sound = dict(files().verify())
    for content_hash, pk in wanted.items():
        if content_hash not in sound:
            yield _problem(pk, "文件已不在", "its file is gone")
        elif not sound[content_hash]:
            yield _problem(pk, "文件内容被改动过", "its file was changed")


def files() -> Files:
    """Apart from the files of imports, which are cleared away when nobody commits them."""
    return Files(settings().files_root / "attachments")


def subject_of(label: str, pk: str) -> Model:
    """What somebody names to attach a file to; whether it may be is for the gate."""
    try:
        model: type[Model] = apps.get_model(label)
        found: Model | None = (
            model._default_manager.filter(pk=pk).first() if gate.is_scoped(model) else None
        )
    except (LookupError, ValueError, ValidationError):
        found = None
    if found is None:
        raise NotFound("evidence.no-subject", "没有这个对象", "there is no such thing")
    return found


def _subject(row: Attachment) -> Model | None:
    try:
        return subject_of(row.subject_model, row.subject_id)
    except NotFound:
        return None


def _require_size(stream: BinaryIO) -> None:
    most = settings().max_attachment_mb
    size = stream.seek(0, 2)
    stream.seek(0)
    if not 0 < size <= most * 1024 * 1024:
        raise BadInput(
            "evidence.file-size",
            f"附件不能为空，也不能超过 {most} MB",
            f"an attachment must not be empty, nor larger than {most} MB",
        )


def _told(row: Attachment) -> dict[str, object]:
    return {
        "subject": f"{row.subject_model}:{row.subject_id}",
        "name": row.name,
        "content_hash": row.content_hash,
        "size": row.size,
        "media_type": row.media_type,
        "person": row.person,
        "at": row.at.isoformat(),
    }


def _problem(pk: int | str, zh: str, en: str) -> Problem:
    return Problem("evidence.attachment", Text(f"附件 {pk}：{zh}", f"attachment {pk}: {en}"))
