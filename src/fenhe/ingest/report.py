"""What a dry-run found: counts, period, every series touched, a preview of changes, all problems.

Kept as JSON beside the import, so that the page, the command line and a later look say the same.
"""

from __future__ import annotations

from datetime import datetime

from fenhe.kernel.declared import Declared
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.text import Text


class SeriesCount(Declared):
    code: str
    name_zh: str
    name_en: str
    property: str
    readings: int
    missing: int
    new: int
    changed: int
    unchanged: int


class Change(Declared):
    """One reading that the file corrects; values as people write them."""

    code: str
    name_zh: str
    name_en: str
    property: str
    start: datetime
    old: str
    new: str


class Found(Declared):
    code: str
    zh: str
    en: str
    row: int | None
    column: str
    value: str


class Report(Declared):
    id: str
    file: str
    size: int
    profile: str
    content_hash: str
    rows: int
    readings: int
    missing: int
    new: int
    changed: int
    unchanged: int
    collapsed: int  # equal rows that stood in the file more than once
    first: datetime | None  # start of the first period
    last: datetime | None  # start of the last period
    series: list[SeriesCount] = []
    changes: list[Change] = []
    problem_count: int = 0
    problem_counts: dict[str, int] = {}
    problems: list[Found] = []

    @property
    def ok(self) -> bool:
        return self.problem_count == 0

    def as_problems(self) -> list[Problem]:
        return [
            Problem(f.code, Text(f.zh, f.en), self.file, f.row, f.column, f.value)
            for f in self.problems
        ]

    def refusal(self) -> BadInput:
        """The dry-run's problems as the error that stops a commit."""
        shown = len(self.problems)
        more = self.problem_count - shown
        return BadInput(
            "ingest.refused",
            f"{self.file} 有 {self.problem_count} 处错误，未写入任何数据"
            + (f"（下列前 {shown} 处）" if more else ""),
            f"{self.file} has {self.problem_count} problems; nothing was written"
            + (f" (the first {shown} are listed)" if more else ""),
            self.as_problems(),
            total=self.problem_count,
        )


def found(problem: Problem) -> Found:
    return Found(
        code=problem.code,
        zh=problem.message.zh,
        en=problem.message.en,
        row=problem.row,
        column=problem.column,
        value=problem.value,
    )
