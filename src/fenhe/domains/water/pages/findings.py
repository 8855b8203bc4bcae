"""The sentence over the room a section has left: what fails its target first, then the tightest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fenhe.domains.water.pages import facts, standing
from fenhe.kernel.text import Text
from fenhe.registry import vocabulary


def said(rows: Sequence[dict[str, Any]], worst: dict[str, Any] | None, span: str) -> Text:
    """Of the rows of `rules.room` of one section; `span` is month or year."""
    zh, en = ("本月", "this month") if span == "month" else ("今年", "this year")
    if worst is None or worst["state"] == "none" or worst["target"] is None:
        return Text(f"{zh}没有目标或数据，不能计算余量", f"no target or no data for {en}")
    lost = [row for row in rows if row["state"] == "lost"]
    behind = [row for row in rows if row["failing"] and row["state"] != "lost"]
    if lost:
        return _lost(lost, behind, zh, en)
    if worst["state"] == "kept":
        return Text(f"{zh}已达到目标", f"the target of {en} is kept")
    bound = _bound(worst)
    name, symbol = facts.item_name(worst["item"], "zh"), facts.symbol(worst["item"])
    if worst["state"] == "tight":
        text = Text(
            f"{zh}吃紧：其余样品{name}均值须{bound.zh}，近期更差",
            f"{en} is tight: the rest must average {bound.en} of {symbol}, and the last days "
            "are worse",
        )
    elif behind:
        text = Text(
            f"最紧的是{name}，其余样品均值{bound.zh}才能达标",
            f"{symbol} is the tightest, the rest must average {bound.en}",
        )
    else:
        text = _room(name, symbol, bound, zh, en)
    if not behind:
        return text
    return Text(
        f"{zh}至今未达目标：{_values(behind, 'zh')}；{text.zh}",
        f"{en} is below its target so far: {_values(behind, 'en')}; {text.en}",
    )


def _lost(lost: list[dict[str, Any]], behind: list[dict[str, Any]], zh: str, en: str) -> Text:
    also = Text("", "")
    if behind:
        also = Text(
            f"；至今也未达：{_values(behind, 'zh')}", f"; also below it: {_values(behind, 'en')}"
        )
    return Text(
        f"{zh}已不能达到目标：{_values(lost, 'zh')}{also.zh}",
        f"the target of {en} is lost: {_values(lost, 'en')}{also.en}",
    )


def _room(name: str, symbol: str, bound: Text, zh: str, en: str) -> Text:
    if not bound.zh:
        return Text(
            f"{zh}有余量：最紧的{name}也无论如何都能达标",
            f"{en} has room: {symbol} is the tightest, and any value will do",
        )
    return Text(
        f"{zh}有余量：最紧的是{name}，其余样品均值{bound.zh}即可达标",
        f"{en} has room: {symbol} is the tightest, the rest may average {bound.en}",
    )


def _bound(row: dict[str, Any]) -> Text:
    """ "不超过 6.05 mg/L"; empty where the room bounds nothing."""
    shown = standing.shown(row, "zh")
    if not shown["room_bounds"]:
        return Text("", "")
    figure = f"{shown['room']} {vocabulary.get(row['item']).unit}"
    least = row["item"] == "do"
    return Text(
        f"{'不低于' if least else '不超过'} {figure}",
        f"{'at least' if least else 'at most'} {figure}",
    )


def _values(rows: Sequence[dict[str, Any]], language: str) -> str:
    told = []
    for row in rows:
        about = vocabulary.shown(row["item"])
        name = about.name[language] if language == "zh" else about.symbol
        told.append(f"{name} {standing.figure(row['mean'], row['item'])} {about.unit}".strip())
    return ("、" if language == "zh" else ", ").join(told)
