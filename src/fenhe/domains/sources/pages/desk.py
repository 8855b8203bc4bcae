"""The exceedance desk: what ran over a limit today or in the days asked for, outlet by outlet, with
the limit, who says it, how well it is known, how long it lasted, and the alarm it raised."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from fenhe.alert.models import Alarm
from fenhe.domains.sources.pages import facts, looks
from fenhe.domains.sources.pages.facts import Outlet
from fenhe.domains.sources.rules.exceedance import EXCEEDED
from fenhe.kernel.period import Period
from fenhe.kernel.text import Text
from fenhe.publish.page import Ask, Table

SPANS = {
    "1": Text("今天", "today"),
    "7": Text("7 天", "7 days"),
    "31": Text("31 天", "31 days"),
}
VALUES = ("events", "until", "not_following", "permit_unread")

Row = dict[str, Any]


def desk(ask: Ask) -> dict[str, Any]:
    things = facts.outlets(ask)
    if not things:
        return {"template": "sources/empty.html"}
    span = ask.params.get("span", "1")
    span = span if span in SPANS else "1"
    day = facts.today(ask)
    period = Period.days(day - timedelta(days=int(span) - 1), day)
    verdicts = facts.within(things, "day", period, VALUES)
    rows = runs(things, verdicts, ask)
    only = ask.params.get("verdict", "")
    shown = [row for row in rows if only in ("", row["verdict"]["id"])]
    firm = {row["outlet"]["id"] for row in rows if row["verdict"]["id"] == EXCEEDED}
    heard = [one["until"] for one in verdicts if one["until"]]
    return {
        "rows": shown,
        "span": span,
        "spans": [{"id": key, "label": text[ask.language]} for key, text in SPANS.items()],
        "only": only,
        "verdicts": [
            {"id": one.id, "label": one.name[ask.language]}
            for one in looks.classes() if one.id in ("exceeded", "warned")
        ],
        "period": period,
        "finding": _finding(len(things), len(firm), len(rows), SPANS[span])[ask.language],
        "doubts": _doubts(things, verdicts, ask),
        "simulated": any(one.thing.attributes.get("simulated") for one in things),
        "fresh": {
            "data_to": max(map(datetime.fromisoformat, heard), default=None),
            "computed_at": max((one["computed_at"] for one in verdicts), default=None),
            "observed": len({one["subject_id"] for one in verdicts if one["until"]}),
            "expected": len(things),
        },
        "tables": {"events": _table(shown, period)},
    }  # fmt: skip


def _finding(outlets: int, firm: int, runs: int, span: Text) -> Text:
    if not runs:
        return Text(
            f"{span.zh}：{outlets} 个排放口没有超过限值的时段",
            f"{span.en}: none of {outlets} outlets ran over a limit",
        )
    return Text(
        f"{span.zh}：{outlets} 个排放口中 {firm} 个超标，共 {runs} 段超过限值",
        f"{span.en}: {firm} of {outlets} outlets exceeded a limit; {runs} runs over a limit in all",
    )


def runs(things: list[Outlet], verdicts: list[Row], ask: Ask) -> list[Row]:
    """Events of the days, those that go on over midnight as one; the newest first."""
    by_id = {one.thing.pk: one for one in things}
    found: dict[tuple[int, str, str], list[Row]] = {}
    for verdict in verdicts:
        for event in verdict["events"] or []:
            key = (verdict["subject_id"], event["property"], event["span"])
            own = found.setdefault(key, [])
            if own and own[-1]["end"] == event["begin"] and own[-1]["limit"] == event["limit"]:
                own[-1] = _joined(own[-1], event)
            else:
                own.append({**event, "pk": verdict["pk"], "subject": verdict["subject_id"]})
    rows = [event for own in found.values() for event in own]
    rows.sort(key=lambda event: (event["begin"], event["subject"]), reverse=True)
    alarms = facts.alarms_of_days(ask, things, {event["begin"][:10] for event in rows})
    return [_row(event, by_id[event["subject"]], alarms, ask) for event in rows]


def _joined(first: Row, then: Row) -> Row:
    graver = max(first, then, key=lambda event: event["peak"])
    verdict = EXCEEDED if EXCEEDED in (first["verdict"], then["verdict"]) else first["verdict"]
    return {
        **first, "end": then["end"], "parts": first["parts"] + then["parts"],
        "peak": graver["peak"], "times": graver["times"], "verdict": verdict,
    }  # fmt: skip


def _row(event: Row, outlet: Outlet, alarms: dict[tuple[int, str], Alarm], ask: Ask) -> Row:
    name = event["property"]
    alarm = alarms.get((outlet.thing.pk, event["begin"][:10]))
    return {
        "outlet": outlet.shown(ask.language),
        "property": facts.symbol(name),
        "unit": facts.unit(name),
        "begin": _civil(event["begin"]),
        "end": _civil(event["end"]),
        "parts": event["parts"],
        "of_day": event["span"] == "day",
        "peak": facts.printed(event["peak"], name),
        "times": facts.figure(event["times"], 2),
        "verdict": looks.of(event["verdict"], ask.language),
        "limit": facts.plain(event["limit"]),
        "by_permit": event["decided_by"] == "permit",
        "standard": event["standard"] or "",
        "standard_limit": facts.plain(event["limit_standard"]),
        "clause": event["clause"] or "",
        "edition": event["edition"] or "",
        "confidence": facts.confidence(event["confidence"]),
        "why": facts.explain(event["pk"], f"{name}_over"),
        "alarm": f"/alarms/{alarm.pk}" if alarm else "",
        "alarm_state": alarm.state if alarm else "",
    }


def _civil(written: str) -> str:
    return written[5:16].replace("T", " ")


def _doubts(things: list[Outlet], verdicts: list[Row], ask: Ask) -> list[Row]:
    """Outlets whose conversion does not follow, or whose permit could not be read."""
    by_id = {one.thing.pk: one for one in things}
    found: dict[int, Row] = {}
    for verdict in verdicts:
        if not (verdict["not_following"] or verdict["permit_unread"]):
            continue
        row = found.setdefault(
            verdict["subject_id"],
            {**by_id[verdict["subject_id"]].shown(ask.language), "hours": 0, "unread": ""},
        )
        row["hours"] += verdict["not_following"] or 0
        row["unread"] = verdict["permit_unread"] or row["unread"]
        row["why"] = facts.explain(verdict["pk"], "not_following")
    return list(found.values())


def _table(rows: list[Row], period: Period) -> Table:
    columns = [
        "enterprise", "outlet", "code", "pollutant", "begin", "end", "means", "highest", "unit",
        "limit", "multiple_over", "verdict", "decided_by", "standard", "clause", "edition",
        "confidence",
    ]  # fmt: skip
    return Table(
        f"exceedances-{period.first_day}-{period.last_day}",
        columns,
        [
            [row["outlet"]["enterprise"], row["outlet"]["name"], row["outlet"]["code"],
             row["property"], row["begin"], row["end"], row["parts"], row["peak"], row["unit"],
             row["limit"], row["times"], row["verdict"]["id"],
             "permit" if row["by_permit"] else "standard", row["standard"], row["clause"],
             row["edition"], row["confidence"].value if row["confidence"] else ""]
            for row in rows
        ],
    )  # fmt: skip
