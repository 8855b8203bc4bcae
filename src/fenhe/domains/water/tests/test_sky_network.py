"""A river as a graph: ways, faults, lines of a map."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenhe.domains.water.sky import lines
from fenhe.domains.water.sky.network import Place, Reach, River
from fenhe.kernel.errors import BadInput

Y = [  # two brooks meet at `m`, one river leaves at `z`
    Reach("left", "a", "m", 4.0),
    Reach("right", "b", "m", 6.0),
    Reach("stem", "m", "z", 10.0),
]


def line(points: list[tuple[float, float]], **properties: object) -> dict[str, object]:
    geometry = {"type": "LineString", "coordinates": points}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def layer(*features: dict[str, object]) -> dict[str, object]:
    return {"type": "FeatureCollection", "features": list(features)}


def codes(found: BadInput) -> list[str]:
    return [problem.code for problem in found.problems]


def test_a_way_leads_down_and_never_up() -> None:
    river = River.of(Y)
    way = river.way(Place("left", 1.0), Place("stem", 2.5))
    assert way is not None
    assert [(part.reach.id, part.km) for part in way] == [("left", 3.0), ("stem", 2.5)]
    assert river.way(Place("stem", 1.0), Place("left", 1.0)) is None
    assert river.way(Place("stem", 3.0), Place("stem", 1.0)) is None
    assert river.way(Place("left", 0.0), Place("right", 1.0)) is None
    assert river.mouths == ["z"]
    assert not river.findings


def test_what_lies_above_a_place_and_how_far() -> None:
    assert River.of(Y).above(Place("stem", 2.0)) == {"stem": 0.0, "left": 2.0, "right": 2.0}
    assert River.of(Y).above(Place("left", 2.0)) == {"left": 0.0}


def test_a_split_takes_the_shorter_arm_and_says_so() -> None:
    river = River.of(
        [*Y, Reach("arm", "z", "end", 9.0), Reach("canal", "z", "end", 3.0),
         Reach("sea", "end", "mouth", 1.0)]
    )  # fmt: skip
    way = river.way(Place("stem", 10.0), Place("sea", 0.5))
    assert way is not None
    assert sum(part.km for part in way) == 3.5
    assert "water.network-split" in [problem.code for problem in river.findings]


def test_circles_doubles_and_reaches_of_no_length_are_all_refused_at_once() -> None:
    with pytest.raises(BadInput, match=r"water\.network") as refused:
        River.of([*Y, Reach("back", "z", "a", 1.0), Reach("dry", "q", "r", 0.0), Y[0]])
    assert set(codes(refused.value)) == {
        "water.network-circle",
        "water.reach-length",
        "water.reach-twice",
    }


def test_a_reach_against_the_flow_or_apart_is_a_finding() -> None:
    against = River.of([*Y, Reach("wrong", "m", "spring", 2.0)])
    assert {problem.code for problem in against.findings} == {
        "water.network-mouths",
        "water.network-split",
    }
    apart = River.of([*Y, Reach("pond", "p", "q", 2.0)])
    assert [problem.code for problem in apart.findings] == ["water.network-apart"]


@pytest.mark.parametrize("how", ["nodes", "next", "ends"])
def test_three_ways_of_saying_how_lines_hang_together(how: str) -> None:
    shapes = {
        "left": [(112.0, 38.0), (112.1, 37.9)],
        "right": [(112.2, 38.0), (112.1001, 37.9001)],
        "stem": [(112.1, 37.9), (112.1, 37.7)],
    }
    given = {
        "nodes": {"left": ("a", "m"), "right": ("b", "m"), "stem": ("m", "z")},
        "next": {"left": "stem", "right": "stem", "stem": "0"},
        "ends": {},
    }[how]
    features = []
    for id, points in shapes.items():
        extra: dict[str, object] = {}
        if how == "nodes":
            extra = dict(zip(("from_node", "to_node"), given[id], strict=True))
        elif how == "next":
            extra = {"NEXT_DOWN": given[id]}
        features.append(line(points, id=id, **extra))
    chart = lines.read(layer(*features))
    way = chart.river.way(Place("right", 0.0), Place("stem", 5.0))
    assert way is not None
    assert [part.reach.id for part in way] == ["right", "stem"]
    assert not chart.findings
    assert chart.river.reach("stem").length == pytest.approx(22.24, abs=0.01)  # 0.2° of latitude


def test_a_point_is_set_on_the_nearest_reach() -> None:
    chart = lines.read(layer(line([(112.0, 38.0), (112.0, 37.9)], id="n", length_km=20)))
    place, off = chart.place(112.01, 37.95)
    assert place.reach == "n"
    assert place.km == pytest.approx(10.0, abs=0.01)  # halfway of the length that was given
    assert off == pytest.approx(0.877, abs=0.01)


def test_an_end_near_another_line_is_said_to_dangle() -> None:
    chart = lines.read(
        layer(
            line([(112.0, 38.0), (112.0, 37.5)], id="stem"),
            line([(112.2, 37.8), (112.003, 37.75)], id="brook"),
        )
    )
    dangling = [one for one in chart.findings if one.code == "water.network-dangling"]
    assert [one.value for one in dangling] == ["brook"]


def test_what_is_no_line_is_refused_with_its_feature() -> None:
    point = {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "Point", "coordinates": [1, 2]},
    }
    with pytest.raises(BadInput) as refused:
        lines.read(layer(line([(112.0, 38.0), (112.0, 37.9)]), point, {"type": "Feature"}))
    assert [problem.row for problem in refused.value.problems] == [2, 3]
    with pytest.raises(BadInput, match=r"water\.network-empty"):
        lines.read(layer())


def test_a_line_of_several_parts_and_names_that_repeat_keep_ids_apart() -> None:
    many = {
        "type": "Feature",
        "properties": {"id": 7},
        "geometry": {
            "type": "MultiLineString",
            "coordinates": [[(112.0, 38.0), (112.0, 37.9)], [(112.0, 37.9), (112.0, 37.8)]],
        },
    }
    chart = lines.read(layer(many))
    assert list(chart.river.reaches) == ["7/1", "7/2"]
    assert chart.river.way(Place("7/1", 0.0), Place("7/2", 1.0)) is not None
    twice = lines.read(
        layer(
            line([(112.0, 38.0), (112.0, 37.9)], id="x"),
            line([(112.0, 37.9), (112.0, 37.8)], id="x"),
        )
    )
    assert list(twice.river.reaches) == ["x#1", "x#2"]


@given(
    below=st.lists(st.integers(0, 30), min_size=1, max_size=30),
    lengths=st.lists(st.floats(0.1, 50), min_size=31, max_size=31),
)
def test_in_any_tree_the_distance_above_is_the_length_of_the_way(
    below: list[int], lengths: list[float]
) -> None:
    """Reach k + 1 flows into an earlier one, so nothing can be a circle."""
    reaches = [Reach("r0", "n0", "sea", lengths[0])]
    for k, into in enumerate(below, start=1):
        reaches.append(Reach(f"r{k}", f"n{k}", f"n{into % k}", lengths[k]))
    river = River.of(reaches)
    target = Place("r0", lengths[0])
    for id, km in river.above(target).items():
        way = river.way(Place(id, river.reach(id).length), target)
        if id != "r0":
            assert way is not None
            assert sum(part.km for part in way) == pytest.approx(km)
