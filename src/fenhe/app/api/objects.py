"""Supervised objects, their relations and series: read, register, change.

A change goes through the same plan as an import of objects: every attribute against the schema of
the kind, all problems at once, an act in the ledger.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
from django.db.models import Q
from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field

from fenhe.access import gate
from fenhe.app.api import lists
from fenhe.app.api.caller import not_there, one, require, visible
from fenhe.app.api.once import once
from fenhe.app.api.operations import reads, writes
from fenhe.app.api.shapes import Named, ObjectOut, Page, RelationOut, SeriesOut
from fenhe.app.api.tags import require_match
from fenhe.app.api.words import DEFAULT, Id, Limit, Note, SeriesId, Word
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.text import Text
from fenhe.registry import kinds, vocabulary
from fenhe.registry import objects as registry
from fenhe.registry.models import Object, Relation, Series

router = Router(tags=["registry"])


class ObjectIn(Schema):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name_zh: Note | None = None
    name_en: Note | None = None
    area: Word | None = None
    longitude: float | None = Field(None, ge=-180, le=180)
    latitude: float | None = Field(None, ge=-90, le=90)
    valid_from: date | None = Field(None, strict=False)
    valid_to: date | None = Field(None, strict=False)
    attributes: dict[str, bool | int | float | Note] = {}
    relations: dict[str, Note] = {}


class SeriesIn(Schema):
    model_config = ConfigDict(extra="forbid", strict=True)

    object: Id
    property: Word
    resolution: Word = "hour"
    source: Word = "api"


@router.get("/objects", response=reads(Page[ObjectOut]), summary="监管对象 · objects")
def listing(
    request: HttpRequest,
    kind: Word | None = None,
    code: Word | None = None,
    area: Word | None = None,
    q: Word | None = None,
    valid_on: date | None = None,
    limit: Limit = DEFAULT,
    after: str | None = None,
) -> dict[str, Any]:
    """`q` looks in codes and names, `area` is an adcode, `valid_on` leaves out what did not exist
    that day."""
    rows = Object.objects.select_related("area")
    for name, value in (("kind", kind), ("code", code), ("area__adcode", area)):
        rows = rows.filter(**{name: value}) if value is not None else rows
    if q is not None:
        rows = rows.filter(Q(code__icontains=q) | Q(name_zh__icontains=q) | Q(name_en__icontains=q))
    if valid_on is not None:
        rows = rows.filter(Q(valid_from=None) | Q(valid_from__lte=valid_on))
        rows = rows.filter(Q(valid_to=None) | Q(valid_to__gt=valid_on))
    return lists.page(request, rows, object_out, limit, after)


@router.get("/objects/{pk}", response=reads(ObjectOut), summary="一个对象 · one object")
def show(request: HttpRequest, pk: Id) -> ObjectOut:
    return object_out(one(request, Object.objects.select_related("area"), pk=pk))


@router.get(
    "/kinds/{kind_id}/objects/{code}",
    response=reads(ObjectOut),
    summary="按编码取对象 · an object by its code",
)
def by_code(request: HttpRequest, kind_id: Word, code: Word) -> ObjectOut:
    return object_out(one(request, Object.objects.select_related("area"), kind=kind_id, code=code))


@router.put(
    "/kinds/{kind_id}/objects/{code}",
    response=writes(ObjectOut, 200, 201),
    summary="登记或修改对象 · register or change an object",
)
def put(request: HttpRequest, kind_id: Word, code: Word, body: ObjectIn) -> Status[Any]:
    """Sending the same again changes nothing. `If-Match` guards against others' changes,
    `If-None-Match: *` against an object that is there already."""
    person = require(request, "registry.edit")
    if kind_id not in {kind.id for kind in kinds.all()}:
        raise not_there()
    there = Object.objects.select_related("area").filter(kind=kind_id, code=code).first()
    if there is not None:
        there = one(request, Object.objects.select_related("area"), pk=there.pk)
        require(request, "registry.edit", there)
    else:
        require(request, "registry.edit", gate.Place(kinds.get(kind_id).domain, body.area or ""))
    if body.area is not None:
        require(request, "registry.edit", gate.Place(kinds.get(kind_id).domain, body.area))
    require_match(request, object_out(there) if there else None)
    plan = registry.plan(kind_id, _table(kind_id, code, body))
    registry.apply(plan, person)
    now = Object.objects.select_related("area").get(kind=kind_id, code=code)
    return Status(200 if there else 201, object_out(now))


@router.get("/relations", response=reads(Page[RelationOut]), summary="关系 · relations")
def relations(
    request: HttpRequest,
    subject: Id | None = None,
    predicate: Word | None = None,
    object: Id | None = None,
    limit: Limit = DEFAULT,
    after: str | None = None,
) -> dict[str, Any]:
    """Subject —predicate→ object; both ends are objects you may see."""
    seen = visible(request, Object.objects.all()).values("pk")
    rows = Relation.objects.filter(subject__in=seen, object__in=seen)
    for name, value in (("subject", subject), ("predicate", predicate), ("object", object)):
        rows = rows.filter(**{name: value}) if value is not None else rows
    return lists.page(request, rows, _relation, limit, after)


@router.get("/series", response=reads(Page[SeriesOut]), summary="监测序列 · series")
def series(
    request: HttpRequest,
    object: Id | None = None,
    kind: Word | None = None,
    property: Word | None = None,
    resolution: Word | None = None,
    limit: Limit = DEFAULT,
    after: str | None = None,
) -> dict[str, Any]:
    rows = Series.objects.all()
    asked = (("object", object), ("object__kind", kind), ("property", property))
    for name, value in (*asked, ("resolution", resolution)):
        rows = rows.filter(**{name: value}) if value is not None else rows
    return lists.page(request, rows, series_out, limit, after)


@router.get("/series/{pk}", response=reads(SeriesOut), summary="一个序列 · one series")
def one_series(request: HttpRequest, pk: SeriesId) -> SeriesOut:
    return series_out(one(request, Series.objects.all(), pk=pk))


@router.post("/series", response=writes(SeriesOut, 200, 201), summary="建立序列 · make a series")
def make_series(request: HttpRequest, body: SeriesIn) -> Status[Any]:
    """A series of an object and a property of the vocabulary, to send observations to. The one
    that is there already is answered with 200."""
    require(request, "import.commit")
    owner = one(request, Object.objects.all(), pk=body.object)
    require(request, "import.commit", owner)

    def write() -> tuple[int, SeriesOut]:
        _check_series(owner, body)
        made, is_new = Series.objects.get_or_create(
            object=owner,
            property=body.property,
            resolution=body.resolution,
            statistic="value",
            source=body.source,
        )
        return (201 if is_new else 200), series_out(made)

    return once(request, write)


def object_out(row: Object) -> ObjectOut:
    return ObjectOut(
        id=row.pk,
        kind=row.kind,
        code=row.code,
        name=Named(zh=row.name_zh, en=row.name_en or row.name_zh),
        area=row.area.adcode if row.area else None,
        longitude=row.longitude,
        latitude=row.latitude,
        attributes=row.attributes,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def series_out(row: Series) -> SeriesOut:
    return SeriesOut(
        id=row.pk,
        object=row.object_id,
        property=row.property,
        unit=unit_of(row.property),
        resolution=row.resolution,
        statistic=row.statistic,
        source=row.source,
    )


def unit_of(property: str) -> str:
    """Empty for a property whose domain is switched off."""
    return next((item.unit for item in vocabulary.all() if item.id == property), "")


def _relation(row: Relation) -> RelationOut:
    return RelationOut(
        id=row.pk,
        subject=row.subject_id,
        predicate=row.predicate,
        object=row.object_id,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def _table(kind_id: str, code: str, body: ObjectIn) -> pl.DataFrame:
    """The object as a table of one row, the way an import of objects reads it."""
    cells: dict[str, Any] = {"code": code}
    for name in registry.FIELDS[1:]:
        if (value := getattr(body, name)) is not None:
            cells[name] = value
    kind = kinds.get(kind_id)
    known = {*registry.columns(kind)}
    unknown = [name for name in (*body.attributes, *body.relations) if name not in known]
    if unknown:
        text = Text("此类别没有这一项", "the kind has no such field")
        raise BadInput(
            "api.invalid",
            f"请求有 {len(unknown)} 处不合要求，未作任何改动",
            f"the request has {len(unknown)} fields that are not valid; nothing was changed",
            [Problem("api.field", text, column=name[:100]) for name in unknown[:100]],
        )
    cells |= {**body.attributes, **body.relations}
    texts = {name: _text(value) for name, value in cells.items()}
    frame = pl.DataFrame([texts], dict.fromkeys(texts, pl.String()))
    return frame.with_columns(row=pl.lit(1, pl.UInt32()))


def _text(value: object) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _check_series(owner: Object, body: SeriesIn) -> None:
    problems = []
    if body.resolution not in ("minute", "hour", "day", "sample"):
        text = Text("请写 minute、hour、day 或 sample", "write minute, hour, day or sample")
        problems.append(Problem("api.field", text, column="resolution", value=body.resolution))
    if body.property not in {item.id for item in vocabulary.all()}:
        text = Text("词表中没有这个监测项目", "the vocabulary has no such property")
        problems.append(Problem("api.field", text, column="property", value=body.property))
    if len(body.source) > 60:
        text = Text("至多 60 个字符", "60 characters at most")
        problems.append(Problem("api.field", text, column="source"))
    if problems:
        raise BadInput(
            "api.invalid",
            f"请求有 {len(problems)} 处不合要求，未作任何改动",
            f"the request has {len(problems)} fields that are not valid; nothing was changed",
            problems,
        )
