"""Areas from a table: `adcode, name_zh, name_en, level, parent`. Rights over an area reach the
objects whose `area` it is (registry.objects). Everything wrong is found before anything is written;
then all is written, or nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from django.db import transaction

from fenhe.evidence import ledger
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.text import Text
from fenhe.registry.models import Area

LEVELS = ("province", "city", "county", "township", "village", "control_unit")
AREA_COLUMNS = ("adcode", "name_zh", "name_en", "level", "parent")


def register(table: pl.DataFrame, file: str = "", person: object = "system") -> int:
    """Makes or changes the areas of the table; how many rows it had. Raises BadInput."""
    rows = _rows(table, AREA_COLUMNS, file)
    named = {row["adcode"] for row in rows}
    known = named | set(Area.objects.values_list("adcode", flat=True))
    problems = [problem for row in rows for problem in _wrong(row, known, file)]
    _raise_if_any(problems)
    with transaction.atomic():
        for row in rows:
            names = {"name_zh": row["name_zh"], "name_en": row["name_en"] or row["name_zh"]}
            Area.objects.update_or_create(
                adcode=row["adcode"], defaults={**names, "level": row["level"]}
            )
        there = dict(Area.objects.values_list("adcode", "pk"))
        for row in rows:
            Area.objects.filter(adcode=row["adcode"]).update(parent=there.get(row["parent"]))
        ledger.record(person, "registry.areas", file or "areas", {"rows": len(rows)})
    return len(rows)


def _rows(table: pl.DataFrame, columns: Sequence[str], file: str) -> list[dict[str, str]]:
    given = set(table.columns) - {"row"}
    if given != set(columns):
        expected = ", ".join(columns)
        raise BadInput(
            "registry.columns",
            f"{file or '表'} 的列应为：{expected}",
            f"the columns of {file or 'the table'} must be: {expected}",
        )
    return [
        {name: str(value or "").strip().removeprefix("'") for name, value in raw.items()}
        for raw in table.iter_rows(named=True)
    ]


def _wrong(row: dict[str, str], known: set[str], file: str) -> list[Problem]:
    found = []
    if not 2 <= len(row["adcode"]) <= 20:
        found.append(_problem(row, "adcode", "应为 2 至 20 位代码", "must be 2 to 20 long", file))
    if not row["name_zh"]:
        found.append(_problem(row, "name_zh", "必填", "is required", file))
    if row["level"] not in LEVELS:
        said = "、".join(LEVELS), ", ".join(LEVELS)
        found.append(_problem(row, "level", f"应为 {said[0]}", f"must be one of {said[1]}", file))
    if row["parent"] and (row["parent"] not in known or row["parent"] == row["adcode"]):
        found.append(_problem(row, "parent", "没有这个上级", "there is no such parent", file))
    return found


def _problem(row: dict[str, str], column: str, zh: str, en: str, file: str) -> Problem:
    number = int(row["row"]) if row.get("row", "").isdigit() else None
    return Problem("registry.area", Text(zh, en), file, number, column, row[column])


def _raise_if_any(problems: list[Problem]) -> None:
    if problems:
        raise BadInput(
            "registry.areas-refused",
            f"有 {len(problems)} 处错误，什么也没有写入",
            f"{len(problems)} problems; nothing was written",
            problems,
        )
