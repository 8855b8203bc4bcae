"""One root for every error a person may meet: a stable code, a sentence in Chinese and in English
that says what to do, the place, and whether trying again can help.

`Problem` is one finding at one place (file, row, column); `BadInput` carries all of them at once,
so that a person mends a file in one go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fenhe.kernel.text import Language, Text


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `row` counts from 1 and is the row a person sees, the header included."""

    code: str
    message: Text
    file: str = ""
    row: int | None = None
    column: str = ""
    value: str = ""

    def where(self, language: Language = "zh") -> str:
        zh = language == "zh"
        parts = [
            self.file,
            (f"第 {self.row} 行" if zh else f"row {self.row}") if self.row is not None else "",
            (f"“{self.column}”列" if zh else f"column “{self.column}”") if self.column else "",
        ]
        return ("，" if zh else ", ").join(part for part in parts if part)

    def line(self, language: Language = "zh") -> str:
        where = self.where(language)
        joint = "：" if language == "zh" else ": "
        return f"{where}{joint if where else ''}{self.message[language]} [{self.code}]"

    def as_dict(self) -> dict[str, object]:
        return {
            "code": self.code,
            **self.message.as_dict(),
            "file": self.file,
            "row": self.row,
            "column": self.column,
            "value": self.value,
        }


@dataclass(eq=False)
class FenheError(Exception):
    """Root of all errors the platform raises on purpose."""

    code: str
    zh: str
    en: str
    problems: Sequence[Problem] = field(default=())
    retryable: bool = False
    total: int = 0  # problems found, where only the first of them are listed

    def __post_init__(self) -> None:
        self.total = max(self.total, len(self.problems))

    @property
    def message(self) -> Text:
        return Text(self.zh, self.en)

    def lines(self, language: Language = "zh") -> list[str]:
        """The sentence, then one line per problem."""
        return [
            f"{self.message[language]} [{self.code}]",
            *(problem.line(language) for problem in self.problems),
        ]

    def as_dict(self) -> dict[str, object]:
        """The one JSON shape of an error, on the command line and over HTTP."""
        return {
            "code": self.code,
            "zh": self.zh,
            "en": self.en,
            "retryable": self.retryable,
            "problem_count": self.total,
            "problems": [problem.as_dict() for problem in self.problems],
        }

    def __str__(self) -> str:
        return "\n".join(f"{self.zh} / {self.en} [{self.code}]".splitlines()) + "".join(
            f"\n  {problem.line('zh')}" for problem in self.problems
        )


class BadInput(FenheError):
    """What came in cannot be taken; nothing was written. Command line: exit code 2. HTTP: 422."""


class NotFound(FenheError):
    """The thing asked for does not exist, or the person asking may not know of it. HTTP: 404."""


class Forbidden(FenheError):
    """The person is known and may not do this. HTTP: 403."""


class Conflict(FenheError):
    """The state has moved on; look again before trying again. HTTP: 409."""


class Unavailable(FenheError):
    """Something needed is away for now (disk, database, device). HTTP: 503."""
