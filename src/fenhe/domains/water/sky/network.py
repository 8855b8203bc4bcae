"""A river as a graph of reaches, with places on it by chainage.

A reach is a stretch of water from one node to the next, along the flow; a place is a reach and the
kilometres from its head. Ways downstream are unique unless the river splits; then the shortest is
taken. Where reaches come from (lines of a map) is `sky.lines`; nothing here knows coordinates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import networkx as nx

from fenhe.kernel.errors import BadInput, NotFound, Problem
from fenhe.kernel.text import Text


@dataclass(frozen=True, slots=True)
class Reach:
    """Length in km, width and depth in m, discharge in m³/s, slope in m/m; None is not known."""

    id: str
    head: str
    mouth: str
    length: float
    name: str = ""
    slope: float | None = None
    width: float | None = None
    depth: float | None = None
    discharge: float | None = None
    mean_discharge: float | None = None  # of the year
    district: str = ""
    chief: str = ""  # the river chief who answers for it


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands on the river: `km` from the head of the reach."""

    reach: str
    km: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """The part of a reach that a way leads through."""

    reach: Reach
    km: float


@dataclass(frozen=True)
class River:
    reaches: Mapping[str, Reach]
    findings: tuple[Problem, ...] = field(default=())

    @classmethod
    def of(cls, reaches: Iterable[Reach]) -> River:
        """Raises BadInput with every fault that makes it no river: a reach twice, of no length, or
        in a circle. What may be meant so (several mouths, a lonely reach) is a finding."""
        listed = list(reaches)
        river = cls({reach.id: reach for reach in listed})
        faults = [*_doubles(listed), *_lengths(listed), *river._circles()]
        if faults:
            raise BadInput(
                "water.network",
                "河网拓扑有误，未载入",
                "the river network is faulty and was not loaded",
                faults,
            )
        return cls(river.reaches, tuple(river._doubts()))

    @cached_property
    def graph(self) -> nx.MultiDiGraph[str]:
        graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        for reach in self.reaches.values():
            graph.add_edge(reach.head, reach.mouth, key=reach.id, weight=reach.length)
        return graph

    @cached_property
    def _ways(self) -> dict[tuple[str, str], tuple[Reach, ...] | None]:
        return {}

    @cached_property
    def mouths(self) -> list[str]:
        """Nodes where the river leaves the map."""
        return sorted(node for node, degree in self.graph.out_degree() if degree == 0)

    def reach(self, id: str) -> Reach:
        if id not in self.reaches:
            raise NotFound(
                "water.reach-unknown", f"河网中没有河段 {id}", f"the network has no reach {id}"
            )
        return self.reaches[id]

    def way(self, source: Place, target: Place) -> list[Stretch] | None:
        """The stretches water passes from source to target; None where it does not get there."""
        here, there = self.reach(source.reach), self.reach(target.reach)
        if here is there and source.km <= target.km:
            return [Stretch(here, target.km - source.km)]
        if here is there:
            return None
        between = self._between(here.mouth, there.head)
        if between is None:
            return None
        return [
            Stretch(here, here.length - source.km),
            *(Stretch(reach, reach.length) for reach in between),
            Stretch(there, target.km),
        ]

    def above(self, place: Place) -> dict[str, float]:
        """Reaches from which water comes to the place, and how many km it flows from the mouth of
        each to the place; its own reach is 0."""
        found = {place.reach: 0.0}
        own = self.reach(place.reach)
        distance = {own.head: place.km}
        for node, km in nx.single_source_dijkstra_path_length(
            self.graph.reverse(copy=False), own.head, weight="weight"
        ).items():
            distance[node] = km + place.km
        for reach in self.reaches.values():
            if reach.mouth in distance and reach.id != own.id:
                found[reach.id] = distance[reach.mouth]
        return found

    def _between(self, head: str, mouth: str) -> tuple[Reach, ...] | None:
        """The reaches from one node to another, looked for once."""
        if (head, mouth) not in self._ways:
            try:
                nodes = nx.shortest_path(self.graph, head, mouth, weight="weight")
                found = tuple(self._shortest(a, b) for a, b in pairwise(nodes))
            except nx.NetworkXNoPath:
                found = None
            self._ways[head, mouth] = found
        return self._ways[head, mouth]

    def _shortest(self, head: str, mouth: str) -> Reach:
        some = (self.reaches[key] for key in self.graph[head][mouth])
        return min(some, key=lambda reach: reach.length)

    def _circles(self) -> Iterator[Problem]:
        for nodes in nx.strongly_connected_components(self.graph):
            loop = len(nodes) > 1 or any(self.graph.has_edge(node, node) for node in nodes)
            if loop:
                ids = sorted(
                    reach.id
                    for reach in self.reaches.values()
                    if reach.head in nodes and reach.mouth in nodes
                )
                yield _problem(
                    "water.network-circle",
                    ids[0],
                    f"河段首尾成环：{'、'.join(ids)}",
                    f"reaches flow in a circle: {', '.join(ids)}",
                )

    def _doubts(self) -> Iterator[Problem]:
        parts = list(nx.weakly_connected_components(self.graph))
        largest: set[str] = max(parts, key=len, default=set())
        for reach in self.reaches.values():
            if reach.head not in largest:
                yield _problem(
                    "water.network-apart",
                    reach.id,
                    "与其余河网不相连",
                    "is not connected with the rest of the network",
                )
        if len(self.mouths) > len(parts):
            yield _problem(
                "water.network-mouths",
                "",
                f"有 {len(self.mouths)} 个末端，检查是否有河段画反：{'、'.join(self.mouths[:8])}",
                f"there are {len(self.mouths)} ends; is a reach drawn against the flow? "
                f"{', '.join(self.mouths[:8])}",
            )
        for node in self.graph:
            if self.graph.out_degree(node) > 1:
                ids = sorted(key for _, _, key in self.graph.out_edges(node, keys=True))
                yield _problem(
                    "water.network-split",
                    ids[0],
                    f"此处分流：{'、'.join(ids)}；按最短路径计算",
                    f"the river splits here: {', '.join(ids)}; the shortest way is taken",
                )


def _doubles(reaches: list[Reach]) -> Iterator[Problem]:
    seen: set[str] = set()
    for reach in reaches:
        if reach.id in seen:
            yield _problem("water.reach-twice", reach.id, "河段编号重复", "the reach stands twice")
        seen.add(reach.id)


def _lengths(reaches: list[Reach]) -> Iterator[Problem]:
    for reach in reaches:
        if not reach.length > 0:
            yield _problem(
                "water.reach-length",
                reach.id,
                f"河段长度须大于 0，现为 {reach.length}",
                f"a reach must have a length above 0, not {reach.length}",
            )


def _problem(code: str, reach: str, zh: str, en: str) -> Problem:
    return Problem(code, Text(zh, en), column="reach", value=reach)
