"""The budget: what the rest of a period may be so that its printed result still meets a target, by
the rounding rules; and the path so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from fenhe.assess.rule import Step
from fenhe.domains.air.pages import budget_steps, facts, standing, words
from fenhe.domains.air.pages import budget_words as said
from fenhe.domains.air.pages.sufficiency import Sufficiency, sufficiency
from fenhe.domains.air.rules import budget as rules
from fenhe.domains.air.rules import composite, tables
from fenhe.domains.air.rules.method import Method, method
from fenhe.kernel.errors import BadInput, NotFound
from fenhe.kernel.period import Period, civil
from fenhe.kernel.rounding import exact, round_half_even
from fenhe.kernel.text import Text
from fenhe.publish.page import Ask, Table
from fenhe.registry import vocabulary
from fenhe.registry.models import Object

MEANS = ("pm2_5", "pm10", "no2", "so2")
LEAST, MOST = Decimal("0.01"), Decimal(10_000)
ASKED = ("city", "metric", "target", "period", "date", "for")
GOOD_LEVELS = (1, 2)
PRESET = {"good_days_pct": "80", "composite": "5.00"}


@dataclass(frozen=True)
class Question:
    city: Object
    metric: str
    period: Period
    as_of: date  # the last day that is known
    target: Fraction
    language: str

    @property
    def known(self) -> Period:
        return Period.days(self.period.first_day, self.as_of)

    @property
    def elapsed(self) -> int:
        return (self.as_of - self.period.first_day).days + 1

    @property
    def remaining(self) -> int:
        return (self.period.last_day - self.as_of).days


def budget(ask: Ask) -> dict[str, Any]:
    place = facts.city(ask, ask.params.get("city", ""))
    last = facts.last_hour(facts.series_of(place.stations)) if place else None
    if place is None or last is None:
        return {"template": "air/empty.html"}
    newest = civil(last).date()
    metric = ask.params.get("metric", "")
    metric = metric if metric in (*MEANS, *PRESET) else MEANS[0]
    period = ask.params.get("period", "") or f"{newest:%Y}"
    as_of = min(facts.asked_day(ask.params) or newest, newest)
    written = ask.params.get("target", "") if ask.params.get("for", metric) == metric else ""
    written = written or _preset(metric, newest)
    data: dict[str, Any] = {
        **facts.cities(ask, place),
        "metrics": [_metric(name, ask.language) for name in (*MEANS, *PRESET)],
        "metric": _metric(metric, ask.language),
        "target": written,
        "period": period,
        "query": f"city={place.thing.code}&"
        f"metric={metric}&target={written}&period={period}&date={as_of}",
        "fresh": {"data_to": Period.day(as_of).end, "computed_at": ask.now},
    }
    try:
        question = _question(place.thing, metric, period, as_of, written, ask.language)
        answer = ANSWERS.get(metric, _mean)(question)
    except BadInput as error:
        return data | {"problem": error.message[ask.language], "as_of": as_of}
    query = urlencode({name: ask.params[name] for name in ASKED if name in ask.params})
    for at, one in enumerate(answer["answers"]):
        one["url"] = f"/air/budget/why?{query}&answer={at}" if one["steps"] else None
    return data | answer | {"as_of": question.as_of}


def why(ask: Ask) -> dict[str, Any]:
    """One figure of the page, explained: computed anew from the same question."""
    found = budget(ask)
    answers = found.get("answers", [])
    at = ask.params.get("answer", "")
    if not at.isascii() or not at.isdigit() or int(at) >= len(answers):
        raise NotFound("air.budget-answer", "没有这个结果", "there is no such figure")
    one = answers[int(at)]
    steps = [words.said(step, ask.language) for step in one["steps"]]
    return found | {"answer": one | {"steps": steps}}


def _preset(metric: str, day: date) -> str:
    """The annual limit where there is one."""
    if metric in PRESET:
        return PRESET[metric]
    return f"{tables.limit(tables.in_force('GB 3095', day), metric, 'annual'):g}"


def _metric(name: str, language: str) -> dict[str, str]:
    if name in MEANS:
        return {"id": name, "label": facts.symbol(name), "unit": vocabulary.get(name).unit}
    label, unit = {
        "good_days_pct": (Text("优良天数比例", "Share of good days"), "%"),
        "composite": (Text("综合指数", "Composite index"), ""),
    }[name]
    return {"id": name, "label": label[language], "unit": unit}


def _question(
    city: Object, metric: str, period: str, as_of: date, target: str, language: str
) -> Question:
    try:
        whole, wanted = Period.parse(period), Decimal(target)
    except (ValueError, ArithmeticError) as error:
        raise BadInput(
            "air.budget-question",
            "时段请写成 2015、2015-Q4 或 2015-07，目标请写成数字",
            "write the period as 2015, 2015-Q4 or 2015-07, and the target as a number",
        ) from error
    if not (wanted.is_finite() and LEAST <= wanted <= MOST) or as_of < whole.first_day:
        raise BadInput(
            "air.budget-question",
            f"目标应在 {LEAST} 与 {MOST} 之间，且时段应已开始有数据",
            f"the target must be from {LEAST} to {MOST}, and the period must have begun",
        )
    return Question(city, metric, whole, min(as_of, whole.last_day), exact(wanted), language)


def _mean(asked: Question) -> dict[str, Any]:
    way = method(asked.as_of)
    item = way.item(asked.metric)
    daily = facts.daily_means(asked.city, asked.metric, asked.known)
    values = [value for value in daily.values() if value is not None]
    enough = _sufficiency(asked, daily, way)
    found = rules.mean_budget(values, asked.remaining, asked.target, item.decimals_statistics)
    bound = found.rest()
    above = sum(round_half_even(value, item.decimals_raw) > item.day_limit for value in values)
    days = len(values) + asked.remaining
    spare = rules.exceedance_days_left(days, above, int(item.percent))
    unit = vocabulary.get(asked.metric).unit
    answers = [
        _answer(
            said.SO_FAR,
            found.present,
            unit,
            enough.counted,
            budget_steps.so_far(found, way, item),
        ),
        _answer(said.LEFT, asked.remaining, "d", said.until(asked.period.last_day)),
    ]
    if bound is not None:
        largest = bound.largest(1)
        shown = largest if found.reachable else None
        steps = budget_steps.rest(found, way, item)
        answers.append(_answer(said.REST, shown, unit, said.bound(bound, found.reachable), steps))
    over = said.over(above, item.day_limit, item.percent)
    steps = budget_steps.days_over(days, above, way, item)
    answers.append(_answer(said.DAYS_OVER, max(spare, 0), "d", over, steps))
    chart = _path(asked, daily, float(bound.value) if bound and found.reachable else None, unit)
    return {
        "edition": way.edition,
        "finding": _finding(enough, said.mean(facts.symbol(asked.metric), found, unit))[
            asked.language
        ],
        "answers": answers,
        "chart": chart,
        "tables": {"budget": chart["table"]},
    }


def _good_days(asked: Question) -> dict[str, Any]:
    found = facts.judged([asked.city], "day", asked.known)
    levels = [one.values.get("level") for one in found.values()]
    valid = sum(level is not None for level in levels)
    good = sum(level in GOOD_LEVELS for level in levels)
    left = rules.good_day_budget(good, valid, asked.remaining, target_pct=asked.target)
    bad, all_good = left.bad_left(), left.needed(valid + asked.remaining)
    share = round_half_even(Fraction(100 * good, valid), 1) if valid else None
    steps = budget_steps.good_days(left, tables.in_force("HJ 633", asked.as_of))
    return {
        "edition": facts.cited(next(iter(found.values()), None), "HJ 633"),
        "finding": said.good(bad, asked.remaining)[asked.language],
        "answers": [
            _answer(said.GOOD_SO_FAR, good, "d", said.valid(valid, asked.elapsed), steps[:1]),
            _answer(said.SHARE, share, "%", said.target(asked.target), steps[:1]),
            _answer(said.LEFT, asked.remaining, "d", said.until(asked.period.last_day)),
            _answer(said.BAD_LEFT, bad, "d", said.needed(all_good), steps),
        ],
        "tables": {},
    }


def _composite(asked: Question) -> dict[str, Any]:
    values = standing.to_date([asked.city], asked.known).get(asked.city.pk, {})
    found = {name: values.get(standing.PRINTED[name]) for name in composite.COLUMNS}
    printed = {name: Decimal(f"{value:g}") for name, value in found.items() if value is not None}
    scheme = tables.in_force("composite", asked.as_of)
    if len(printed) < len(found):
        raise BadInput(
            "air.budget-incomplete",
            "六项污染物尚不齐全，无法计算综合指数",
            "not all six pollutants are there, so there is no composite index",
        )
    daily = facts.daily_means(asked.city, MEANS[0], asked.known)
    enough = _sufficiency(asked, daily, method(asked.as_of), MEANS[0])
    rooms = rules.composite_room(printed, asked.target, scheme)
    index = values["composite"]
    terms = [f"{values['single'][name]:.2f}" for name in composite.COLUMNS]
    now = budget_steps.composite_now(terms, index, scheme)
    answers = [_answer(said.SO_FAR, f"{index:.2f}", "", said.target(asked.target), now)]
    for room in rooms:
        label = Text(f"{facts.symbol(room.name)} 最高可到", f"{facts.symbol(room.name)} up to")
        unit = vocabulary.get(room.name).unit
        steps = budget_steps.room(room, index, asked.target, scheme)
        answers.append(_answer(label, room.largest, unit, said.room(room), steps))
    return {
        "edition": scheme.id,
        "finding": _finding(enough, said.composite(index, asked.target))[asked.language],
        "answers": answers,
        "tables": {},
    }


ANSWERS: dict[str, Callable[[Question], dict[str, Any]]] = {
    "good_days_pct": _good_days,
    "composite": _composite,
}


def _sufficiency(
    asked: Question, daily: dict[date, float | None], way: Method, name: str = ""
) -> Sufficiency:
    known = {day for day, value in daily.items() if value is not None}
    return sufficiency(known, asked.period, asked.as_of, way, way.item(name or asked.metric))


def _finding(enough: Sufficiency, otherwise: Text) -> Text:
    """No word of compliance where the period can no longer be valid, or is over and is not."""
    return enough.said if enough.lost and enough.said else otherwise


def _answer(
    label: Text, value: Any, unit: str, note: Text, steps: Sequence[Step] = ()
) -> dict[str, Any]:
    return {
        "label": label,
        "shown": "—" if value is None else f"{value}",
        "unit": unit,
        "note": note,
        "steps": steps,
    }


def _path(
    asked: Question, daily: dict[date, float | None], rest: float | None, unit: str
) -> dict[str, Any]:
    """Days as bars, the mean so far, and from here on what the rest may average."""
    calendar = list(asked.period.civil_days())
    total, count, means = 0.0, 0, []
    for day in calendar:
        value = daily.get(day)
        if value is not None:
            total, count = total + value, count + 1
        means.append(round(total / count, 1) if count and day <= asked.as_of else None)
    allowed = [
        round(rest, 1) if rest is not None and day > asked.as_of else None for day in calendar
    ]
    bars = [None if (v := daily.get(day)) is None else round(v, 1) for day in calendar]
    language, target = asked.language, float(asked.target)
    names = [text[language] for text in (said.DAILY, said.RUNNING, said.ALLOWED)]
    labels = [day.isoformat() for day in calendar]
    return {
        "id": "budget",
        "script": "budget-spec",
        "finding": said.path(facts.symbol(asked.metric))[language],
        "axis": f"{unit} · {words.AVERAGING['24h'][language]}",
        "spec": {
            "unit": unit,
            "x": labels,
            "decimals": 1,
            "lines": [
                {"name": names[0], "values": bars, "kind": "bar", "colour": "--line-strong"},
                {"name": names[1], "values": means, "colour": "--c1"},
                {"name": names[2], "values": allowed, "colour": "--c2", "dashed": True},
            ],
            "limits": [{"value": target, "label": said.target(asked.target)[language]}],
        },
        "table": Table(
            f"budget-{asked.metric}-{asked.period}",
            ["day", "daily", "mean_so_far", "allowed_mean_of_rest"],
            list(zip(labels, bars, means, allowed, strict=True)),
        ),
    }
