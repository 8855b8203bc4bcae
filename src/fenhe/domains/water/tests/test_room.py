"""Room left: what the rest of a period may average."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fenhe.domains.water.rules import classes, room, rounding, tables

EDITION = tables.surface()


def one(item: str, mean: float, samples: int, recent: float, target: int = 3) -> dict[str, object]:
    frame = pl.DataFrame([{
        "section": "A", "item": item, "waterbody": "river", "target": target, "mean": mean,
        "samples": samples, "expected": 180, "recent": recent,
    }])  # fmt: skip
    return room.room(frame, EDITION.id).row(0, named=True)


@pytest.mark.parametrize(
    ("item", "limit", "least", "edge"),
    [
        ("codmn", 6.0, False, 6.05),  # 6.05 rounds to 6.0, half to even
        ("nh3n", 1.0, False, 1.005),
        ("do", 5.0, True, 5.0 - 0.05 + 1e-9),  # 4.95 rounds to 5.0? no: to 5.0 only from above
        ("tp", 0.2, False, 0.2005),
    ],
)
def test_the_bound_is_the_last_mean_that_rounds_within(
    item: str, limit: float, least: bool, edge: float
) -> None:
    found = room.bound(item, limit, least)
    places = rounding.decimals("assessment")[item]
    assert found == pytest.approx(edge, abs=1e-8)
    kept = float(rounding.one(found, places))
    assert kept >= limit if least else kept <= limit
    beyond = found - 1e-6 if least else found + 1e-6
    out = float(rounding.one(beyond, places))
    assert out < limit if least else out > limit


def test_half_way_with_a_mean_under_the_limit_leaves_room_above_it() -> None:
    found = one("nh3n", 0.8, 90, 0.9)
    assert found["state"] == "room"
    assert found["room"] == pytest.approx(1.005 * 2 - 0.8)
    assert found["left"] == 90
    assert found["breaks_after"] is None


def test_a_recent_mean_above_the_room_is_tight_and_names_the_sample_that_breaks_it() -> None:
    found = one("nh3n", 0.8, 90, 2.0)
    assert found["state"] == "tight"
    n = found["breaks_after"]
    assert isinstance(n, int)
    after, before = ((0.8 * 90 + 2.0 * k) / (90 + k) for k in (n, n - 1))
    assert after > 1.005 >= before


def test_a_section_that_cannot_be_saved_is_lost() -> None:
    assert one("nh3n", 3.0, 170, 0.1)["state"] == "lost"
    assert one("do", 1.0, 175, 9.0)["state"] == "lost"
    assert one("nh3n", 0.9, 180, 0.9)["state"] == "kept"
    assert one("nh3n", 1.1, 180, 0.9)["state"] == "lost"


def test_ph_fails_outside_its_range_and_gives_no_room() -> None:
    found = one("ph", 8.0, 90, 8.1)
    assert (found["room"], found["state"]) == (None, "room")


@given(
    st.sampled_from(["codmn", "nh3n", "tp", "do"]),
    st.floats(0.01, 12), st.integers(1, 179), st.integers(2, 5),
)  # fmt: skip
def test_a_rest_at_the_room_keeps_the_target_and_a_little_more_breaks_it(
    item: str, mean: float, samples: int, target: int
) -> None:
    """The property that defines it: mean so far and the rest together, rounded and classed."""
    found = one(item, mean, samples, mean, target)
    space = found["room"]
    assert isinstance(space, float)
    assume(space > 0)
    worse = -1 if item == "do" else 1
    left = 180 - samples

    def level(rest: float) -> int:
        whole = (mean * samples + rest * left) / 180
        frame = rounding.for_purpose(pl.DataFrame({item: [whole]}), [item], "assessment")
        found: int = classes.classify(frame, EDITION)["level"][0]
        return found

    slack = 1e-6 * 180 / left
    assert level(space - worse * slack) <= target
    if space > slack:
        assert level(space + worse * slack * 10) > target


def test_what_fails_so_far_decides_before_what_is_nearer_to_its_room() -> None:
    behind, near = one("nh3n", 1.2, 60, 0.2), one("tp", 0.19, 60, 0.19)
    assert (behind["state"], behind["failing"], near["state"]) == ("room", True, "room")
    worst = room.worst(pl.DataFrame([near, behind]), ["section"])["item"].to_list()
    assert worst == ["nh3n"]
