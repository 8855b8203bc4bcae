"""How the values of an outlet's day, month and year came about, from the verdict's own values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fenhe.assess.rule import Assessment, Step
from fenhe.domains.sources.rules import hourly, tables
from fenhe.domains.sources.rules.exceedance import EXCEEDED, WARNED

Values = Mapping[str, Any]

SUMMARY = {
    "exceeded_hours": (
        "超标小时最多的一项：{value} 小时", "hours over, of the worst pollutant: {value}",
    ),
    "consecutive": ("最长连续 {value} 小时超标", "longest run over the limit: {value} hours"),
    "multiple": ("最高为限值的 {value} 倍以上", "at its highest {value} times the limit or more"),
    "day_exceeded": ("{value} 项日均值超标", "means of the day over their limit: {value}"),
    "warned_hours": (
        "{value} 小时超过不能作为依据的限值（凭记忆、未核实或政策目标），只提示",
        "{value} hours over a limit that may not accuse (from memory, unconfirmed or a policy "
        "target): a warning only",
    ),
}  # fmt: skip
COUNTED = {
    "not_following": (
        "{value} 个小时的折算值与按 C·(21−基准氧)/(21−氧) 重算的不符",
        "{value} hours whose converted value does not follow from C·(21 − O₂ref)/(21 − O₂)",
    ),
    "permit_unread": (
        "许可内容写法读不懂，未采用：{value}",
        "what the permit says cannot be read and is not used: {value}",
    ),
}


def day(row: Values, ask: Assessment) -> list[Step]:
    """Each pollutant's mean, highest hour and kilograms; each event with its limit; the sums."""
    found = [step for name in hourly.CODES for step in _pollutant(row, name)]
    for event in row.get("events") or []:
        found += _event(event)
    for metric, words in SUMMARY.items():
        if row.get(metric) is not None:
            found += _summed(metric, row, words)
    edition = tables.monitoring()
    for metric, (zh, en) in COUNTED.items():
        if (value := row.get(metric)) is not None:
            found.append(
                Step(metric, value, zh.format(value=value), en.format(value=value),
                     clause="HJ 212-2017 D", edition=edition.id)
            )  # fmt: skip
    return found


def _pollutant(row: Values, name: str) -> list[Step]:
    if row.get(f"{name}_valid") is None:
        return []
    edition = tables.monitoring()
    rule = edition.table("validity").one(span="day")
    valid, least = row[f"{name}_valid"], tables.least("day")
    about: dict[str, Any] = {
        "clause": rule.clause, "edition": edition.id, "confidence": rule.confidence.value,
    }  # fmt: skip
    found = []
    if (mean := row.get(name)) is not None:
        found.append(
            Step(name, mean, f"{valid} 个有效小时的均值 {mean:g}；日均值有效须 {least} 个",
                 f"mean of {valid} valid hours: {mean:g}; a valid day needs {least}", **about)
        )  # fmt: skip
    if (kg := row.get(f"{name}_kg")) is not None:
        found.append(
            Step(f"{name}_kg", kg, f"各有效小时浓度×流量之和：{kg:g} kg",
                 f"sum over valid hours of concentration times flow: {kg:g} kg",
                 clause="HJ 212-2017 D", edition=edition.id)
        )  # fmt: skip
    limit, highest = row.get(f"{name}_limit"), row.get(f"{name}_max")
    if highest is not None:
        against = ("；没有可比的限值", "; no limit to compare with")
        if limit is not None:
            against = (f"；限值 {limit:g}", f"; limit {limit:g}")
        found.append(
            Step(f"{name}_max", highest, f"最高小时均值 {highest:g}{against[0]}",
                 f"highest hour {highest:g}{against[1]}")
        )  # fmt: skip
    return found


def _event(event: Values) -> list[Step]:
    limit, name = event["limit"], event["property"]
    zh = (
        f"{event['begin'][5:16].replace('T', ' ')} 起 {event['parts']} 个均值超过限值 {limit:g}，"
        f"最高 {event['peak']:g}；{_by(event)[0]}"
    )
    en = (
        f"from {event['begin'][5:16].replace('T', ' ')}, {event['parts']} means over {limit:g}, "
        f"highest {event['peak']:g}; {_by(event)[1]}"
    )
    return [Step(f"{name}_over", event["parts"], zh, en, *_decides(event))]


