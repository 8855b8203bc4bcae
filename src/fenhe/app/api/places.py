"""Areas, organs, kinds of objects and the vocabulary of properties."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from fenhe.access.models import Organ
from fenhe.app.api import lists
from fenhe.app.api.caller import not_there, one
from fenhe.app.api.operations import reads
from fenhe.app.api.shapes import (
    AreaOut,
    AttributeOut,
    KindOut,
    Named,
    OrganOut,
    Page,
    PropertyOut,
    RelationToOut,
)
from fenhe.app.api.words import DEFAULT, Id, Limit, Word
from fenhe.kernel.text import Text
from fenhe.registry import kinds as known_kinds
from fenhe.registry import vocabulary
from fenhe.registry.kinds import Kind
from fenhe.registry.models import Area
from fenhe.registry.vocabulary import Property

router = Router(tags=["registry"])


@router.get("/areas", response=reads(Page[AreaOut]), summary="区域 · areas")
def areas(
    request: HttpRequest,
    level: Word | None = None,
    parent: Word | None = None,
    adcode: Word | None = None,
    limit: Limit = DEFAULT,
    after: str | None = None,
) -> dict[str, Any]:
    """Administrative divisions and control units. Geometry is given with a single area only."""
    rows = Area.objects.select_related("parent").defer("geometry")
    for name, value in (("level", level), ("parent__adcode", parent), ("adcode", adcode)):
        rows = rows.filter(**{name: value}) if value is not None else rows
    return lists.page(request, rows, lambda row: _area(row, geometry=False), limit, after)


@router.get("/areas/{pk}", response=reads(AreaOut), summary="一个区域 · one area")
def area(request: HttpRequest, pk: Id) -> AreaOut:
    """With its boundary as GeoJSON (WGS 84), where there is one."""
    return _area(one(request, Area.objects.select_related("parent"), pk=pk), geometry=True)


@router.get("/organs", response=reads(Page[OrganOut]), summary="机构 · organs")
def organs(
    request: HttpRequest,
    kind: Word | None = None,
    limit: Limit = DEFAULT,
    after: str | None = None,
) -> dict[str, Any]:
    """Bureaus, offices, branches, teams: what they are called, and nothing about their people."""
    rows = Organ.objects.select_related("parent")
    rows = rows.filter(kind=kind) if kind is not None else rows
    return lists.page(request, rows, _organ, limit, after)


@router.get("/kinds", response=reads(list[KindOut]), summary="对象类别 · kinds")
def kinds(request: HttpRequest) -> list[KindOut]:
    """Every kind of object, with the schema of its attributes."""
    return [_kind(kind) for kind in known_kinds.all()]


@router.get("/kinds/{kind_id}", response=reads(KindOut), summary="一个类别 · one kind")
def kind(request: HttpRequest, kind_id: Word) -> KindOut:
    found = next((kind for kind in known_kinds.all() if kind.id == kind_id), None)
    if found is None:
        raise not_there()
    return _kind(found)


@router.get("/properties", response=reads(list[PropertyOut]), summary="监测项目 · properties")
def properties(request: HttpRequest) -> list[PropertyOut]:
    """What can be measured; readings are given in the unit named here."""
    return [_property(item) for item in vocabulary.all()]


def named(text: Text) -> Named:
    return Named(zh=text.zh, en=text.en)


def _area(row: Area, geometry: bool) -> AreaOut:
    return AreaOut(
        id=row.pk,
        adcode=row.adcode,
        name=Named(zh=row.name_zh, en=row.name_en),
        level=row.level,
        parent=row.parent.adcode if row.parent else None,
        geometry=row.geometry if geometry else None,
    )


def _organ(row: Organ) -> OrganOut:
    return OrganOut(
        id=row.pk,
        code=row.code,
        name=Named(zh=row.name_zh, en=row.name_en),
        kind=row.kind,
        parent=row.parent.code if row.parent else None,
    )


def _kind(kind: Kind) -> KindOut:
    return KindOut(
        id=kind.id,
        name=named(kind.name),
        domain=kind.domain,
        attributes=[
            AttributeOut(
                id=id,
                name=named(item.name),
                type=item.type,
                unit=item.unit,
                required=item.required,
                choices={key: named(text) for key, text in item.choices.items()},
            )
            for id, item in kind.attributes.items()
        ],
        relations=[
            RelationToOut(predicate=id, name=named(item.name), to=item.to)
            for id, item in kind.relations.items()
        ],
        series=list(kind.series),
    )


def _property(item: Property) -> PropertyOut:
    return PropertyOut(
        id=item.id,
        name=named(item.name),
        symbol=item.symbol,
        unit=item.unit,
        decimals=item.decimals,
        domain=item.domain,
    )
