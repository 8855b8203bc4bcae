"""Where the path of an address leads: a collection, one entity, or a property of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fenhe.app.api.caller import not_there
from fenhe.app.sta import lake, model, rows
from fenhe.app.sta.asked import Asked
from fenhe.app.sta.found import Found, in_order, page, passing
from fenhe.app.sta.model import ENTITIES, Entity
from fenhe.publish.sensorthings.path import Step
from fenhe.publish.sensorthings.query import Query
from fenhe.registry.models import Object, Series

OF_SERIES = {"Things": "object", "Sensors": "source", "ObservedProperties": "property"}
"""How a series names the entity it belongs to."""


@dataclass
class Many:
    """A collection: all of a set, or those at the end of a way from one entity."""

    entity: Entity
    series: Any = None  # a queryset, for Datastreams and Observations
    records: list[Any] | None = None

    def find(self, asked: Asked, query: Query) -> Found:
        name = self.entity.set
        if self.records is not None:
            kept = list(passing(self.entity, self.records, query.filter))
            return page(in_order(self.entity, kept, query), query)
        if name == "Observations":
            return lake.collection(asked, query, self.series)
        if name in rows.DERIVED:
            return rows.derived(asked, self.entity, query)
        source = self.series if name == "Datastreams" else rows.base(asked, name)
        return rows.collection(asked, self.entity, query, source)

    def one(self, asked: Asked, key: Any) -> Any:
        """The entity of this key, if it is in the collection; None otherwise."""
        if self.records is not None:
            return next((item for item in self.records if self.entity.id(item) == key), None)
        if self.entity.key is int and (not isinstance(key, int) or not 0 < key < 2**31):
            return None
        if self.entity.set == "Observations":
            found = lake.one_by_id(asked, key)
            inside = found and self.series.filter(pk=found.series.pk).exists()
            return found if inside else None
        if self.entity.set in rows.DERIVED:
            return rows.derived_of(asked, self.entity, str(key))
        source = self.series if self.series is not None else rows.base(asked, self.entity.set)
        return source.filter(pk=key).first()


@dataclass
class One:
    entity: Entity
    record: Any


@dataclass
class Part:
    """A property of one entity; `raw`: its bare value."""

    name: str
    value: Any
    raw: bool = False


@dataclass
class References:
    """`$ref`: the addresses alone."""

    of: Many | One


Place = Many | One | Part | References


def lead(asked: Asked, steps: list[Step]) -> Place:
    """Follows the steps. Raises 404 where one leads nowhere, or to what may not be seen."""
    here: Place | None = None
    for step in steps:
        here = _first(asked, step) if here is None else _next(asked, here, step)
    if here is None:
        raise not_there()
    return here


def _first(asked: Asked, step: Step) -> Place:
    entity = ENTITIES.get(step.name)
    if entity is None:
        raise not_there()
    series = asked.series() if entity.set in ("Datastreams", "Observations") else None
    return _keyed(asked, Many(entity, series), step)


def _next(asked: Asked, here: Place, step: Step) -> Place:
    match here:
        case Many() | One() if step.name == "$ref" and not step.keyed:
            return References(here)
        case Part(raw=False) if step.name == "$value" and not step.keyed:
            return Part(here.name, here.value, raw=True)
        case One(entity=entity, record=record) if step.name in entity.ways:
            way = entity.ways[step.name]
            if way.many:
                return _keyed(asked, at_end(asked, entity, record, step.name), step)
            if not step.keyed:
                return One(ENTITIES[way.to], model.related(record, step.name, way.to))
        case One(entity=entity, record=record) if step.name in entity.properties and not step.keyed:
            return Part(step.name, entity.properties[step.name].get(record))
        case One(entity=entity, record=record) if step.name in ("id", "@iot.id"):
            return Part("@iot.id", entity.id(record))
    raise not_there()


def _keyed(asked: Asked, many: Many, step: Step) -> Place:
    if not step.keyed:
        return many
    record = many.one(asked, step.key)
    if record is None or (isinstance(record, Object) and not model.is_a(record, many.entity.set)):
        raise not_there()
    return One(many.entity, record)


def at_end(asked: Asked, entity: Entity, record: Any, name: str) -> Many:
    """The collection at the end of a way from one entity."""
    way = entity.ways[name]
    target = ENTITIES[way.to]
    if way.to == "Observations":
        own = {"pk": record.pk} if isinstance(record, Series) else {"object": record.pk}
        return Many(target, asked.series().filter(**own))
    if way.to == "Datastreams":
        return Many(target, asked.series().filter(**{OF_SERIES[entity.set]: entity.id(record)}))
    return Many(target, records=model.related(record, name, way.to))