def _decides(event: Values) -> tuple[str, str, str]:
    """Clause, edition, confidence of the limit that decides; a permit is a document."""
    if event["decided_by"] == "permit":
        return "", "", ""
    return event["clause"] or "", event["edition"] or "", event["confidence"] or ""


def _by(event: Values) -> tuple[str, str]:
    if event["decided_by"] == "permit":
        zh, en = "限值取自排污许可证", "the limit is the permit's"
    else:
        zh, en = f"限值取自 {event['standard']}", f"the limit is that of {event['standard']}"
    if event["verdict"] == WARNED:
        zh, en = f"{zh}；只提示，不作为超标依据", f"{en}; a warning, no finding"
    return zh, en


def _summed(metric: str, row: Values, words: tuple[str, str]) -> list[Step]:
    """One step per limit it rests on, so that a doubtful one is seen to be so."""
    wanted = WARNED if metric == "warned_hours" else EXCEEDED
    value = row[metric]
    said = {
        _rests_on(event): event
        for event in row.get("events") or []
        if event["verdict"] == wanted and (event["span"] == "day") == (metric == "day_exceeded")
    }
    zh, en = (word.format(value=value) for word in words)
    if not said:
        return [Step(metric, value, zh, en)]
    return [
        Step(metric, value, f"{zh}；{_by(event)[0]}", f"{en}; {_by(event)[1]}", clause, edition,
             confidence)
        for (clause, edition, confidence), event in said.items()
    ]  # fmt: skip


def _rests_on(event: Values) -> tuple[str, str, str]:
    """Clause, edition, confidence of what the finding stands on; a permit is a document."""
    if event["verdict"] == EXCEEDED and event["firm_by"] == "permit":
        return "", "", ""
    return event["clause"] or "", event["edition"] or "", event["confidence"] or ""


def period(row: Values, ask: Assessment) -> list[Step]:
    edition = tables.monitoring()
    found = [step for name in hourly.CODES for step in _rates(row, name, edition.id)]
    if (value := row.get("effectiveness")) is not None:
        found.append(
            Step("effectiveness", value, f"各污染物有效传输率的均值 {value:g}%",
                 f"mean over the pollutants: {value:g} %", edition=edition.id)
        )  # fmt: skip
    for metric in ("low", "used", "total"):
        if (value := row.get(metric)) is not None:
            found.append(Step(metric, value, *_end(metric, row)))
    return found


def _end(metric: str, row: Values) -> tuple[str, str]:
    """What `low`, `used` and `total` say."""
    value = row[metric]
    match metric:
        case "low":
            return f"有效传输率低于 {value}%", f"effectiveness below {value} %"
        case "used":
            return (
                f"用去许可年排放量的 {value:g}%",
                f"{value:g} % of a permitted yearly total used",
            )
    if value == "over":
        return "已超过许可年排放量", "beyond the permitted total"
    return "接近许可年排放量", "close to the permitted total"


def _rates(row: Values, name: str, edition: str) -> list[Step]:
    found = []
    if (rate := row.get(f"{name}_effectiveness")) is not None:
        due, received, valid = (row[f"{name}_{part}"] for part in ("due", "received", "valid"))
        found.append(
            Step(f"{name}_effectiveness", rate,
                 f"传输率 {received}/{due} × 有效率 {valid}/{due} = {rate:g}%",
                 f"transmission {received}/{due} × validity {valid}/{due} = {rate:g} %",
                 edition=edition)
        )  # fmt: skip
    if (kg := row.get(f"{name}_kg")) is not None:
        allowed = row.get(f"{name}_allowed_t")
        told = (f"；许可年排放量 {allowed:g} t", f"; permitted {allowed:g} t a year")
        more = ("", "") if allowed is None else told
        found.append(
            Step(f"{name}_kg", kg, f"各日排放量之和 {kg:g} kg{more[0]}",
                 f"sum of the days: {kg:g} kg{more[1]}", edition=edition)
        )  # fmt: skip
    return found
