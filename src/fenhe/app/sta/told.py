"""Records -> the JSON of the standard, with what is expanded. However many records are expanded,
each way is asked once."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fenhe.app.sta import lake, model, rows
from fenhe.app.sta.asked import Asked
from fenhe.app.sta.found import Found, in_order, page, passing
from fenhe.app.sta.model import ENTITIES, Entity, Reading
from fenhe.app.sta.places import OF_SERIES
from fenhe.publish.sensorthings.query import Query
from fenhe.publish.sensorthings.refused import malformed

Json = dict[str, Any]


def collection(asked: Asked, entity: Entity, query: Query, found: Found, address: str) -> Json:
    told: Json = {"@iot.count": found.count} if query.count else {}
    if found.more:
        told["@iot.nextLink"] = _next(address, query, found)
    if query.data_array:
        return {**told, "value": _arrays(asked, query, found.records)}
    return {**told, "value": entities(asked, entity, found.records, query)}


def entities(asked: Asked, entity: Entity, records: list[Any], query: Query) -> list[Json]:
    """Each record as JSON; the children of all of them are told together."""
    told = [_own(asked, entity, record, query) for record in records]
    for name, inner in query.expand.items():
        way = entity.ways[name]
        target = ENTITIES[way.to]
        ends = _ends(asked, entity, name, records, inner)
        children = entities(asked, target, [one for end in ends for one in end.records], inner)
        at = 0
        for record, own, end in zip(records, told, ends, strict=True):
            some = children[at : at + len(end.records)]
            at += len(end.records)
            own.pop(f"{name}@iot.navigationLink", None)
            own[name] = some if way.many else (some[0] if some else None)
            if way.many and inner.count:
                own[f"{name}@iot.count"] = end.count
            if way.many and end.more:
                address = f"{asked.link(entity.set, entity.id(record))}/{name}"
                own[f"{name}@iot.nextLink"] = _next(address, inner, end)
    return told


def references(asked: Asked, entity: Entity, records: list[Any]) -> list[Json]:
    return [{"@iot.selfLink": asked.link(entity.set, entity.id(record))} for record in records]


def _own(asked: Asked, entity: Entity, record: Any, query: Query) -> Json:
    key = entity.id(record)
    link = asked.link(entity.set, key)
    chosen = [name.split("/")[0] for name in query.select]
    told: Json = {}
    if not chosen or "@iot.id" in chosen or "id" in chosen:
        told["@iot.id"] = key
    if not chosen or "@iot.selfLink" in chosen:
        told["@iot.selfLink"] = link
    for name, one in entity.properties.items():
        if not chosen or name in chosen:
            told[name] = one.get(record)
    for name in entity.ways:
        if not chosen or name in chosen:
            told[f"{name}@iot.navigationLink"] = f"{link}/{name}"
    return told


def _ends(asked: Asked, entity: Entity, name: str, records: list[Any], query: Query) -> list[Found]:
    """What stands at the end of the way from each record."""
    way = entity.ways[name]
    target = ENTITIES[way.to]
    if not way.many:
        return [Found([model.related(record, name, way.to)]) for record in records]
    if way.to == "Observations":
        if entity.set == "Datastreams":
            groups = {record.pk: [record] for record in records}
        else:
            groups = lake.series_of(asked, [record.pk for record in records])
        found = lake.of_each(asked, query, groups)
        return [found[record.pk] for record in records]
    if way.to == "Datastreams":
        keys = [entity.id(record) for record in records]
        by_key = rows.at_end(asked, target, query, sorted(set(keys)), OF_SERIES[entity.set])
        return [by_key[key] for key in keys]
    ends = []
    for record in records:
        there = passing(target, model.related(record, name, way.to), query.filter)
        ends.append(page(in_order(target, list(there), query), query))
    return ends


def _next(address: str, query: Query, found: Found) -> str:
    options = {key: value for key, value in query.raw.items() if key not in ("$skip", "$skiptoken")}
    if found.token:
        options["$skiptoken"] = found.token
    else:
        options["$skip"] = str(query.skip + len(found.records))
    return f"{address}?{urlencode(options, safe='$')}"


# -- data arrays ---------------------------------------------------------------------------------

_COMPONENTS = ("id", "phenomenonTime", "result", "resultTime", "resultQuality", "parameters")


def _arrays(asked: Asked, query: Query, records: list[Reading]) -> list[Json]:
    """Observations by Datastream, each an array of its components (OGC 18-088 §12)."""
    if query.expand:
        raise malformed(
            "dataArray 不能与 $expand 同用", "dataArray goes without $expand", "$expand"
        )
    entity = ENTITIES["Observations"]
    names = [name.replace("@iot.id", "id") for name in query.select] or list(_COMPONENTS)
    wrong = [name for name in names if name != "id" and name not in entity.properties]
    if wrong:
        raise malformed("dataArray 没有这一列", "no such component", "$select", wrong[0])
    groups: dict[int, list[Reading]] = {}
    for record in records:
        groups.setdefault(record.series.pk, []).append(record)
    return [
        {
            "Datastream@iot.navigationLink": asked.link("Datastreams", pk),
            "components": names,
            "dataArray@iot.count": len(some),
            "dataArray": [
                [entity.id(one) if n == "id" else entity.properties[n].get(one) for n in names]
                for one in some
            ],
        }
        for pk, some in groups.items()
    ]
