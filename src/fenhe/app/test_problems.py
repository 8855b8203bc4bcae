"""A flood of the same problem is told once, with its count and its rows; nothing is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fenhe.app.cli import tell
from fenhe.app.problems import told
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.text import Text


def _problem(row: int | None, column: str = "co", code: str = "x.y") -> Problem:
    return Problem(code, Text("不对", "wrong"), "a.csv", row, column)


def test_the_rest_of_a_flood_is_one_line_a_column() -> None:
    flood = [_problem(row) for row in range(10, 78)] + [_problem(90, "o3")]
    lines = tell(BadInput("x", "有误", "has errors", flood, total=5000)).splitlines()
    assert len(lines) == 2 + 20 + 2 + 1
    assert "“co”列还有 48 处同样的问题（第 30–77 行）" in lines[22]
    assert "… and 48 more like this in column “co” (rows 30–77) [x.y]" in lines[22]
    assert "第 90 行，“o3”列" in lines[23]
    assert lines[24].strip() == "共 5000 处 | 5000 in all"


@given(st.lists(st.tuples(st.none() | st.integers(1, 99), st.sampled_from("abc")), max_size=80))
def test_every_problem_is_counted(places: list[tuple[int | None, str]]) -> None:
    problems = [_problem(row, column) for row, column in places]
    lines = told(problems)
    assert sum(line.more or 1 for line in lines) == len(problems)
    assert {line.problem.column for line in lines} == {problem.column for problem in problems}


def test_programs_get_them_all_with_the_total() -> None:
    error = BadInput("x", "有误", "has errors", [_problem(row) for row in range(1, 70)])
    content = error.as_dict()
    assert (content["problem_count"], len(list(error.problems))) == (69, 69)
