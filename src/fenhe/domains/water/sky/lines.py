"""Reaches from any layer of lines, and points of a map set onto them.

Three ways lines may say how they hang together, tried in this order: fields with the node at either
end (`from_node`, `to_node`), a field with the reach that follows (`next_down`), or nothing, and
then ends that lie close together are one node. The direction of a line is that of the water.
Longitude and latitude are WGS 84; lengths are along the great circle unless a field gives them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from shapely import LineString, Point, STRtree
from shapely.geometry import shape

from fenhe.domains.water.sky.network import Place, Reach, River
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.text import Text

EARTH = 6371.0088  # km, mean radius
SNAP = 0.05  # km within which two ends are one node
FIELDS = {
    "id": ("id", "reach", "reach_id", "comid", "hyriv_id", "linkno", "rivernum"),
    "head": ("from_node", "fromnode", "from", "head"),
    "mouth": ("to_node", "tonode", "to", "mouth"),
    "next": ("next_down", "nextdown", "nextdownid", "dslinkno"),
    "name": ("name_zh", "name", "river"),
    "length": ("length_km", "lengthkm"),
    "slope": ("slope",),
    "width": ("width_m", "width"),
    "depth": ("depth_m", "depth"),
    "discharge": ("discharge_m3_s", "discharge"),
    "mean_discharge": ("mean_discharge_m3_s", "dis_av_cms"),
    "district": ("district",),
    "chief": ("river_chief", "chief"),
}
"""What a property of a line may be called, compared without case; the first that is there counts.
The names of HydroRIVERS and of TDX-Hydro are among them."""


@dataclass(frozen=True)
class Chart:
    """The river, and where its reaches lie on the map."""

    river: River
    shapes: Mapping[str, LineString]
    findings: tuple[Problem, ...] = field(default=())

    def place(self, longitude: float, latitude: float) -> tuple[Place, float]:
        """The nearest place on the river, and how many km away the point lies."""
        ids, middle, tree = self._tree
        point = Point(*_plane(longitude, latitude, middle))
        nearest = float(tree.geometries[tree.nearest(point)].distance(point))
        some = tree.query(point, predicate="dwithin", distance=nearest * 1.1 + 0.01)
        best = min((ids[k] for k in some), key=lambda id: self._off(id, longitude, latitude)[1])
        share, off = self._off(best, longitude, latitude)
        return Place(best, share * self.river.reach(best).length), off

    def at(self, place: Place) -> tuple[float, float]:
        """Longitude and latitude of a place."""
        line = self.shapes[place.reach]
        share = place.km / self.river.reach(place.reach).length
        point = _flat(line, _middle(line)).interpolate(min(share, 1.0), normalized=True)
        scale = math.radians(1) * EARTH
        return point.x / scale / math.cos(math.radians(_middle(line))), point.y / scale

    @cached_property
    def _tree(self) -> tuple[list[str], float, STRtree]:
        """On one plane for the whole basin: good enough to find the few that may be nearest."""
        middle = float(np.mean([_middle(line) for line in self.shapes.values()]))
        return list(self.shapes), middle, STRtree([_flat(x, middle) for x in self.shapes.values()])

    def near(self, longitude: float, latitude: float, within: float) -> bool:
        return self.place(longitude, latitude)[1] <= within

    def _off(self, id: str, longitude: float, latitude: float) -> tuple[float, float]:
        """Share of the reach's length above the foot of the point, and its distance in km."""
        flat = _flat(self.shapes[id], latitude)
        point = Point(*_plane(longitude, latitude, latitude))
        return float(flat.project(point, normalized=True)), float(flat.distance(point))


def read(collection: Mapping[str, Any], snap: float = SNAP) -> Chart:
    """A GeoJSON FeatureCollection of LineStrings (MultiLineStrings are cut into their parts).
    Raises BadInput with every feature that is no line, and with every fault of the network."""
    lines = list(_lines(collection))
    if not lines:
        raise BadInput(
            "water.network-empty",
            "图层里没有线要素（LineString）",
            "the layer holds no lines (LineString)",
        )
    shapes = {id: line for id, line, _ in lines}
    if all("head" in given and "mouth" in given for _, _, given in lines):
        ends = {id: (str(given["head"]), str(given["mouth"])) for id, _, given in lines}
    elif any("next" in given for _, _, given in lines):
        ends = _by_next([(id, given.get("next")) for id, _, given in lines])
    else:
        ends = _by_ends(shapes, snap)
    river = River.of(
        Reach(
            id=id,
            head=ends[id][0],
            mouth=ends[id][1],
            length=_number(given, "length") or length(line),
            name=str(given.get("name") or ""),
            district=str(given.get("district") or ""),
            chief=str(given.get("chief") or ""),
            **{
                name: _number(given, name)
                for name in ("slope", "width", "depth", "discharge", "mean_discharge")
            },
        )
        for id, line, given in lines
    )
    return Chart(river, shapes, (*river.findings, *_dangling(river, shapes, snap)))


