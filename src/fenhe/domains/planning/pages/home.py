"""Where we stand against the year's targets, on the home page."""

from __future__ import annotations

from fenhe.domains.planning.pages import facts
from fenhe.domains.planning.pages.plan import finding
from fenhe.kernel.text import Text
from fenhe.publish.card import Card
from fenhe.publish.page import Ask

LISTED = 4


def card(ask: Ask) -> Card | None:
    """None while there is no plan with a target."""
    plan = facts.chosen(ask, facts.plans(ask))
    aimed = facts.targets(ask, plan) if plan else []
    if plan is None or not aimed:
        return None
    rows = [one.row(ask.language) for one in aimed]
    on = [row for row in rows if row["course"] == "on_course"]
    off = [row for row in rows if row["course"] == "off"]
    risk = [row for row in rows if row["course"] == "at_risk"]
    worst = [*off, *risk]
    return Card(
        title=plan.name(ask.language),
        label=Text("在轨的年度指标", "targets on course")[ask.language],
        value=f"{len(on)}/{len(rows)}",
        unit="",
        link=f"/planning/?plan={plan.code}",
        finding=finding(rows)[ask.language],
        standing="bad" if worst else "good" if on else "",
        standing_word=_word(len(off), len(risk))[ask.language],
        notes=[_note(row)[ask.language] for row in worst[:LISTED]],
        data_to=min((row["data_to"] for row in rows if row["data_to"]), default=None),
        computed_at=max((row["computed_at"] for row in rows if row["computed_at"]), default=None),
    )


def _word(off: int, risk: int) -> Text:
    if off:
        return Text(f"{off} 项偏离", f"{off} off course")
    if risk:
        return Text(f"{risk} 项有风险", f"{risk} at risk")
    return Text("全部在轨", "all on course")


def _note(row: dict[str, object]) -> Text:
    unit = f" {row['unit']}" if row["unit"] else ""
    zh = f"{row['name']} {row['value']}{unit}，目标 {row['aim']}"
    en = f"{row['name']} {row['value']}{unit}, target {row['aim']}"
    if row["forecast"]:
        zh, en = f"{zh}，预计全年 {row['forecast']}", f"{en}, forecast {row['forecast']}"
    return Text(zh, en)
