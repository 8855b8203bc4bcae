"""The rules as a list shows them: what, by when, after what, by which article, how sure."""

from __future__ import annotations

from typing import Any

from fenhe.act.deadlines import limits
from fenhe.act.deadlines.limits import Limit, Rule, Unit
from fenhe.act.deadlines.words import UNITS
from fenhe.kernel.text import Text


def rules_listed() -> list[dict[str, Any]]:
    """One JSON shape for the command line, the API and the page."""
    return [_listed(rule) for rule in limits.rules()]


def _listed(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "procedure": limits.procedures()[rule.procedure].as_dict(),
        "step": rule.step.as_dict(),
        "trigger": rule.trigger.as_dict(),
        "limit": limit_text(rule).as_dict(),
        "cases": [
            {"id": one.id, **one.name.as_dict()} for one in rule.limits if one.id and one.name
        ],
        "extensions": rule.extensions,
        "approvers": rule.approvers,
        "excluded": rule.excluded,
        "roll": rule.roll,
        "owner": rule.owner,
        "article": rule.article,
        "confidence": rule.confidence.value,
        "written": rule.written.model_dump(),
    }


def limit_text(rule: Rule) -> Text:
    """“90 日（自然日） +30 +30”, every case."""
    parts = [_one(limit) for limit in rule.limits]
    more = "".join(f" +{days}" for days in rule.extensions)
    return Text(
        " / ".join(dict.fromkeys(part.zh for part in parts)) + more,
        " / ".join(dict.fromkeys(part.en for part in parts)) + more,
    )


def _one(limit: Limit) -> Text:
    unit = UNITS[limit.unit]
    if limit.unit is Unit.CALENDAR:
        return Text(f"每年 {limit.day} 前", f"every year by {limit.day}")
    if limit.rate is not None:
        percent = f"{float(100 * limit.rate):g}"
        return Text(f"{percent}%/日", f"{percent} %/day")
    if limit.amounts:
        sums = "/".join(str(amount) for amount in limit.amounts.values())
        return Text(f"{sums} 元", f"{sums} CNY")
    if not limit.count:
        return unit
    if limit.unit.backwards:
        return Text(f"之前 {limit.count} {unit.zh}", f"{limit.count} {unit.en} before")
    if limit.unit is Unit.WORKING_DAY_MIN:
        return Text(f"不少于 {limit.count} {unit.zh}", f"at least {limit.count} {unit.en}")
    return Text(f"{limit.count} {unit.zh}", f"{limit.count} {unit.en}")
