"""Who sends what is due: transmission × validity of a month, outlet by outlet and enterprise by
enterprise. Hours an outlet has been silent since its last one are due too; only a reader with a
clock can count them, so the figures here may lie below those of the verdict."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

from fenhe.assess.models import Verdict
from fenhe.domains.sources.pages import facts
from fenhe.domains.sources.pages.facts import Outlet
from fenhe.domains.sources.rules import effectiveness
from fenhe.kernel.period import HOUR, Period
from fenhe.kernel.rounding import round_half_even
from fenhe.kernel.text import Text
from fenhe.publish.page import Ask, Table

TARGETS = (90, 95)

Row = dict[str, Any]


def league(ask: Ask) -> dict[str, Any]:
    things = facts.outlets(ask)
    if not things:
        return {"template": "sources/empty.html"}
    month = facts.asked_month(ask)
    judged = facts.judged(things, "month", month)
    rows = [_row(one, judged.get(one.thing.pk), month, ask) for one in things]
    firms = _firms(rows)
    target = 95 if ask.params.get("target") == "95" else 90
    for row in (*rows, *firms):
        row["below"] = row["effectiveness"] is not None and row["effectiveness"] < target
    rows.sort(key=lambda row: (row["effectiveness"] is None, -(row["effectiveness"] or 0)))
    return {
        "rows": rows,
        "firms": firms,
        "month": f"{month.first_day:%Y-%m}",
        "newest": f"{facts.today(ask):%Y-%m}",
        "target": target,
        "targets": TARGETS,
        "finding": _finding(rows, target)[ask.language],
        "simulated": any(row["simulated"] for row in rows),
        "fresh": {
            "data_to": max((row["until"] for row in rows if row["until"]), default=None),
            "computed_at": max((one.computed_at for one in judged.values()), default=None),
            "observed": len(judged),
            "expected": len(things),
        },
        "tables": {"outlets": _table(rows, month), "enterprises": _table_of_firms(firms, month)},
    }


def _finding(rows: list[Row], target: int) -> Text:
    known = [row for row in rows if row["effectiveness"] is not None]
    below = sum(row["below"] for row in known)
    silent = len(rows) - len(known)
    zh, en = f"{len(known)} 个排放口中 {below} 个有效传输率低于 {target}%", (
        f"{below} of {len(known)} outlets lie below {target} %"
    )  # fmt: skip
    if silent:
        return Text(f"{zh}；{silent} 个没有数据", f"{en}; {silent} sent nothing")
    return Text(zh, en)


def _row(outlet: Outlet, verdict: Verdict | None, month: Period, ask: Ask) -> Row:
    values = verdict.values if verdict else {}
    until = datetime.fromisoformat(values["until"]) if values.get("until") else None
    silent = int((min(ask.now, month.end) - until) / HOUR) if until else 0
    items = [
        _item(name, code, values, max(silent - 1, 0))
        for name, code in outlet.codes.items()
        if values.get(f"{name}_due")
    ]
    rates = [one["effectiveness"] for one in items if one["effectiveness"] is not None]
    return {
        **outlet.shown(ask.language),
        "items": items,
        "due": sum(one["due"] for one in items),
        "received": sum(one["received"] for one in items),
        "valid": sum(one["valid"] for one in items),
        "transmission": _mean([one["transmission"] for one in items]),
        "validity": _mean([one["validity"] for one in items]),
        "effectiveness": _mean(rates),
        "until": until,
        "silent": max(silent - 1, 0),
        "why": facts.explain(verdict.pk if verdict else None, "effectiveness"),
        "over": sum(values.get(f"{name}_over") or 0 for name in outlet.codes),
    }


def _item(name: str, code: str, values: dict[str, Any], silent: int) -> Row:
    """`silent`: whole hours since the last one received, but one: the newest may be on its way."""
    due = values[f"{name}_due"] + effectiveness.without_checks(silent, code)
    received, valid = values[f"{name}_received"], values[f"{name}_valid"]
    transmission, validity, whole = effectiveness.of_counts(due, received, valid)
    return {
        "symbol": facts.symbol(name), "due": due, "received": received, "valid": valid,
        "transmission": transmission, "validity": validity, "effectiveness": whole,
    }  # fmt: skip


def _mean(values: list[float | None]) -> float | None:
    known = [one for one in values if one is not None]
    return _printed(sum(known) / len(known)) if known else None


def _printed(value: float | None) -> float | None:
    return None if value is None else float(round_half_even(value, 2))


def _firms(rows: list[Row]) -> list[Row]:
    """Enterprises by the mean of their outlets; ties share a rank."""
    frame = pl.DataFrame(
        [(row["enterprise_url"], str(row["id"]), row["effectiveness"]) for row in rows
         if row["enterprise_url"]],
        {"enterprise": pl.String, "outlet": pl.String, "effectiveness": pl.Float64},
        orient="row",
    )  # fmt: skip
    names = {row["enterprise_url"]: row["enterprise"] for row in rows}
    return [
        {
            "rank": row["rank"],
            "name": names[row["enterprise"]],
            "url": row["enterprise"],
            "outlets": row["outlets"],
            "effectiveness": _printed(row["effectiveness"]),
        }
        for row in effectiveness.league(frame).iter_rows(named=True)
    ]


def _table(rows: list[Row], month: Period) -> Table:
    return Table(
        f"effectiveness-{month}",
        ["enterprise", "outlet", "code", "pollutant", "due", "received", "valid", "transmission",
         "validity", "effectiveness"],
        [
            [row["enterprise"], row["name"], row["code"], one["symbol"], one["due"],
             one["received"], one["valid"], one["transmission"], one["validity"],
             one["effectiveness"]]
            for row in rows for one in row["items"]
        ],
    )  # fmt: skip


def _table_of_firms(firms: list[Row], month: Period) -> Table:
    columns = ["rank", "enterprise", "outlets", "effectiveness"]
    rows = [[row["rank"], row["name"], row["outlets"], row["effectiveness"]] for row in firms]
    return Table(f"effectiveness-enterprises-{month}", columns, rows)
