"""Sentences the pages compose from figures, in both languages: what a chart shows, said first."""

from __future__ import annotations

from typing import Any

from fenhe.assess.rule import Step
from fenhe.kernel.text import Text
from fenhe.standards.confidence import Confidence

AVERAGING = {
    "1h": Text("1 小时平均", "1 h mean"),
    "24h": Text("日平均", "daily mean"),
    "MDA8": Text("日最大 8 小时平均", "daily maximum 8 h mean"),
    "month": Text("月统计", "monthly statistics"),
}

LIMIT = Text("限值", " limit")
HOURLY_LIMIT = Text("{symbol} 1 小时平均限值 {value}", "{symbol} limit of the 1 h mean {value}")
DAILY_LIMIT_OF_HOURS = Text(
    "{symbol} 日平均限值 {value}（小时值无限值，仅供参照）",
    "{symbol} limit of the daily mean {value} (hours have none)",
)


def trend(symbol: str, now: float | None, before: float | None, hours: int) -> Text:
    """The mean of the last hours against the same length before."""
    if now is None or not before:
        return Text(f"{symbol} 近 {hours} 小时", f"{symbol}, last {hours} h")
    change = 100 * (now - before) / before
    if abs(change) < 5:
        return Text(
            f"{symbol} 近 {hours} 小时平均 {now:.0f}，与此前 {hours} 小时相当",
            f"{symbol} averaged {now:.0f} in the last {hours} h, much as in the {hours} h before",
        )
    zh, en = ("升高", "up") if change > 0 else ("下降", "down")
    return Text(
        f"{symbol} 近 {hours} 小时平均 {now:.0f}，比此前 {hours} 小时{zh} {abs(change):.0f} %",
        f"{symbol} averaged {now:.0f} in the last {hours} h, {en} {abs(change):.0f} % on the "
        f"{hours} h before",
    )


HOURS, DAYS = Text("小时", "h"), Text("天", "days")


def extremes(
    symbol: str,
    unit: str,
    top: tuple[str, float] | None,
    missing: int,
    total: int,
    of: Text = HOURS,
) -> Text:
    """The highest value of a chart and how much of it is missing."""
    if top is None:
        return Text(f"{symbol} 在此时段没有数据", f"{symbol}: no data in this period")
    when, value = top
    gap_zh = f"，缺测 {missing}/{total} {of.zh}" if missing else "，数据完整"
    gap_en = f"; {missing} of {total} {of.en} are missing" if missing else "; no gaps"
    return Text(
        f"{symbol} 最高 {value:g} {unit}（{when}）{gap_zh}",
        f"{symbol} peaked at {value:g} {unit} ({when}){gap_en}",
    )


FLAGS = {3: Text("存疑", "suspect"), 4: Text("无效", "invalid")}


def said(step: Step, language: str) -> dict[str, Any]:
    """A step as templates show it."""
    return {
        "sentence": step.zh if language == "zh" else step.en,
        "clause": step.clause,
        "edition": step.edition,
        "confidence": Confidence(step.confidence) if step.confidence else None,
    }
