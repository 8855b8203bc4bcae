"""A table of cities that somebody brings to the ranking page: taken whole, or refused with every
fault at its row and column."""

from __future__ import annotations

import pytest

from fenhe.domains.air.pages.ranking_table import read
from fenhe.domains.air.rules import composite, ranking, tables
from fenhe.kernel.errors import BadInput

HEAD = "city,so2,no2,pm10,pm2_5,co_p95_mg,o3_mda8_p90\n"


def faults(text: str) -> list[tuple[int | None, str]]:
    with pytest.raises(BadInput) as caught:
        read(text)
    return [(problem.row, problem.column) for problem in caught.value.problems]


def test_a_published_city_gets_its_published_composite() -> None:
    """Taiyuan, fourth quarter of 2022: 5.08 (press office of the city, 2023-01-13)."""
    frame = read(HEAD + "太原,13,46,96,50,1.4,90\n婺源,11,16,40,16,0.6,139\n")
    judged = composite.composite(frame, tables.edition("composite 2012"))
    assert judged["composite"].to_list() == [5.08, 2.63]
    assert ranking.rank(judged)["rank"].to_list() == [2, 1]


def test_every_fault_is_named_at_once() -> None:
    text = HEAD + "A,1,2,3,4,5,6\nB,x,2,3,NaN,5,-6\nA,1,2,3,4,5,6\n"
    assert faults(text) == [(4, "city"), (3, "so2"), (3, "pm2_5"), (3, "o3_mda8_p90")]


@pytest.mark.parametrize("text", ["", "city,so2\nA,1\n", HEAD, HEAD + "A,1,2\n", HEAD + "\n" * 5])
def test_what_is_no_table_of_cities_is_refused(text: str) -> None:
    assert faults(text)


def test_a_missing_concentration_is_no_fault_but_is_not_ranked() -> None:
    frame = read(HEAD + "A,1,2,3,4,5,\n")
    judged = ranking.rank(composite.composite(frame, tables.edition("composite 2012")))
    assert judged["rank"].to_list() == [None]
