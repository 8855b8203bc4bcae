"""A procedure drawn from its data: states in layers from the opening, steps as lines.

Pure: a procedure in, an SVG out that says in words what it shows (title, desc), so it serves the
page and the printed reference. Colours come from classes; alone it is black on white.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from itertools import pairwise

import networkx as nx

from fenhe.act.procedures import checks
from fenhe.act.procedures.shape import Procedure

WIDTH, HEIGHT = 132, 34  # of a state
GAP_X, GAP_Y = 26, 44
MARGIN = 46
SWEEPS = 6


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float

    @property
    def top(self) -> tuple[float, float]:
        return self.x + WIDTH / 2, self.y

    @property
    def bottom(self) -> tuple[float, float]:
        return self.x + WIDTH / 2, self.y + HEIGHT


def layers(procedure: Procedure) -> list[list[str]]:
    """States by how many steps they lie from the opening, each layer ordered to cross few lines."""
    drawn = nx.DiGraph(checks.graph(procedure))
    depth = nx.single_source_shortest_path_length(drawn, procedure.opening.to)
    rows: dict[int, list[str]] = defaultdict(list)
    for key in procedure.states:
        rows[depth[key]].append(key)
    ordered = [rows[level] for level in sorted(rows)]
    for _ in range(SWEEPS):
        for above, row in pairwise(ordered):
            place = {key: number for number, key in enumerate(above)}
            row.sort(key=lambda key, place=place: _middle(drawn, key, place))  # type: ignore[misc]
    return ordered


def _middle(drawn: nx.DiGraph, key: str, place: Mapping[str, int]) -> float:
    """Where the states that lead here stand; far right for whoever has none above."""
    found = [place[one] for one in drawn.predecessors(key) if one in place]
    return sum(found) / len(found) if found else len(place)


def boxes(procedure: Procedure) -> dict[str, Box]:
    rows = layers(procedure)
    widest = max(len(row) for row in rows)
    found = {}
    for level, row in enumerate(rows):
        indent = (widest - len(row)) * (WIDTH + GAP_X) / 2
        for number, key in enumerate(row):
            x = MARGIN + indent + number * (WIDTH + GAP_X)
            found[key] = Box(x, MARGIN / 2 + level * (HEIGHT + GAP_Y))
    return found


def svg(procedure: Procedure, language: str, here: str = "") -> str:
    """`here`: the state to mark. Ids are the procedure's, so one page may hold several."""
    placed = boxes(procedure)
    width = max(box.x for box in placed.values()) + WIDTH + MARGIN
    height = max(box.y for box in placed.values()) + HEIGHT + MARGIN / 2
    name = escape(procedure.name[language])
    id = procedure.id.replace(".", "-")
    lines = "".join(_line(procedure, placed, pair, names, language)
                    for pair, names in _pairs(procedure, language).items())  # fmt: skip
    states = "".join(_state(procedure, key, box, language, here) for key, box in placed.items())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="procedure" role="img" '
        f'aria-labelledby="{id}-title {id}-desc" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" font-family="sans-serif" font-size="12">'
        f'<title id="{id}-title">{name}</title>'
        f'<desc id="{id}-desc">{escape(described(procedure, language))}</desc>'
        f'<defs><marker id="{id}-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path class="tip" d="M0 0L8 4L0 8z" fill="#5b6b6d"/>'
        f"</marker></defs>{lines}{states}</svg>"
    )


def described(procedure: Procedure, language: str) -> str:
    """The same in words: every step with where it leads from and to."""
    arrow = " → "
    said = []
    for one in procedure.transitions.values():
        names = [procedure.states[key].name[language] for key in one.sources]
        to = procedure.states[one.to].name[language] if one.to else ""
        join = "、" if language == "zh" else ", "
        said.append(f"{one.name[language]}: {join.join(names)}{arrow + to if to else ''}")
    return ("；" if language == "zh" else "; ").join(said)


def _pairs(procedure: Procedure, language: str) -> dict[tuple[str, str], list[str]]:
    """From, to -> the steps between them; steps that stay are not lines."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in procedure.transitions.values():
        for source in one.sources:
            if one.to and one.to != source:
                found[source, one.to].append(one.name[language])
    return found


def _line(
    procedure: Procedure,
    placed: Mapping[str, Box],
    pair: tuple[str, str],
    names: list[str],
    language: str,
) -> str:
    source, target = placed[pair[0]], placed[pair[1]]
    id = procedure.id.replace(".", "-")
    title = (
        f"{procedure.states[pair[0]].name[language]} → {procedure.states[pair[1]].name[language]}: "
        + " / ".join(names)
    )
    back = target.y <= source.y
    return (
        f'<g class="step{" back" if back else ""}"><title>{escape(title)}</title>'
        f'<path d="{_path(source, target)}" fill="none" stroke="#5b6b6d" '
        f"{'stroke-dasharray=' + chr(34) + '4 3' + chr(34) if back else ''} "
        f'marker-end="url(#{id}-tip)"/></g>'
    )


def _path(source: Box, target: Box) -> str:
    """Downwards from bottom to top; upwards and sideways round the left or right of both."""
    if target.y > source.y:
        (x1, y1), (x2, y2) = source.bottom, target.top
        bend = max(18.0, (y2 - y1) / 2)
        return f"M{x1:g} {y1:g}C{x1:g} {y1 + bend:g} {x2:g} {y2 - bend:g} {x2:g} {y2:g}"
    left = target.x <= source.x
    x1 = source.x if left else source.x + WIDTH
    x2 = target.x if left else target.x + WIDTH
    y1, y2 = source.y + HEIGHT * 0.65, target.y + HEIGHT * 0.35
    reach = (min(x1, x2) - 28) if left else (max(x1, x2) + 28)
    return f"M{x1:g} {y1:g}C{reach:g} {y1:g} {reach:g} {y2:g} {x2:g} {y2:g}"


def _state(procedure: Procedure, key: str, box: Box, language: str, here: str) -> str:
    state = procedure.states[key]
    kind = "final" if state.final else "waiting" if state.waiting else "work"
    now = " here" if key == here else ""
    name = escape(_short(state.name[language]))
    radius = HEIGHT / 2 if state.final else 4
    return (
        f'<g class="state {kind}{now}"><title>{escape(state.name[language])}</title>'
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{WIDTH}" height="{HEIGHT}" rx="{radius:g}" '
        f'fill="#fff" stroke="#1f6f78" stroke-width="{2 if now else 1}"/>'
        f'<text x="{box.x + WIDTH / 2:g}" y="{box.y + HEIGHT / 2 + 4:g}" text-anchor="middle" '
        f'fill="#1b2526">{name}</text></g>'
    )


def _short(text: str) -> str:
    """What fits into a box; the whole name is its title."""
    room, used = 20, 0
    for number, letter in enumerate(text):
        used += 2 if ord(letter) > 255 else 1
        if used > room:
            return text[:number] + "…"
    return text
