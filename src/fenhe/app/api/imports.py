"""Imports: files with a dry-run, as on the import page; and the profiles that read them."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from fenhe.app.api import lists
from fenhe.app.api.caller import one, require
from fenhe.app.api.once import once
from fenhe.app.api.operations import reads, writes
from fenhe.app.api.places import named
from fenhe.app.api.shapes import ImportOut, ImportWithReport, Page, ProfileOut
from fenhe.app.api.uploads import received
from fenhe.app.api.words import DEFAULT, Limit, Word
from fenhe.ingest import profiles as known_profiles
from fenhe.ingest.models import Import
from fenhe.kernel.ids import content_hash
from fenhe.observe import imports
from fenhe.store.config import settings

router = Router(tags=["imports"])
TYPES = {
    "text/csv": ".csv",
    "application/vnd.apache.parquet": ".parquet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
_FILE = {"schema": {"type": "string", "format": "binary"}}


@router.get("/profiles", response=reads(list[ProfileOut]), summary="导入方案 · import profiles")
def profiles(request: HttpRequest) -> list[ProfileOut]:
    return [
        ProfileOut(
            id=item.id,
            name=named(item.name),
            kind=item.object_kind,
            resolution=item.resolution,
            layout=item.layout,
        )
        for item in known_profiles.all()
    ]


@router.get("/imports", response=reads(Page[ImportOut]), summary="导入记录 · imports")
def listing(
    request: HttpRequest,
    state: Word | None = None,
    newest: bool = False,
    limit: Limit = DEFAULT,
    after: str | None = None,
) -> dict[str, Any]:
    rows = Import.objects.all()
    rows = rows.filter(state=state) if state is not None else rows
    return lists.page(request, rows, lambda row: ImportOut(**_fields(row)), limit, after, newest)


@router.get("/imports/{pk}", response=reads(ImportWithReport), summary="一次导入 · one import")
def show(request: HttpRequest, pk: Word) -> ImportWithReport:
    """With the whole report: counts, changes, every problem with its place."""
    return _whole(one(request, Import.objects.all(), pk=pk))


@router.post(
    "/imports",
    response=writes(ImportWithReport, 201),
    openapi_extra={"requestBody": {"required": True, "content": dict.fromkeys(TYPES, _FILE)}},
    summary="试运行 · dry-run of a file",
)
def check(request: HttpRequest, profile: Word, file_name: Word = "upload") -> Status[Any]:
    """Says what the file would change and all that is wrong with it; writes no reading."""
    person = require(request, "import.check")
    suffix = TYPES[(request.content_type or "").lower()]
    with received(request, settings().max_upload_mb * 1024 * 1024, suffix) as body:

        def write() -> tuple[int, ImportWithReport]:
            name = file_name if file_name.endswith(suffix) else f"{file_name}{suffix}"
            made = imports.check(body.path, profile, file_name=name[-200:], person=person)
            return 201, _whole(Import.objects.get(pk=made.id))

        return once(request, write, digest=content_hash([body.hash, profile, file_name]))


@router.post(
    "/imports/{pk}/commit",
    response=writes(ImportWithReport),
    summary="提交导入 · commit a checked file",
)
def commit(request: HttpRequest, pk: Word) -> ImportWithReport:
    """All its readings or none; a second commit changes nothing."""
    person = require(request, "import.commit")
    row = one(request, Import.objects.all(), pk=pk)
    imports.commit(row.pk, person)
    return _whole(Import.objects.get(pk=pk))


def _fields(row: Import) -> dict[str, Any]:
    return {
        "id": row.pk,
        "file": row.file_name,
        "content_hash": row.content_hash,
        "profile": row.profile,
        "state": row.state,
        "created_at": row.created_at,
        "committed_at": row.committed_at,
        "lake_version": row.lake_version,
    }


def _whole(row: Import) -> ImportWithReport:
    report = imports.report_of(row.pk).model_dump_json()
    return ImportWithReport(**_fields(row), report=json.loads(report))
