"""The leader's weekly brief (每周要情): one page of plain sentences from what is known of the week.

Pure: figures and rows in, a `publish.sheet.Sheet` out, which the page and the DOCX both show. What
does not fit on the page is counted, not dropped in silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from fenhe.kernel.text import Text
from fenhe.publish.sheet import Block, Cell, Column, Figure, Sheet

MOST_TARGETS, MOST_LATE, MOST_DUE, MOST_WORSE = 6, 3, 5, 2
LONGEST = 22  # characters of a title; the page behind it has all of them
COURSES = {
    "on_course": Text("在轨", "on course"),
    "at_risk": Text("有风险", "at risk"),
    "off": Text("偏离", "off"),
    "unknown": Text("无数据", "no data"),
}


@dataclass(frozen=True, slots=True)
class TargetLine:
    name: Text
    value: Text
    aim: Text
    forecast: Text
    course: str


@dataclass(frozen=True, slots=True)
class LateLine:
    title: str
    unit: str
    days: int
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class DueLine:
    day: date
    title: str
    kind: Text
    who: str


@dataclass(frozen=True)
class Week:
    """Everything the brief says."""

    plan: Text
    first: date
    last: date
    targets: Sequence[TargetLine]
    finding: Text
    worse: Sequence[Text]  # a sentence each
    open_tasks: int
    slow: int
    late: Sequence[LateLine]
    owed: int  # weekly reports owed and not given
    silent: Sequence[str]  # units that gave none
    supervised: Sequence[str]  # newly under listed supervision this week
    supervisions: int  # under it now
    due: Sequence[DueLine]
    data_up_to: str
    computed_at: str
    notes: Sequence[Text] = field(default_factory=tuple)


def compose(week: Week) -> Sheet:
    """The sheet; sections that have nothing say so in one sentence."""
    on = f"{sum(one.course == 'on_course' for one in week.targets)}/{len(week.targets)}"
    return Sheet(
        title=Text("每周要情", "Weekly brief"),
        subtitle=Text(
            f"{week.plan.zh} · {week.first:%Y-%m-%d} 至 {week.last:%m-%d}",
            f"{week.plan.en} · {week.first:%Y-%m-%d} to {week.last:%m-%d}",
        ),
        blocks=[
            Block(
                "headline",
                figures=[
                    _figure("on", Text("指标在轨", "targets on course"), on),
                    _figure("late", Text("任务逾期", "tasks overdue"), f"{len(week.late)}"),
                    _figure("supervised", Text("本周新督办", "newly supervised"),
                            f"{len(week.supervised)}"),
                    _figure("due", Text("下周到期", "due next week"), f"{len(week.due)}"),
                ],
            ),
            *_targets(week),
            *_worse(week),
            *_late(week),
            *_due(week),
            Block("notes", items=_notes(week.notes)),
        ],
        data_up_to=week.data_up_to,
        computed_at=week.computed_at,
    )  # fmt: skip


def _notes(notes: Sequence[Text]) -> list[Text]:
    """All in one line: the page has room for one."""
    if not notes:
        return []
    return [Text("；".join(one.zh for one in notes), "; ".join(one.en for one in notes))]


def _short(title: str) -> str:
    return title if len(title) <= LONGEST else f"{title[: LONGEST - 1]}…"


def _figure(key: str, label: Text, text: str) -> Figure:
    return Figure(key, label, text)


def _targets(week: Week) -> list[Block]:
    blocks = [
        Block("heading", Text("一、年度目标", "1. Targets of the year")),
        Block("paragraph", Text(f"{week.finding.zh}。", f"{week.finding.en}.")),
    ]
    if week.targets:
        order = ("off", "at_risk", "unknown", "on_course")
        listed = sorted(week.targets, key=lambda one: order.index(one.course))[:MOST_TARGETS]
        rows: list[Sequence[Cell]] = [
            [one.name, one.value, one.aim, one.forecast, COURSES[one.course]] for one in listed
        ]
        columns = [
            Column(Text("指标", "Metric"), "left"),
            Column(Text("至今", "To date")),
            Column(Text("目标", "Target")),
            Column(Text("全年预测", "Forecast")),
            Column(Text("走势", "Course"), "left"),
        ]
        blocks.append(Block("table", columns=columns, rows=rows))
    return blocks


def _worse(week: Week) -> list[Block]:
    heading = Block("heading", Text("二、本周变差的", "2. What got worse this week"))
    if not week.worse:
        return [heading, Block("paragraph", Text("本周没有变差的事项。", "Nothing got worse."))]
    shown = week.worse[:MOST_WORSE]
    more = len(week.worse) - len(shown)
    zh, en = "".join(one.zh for one in shown), " ".join(one.en for one in shown)
    if more:
        zh, en = f"{zh}另有 {more} 项。", f"{en} {more} more."
    return [heading, Block("paragraph", Text(zh, en))]


def _late(week: Week) -> list[Block]:
    zh = f"在办任务 {week.open_tasks} 项，逾期 {len(week.late)} 项，进展缓慢 {week.slow} 项。"
    en = f"{week.open_tasks} tasks are open, {len(week.late)} overdue, {week.slow} slow. "
    if week.owed:
        units = "、".join(week.silent[:MOST_LATE])
        zh += f"上周有 {week.owed} 项任务未报进展（{units}）。"
        en += f"{week.owed} tasks gave no report last week ({units.replace('、', ', ')}). "
    if week.supervised:
        zh += f"本周新列入挂牌督办：{'；'.join(week.supervised)}。"
        en += f"Newly under listed supervision: {'; '.join(week.supervised)}. "
    if week.supervisions:
        zh += f"正在挂牌督办 {week.supervisions} 件。"
        en += f"Under listed supervision now: {week.supervisions}."
    blocks = [
        Block("heading", Text("三、任务与督办", "3. Tasks and supervision")),
        Block("paragraph", Text(zh, en.strip())),
    ]
    if week.late:
        rows: list[Sequence[Cell]] = [
            [_short(one.title), one.unit, f"{one.days}", _short(one.trouble) or "—"]
            for one in week.late[:MOST_LATE]
        ]
        columns = [
            Column(Text("逾期任务", "Overdue task"), "left"),
            Column(Text("牵头单位", "Lead unit"), "left"),
            Column(Text("超期天数", "Days over")),
            Column(Text("存在问题", "Trouble"), "left"),
        ]
        blocks.append(Block("table", columns=columns, rows=rows))
    return blocks


def _due(week: Week) -> list[Block]:
    if not week.due:
        return [
            Block("heading", Text("四、下周到期", "4. Due next week")),
            Block("paragraph", Text("下周没有到期事项。", "Nothing is due.")),
        ]
    shown = week.due[:MOST_DUE]
    rows: list[Sequence[Cell]] = [
        [f"{one.day:%m-%d}", _short(one.title), one.kind, one.who or "—"] for one in shown
    ]
    columns = [
        Column(Text("日期", "Day"), "left"),
        Column(Text("事项", "What"), "left"),
        Column(Text("类别", "Kind"), "left"),
        Column(Text("责任单位", "Unit"), "left"),
    ]
    zh, en = "四、下周到期", "4. Due next week"
    if len(week.due) > len(shown):
        zh += f"（共 {len(week.due)} 项，列最早的 {len(shown)} 项）"
        en += f" (the first {len(shown)} of {len(week.due)})"
    return [Block("heading", Text(zh, en)), Block("table", columns=columns, rows=rows)]
