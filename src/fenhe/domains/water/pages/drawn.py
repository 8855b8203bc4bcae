"""What a map of a page is told: layers with their points and lines in the page itself, so that the
map draws what the page says and asks nobody for more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from shapely import LineString
from shapely.geometry import mapping
from shapely.ops import substring

from fenhe.domains.water.pages.river import Basin
from fenhe.domains.water.sky.network import Place
from fenhe.kernel.text import Text
from fenhe.publish.page import Class
from fenhe.registry.models import Object

TEXT = {
    "no_webgl": Text("此设备画不了地图，改为示意图", "no map on this device: a sketch instead"),
    "failed": Text("地图数据没有取到", "the data of the map did not come"),
}
MARKS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Point:
    """An object, what is written beside it, and the place of its class in those of the layer."""

    thing: Object
    label: str
    grade: int | None = None


def points(
    key: str,
    name: str,
    basin: Basin,
    these: Iterable[Point],
    classes: Sequence[Class] = (),
    symbol: str = "circle",
    size: int = 9,
    language: str = "zh",
) -> dict[str, Any]:
    """A layer of objects by where they stand on the river."""
    drawn = list(these)
    places = [basin.chart.at(basin.placed[one.thing.pk].place) for one in drawn]
    answer = {
        "x": [round(x, 6) for x, _ in places],
        "y": [round(y, 6) for _, y in places],
        "ids": [one.thing.pk for one in drawn],
        "names": [one.label for one in drawn],
        "codes": [one.thing.code for one in drawn],
        "hours": ["." if one.grade is None else MARKS[one.grade] for one in drawn],
        "values": [None] * len(drawn),
        "shapes": _collection([]),
    }
    return _layer(key, name, answer, classes, symbol, size, language)


def lines(
    key: str,
    name: str,
    basin: Basin,
    grades: dict[str, int],
    classes: Sequence[Class],
    language: str = "zh",
    cut: Place | None = None,
) -> dict[str, Any]:
    """The reaches along the flow, each in its class; the part of a reach above `cut` is in the
    first one."""
    shapes = [
        {
            "type": "Feature",
            "geometry": mapping(line),
            "properties": {
                "id": basin.reaches[code].pk,
                "name": basin.reaches[code].name(language),
                "h": MARKS[grade],
            },
        }
        for code, whole in basin.chart.shapes.items()
        for line, grade in _parts(whole, code, grades[code], basin, cut)
    ]
    empty: dict[str, Any] = {
        name: [] for name in ("x", "y", "ids", "names", "codes", "hours", "values")
    }
    answer = {**empty, "shapes": _collection(shapes)}
    return {**_layer(key, name, answer, classes, "circle", 4, language), "flows": True}


def _parts(
    whole: LineString, code: str, grade: int, basin: Basin, cut: Place | None
) -> list[tuple[LineString, int]]:
    if cut is None or cut.reach != code:
        return [(whole, grade)]
    share = cut.km / basin.chart.river.reach(code).length
    parts = [(substring(whole, 0, share, True), 0), (substring(whole, share, 1, True), grade)]
    return [(line, own) for line, own in parts if line.length > 0]


def told(layers: Sequence[dict[str, Any]], basin: Basin, language: str) -> dict[str, Any]:
    bounds = [line.bounds for line in basin.chart.shapes.values()]
    return {
        "layers": list(layers),
        "base": [],
        "extent": [
            min(one[0] for one in bounds), min(one[1] for one in bounds),
            max(one[2] for one in bounds), max(one[3] for one in bounds),
        ],
        "at": None,
        "hours": 1,
        "query": "",
        "text": {key: text[language] for key, text in TEXT.items()},
    }  # fmt: skip


def _layer(
    key: str,
    name: str,
    answer: dict[str, Any],
    classes: Sequence[Class],
    symbol: str,
    size: int,
    language: str,
) -> dict[str, Any]:
    return {
        "key": key,
        "name": name,
        "kind": "",
        "symbol": symbol,
        "size": size,
        "shown": True,
        "classes": [
            {"id": one.id, "name": one.name[language], "look": one.look} for one in classes
        ],
        "answer": {"clustered": False, "end": "", **answer},
    }


def _collection(features: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features}
