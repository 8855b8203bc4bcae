"""A question against the model: every name in it must lead somewhere, before anything is read."""

from __future__ import annotations

from typing import Any

from fenhe.app.sta import model
from fenhe.app.sta.model import ENTITIES, Entity
from fenhe.publish.sensorthings.query import Query
from fenhe.publish.sensorthings.refused import malformed
from fenhe.publish.sensorthings.tree import Path, paths

IDS = ("@iot.id", "id")
LINKS = ("@iot.selfLink", "@iot.id")


def check(entity: Entity, query: Query) -> None:
    """Raises Malformed for a property, a way or an option that is not there."""
    for path in [*paths(query.filter), *(p for tree, _ in query.order for p in paths(tree))]:
        _path(entity, path)
    for name in query.select:
        if name.split("/")[0] not in (*entity.properties, *entity.ways, *LINKS, "id"):
            raise _unknown(entity, name, "$select")
    for name, inner in query.expand.items():
        way = entity.ways.get(name)
        if way is None:
            raise _unknown(entity, name, "$expand")
        check(ENTITIES[way.to], inner)
    if query.data_array and entity.set != "Observations":
        raise malformed("dataArray 只用于 Observations", "dataArray is for Observations alone",
                        "$resultFormat")  # fmt: skip


def _path(entity: Entity, path: Path) -> None:
    here = entity
    for at, name in enumerate(path.parts):
        last = at == len(path.parts) - 1
        if name in IDS and last:
            return
        if name in here.properties:
            if last or here.properties[name].type is dict:
                return
            raise _unknown(here, str(path), "$filter")
        way = here.ways.get(name)
        if way is None:
            raise _unknown(here, name, "$filter")
        if way.to == "Observations":
            raise malformed(
                "不能按 Observations 的内容筛选别的实体；请直接查询 Observations",
                "other entities are not filtered by their Observations; ask Observations itself",
                "$filter", str(path),
            )  # fmt: skip
        here = ENTITIES[way.to]
    raise malformed("路径须到一个属性为止", "a path ends at a property", "$filter", str(path))


def _unknown(entity: Entity, name: str, where: str) -> Exception:
    return malformed(
        f"{entity.set} 没有 {name[:80]}", f"{entity.set} has no {name[:80]}", where, name
    )


def look_at(entity: Entity, record: Any, parts: tuple[str, ...]) -> Any:
    """What a path of a filter means for one record; a list where the path goes to many."""
    name, rest = parts[0], parts[1:]
    if name in IDS and not rest:
        return entity.id(record)
    if name in entity.properties:
        found = entity.properties[name].value(record)
        for part in rest:
            found = found.get(part) if isinstance(found, dict) else None
        return _plain(found)
    way = entity.ways[name]
    target = ENTITIES[way.to]
    there = model.related(record, name, way.to)
    if isinstance(there, list):
        return [_one for item in there for _one in _listed(look_at(target, item, rest))]
    return look_at(target, there, rest)


def _listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


def _plain(found: Any) -> Any:
    """What stands in JSON and is no single value compares with nothing."""
    return None if isinstance(found, dict | list) else found
