"""A flood of problems, told in a way a person can read: the first ones one by one, then, per code
and column, how many more there are and in which rows. Programs get them all (`--json`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fenhe.kernel.errors import Problem
from fenhe.kernel.text import Text

ONE_BY_ONE = 20


@dataclass(frozen=True)
class Told:
    """One problem, or (`more` > 0) so many more like it."""

    problem: Problem
    more: int = 0
    first: int | None = None  # rows
    last: int | None = None

    @property
    def rows(self) -> Text:
        if self.first is None:
            return Text("", "")
        if self.first == self.last:
            return Text(f"（第 {self.first} 行）", f" (row {self.first})")
        span = f"{self.first}–{self.last}"
        return Text(f"（第 {span} 行）", f" (rows {span})")

    @property
    def text(self) -> Text:
        if not self.more:
            return self.problem.message
        column = self.problem.column
        zh, en = (f"“{column}”列", f" in column “{column}”") if column else ("", "")
        return Text(
            f"……{zh}还有 {self.more} 处同样的问题{self.rows.zh}",
            f"… and {self.more} more like this{en}{self.rows.en}",
        )


def told(problems: Sequence[Problem], one_by_one: int = ONE_BY_ONE) -> list[Told]:
    """In the order they came; `more` lines last, each after an example of its own kind."""
    lines = [Told(problem) for problem in problems[:one_by_one]]
    shown = {_kind(problem) for problem in problems[:one_by_one]}
    rest: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems[one_by_one:]:
        rest.setdefault(_kind(problem), []).append(problem)
    for kind, group in rest.items():
        if kind not in shown:
            lines.append(Told(group.pop(0)))
        if group:
            rows = [one.row for one in group if one.row is not None]
            first, last = (min(rows), max(rows)) if rows else (None, None)
            lines.append(Told(group[0], len(group), first, last))
    return lines


def _kind(problem: Problem) -> tuple[str, str]:
    return problem.code, problem.column
