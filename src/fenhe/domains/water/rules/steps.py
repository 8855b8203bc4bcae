"""How the values of a section's verdict came about: means, rounding, limits and the class, worked
out from the verdict's own values and the editions it cites."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fenhe.assess.rule import Assessment, Step
from fenhe.domains.water.rules import rounding, tables
from fenhe.domains.water.rules.tables import Item
from fenhe.standards.edition import Edition

Values = Mapping[str, Any]
SPANS = {"day": ("日均值（不修约）", "day's mean, unrounded")}
ROUNDED = "均值按 {places} 位小数修约", "mean rounded to {places} decimals"


def steps_of(waterbody: str, span: str) -> Any:
    def explain(row: Values, ask: Assessment) -> list[Step]:
        edition = ask.edition(tables.SURFACE)
        found = [
            _item(row, item, edition, span)
            for item in tables.items(edition.id, waterbody).values()
            if row.get(item.id) is not None
        ]
        return [*found, *_class(row, edition), *_pollutants(row)]

    return explain


def _item(row: Values, item: Item, edition: Edition, span: str) -> Step:
    level = (row.get("levels") or {}).get(item.id)
    value = row[item.id]
    places = rounding.decimals("assessment").get(item.id)
    if span == "day" or places is None:
        zh, en = SPANS["day"]
    else:
        zh, en = (part.format(places=places) for part in ROUNDED)
    bound = _limits(item)
    word = tables.ROMAN[level - 1] if level else None
    return Step(
        metric=item.id,
        value=value,
        zh=f"{item.name.zh} {value:g}，{zh}；{bound[0]}" + (f" → {word}类" if word else ""),
        en=f"{item.name.en} {value:g}, {en}; {bound[1]}" + (f" → class {word}" if word else ""),
        clause=item.clause,
        edition=edition.id,
        confidence=str(item.confidence),
    )


def _limits(item: Item) -> tuple[str, str]:
    if item.rule == "range":
        low, high = item.limits
        return f"范围 {low:g}～{high:g}", f"range {low:g} to {high:g}"
    sign = "≥" if item.rule == "at_least" else "≤"
    listed = " / ".join(f"{limit:g}" for limit in item.limits)
    return f"Ⅰ～Ⅴ类限值 {sign} {listed}", f"limits of I to V {sign} {listed}"


def _class(row: Values, edition: Edition) -> list[Step]:
    level = row.get("level")
    if level is None:
        return []
    levels = row.get("levels") or {}
    worst = [tables.name_of(item) for item, one in levels.items() if one == level]
    return [
        Step(
            metric="level",
            value=tables.ROMAN[level - 1],
            zh=f"单因子评价，最差项目 {'、'.join(name.zh for name in worst)} 定类",
            en=f"single factor: decided by {', '.join(name.en for name in worst)}",
            clause="Table 1",
            edition=edition.id,
            confidence="reproduced",
        )
    ]


def _pollutants(row: Values) -> list[Step]:
    said = row.get("main_pollutants")
    if not said:
        return []
    return [
        Step(
            metric="main_pollutants",
            value=said,
            zh=f"劣于Ⅲ类的项目按类别、超标倍数排列，取前三：{said}",
            en=f"items worse than class III by class and multiple, the first three: {said}",
            edition=tables.evaluation().id,
            confidence="second_hand",
        )
    ]
