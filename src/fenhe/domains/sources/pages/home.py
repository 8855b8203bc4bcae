"""Pollution sources on the home page: how many outlets exceeded a limit today, who is silent, and
the last thirty days."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fenhe.domains.sources.pages import facts
from fenhe.kernel.period import DAY, HOUR, Period, civil
from fenhe.kernel.text import Text
from fenhe.publish.card import Card
from fenhe.publish.page import Ask

SPARK_DAYS = 30
SILENT = 3 * HOUR


def card(ask: Ask) -> Card | None:
    things = facts.outlets(ask)
    if not things:
        return None
    today = facts.today(ask)
    whole = Period.days(today - (SPARK_DAYS - 1) * DAY, today)
    verdicts = facts.within(things, "day", whole, ("until", "exceeded_hours", "day_exceeded"))
    if not verdicts:
        return None
    by_day: dict[str, list[bool]] = {}
    for one in verdicts:
        is_over = bool(one["exceeded_hours"] or one["day_exceeded"])
        by_day.setdefault(f"{civil(one['start']):%Y-%m-%d}", []).append(is_over)
    now = by_day.get(f"{today}", [])
    over = sum(now)
    heard = _heard(verdicts)
    silent = sum(ask.now - at > SILENT for at in heard.values()) + len(things) - len(heard)
    tongue = ask.language
    days = [f"{today - back * DAY}" for back in range(SPARK_DAYS - 1, -1, -1)]
    spark: list[float | None] = [float(sum(by_day[one])) if one in by_day else None for one in days]
    told = [one for one in spark if one is not None]
    return Card(
        title=Text("污染源", "Pollution sources")[tongue],
        label=Text("今天超标的排放口", "outlets over a limit today")[tongue],
        value=str(over),
        unit=Text("个", "outlets")[tongue],
        link="/sources/",
        finding=Text(
            f"{len(things)} 个联网排放口中今天有 {over} 个超标",
            f"{over} of {len(things)} outlets exceeded a limit today",
        )[tongue],
        standing="bad" if over else "good" if now else "",
        target=Text("排污许可证与排放标准，取严", "permit and standard, the stricter")[tongue],
        notes=[note[tongue] for note in _notes(len(now), silent, things)],
        spark=spark,
        spark_label=Text(
            f"近 {SPARK_DAYS} 天每日超标排放口 "
            f"{min(told, default=0):g}–{max(told, default=0):g} 个",
            f"outlets over a limit by day, last {SPARK_DAYS} days, "
            f"{min(told, default=0):g} to {max(told, default=0):g}",
        )[tongue],
        data_to=max(heard.values(), default=None),
        computed_at=max(one["computed_at"] for one in verdicts),
    )


def _heard(verdicts: list[dict[str, Any]]) -> dict[int, datetime]:
    """Outlet → the end of the last hour it sent."""
    return {
        one["subject_id"]: datetime.fromisoformat(one["until"]) for one in verdicts if one["until"]
    }


def _notes(heard: int, silent: int, things: list[facts.Outlet]) -> list[Text]:
    whole = len(things)
    found = [Text(f"今天 {heard}/{whole} 个有数据", f"{heard} of {whole} have data today")]
    if silent:
        found.append(
            Text(f"{silent} 个超过 3 小时没有数据", f"{silent} silent for more than 3 hours")
        )
    if any(one.thing.attributes.get("simulated") for one in things):
        found.append(Text("含模拟数据", "simulated data among them"))
    return found
