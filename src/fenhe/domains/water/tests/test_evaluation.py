"""Grades, shares and trends by 环办〔2011〕22号."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenhe.domains.water.rules import classes, evaluation, tables, trophic

EDITION = tables.surface()
levels = st.lists(st.integers(1, 6), min_size=1, max_size=40)


@given(levels)
def test_every_mix_of_classes_has_exactly_one_grade(found: list[int]) -> None:
    assert evaluation.basin_grade(found).zh in {"优", "良好", "轻度污染", "中度污染", "重度污染"}


@pytest.mark.parametrize(
    ("good", "middle", "worst", "grade"),
    [
        (9, 1, 0, "优"), (8, 2, 0, "良好"), (3, 1, 0, "良好"), (14, 6, 0, "轻度污染"),
        (14, 2, 4, "中度污染"), (10, 3, 7, "中度污染"), (10, 2, 8, "重度污染"),
    ],
)  # fmt: skip
def test_basin_grades_at_their_edges(good: int, middle: int, worst: int, grade: str) -> None:
    assert evaluation.basin_grade([3] * good + [4] * middle + [6] * worst).zh == grade


def test_fewer_than_five_sections_are_averaged_item_by_item() -> None:
    frame = pl.DataFrame({"codmn": [2.0, 9.0], "nh3n": [0.1, 1.2], "do": [8.0, 5.0]})
    judged = classes.classify(frame, EDITION)
    assert judged["level"].to_list() == [1, 4]
    found = evaluation.basin(judged, EDITION)
    assert (found.by, found.level, found.grade.zh) == ("means", 3, "良好")
    five = pl.concat([judged] * 3).head(5)
    assert evaluation.basin(five, EDITION).by == "shares"


def test_main_indicators_of_a_basin_are_those_over_in_most_sections() -> None:
    frame = pl.DataFrame({"codmn": [7.0] * 4 + [2.0], "nh3n": [1.1] + [0.1] * 4, "tp": [0.1] * 5})
    judged = classes.classify(frame, EDITION)
    found = evaluation.basin_pollutants(judged, ["nh3n", "codmn", "tp"])
    assert found == [("codmn", 80.0), ("nh3n", 20.0)]


def test_spearman_against_counted_distribution() -> None:
    """r of a strict rise is 1; of 5! orders two reach |r| = 1, so p = 2/120."""
    up = evaluation.spearman([1, 2, 3, 4, 5])
    assert (up.r, up.p, up.significant) == (1.0, pytest.approx(2 / 120), True)
    assert evaluation.spearman([5, 4, 3, 2, 1, 0]).r == -1.0
    assert not evaluation.spearman([3, 1, 2, 5, 4]).significant
    assert evaluation.spearman(list(range(12))).significant
    with pytest.raises(ValueError, match="five"):
        evaluation.spearman([1, 2, 3, 4])


def test_share_change_words() -> None:
    a, b = evaluation.shares([3] * 5 + [6] * 5), evaluation.shares([3] * 9 + [6])
    words, direction, confidence = evaluation.share_change(a, b)
    assert (words.zh, direction.zh, confidence.accuses) == ("明显变化", "好转", False)
    assert evaluation.share_change(a, a)[1].zh == "持平"


@pytest.mark.parametrize(
    ("chla", "state"), [(0.5, "贫营养"), (10.0, "中营养"), (3000.0, "重度富营养")]
)
def test_trophic_states(chla: float, state: str) -> None:
    scale = chla / 10
    frame = pl.DataFrame(
        [{"chla": chla, "tp": 0.05 * scale, "tn": scale, "sd": 1 / scale, "codmn": 4 * scale**0.4}]
    )
    assert trophic.trophic(frame)["trophic_state"].to_list() == [state]


def test_no_index_without_every_item_or_from_zero() -> None:
    frame = pl.DataFrame(
        {
            "chla": [0.0, 10.0],
            "tp": [0.05, None],
            "tn": [1.0] * 2,
            "sd": [1.0] * 2,
            "codmn": [4.0] * 2,
        }
    )
    found = trophic.trophic(frame)
    assert found["tli"].to_list() == [None, None]
    assert found["trophic_state"].to_list() == [None, None]
