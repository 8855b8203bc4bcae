"""One time limit counted: from the rule and its trigger to the last day, with every step told.

`due` is the last day (of an hour rule the last minute, civil time); for rules that count backwards
from a later event it is the last permissible day; for least durations the day on which they are
fulfilled. It is None where the rule yields no day. `provisional` says that the result may still
move, and `reason` why: a calendar nobody has published, or a limit nobody has confirmed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from fenhe.act.deadlines import counting, limits
from fenhe.act.deadlines.calendar import Calendar
from fenhe.act.deadlines.counting import Span, Walk
from fenhe.act.deadlines.limits import Confidence, Law, Limit, Rule, Unit
from fenhe.act.deadlines.words import UNITS, WEEKDAYS, extended
from fenhe.kernel.errors import BadInput
from fenhe.kernel.period import DAY
from fenhe.kernel.text import Text

MOST_EXCLUDED = 3660
EARLIEST, LATEST = date(1949, 10, 1), date(2199, 12, 31)


@dataclass(frozen=True, slots=True)
class Result:
    rule: Rule
    variant: str
    start: date | datetime
    due: date | datetime | None
    provisional: bool
    reason: Text | None
    article: str
    calendar: str
    confidence: Confidence
    steps: tuple[Text, ...]
    earliest: date | None = None  # for least durations: the first day on which one may go on
    alternatives: Mapping[str, date | datetime | None] = field(default_factory=dict)

    @property
    def accuses(self) -> bool:
        """Whether being late against it may be held against somebody."""
        return self.confidence.accuses and not self.provisional

    def as_dict(self) -> dict[str, Any]:
        """The one JSON shape, of the command line, the API and the page."""
        return {
            "rule": self.rule.id,
            "variant": self.variant,
            "start": _written(self.start),
            "due": _written(self.due),
            "earliest": _written(self.earliest),
            "provisional": self.provisional,
            "reason": self.reason and self.reason.as_dict(),
            "article": self.article,
            "calendar": self.calendar,
            "confidence": self.confidence.value,
            "alternatives": {name: _written(day) for name, day in self.alternatives.items()},
            "steps": [step.as_dict() for step in self.steps],
        }


def compute(
    id: str,
    start: date | datetime,
    calendar: Calendar,
    *,
    variant: str = "",
    extend: int = 0,
    exclude: int = 0,
    spans: Sequence[Span] = (),
) -> Result:
    """The limit `id` from its trigger. `start` is civil (a datetime is naive civil time); `extend`
    is how many extensions were granted; `exclude` is so many days that do not count, in the rule's
    own days, `spans` the same as dates. Raises BadInput `deadline.…`.
    """
    rule = limits.rule(id)
    begun = start.date() if isinstance(start, datetime) else start
    law = rule.law(begun)
    limit = law.limit(variant)
    _allowed(law, limit, begun, extend, exclude, spans)
    clock = _Clock(Walk(calendar), law, limit, start, extend, exclude, tuple(spans))
    clock.begin()
    try:
        due = COUNT[limit.unit](clock)
    except (OverflowError, ValueError) as error:
        raise _out_of_range() from error
    alternatives = {}
    if not variant and len(law.limits) > 1:
        for one in law.limits[1:]:
            again = compute(
                id, start, calendar, variant=one.id, extend=extend, exclude=exclude, spans=spans
            )
            alternatives[one.id] = again.due
            clock.say(_other(one, again.due))
    confidence = limit.confidence or law.confidence
    reason = _reason(clock.walk, limit, confidence)
    if reason is not None:
        clock.say(reason)
    return Result(
        rule, limit.id, start, due, reason is not None, reason, law.article, calendar.version,
        confidence, tuple(clock.steps), clock.earliest, alternatives,
    )  # fmt: skip


@dataclass(slots=True)
class _Clock:
    walk: Walk
    law: Law
    limit: Limit
    start: date | datetime
    extend: int
    exclude: int
    spans: tuple[Span, ...]
    steps: list[Text] = field(default_factory=list)
    earliest: date | None = None

    @property
    def day(self) -> date:
        return self.start.date() if isinstance(self.start, datetime) else self.start

    @property
    def count(self) -> int:
        return self.limit.count + sum(self.law.extensions[: self.extend])

    def say(self, text: Text) -> None:
        self.steps.append(text)

    def begin(self) -> None:
        if self.law.superseded_on:
            last = self.law.superseded_on
            self.say(
                Text(
                    f"行为日 {self.day} 在 {last} 当日或之前，适用旧规定：{self.law.article}",
                    f"the act of {self.day} is not after {last}: the older text holds, "
                    f"{self.law.article}",
                )
            )
        if self.limit.name:
            self.say(Text(f"情形：{self.limit.name.zh}", f"case: {self.limit.name.en}"))
        if self.limit.approver:
            who = self.limit.approver
            self.say(Text(f"须经批准：{who}", f"needs approval: {who}"))
        for number in range(self.extend):
            who = self.law.approvers[number] if number < len(self.law.approvers) else ""
            self.say(extended(number + 1, self.law.extensions[number], self.limit.unit, who))

    def counted(self, day: date, excluded: str = "") -> None:
        unit = UNITS[self.limit.unit]
        more = f"，另有 {excluded} 不计入" if excluded else ""
        also = f", {excluded} excluded" if excluded else ""
        self.say(
            Text(
                f"{_day(self.day, 'zh')} 当日不计，计 {self.count} {unit.zh}{more}："
                f"{_day(day, 'zh')}",
                f"{_day(self.day, 'en')} itself not counted, {self.count} {unit.en}{also}: "
                f"{_day(day, 'en')}",
            )
        )

    def end(self, day: date) -> date:
        """The last day, moved on where the rule moves it."""
        if not self.law.roll:
            if self.limit.unit is not Unit.WORKING_DAY:
                self.say(NOT_ROLLED)
            return day
        moved = counting.rolled(self.walk, day)
        if moved != day:
            self.say(
                Text(
                    f"{_day(day, 'zh')} 不是工作日，顺延至 {_day(moved, 'zh')}",
                    f"{_day(day, 'en')} is not a working day: moved to {_day(moved, 'en')}",
                )
            )
        return moved

    def left_out(self) -> str:
        spans = sum((span.last - span.first).days + 1 for span in counting.merged(self.spans))
        return " + ".join(str(days) for days in (self.exclude, spans) if days)


NOT_ROLLED = Text(
    "本条没有规定末日遇休息日顺延，不顺延", "the rule does not move a last day on a holiday: kept"
)


def _natural(clock: _Clock) -> date:
    day = counting.natural_after(clock.day, clock.count + clock.exclude, clock.spans)
    clock.counted(day, clock.left_out())
    return clock.end(day)


def _working(clock: _Clock) -> date:
    count = clock.count + clock.exclude
    day = counting.working_after(clock.walk, clock.day, count, clock.spans)
    clock.counted(day, clock.left_out())
    return clock.end(day)


def _at_least(clock: _Clock) -> date:
    day = counting.working_after(clock.walk, clock.day, clock.count)
    clock.counted(day)
    clock.earliest = day + DAY
    clock.say(
        Text(
            f"至少满 {clock.count} 个工作日：{clock.earliest} 起方可进行下一步",
            f"a least duration of {clock.count} working days: the next step from {clock.earliest}",
        )
    )
    return day


def _hours(clock: _Clock) -> datetime:
    start = clock.start
    if not isinstance(start, datetime):
        start = datetime(start.year, start.month, start.day)  # noqa: DTZ001 (civil by contract)
        clock.say(
            Text(
                "未给出时刻，从当日 00:00 起算（最早的可能）",
                "no hour was given: counted from 00:00, the earliest it can have been",
            )
        )
    due = start + timedelta(hours=clock.count)
    clock.say(
        Text(
            f"自 {_written(start)} 起 {clock.count} 小时，节假日照计：{_written(due)}",
            f"{clock.count} hours from {_written(start)}, holidays too: {_written(due)}",
        )
    )
    return due


def _months(clock: _Clock) -> date:
    months = clock.count * (counting.MONTHS if clock.limit.unit is Unit.YEAR else 1)
    day = counting.months_after(clock.day, months)
    clock.counted(day)
    if day.day != clock.day.day:
        clock.say(
            Text(
                "到期月没有对应日，以月末日为期间的最后一日",
                "the month has no corresponding day: its last day is the last day of the period",
            )
        )
    return clock.end(day)


def _back_working(clock: _Clock) -> date:
    return _backwards(clock, counting.working_before(clock.walk, clock.day, clock.count))


def _back_natural(clock: _Clock) -> date:
    return _backwards(clock, clock.day - timedelta(days=clock.count))


def _backwards(clock: _Clock, day: date) -> date:
    unit = UNITS[clock.limit.unit]
    clock.say(
        Text(
            f"自 {_day(clock.day, 'zh')} 倒推 {clock.count} {unit.zh}（当日不计），"
            f"最迟 {_day(day, 'zh')}",
            f"{clock.count} {unit.en} back from {_day(clock.day, 'en')} (not counted): "
            f"{_day(day, 'en')} at the latest",
        )
    )
    return day


def _yearly(clock: _Clock) -> date:
    day = counting.yearly(clock.day, clock.limit.day)
    clock.say(
        Text(
            f"每年 {clock.limit.day} 前（含当日）：{_day(day, 'zh')}",
            f"every year by {clock.limit.day}, that day included: {_day(day, 'en')}",
        )
    )
    return clock.end(day)


def _no_day(clock: _Clock) -> None:
    limit = clock.limit
    if limit.rate is not None:
        percent = f"{float(100 * limit.rate):g}"
        clock.say(
            Text(
                f"按日 {percent}% 加处，以罚款本金为上限；不是期限，没有截止日",
                f"{percent} % a day, up to the principal; a rate, no time limit: no last day",
            )
        )
    elif limit.amounts:
        amounts = limit.amounts
        clock.say(
            Text(
                f"金额：个人 {amounts['person']} 元，单位 {amounts['organisation']} 元；不是期限",
                f"an amount: person {amounts['person']}, organisation {amounts['organisation']} "
                "CNY; no time limit",
            )
        )
    elif limit.unit is Unit.COUNT_OF_DAYS:
        clock.say(
            Text(
                "从送达次日数到复查发现仍违法之日（含），须有两个日期；这里没有截止日",
                "counts the days from the day after service to the recheck, that day included; "
                "it needs both dates and has no last day of its own",
            )
        )


COUNT: Mapping[Unit, Callable[[_Clock], date | datetime | None]] = {
    Unit.NATURAL_DAY: _natural,
    Unit.WORKING_DAY: _working,
    Unit.WORKING_DAY_MIN: _at_least,
    Unit.HOUR: _hours,
    Unit.MONTH: _months,
    Unit.YEAR: _months,
    Unit.WORKING_DAY_BEFORE: _back_working,
    Unit.NATURAL_DAY_BEFORE: _back_natural,
    Unit.CALENDAR: _yearly,
    Unit.RATE: _no_day,
    Unit.AMOUNT: _no_day,
    Unit.COUNT_OF_DAYS: _no_day,
    Unit.UNKNOWN: _no_day,
}


def _reason(walk: Walk, limit: Limit, confidence: Confidence) -> Text | None:
    if limit.unit is Unit.UNKNOWN:
        return Text(
            "这条期限未经证实，没有可用的数字；由本地规则确定后才能计算",
            "this limit is unconfirmed and has no number to use; it waits for the local rule",
        )
    if not confidence.accuses:
        return Text(
            "期限数字凭记忆或未经证实：只作提醒，不得据此认定逾期",
            "the number of this limit is from memory or unconfirmed: it may remind, never accuse",
        )
    if walk.unpublished:
        years = "、".join(str(year) for year in sorted(walk.unpublished))
        return Text(
            f"需要 {years} 年的放假安排，尚无通知：暂按周六周日休息计算，载入通知后重算",
            f"needs the holidays of {years}, for which no notice is loaded: only Saturdays and "
            "Sundays are taken as free until it is",
        )
    return None


def _allowed(
    law: Law, limit: Limit, start: date, extend: int, exclude: int, spans: Sequence[Span]
) -> None:
    if not EARLIEST <= start <= LATEST:
        raise _out_of_range()
    if extend < 0:
        raise BadInput("deadline.extend", "延长次数不能为负", "extensions cannot be negative")
    if extend > len(law.extensions):
        raise _too_many(law, extend)
    if exclude < 0:
        raise BadInput("deadline.exclude", "不计入的天数不能为负", "excluded days are not negative")
    if exclude > MOST_EXCLUDED:
        raise BadInput(
            "deadline.exclude",
            f"不计入的天数最多 {MOST_EXCLUDED}",
            f"at most {MOST_EXCLUDED} days may be excluded",
        )
    if (exclude or spans) and (not law.excluded or not limit.unit.is_time):
        raise BadInput(
            "deadline.exclude-none",
            f"{law.article} 没有规定不计入期限的时间，不能扣除",
            f"{law.article} names no time that does not count; nothing can be excluded",
        )


def _too_many(law: Law, extend: int) -> BadInput:
    if law.extension_open:
        return BadInput(
            "deadline.extension-unsaid",
            f"{law.article} 允许延长但没有写明长度，须由批准机关定新的日期",
            f"{law.article} allows an extension but gives no length: the approver names the day",
        )
    most = len(law.extensions)
    return BadInput(
        "deadline.extend",
        f"{law.article} 最多延长 {most} 次，不能延长 {extend} 次",
        f"{law.article} allows at most {most} of them, {extend} were asked",
    )


def _out_of_range() -> BadInput:
    return BadInput(
        "deadline.date",
        f"日期须在 {EARLIEST} 至 {LATEST} 之间",
        f"the day must lie between {EARLIEST} and {LATEST}",
    )


def _other(limit: Limit, due: date | datetime | None) -> Text:
    name = limit.name or Text(limit.id, limit.id)
    return Text(
        f"另一情形（{name.zh}）：{_written(due)}", f"other case ({name.en}): {_written(due)}"
    )


def _written(day: date | datetime | None) -> str | None:
    if day is None:
        return None
    if isinstance(day, datetime):
        return day.isoformat(timespec="minutes")
    return day.isoformat()


def _day(day: date, language: str) -> str:
    return f"{day.isoformat()} {WEEKDAYS[language][day.weekday()]}"