def length(line: LineString) -> float:
    """Kilometres along the line."""
    degrees = np.radians(np.asarray(line.coords)[:, :2])
    step = np.diff(degrees, axis=0)
    middle = (
        np.sin(step[:, 1] / 2) ** 2
        + np.cos(degrees[:-1, 1]) * np.cos(degrees[1:, 1]) * np.sin(step[:, 0] / 2) ** 2
    )
    return float((2 * EARTH * np.arcsin(np.sqrt(middle))).sum())


def _lines(collection: Mapping[str, Any]) -> Iterator[tuple[str, LineString, dict[str, Any]]]:
    problems = []
    found: list[tuple[str, LineString, dict[str, Any]]] = []
    for number, feature in enumerate(collection.get("features") or [], start=1):
        given = _fields(feature.get("properties") or {})
        try:
            drawn = shape(feature["geometry"])
        except (KeyError, TypeError, ValueError, AttributeError):
            drawn = None
        parts = list(getattr(drawn, "geoms", [drawn]))
        if not all(isinstance(part, LineString) and not part.is_empty for part in parts):
            text = Text("不是线要素", "is not a line")
            problems.append(Problem("water.network-line", text, row=number))
            continue
        id = str(given.get("id") or number)
        names = [id] if len(parts) == 1 else [f"{id}/{k}" for k in range(1, len(parts) + 1)]
        found += [(name, part, given) for name, part in zip(names, parts, strict=True)]
    if problems:
        raise BadInput(
            "water.network-lines",
            "图层里有要素不是线",
            "some features of the layer are not lines",
            problems,
        )
    names = [name for name, _, _ in found]
    twice = (
        {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else ()
    )
    for place, (name, line, given) in enumerate(found, start=1):
        yield (f"{name}#{place}" if name in twice else name), line, given


def _fields(properties: Mapping[str, Any]) -> dict[str, Any]:
    lower = {key.lower(): value for key, value in properties.items() if value not in (None, "")}
    return {
        name: next(lower[key] for key in keys if key in lower)
        for name, keys in FIELDS.items()
        if any(key in lower for key in keys)
    }


def _number(given: Mapping[str, Any], name: str) -> float | None:
    try:
        value = float(given[name])
    except (KeyError, TypeError, ValueError):
        return None
    return value if math.isfinite(value) and value > 0 else None


def _by_next(following: Sequence[tuple[str, Any]]) -> dict[str, tuple[str, str]]:
    """Node "x" is the head of reach x; a reach nobody follows ends in a node of its own."""
    known = {id for id, _ in following}
    return {id: (id, str(after) if str(after) in known else f"{id}/end") for id, after in following}


def _by_ends(shapes: Mapping[str, LineString], snap: float) -> dict[str, tuple[str, str]]:
    """Ends within `snap` km of one another are one node."""
    ends = [
        (id, line.coords[0][:2] if side == "head" else line.coords[-1][:2])
        for id, line in shapes.items()
        for side in ("head", "mouth")
    ]
    middle = float(np.mean([latitude for _, (_, latitude) in ends]))
    points = [Point(*_plane(longitude, latitude, middle)) for _, (longitude, latitude) in ends]
    parent = list(range(len(points)))

    def root(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    for one, other in STRtree(points).query(points, predicate="dwithin", distance=snap).T.tolist():
        parent[max(root(one), root(other))] = min(root(one), root(other))
    nodes = [f"n{root(k)}" for k in range(len(points))]
    return {id: (nodes[2 * k], nodes[2 * k + 1]) for k, id in enumerate(shapes)}


def _dangling(river: River, shapes: Mapping[str, LineString], snap: float) -> Iterator[Problem]:
    """A mouth that ends near the middle of another line is most likely meant to flow into it."""
    middle = float(np.mean([line.coords[-1][1] for line in shapes.values()]))
    flat = {id: _flat(line, middle) for id, line in shapes.items()}
    ids = list(flat)
    tree = STRtree(list(flat.values()))
    for reach in river.reaches.values():
        if river.graph.out_degree(reach.mouth):
            continue
        end = Point(flat[reach.id].coords[-1])
        for k in tree.query(end, predicate="dwithin", distance=max(20 * snap, 1.0)).tolist():
            other = ids[k]
            if other != reach.id and river.reach(other).mouth != reach.mouth:
                off = flat[other].distance(end)
                yield Problem(
                    "water.network-dangling",
                    Text(
                        f"末端距河段 {other} 仅 {off:.2f} km 却未相连",
                        f"ends {off:.2f} km from reach {other} and does not flow into it",
                    ),
                    column="reach",
                    value=reach.id,
                )
                break


def _plane(longitude: float, latitude: float, at: float) -> tuple[float, float]:
    """Kilometres on a plane that touches the earth at latitude `at`; good over a basin."""
    scale = math.radians(1) * EARTH
    return longitude * scale * math.cos(math.radians(at)), latitude * scale


def _middle(line: LineString) -> float:
    """A latitude of the line to lay a plane at."""
    return float(np.mean([latitude for _, latitude, *_ in line.coords]))


def _flat(line: LineString, at: float) -> LineString:
    return LineString([_plane(longitude, latitude, at) for longitude, latitude, *_ in line.coords])
