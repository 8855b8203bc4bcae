"""The words of the city's bulletin: its sentences, in the order and manner of published ones, and
how changes and periods are written. Pure."""

from __future__ import annotations

from datetime import datetime

from fenhe.domains.air.printed import ITEMS, NONE, Printed, change, number
from fenhe.kernel.errors import BadInput
from fenhe.kernel.period import DAY, Period, civil
from fenhe.kernel.text import Text
from fenhe.publish.sheet import Cell, Figure


def summary(subject: Text, when: Text, now: Printed, past: Printed) -> Text:
    composite = now["composite"]
    if composite is None:
        return Text(
            f"{when.zh}，{subject.zh}有效数据不足，不能计算综合指数。",
            f"In {when.en} the valid data of {subject.en} do not suffice for a composite index.",
        )
    turn, main = turn_of(change(composite, past["composite"])), both(now.main)
    return Text(
        f"{when.zh}，{subject.zh}环境空气质量综合指数为 {composite:.2f}"
        + (f"，同比{turn.zh}" if turn else "")
        + f"；主要污染物为 {main.zh}。",
        f"In {when.en} the composite index of {subject.en} was {composite:.2f}"
        + (f", {turn.en} on the year before" if turn else "")
        + f"; the main pollutant was {main.en}.",
    )


def six(now: Printed, past: Printed) -> Text:
    zh, en = [], []
    for item in ITEMS:
        value = now.value(item)
        if value is None:
            zh.append(f"{item.symbol} 数据不足")
            en.append(f"{item.symbol} lacked data")
            continue
        turn = turn_of(change(value, past.value(item)))
        shown = f"{now.text(item)} {item.unit}"
        zh.append(f"{item.label.zh} {shown}" + (f"，同比{turn.zh}" if turn else ""))
        en.append(f"{item.label.en} {shown}" + (f" ({turn.en})" if turn else ""))
    return Text(f"六项污染物中，{'；'.join(zh)}。", f"Of the six pollutants: {'; '.join(en)}.")


def loads(now: Printed) -> Text:
    parts = shares(now)
    if not parts:
        return Text("污染负荷占比不能计算。", "Load ratios cannot be computed.")
    zh = "、".join(f"{one.label.zh} {one.text}%" for one in parts)
    en = ", ".join(f"{one.label.en} {one.text} %" for one in parts)
    return Text(f"对综合指数的分担率依次为：{zh}。", f"Shares of the composite index: {en}.")


def shares(now: Printed) -> list[Figure]:
    return [
        Figure(f"load_{item.name}", Text(item.symbol, item.symbol), number(load, 1), "%")
        for item in sorted(ITEMS, key=lambda item: -(now.load(item) or 0))
        if (load := now.load(item)) is not None
    ]


def days(period: Period, now: Printed, past: Printed) -> Text:
    judged, good = now["days_judged"], now["good_days"]
    if not judged or good is None:
        return Text("没有可评价的日数。", "No day could be judged.")
    total, heavy, pct = period.hours // 24, now["heavy_days"] or 0, now["good_days_pct"]
    good_before, heavy_before = past["good_days"], past["heavy_days"]
    compare = Text("", "")
    if good_before is not None and heavy_before is not None:
        compare = Text(
            f"，同比优良天数{_more(good - good_before, '天')}、"
            f"重污染天数{_more(heavy - heavy_before, '天')}",
            f"; on the year before {_signed(good - good_before)} good and "
            f"{_signed(heavy - heavy_before)} heavily polluted days",
        )
    return Text(
        f"应评价 {total} 天，有效评价 {judged} 天，其中优良 {good} 天，占 {pct:.1f}%；"
        f"重度及以上污染 {heavy} 天{compare.zh}。",
        f"Of {total} days {judged} were judged: {good} good ones, {pct:.1f} %, and {heavy} with "
        f"heavy pollution or worse{compare.en}.",
    )


def day_figures(now: Printed, past: Printed) -> list[Figure]:
    """The numbers that stand in the sentence on days and nowhere else."""
    good = Text("优良天数", "good days")
    heavy = Text("重度及以上污染天数", "heavily polluted days")
    return [
        Figure("days_judged", Text("有效评价天数", "days judged"), number(now["days_judged"], 0)),
        Figure("good_days", good, number(now["good_days"], 0)),
        Figure("good_days.before", _before(good), number(past["good_days"], 0)),
        Figure("heavy_days.before", _before(heavy), number(past["heavy_days"], 0)),
    ]


def _before(label: Text) -> Text:
    return Text(f"上年同期{label.zh}", f"{label.en} the year before")


def period_name(period: Period) -> Text:
    first = period.first_day
    match span_of(period):
        case "year":
            return Text(f"{first.year} 年", f"{first.year}")
        case "quarter":
            quarter = (first.month + 2) // 3
            return Text(f"{first.year} 年第 {quarter} 季度", f"quarter {quarter} of {first.year}")
        case _:
            return Text(f"{first.year} 年 {first.month} 月", f"{first:%B %Y}")


def span_of(period: Period) -> str:
    """ "month", "quarter" or "year". Raises BadInput `air.bulletin-period` for any other."""
    lengths = {1: "month", 3: "quarter", 12: "year"}
    first, last = period.first_day, period.last_day
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    whole = {
        "month": lambda: Period.month(first.year, first.month),
        "quarter": lambda: Period.quarter(first.year, (first.month + 2) // 3),
        "year": lambda: Period.year(first.year),
    }
    span = lengths.get(months, "")
    if not span or whole[span]() != period:
        raise BadInput(
            "air.bulletin-period",
            f"通报的时段须是自然月、季度或年（如 2015-12、2015-Q4、2015），不能是 {period}",
            f"a bulletin is of a calendar month, quarter or year (2015-12, 2015-Q4, 2015), not of "
            f"{period}",
        )
    return span


def turn_of(percent: float | None) -> Text | None:
    """How something moved, in words."""
    if percent is None:
        return None
    if percent == 0:
        return Text("持平", "unchanged")
    up = percent > 0
    return Text(
        f"{'上升' if up else '下降'} {abs(percent):.1f}%",
        f"{'up' if up else 'down'} {abs(percent):.1f} %",
    )


def year_on_year(now: float | None, before: float | None) -> Text:
    turn = turn_of(change(now, before))
    return Text(f"同比{turn.zh}", f"{turn.en} on last year") if turn else Text("", "")


def _signed(days: int) -> str:
    return f"{days:+d}".replace("-", "−")


def _more(days: int, unit: str) -> str:
    return "持平" if days == 0 else f"{'增加' if days > 0 else '减少'} {abs(days)} {unit}"


def end_of(instant: datetime | None) -> str:
    """The end of the last hour; midnight is 24:00 of the day before, as bulletins have it."""
    if instant is None:
        return NONE
    shown = civil(instant)
    return f"{shown - DAY:%Y-%m-%d} 24:00" if shown.hour == 0 else f"{shown:%Y-%m-%d %H:%M}"


def both(cell: Cell) -> Text:
    return cell if isinstance(cell, Text) else Text(cell, cell)
