"""The reference page of alarm kinds: what raises each, how grave it is, who is told and when."""

from __future__ import annotations

from itertools import groupby

from fenhe.alert import declared
from fenhe.alert.declared import Alert
from fenhe.app import discovery
from fenhe.app.text import say
from fenhe.kernel.text import LANGUAGES, Text
from fenhe.registry import kinds

HEAD = """# Alarm kinds | 告警种类

What alarms whom, as the domains' `alerts.yaml` say. One alarm per kind and object is open at a
time; it clears by itself when its condition ends. A verdict that rests on a number nobody has
confirmed raises a notice at most, whatever stands here. Silence is looked for every five minutes.
Duties are words for people: an alarm names them, it hands nobody a right.

各领域 `alerts.yaml` 所声明的告警。同一对象同一种类同时只有一个未解除的告警，情况消失即自动解除；
依据未经证实的数字时最多为“提示”。数据中断每五分钟检查一次。岗位只是称呼，不附带权限。
"""


def page(written: str) -> str:
    discovery.load()
    found = sorted(declared.all(), key=lambda one: (one.domain, one.id))
    parts = []
    for domain, alerts in groupby(found, key=lambda one: one.domain):
        name = discovery.get(domain).name
        parts += [f"\n## {name.zh} | {name.en}\n", *map(_alert, alerts)]
    return f"{written}{HEAD}{''.join(parts)}"


def _alert(one: Alert) -> str:
    subject = kinds.get(one.kind).name
    rows = (
        ("对象", "object", subject),
        ("条件", "raised when", _condition(one)),
        ("发生时通知", "told at once", _duties(one.to)),
        ("应答时限", "to be answered within", _hours(one.within_hours)),
        ("无人确认时", "while nobody answers", _escalation(one)),
        ("内容", "what it says", one.message),
    )
    table = "".join(
        f"| {zh} {en} | {_cell(text.zh)} | {_cell(text.en)} |\n" for zh, en, text in rows
    )
    head = "| | 中文 | English |\n|---|---|---|\n"
    return f"\n### `{one.id}` {one.name.zh} | {one.name.en}\n\n{head}{table}"


def _condition(one: Alert) -> Text:
    if one.verdict is None:
        grave = _word(f"severity.{one.severity}")
        return Text(
            f"{one.silence_hours:g} 小时没有数据：{grave.zh}",
            f"no data for {one.silence_hours:g} hours: {grave.en}",
        )
    names = {value: _word(f"severity.{word}") for value, word in one.verdict.severity.items()}
    metric = f"`{one.verdict.rule}` · `{one.verdict.metric}`"
    days = one.verdict.recent_days
    return Text(
        f"{metric}：{'，'.join(f'{value} → {name.zh}' for value, name in names.items())}"
        f"（{days} 天内的评价）",
        f"{metric}: {', '.join(f'{value} → {name.en}' for value, name in names.items())}"
        f" (verdicts of the last {days} days)",
    )


def _escalation(one: Alert) -> Text:
    if not one.escalate:
        return Text("不升级", "it climbs no further")
    steps = [(step.after_minutes, _duties(step.to)) for step in one.escalate]
    return Text(
        "；".join(f"满 {minutes} 分钟通知{to.zh}" for minutes, to in steps),
        "; ".join(f"after {minutes} min: {to.en}" for minutes, to in steps),
    )


def _duties(duties: tuple[str, ...]) -> Text:
    names = [_word(f"duty.{duty}") for duty in duties]
    return Text("、".join(name.zh for name in names), ", ".join(name.en for name in names))


def _hours(hours: float | None) -> Text:
    return Text("未规定", "not set") if hours is None else Text(f"{hours:g} 小时", f"{hours:g} h")


def _word(key: str) -> Text:
    return Text(*(say(key, language) for language in LANGUAGES))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
