"""A table of cities as somebody brings it: CSV text -> a frame for `rules.composite`, or every
fault at its row and column."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import polars as pl

from fenhe.domains.air.rules import composite
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.text import Text
from fenhe.kernel.values import read_values

NAMES = ("city", "name", "城市", "名称", "地区")
MOST_ROWS = 3000


def read(text: str) -> pl.DataFrame:
    """id, name, the six columns, and those of the year before that are given as `prev_…`.
    Raises BadInput with all faults at once."""
    lines = [row for row in csv.reader(io.StringIO(text)) if any(cell.strip() for cell in row)]
    head = [cell.strip().lower() for cell in lines[0]] if lines else []
    name = next((one for one in NAMES if one in head), "")
    wanted = list(composite.COLUMNS.values())
    before = [column for column in composite.PREVIOUS.values() if column in head]
    problems = [
        Problem(
            "air.column-missing", Text(f"缺少列 {column}", f"column {column} is missing"), row=1
        )
        for column in [*([] if name else ["city"]), *wanted]
        if column not in head and column != name
    ]
    body = lines[1:]
    if not problems and not body:
        problems = [Problem("air.no-rows", Text("表里没有城市", "the table holds no city"))]
    if len(body) > MOST_ROWS:
        problems = [
            Problem("air.too-many", Text(f"最多 {MOST_ROWS} 行", f"at most {MOST_ROWS} rows"))
        ]
    if problems:
        raise _refused(problems)
    problems = [
        Problem("air.short-row", Text("列数与表头不符", "not as many cells as the header"), row=at)
        for at, row in enumerate(body, 2)
        if len(row) != len(head)
    ]
    if problems:
        raise _refused(problems)
    columns = dict(zip(head, zip(*body, strict=True), strict=True))
    cities = [cell.strip() for cell in columns[name]]
    values = {
        column: read_values(pl.Series(column, list(columns[column]))) for column in wanted + before
    }
    problems = [*_repeated(cities), *_unreadable(values, columns)]
    if problems:
        raise _refused(problems)
    return pl.DataFrame(
        {"id": cities, "name": cities}
        | {column: found["value"] for column, found in values.items()}
    )


def _repeated(cities: list[str]) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for row, city in enumerate(cities, 2):
        if city in seen:
            text = Text(f"与第 {seen[city]} 行重复", f"is row {seen[city]} again")
            yield Problem("air.city-twice", text, row=row, column="city", value=city)
        seen.setdefault(city, row)


def _unreadable(
    values: dict[str, pl.DataFrame], columns: dict[str, tuple[str, ...]]
) -> Iterator[Problem]:
    for column, found in values.items():
        for at, (value, ok) in enumerate(found.select("value", "ok").iter_rows()):
            if not ok or (value is not None and value < 0):
                text = Text("不是浓度", "is not a concentration")
                yield Problem(
                    "air.value", text, row=at + 2, column=column, value=columns[column][at]
                )


def _refused(problems: list[Problem]) -> BadInput:
    return BadInput(
        "air.table",
        f"这张表有 {len(problems)} 处问题，请改好后再比较",
        f"the table has {len(problems)} faults; mend them and compare again",
        problems,
    )
