"""The plan as bureaus keep it, one table: a row per objective, target or task (目标、指标、任务).

`read` turns the text of a row into a checked line and says what is wrong with it; what a line means
to the plan that is there already is `importing`'s. Columns may be written in Chinese or English.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from fenhe.ingest.frames import plain_header
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.text import Text

OBJECTIVE, TARGET, TASK = "objective", "target", "task"
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "level": ("层级", "类型"),
    "code": ("编号",),
    "parent": ("上级编号", "所属目标"),
    "name": ("名称", "内容", "任务内容"),
    "name_en": ("英文名称",),
    "lead_unit": ("牵头单位", "责任单位"),
    "co_units": ("配合单位",),
    "county": ("县区",),
    "area": ("区划代码", "行政区划代码"),
    "weight": ("权重",),
    "metric": ("指标", "考核指标"),
    "subject": ("对象", "评价对象"),
    "year": ("年度",),
    "baseline": ("基数",),
    "value": ("目标值",),
    "start": ("开始日期",),
    "due": ("完成期限", "期限"),
    "milestones": ("节点",),
}
LEVELS = {
    "目标": OBJECTIVE, OBJECTIVE: OBJECTIVE,
    "指标": TARGET, TARGET: TARGET,
    "任务": TASK, TASK: TASK,
}  # fmt: skip
NEEDED: Mapping[str, tuple[str, ...]] = {
    OBJECTIVE: ("code", "name"),
    TARGET: ("parent", "metric", "subject", "value"),
    TASK: ("code", "parent", "name", "lead_unit", "due"),
}
MOST_ROWS = 5000
LONGEST = {"code": 40, "parent": 40, "name": 200, "name_en": 200, "lead_unit": 120,
           "co_units": 300, "county": 60, "area": 20, "metric": 120, "subject": 60,
           "milestones": 2000}  # fmt: skip
FORM = tuple(zh[0] for zh in COLUMNS.values())
"""The header of the empty form."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row, read. Cells a row leaves empty are absent."""

    row: int
    level: str
    cells: Mapping[str, Any]

    def text(self, name: str) -> str:
        return str(self.cells.get(name, ""))


@dataclass
class Lines:
    name: str
    lines: list[Line] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def of(self, level: str) -> list[Line]:
        return [one for one in self.lines if one.level == level]

    def blame(self, row: int, column: str, zh: str, en: str, value: str = "") -> None:
        said = COLUMNS[column][0] if column in COLUMNS else column
        self.problems.append(Problem("planning.row", Text(zh, en), self.name, row, said, value))

    def refuse(self) -> None:
        """Raises BadInput `planning.table` with everything found."""
        if self.problems:
            count = len(self.problems)
            raise BadInput(
                "planning.table",
                f"表中有 {count} 处问题，没有写入任何内容；请改正后重新上传",
                f"the table has {count} problems; nothing was written. Mend them and send it again",
                sorted(self.problems, key=lambda one: (one.row or 0, one.column)),
            )


def read(frame: pl.DataFrame, name: str) -> Lines:
    """`frame`: text columns by their titles, and `row`. Problems are gathered, not raised."""
    found = Lines(name)
    named = {alias: key for key, aliases in COLUMNS.items() for alias in (key, *aliases)}
    titles = {title: named.get(plain_header(title)) for title in frame.columns if title != "row"}
    missing = {"level", "code", "parent", "name"} - set(titles.values())
    for key in sorted(missing):
        found.blame(1, key, "缺少这一列", "this column is missing")
    if frame.height > MOST_ROWS:
        found.blame(MOST_ROWS + 1, "level", f"最多 {MOST_ROWS} 行", f"{MOST_ROWS} rows at most")
    if found.problems:
        return found
    for raw in frame.iter_rows(named=True):
        cells = {
            key: str(raw[title]).strip()
            for title, key in titles.items()
            if key and raw[title] is not None and str(raw[title]).strip()
        }
        if cells:
            _line(found, int(raw["row"]), cells)
    return found


def _line(found: Lines, row: int, cells: dict[str, str]) -> None:
    level = LEVELS.get(cells.get("level", "").lower())
    if level is None:
        written = cells.get("level", "")
        found.blame(
            row, "level", "应为 目标、指标 或 任务", "is no objective, target or task", written
        )
        return
    read_cells: dict[str, Any] = {}
    for key, text in cells.items():
        if len(text) > LONGEST.get(key, LONGEST["name"]):
            found.blame(row, key, "过长", "is too long", text[:40])
            continue
        try:
            read_cells[key] = READ[key](text) if key in READ else text
        except ValueError as error:
            zh, en = error.args
            found.blame(row, key, zh, en, text)
    for key in NEEDED[level]:
        if key not in cells:
            found.blame(row, key, "必填", "is required")
    found.lines.append(Line(row, level, read_cells))


def _number(text: str) -> float:
    if not re.fullmatch(r"[+-]?\d{1,12}(\.\d{1,6})?", text, re.ASCII):
        raise ValueError("不是数值", "is no number")
    return float(text)


def _year(text: str) -> int:
    if not re.fullmatch(r"(19[7-9]\d|20\d\d)(\.0)?", text, re.ASCII):
        raise ValueError("不是年份", "is no year")
    return int(text[:4])


def _day(text: str) -> date:
    plain = text.replace("/", "-").replace(".", "-")[:10].strip()
    try:
        year, month, day = map(int, plain.split("-"))
        return date(year, month, day)
    except ValueError:
        raise ValueError("请写成 2026-11-30", "write it as 2026-11-30") from None


def _area(text: str) -> str:
    if not re.fullmatch(r"\d{2,12}", text, re.ASCII):
        raise ValueError("不是区划代码", "is no administrative code")
    return text


READ: Mapping[str, Callable[[str], Any]] = {
    "weight": _number,
    "baseline": _number,
    "value": _number,
    "year": _year,
    "start": _day,
    "due": _day,
    "area": _area,
}
