"""Everything that is wrong with one file, collected at once.

A check hands over a frame of bad cells; the first `limit` by row are kept with their sentences,
all are counted. The sentences of the stage stand in one table.
"""

from __future__ import annotations

from collections import Counter

import polars as pl

from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.text import Text

SENTENCES: dict[str, tuple[str, str]] = {
    "ingest.column-unknown": (
        "不认识的列；若本不需要，请在方案中声明忽略",
        "unknown column; declare it ignored in the profile if it is not needed",
    ),
    "ingest.column-missing": ("缺少这一列", "this column is missing"),
    "ingest.column-duplicate": (
        "这一列出现不止一次（含别名）",
        "this column stands more than once (aliases counted)",
    ),
    "ingest.no-objects": (
        "没有一列是已登记的监管对象；请先登记",
        "no column is a registered object; register them first",
    ),
    "ingest.no-rows": ("没有数据行", "there are no rows of data"),
    "ingest.row-width": (
        "此行有 {value} 个单元格，与表头不符",
        "the row has {value} cells, not as many as the header",
    ),
    "ingest.object-blank": ("没有写监管对象", "no object is named"),
    "ingest.object-unknown": (
        "没有登记的监管对象“{value}”；请先登记或改正",
        "object “{value}” is not registered; register it or mend the name",
    ),
    "ingest.object-ambiguous": (
        "“{value}”对应不止一个监管对象，请改用编码",
        "“{value}” names more than one object; use its code",
    ),
    "ingest.property-unknown": (
        "不认识的监测项目“{value}”",
        "unknown property “{value}”",
    ),
    "ingest.time-unreadable": (
        "时间“{value}”读不懂；请写成 2026-03-01 08:00",
        "cannot read the time “{value}”; write it as 2026-03-01 08:00",
    ),
    "ingest.time-off-grid": (
        "时间“{value}”不在整时段上",
        "the time “{value}” is not on a whole period",
    ),
    "ingest.time-future": (
        "时间“{value}”的时段尚未结束",
        "the period of the time “{value}” has not ended yet",
    ),
    "ingest.time-too-early": (
        "时间“{value}”过早，不像监测数据",
        "the time “{value}” is too early for monitoring data",
    ),
    "ingest.value-unreadable": (
        "“{value}”不是半角数字，也不是本方案声明的缺测标记",
        "“{value}” is neither a number in plain digits nor a missing marker of this profile",
    ),
    "ingest.value-impossible": (
        "数值 {value} 不可能；请核对单位，或在方案中声明为缺测标记",
        "the value {value} is impossible; check the unit, or declare it a missing marker",
    ),
    "ingest.unit-blank": ("没有写单位", "no unit is given"),
    "ingest.duplicate": (
        "同一对象、项目、时段出现不同的值（{value}）",
        "the same object, property and period has different values ({value})",
    ),
}


class Findings:
    """Problems of one file. `total` counts all; `kept` holds the first `limit` by row."""

    def __init__(self, file: str, limit: int = 1000) -> None:
        self.file, self.limit = file, limit
        self.counts: Counter[str] = Counter()
        self._kept: list[Problem] = []

    @property
    def total(self) -> int:
        return self.counts.total()

    @property
    def kept(self) -> list[Problem]:
        self._trim()
        return list(self._kept)

    def add(self, code: str, row: int | None = None, column: str = "", value: str = "") -> None:
        self._keep(self._problem(code, row, column, value))
        self.counts[code] += 1

    def add_cells(self, code: str, cells: pl.DataFrame, column: str = "") -> None:
        """`cells`: row, value and, unless `column` is given, column."""
        if cells.is_empty():
            return
        self.counts[code] += cells.height
        first = cells.bottom_k(self.limit, by="row").sort("row")
        for cell in first.iter_rows(named=True):
            name = column or str(cell.get("column", ""))
            self._keep(self._problem(code, cell["row"], name, str(cell["value"])))
        self._trim()

    def add_error(self, error: BadInput, row: int | None, column: str, value: str) -> None:
        """What the kernel refused (a unit, a value), placed."""
        self._keep(Problem(error.code, error.message, self.file, row, column, value))
        self.counts[error.code] += 1

    def add_error_cells(self, error: BadInput, cells: pl.DataFrame, column: str) -> None:
        """The same for many cells: row, value."""
        self.counts[error.code] += cells.height
        for row, value in cells.bottom_k(self.limit, by="row").select("row", "value").iter_rows():
            self._keep(Problem(error.code, error.message, self.file, row, column, value))

    def raise_if_any(self, code: str, zh: str, en: str) -> None:
        if self.total:
            raise BadInput(code, zh, en, self.kept, total=self.total)

    def _problem(self, code: str, row: int | None, column: str, value: str) -> Problem:
        zh, en = SENTENCES[code]
        shown = value if len(value) <= 60 else value[:59] + "…"
        text = Text(zh.replace("{value}", shown), en.replace("{value}", shown))
        return Problem(code, text, self.file, row, column, shown)

    def _keep(self, problem: Problem) -> None:
        self._kept.append(problem)
        if len(self._kept) > 4 * self.limit:
            self._trim()

    def _trim(self) -> None:
        self._kept.sort(key=lambda problem: (problem.row or 0, problem.column))
        del self._kept[self.limit :]
