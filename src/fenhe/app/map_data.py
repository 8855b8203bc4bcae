"""What the map draws: the objects of a layer inside a frame, as points while they are few, as
clusters by a grid beyond that; in columns, because twenty thousand small objects are slow to read.

Everything passes the gate first: an object somebody may not see is neither a point nor counted in
a cluster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Avg, Count, F, IntegerField, Max, Min, QuerySet
from django.db.models.functions import Cast

from fenhe.access import gate
from fenhe.app import map_classes
from fenhe.app.text import say
from fenhe.app.views import MapLayer, map_layers
from fenhe.kernel.errors import BadInput, NotFound
from fenhe.kernel.period import civil
from fenhe.kernel.text import Text
from fenhe.registry import kinds, search
from fenhe.registry.models import Object

MOST_POINTS = 20_000
MOST_SHAPES = 2_000
FEW = 5_000
"""Up to so many ids are worth naming to the database."""
CELLS = 8
"""So many cells of the grid to a tile's side: clusters stand at least 64 px apart."""
AUTOMATIC = "kind"


@dataclass(frozen=True)
class Window:
    west: float = -180.0
    south: float = -90.0
    east: float = 180.0
    north: float = 90.0
    zoom: float = 0.0

    @classmethod
    def read(cls, params: Mapping[str, str]) -> Window:
        try:
            west, south, east, north = map(float, params.get("bbox", "-180,-90,180,90").split(","))
            zoom = float(params.get("zoom", "0"))
        except ValueError:
            west = south = east = north = zoom = float("nan")
        if not all(map(isfinite, (west, south, east, north, zoom))) or south > north:
            raise BadInput(
                "map.window",
                "bbox 应写成 西,南,东,北（度），zoom 为数字",
                "write bbox as west,south,east,north in degrees and zoom as a number",
            )
        return cls(west, south, east, north, min(max(zoom, 0.0), 22.0))


def layers() -> dict[str, tuple[str, MapLayer]]:
    """Those the domains declare, and a plain one for every kind that none declares."""
    declared = map_layers()
    covered = {layer.kind for _, layer in declared.values()}
    plain = {
        f"{AUTOMATIC}.{kind.id}": (
            kind.domain,
            MapLayer(id="plain", name=kind.name, kind=kind.id, symbol=_symbol(kind.symbol),
                     size=5, shown=False),
        )
        for kind in kinds.all()
        if kind.id not in covered
    }  # fmt: skip
    return {**declared, **plain}


def _symbol(name: str) -> Any:
    return name if name in ("circle", "square", "diamond", "triangle") else "circle"


def layer(key: str) -> tuple[str, MapLayer]:
    found = layers().get(key)
    if found is None:
        raise NotFound("map.unknown", "没有这个图层", "there is no such layer")
    return found


def legend(domain: str, one: MapLayer, language: str) -> list[dict[str, str]]:
    return [
        {"id": c.id, "name": c.name[language], "look": c.look}
        for c in map_classes.classes_of(domain, one)
    ]


def extent(person: object, wanted: list[str]) -> list[float] | None:
    """West, south, east, north of everything of these kinds the person may see."""
    things = gate.visible(person, Object.objects.filter(kind__in=wanted, longitude__isnull=False))
    ends = things.aggregate(Min("longitude"), Min("latitude"), Max("longitude"), Max("latitude"))
    found = [ends[f"{name}__{end}"] for end in ("min", "max") for name in ("longitude", "latitude")]
    return None if None in found else found


def points(
    person: object, domain: str, one: MapLayer, window: Window, query: str, language: str
) -> dict[str, Any]:
    """Points, or clusters where there are more than MOST_POINTS."""
    inside = _inside(person, one.kind, window, query)
    known = map_classes.frames(domain, one)
    base = {
        "end": f"{civil(known.end):%Y-%m-%d %H:%M}" if known.end else "",
        "classes": legend(domain, one, language),
    }
    if inside.order_by()[: MOST_POINTS + 1].count() > MOST_POINTS:
        return {**base, **_clusters(inside, known, window.zoom)}
    rows = _rows(inside, COLUMNS)
    english = language == "en"
    return {
        **base,
        "clustered": False,
        "ids": [row[0] for row in rows],
        "x": [row[1] for row in rows],
        "y": [row[2] for row in rows],
        "names": [row[4] if english and row[4] else row[3] for row in rows],
        "codes": [row[5] for row in rows],
        "hours": [known.rows.get(row[0], "") for row in rows],
        "values": [known.now.get(row[0]) for row in rows],
        "shapes": _shapes(person, one.kind, query, known, language),
    }


def _inside(person: object, kind: str, window: Window, query: str) -> QuerySet[Object]:
    found = gate.visible(person, Object.objects.filter(kind=kind)).filter(
        longitude__gte=window.west, longitude__lte=window.east,
        latitude__gte=window.south, latitude__lte=window.north,
    )  # fmt: skip
    return found.filter(search.matching(query)) if query else found


COLUMNS = ("pk", "longitude", "latitude", "name_zh", "name_en", "code")


def _rows(found: QuerySet[Object], columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """Straight from the database: making model objects would take most of the time."""
    try:
        sql, params = found.order_by().values_list(*columns).query.sql_with_params()
    except EmptyResultSet:  # rights that reach no object at all
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _clusters(inside: QuerySet[Object], known: map_classes.Frames, zoom: float) -> dict[str, Any]:
    """Per cell of the grid: the middle of its objects, how many, and the gravest class now. The
    database counts; it would take longer to bring a hundred thousand places here."""
    size = 360 / 2 ** int(zoom) / CELLS
    placed = inside.order_by().annotate(
        column=Cast((F("longitude") + 180.0) / size, IntegerField()),
        line=Cast((F("latitude") + 90.0) / size, IntegerField()),
    )
    cells = list(
        placed.values("column", "line").annotate(
            n=Count("pk"), x=Avg("longitude"), y=Avg("latitude"), first=Min("pk")
        )
    )
    gravest: dict[tuple[int, int], int] = {}
    if known.rows:
        classed = placed.filter(pk__in=list(known.rows)) if len(known.rows) <= FEW else placed
        for pk, column, line in _rows(classed, ("pk", "column", "line")):
            mark = known.rows.get(pk, map_classes.NONE)[-1]
            grade = map_classes.MARKS.find(mark) if mark != map_classes.NONE else -1
            if grade > gravest.get((column, line), -1):
                gravest[column, line] = grade
    return {
        "clustered": True,
        "x": [round(cell["x"], 5) for cell in cells],
        "y": [round(cell["y"], 5) for cell in cells],
        "counts": [cell["n"] for cell in cells],
        "class": [gravest.get((cell["column"], cell["line"]), -1) for cell in cells],
        "ids": [cell["first"] if cell["n"] == 1 else 0 for cell in cells],
    }


def _shapes(
    person: object, kind: str, query: str, known: map_classes.Frames, language: str
) -> dict[str, Any]:
    """Lines and areas of the kind, as GeoJSON."""
    found = gate.visible(person, Object.objects.filter(kind=kind, geometry__isnull=False))
    found = found.filter(search.matching(query)) if query else found
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": one.geometry,
                "properties": {
                    "id": one.pk, "name": one.name(language), "h": known.rows.get(one.pk, ""),
                },
            }
            for one in found.order_by("pk")[:MOST_SHAPES]
        ],
    }  # fmt: skip


def approval(text: str, language: str) -> str:
    return text or say("map.no_approval", language)


def titled(one: MapLayer, language: str) -> str:
    name: Text = one.name
    return name[language]
