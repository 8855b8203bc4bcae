"""The language of SensorThings by itself: whatever is written is read or refused, and what is read
means what the standard says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenhe.publish.sensorthings import path, query
from fenhe.publish.sensorthings.evaluate import compare, value
from fenhe.publish.sensorthings.expression import FUNCTIONS, parse
from fenhe.publish.sensorthings.refused import Malformed
from fenhe.publish.sensorthings.tree import Binary, Literal, Path, Span, conjuncts, joined, paths

PIECES = [
    "name", "result", "@iot.id", "Datastream/id", "'it''s'", "'", "5", "1.5e3", "-", "(", ")", ",",
    " and ", " or ", "not ", " eq ", " gt ", " add ", " div ", "now()", "length(", "st_within(",
    "geography'POINT (1 2)'", "geography'", "2026-03-01T00:00:00Z", "2026-03-01", "duration'PT1H'",
    "2026-03-01T00:00:00Z/2026-03-02T00:00:00Z", "null", "true", "/", "$", ";", "=", "Things(1)",
]  # fmt: skip
RAGGED = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=12).map("".join)
ROW = {"name": "尖草坪", "result": 5, "@iot.id": 1}


def look(parts: tuple[str, ...]) -> Any:
    return ROW.get(parts[0])


@given(RAGGED)
def test_any_text_is_a_filter_or_is_refused(text: str) -> None:
    try:
        tree = parse(text)
        value(tree, look)
    except Malformed:
        return
    assert all(path.parts for path in paths(tree))


NAMES = st.sampled_from(
    ["$filter", "$expand", "$orderby", "$select", "$top", "$skip", "$count", "x"]
)


@given(st.lists(st.tuples(NAMES, RAGGED), max_size=3), RAGGED)
def test_any_address_is_a_question_or_is_refused(
    options: list[tuple[str, str]], place: str
) -> None:
    for act in (lambda: query.read(options), lambda: path.read(place)):
        try:
            act()
        except Malformed:
            continue


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 add 2 mul 3", 7), ("(1 add 2) mul 3", 9), ("7 sub 2 sub 1", 4), ("7 mod 4", 3),
        ("-2 add 5", 3), ("1 eq 1 and 2 eq 3 or true", True), ("true or true and false", True),
        ("not false and true", True), ("not (true and false)", True), ("1 div 0", None),
        ("concat('a','''b')", "a'b"), ("substring('abc',1,1)", "b"), ("indexof('abc','x')", -1),
        ("round(-2.5)", -3), ("floor(-2.5)", -3), ("ceiling(-2.5)", -2), ("length('尖草坪')", 3),
        ("year(2026-03-01T07:59:59+08:00)", 2026), ("day(2026-03-01T07:59:59+08:00)", 28),
        ("fractionalseconds(2026-03-01T00:00:00.25Z)", 0.25), ("nothing eq null", True),
        ("nothing gt 1", False), ("nothing add 1", None),
        ("duration'P1DT2H' eq duration'PT26H'", True),
        ("2026-03-01T00:00:00Z add duration'PT1H' eq 2026-03-01T01:00:00Z", True),
    ],
)  # fmt: skip
def test_what_an_expression_comes_to(text: str, expected: Any) -> None:
    assert value(parse(text), look) == expected


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_function_takes_just_anything(name: str) -> None:
    least, most = FUNCTIONS[name]
    with pytest.raises(Malformed):
        parse(f"{name}({','.join(['1'] * (most + 1))})")
    if least:
        with pytest.raises(Malformed):
            value(parse(f"{name}({','.join(['true'] * least)})"), look)


T0 = datetime(2026, 3, 1, tzinfo=UTC)
HOURS = st.integers(-3, 3).map(lambda n: T0 + timedelta(hours=n))


@given(HOURS, st.integers(0, 2), HOURS, st.integers(0, 2))
def test_times_are_before_or_after_but_never_both(
    a: datetime, long: int, b: datetime, wide: int
) -> None:
    left, right = Span(a, a + timedelta(hours=long)), Span(b, b + timedelta(hours=wide))
    after, before = compare(left, right, "gt"), compare(left, right, "lt")
    same = compare(left, right, "eq")
    if left.start != left.end or right.start != right.end:
        assert not (after and before and not same)
    assert compare(left, right, "ge") == (after or same)
    assert compare(left, right, "le") == (before or same)
    assert compare(left, right, "ne") != same
    assert compare(right, left, "lt") == after or same


@given(RAGGED)
def test_parts_joined_by_and_are_the_whole_again(text: str) -> None:
    whole = f"name eq 'x' and (result gt 5 or {len(text)} lt 3) and @iot.id eq 1"
    tree = parse(whole)
    assert joined(conjuncts(tree)) == tree
    assert len(conjuncts(tree)) == 3


def test_the_tree_of_a_filter() -> None:
    assert parse("Datastream/@iot.id eq 5") == Binary(
        "eq", Path(("Datastream", "@iot.id")), Literal(5)
    )


def test_keys_may_hold_anything_a_text_holds() -> None:
    [step] = path.read("Sensors('a/b''(1)')")
    assert (step.name, step.key) == ("Sensors", "a/b'(1)")
    nested = query.read([("$expand", "Datastreams($filter=name eq 'a;b,c)';$top=3),Locations")])
    assert nested.expand["Datastreams"].top == 3
    assert list(nested.expand) == ["Datastreams", "Locations"]
