"""The pages of the fraud watch: outlets ranked by suspicion, and one page a finding that an
inspector can print. Nobody sees them without the right to see leads: whom they are about least."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from fenhe.access import gate
from fenhe.assess import leads
from fenhe.assess.models import Lead, WatchRun
from fenhe.domains.sources.fraud import evidence, watch
from fenhe.domains.sources.fraud.finding import DISCLAIMER, declared
from fenhe.domains.sources.rules import tables
from fenhe.domains.sources.watch import FRAUD
from fenhe.kernel.errors import NotFound
from fenhe.kernel.period import Period, civil
from fenhe.kernel.text import Language, Text
from fenhe.publish.page import Ask, Table

SHOWN = 3  # findings of an outlet in its line; the rest unfold
ORDINARY_YEARS, ROUGH_YEARS = 100, 50
LEFT_OUT = {
    "no_nox": Text("没有 NOx 小时值", "no hours of NOx"),
    "too_short": Text("不足 15 天数据", "fewer than 15 days of data"),
    "no_load": Text("既无负荷也无流量", "neither load nor flow"),
}


def league(ask: Ask) -> dict[str, Any]:
    asked = ask.form.get("act") == "run"
    if asked:
        leads.want(ask.person, FRAUD)
    run = leads.newest(FRAUD)
    rows = _ranked(ask, run) if run else []
    return {
        "template": "sources/fraud.html",
        "disclaimer": DISCLAIMER[ask.language],
        "run": _run(run, ask.language) if run else None,
        "failed": _failed(run),
        "asked": asked,
        "under_way": leads.under_way(FRAUD, ask.now),
        "may_run": gate.may(ask.person, "lead.run"),
        "rows": rows,
        "tests": _tests(rows, ask.language),
        "tables": {"leads": _table(rows, run)} if run else {},
    }


def _run(run: WatchRun, tongue: Language) -> dict[str, Any]:
    return {
        "row": run,
        "period": str(Period(run.start, run.end)) if run.start and run.end else "",
        "left_out": [
            {"why": LEFT_OUT[why][tongue] if why in LEFT_OUT else why, "count": count}
            for why, count in sorted(run.left_out.items())
        ],
    }


def _failed(newest: WatchRun | None) -> WatchRun | None:
    """The last run, where it failed after the newest one that did not."""
    last = WatchRun.objects.filter(watch=FRAUD).exclude(state="running").order_by("-began_at")
    first = last.first()
    return first if first is not None and first.state == "failed" and first != newest else None


def _ranked(ask: Ask, run: WatchRun) -> list[dict[str, Any]]:
    seen = gate.visible(ask.person, Lead.objects.filter(run=run), "lead.view")
    by_outlet: dict[int, list[Lead]] = defaultdict(list)
    for lead in seen.select_related("subject").order_by("-strength", "start", "pk"):
        by_outlet[lead.subject_id].append(lead)
    rows = [_row(some, ask.language) for some in by_outlet.values()]
    rows.sort(key=lambda row: (-row["suspicion"], row["outlet"].code))
    for rank, row in enumerate(rows, 1):
        row["rank"] = rank
    return rows


def _row(some: list[Lead], tongue: Language) -> dict[str, Any]:
    best: dict[str, float] = {}
    for lead in some:
        best[lead.test] = max(best.get(lead.test, 0.0), lead.strength)
    told = [shown(lead, tongue) for lead in some]
    return {
        "outlet": some[0].subject,
        "name": some[0].subject.name(tongue),
        "suspicion": watch.suspicion(best),
        "tests": len(best),
        "findings": told[:SHOWN],
        "more": told[SHOWN:],
    }


def shown(lead: Lead, tongue: Language) -> dict[str, Any]:
    reason = lead.values["reason"]
    return {
        "lead": lead,
        "test": declared(lead.test).text("name")[tongue],
        "interval": interval(lead),
        "reason": reason[tongue],
        "rate": rate(lead.test),
    }


def interval(lead: Lead) -> str:
    return f"{civil(lead.start):%Y-%m-%d %H:%M} – {civil(lead.end):%Y-%m-%d %H:%M}"


def rate(test: str) -> dict[str, Any]:
    """False alarms a simulated outlet-year, as measured; of ordinary and of rough years."""
    row = tables.latest(tables.WATCH).table("rates").one(test=test)
    return {
        "ordinary": int(row["ordinary"]) / ORDINARY_YEARS,
        "rough": int(row["rough"]) / ROUGH_YEARS,
    }


def _tests(rows: list[dict[str, Any]], tongue: Language) -> list[dict[str, Any]]:
    """Every test with how many outlets it names and how often it errs."""
    named: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        for one in [*row["findings"], *row["more"]]:
            named[one["lead"].test].add(row["outlet"].pk)
    return [
        {
            "name": declared(test).text("name")[tongue],
            "inputs": evidence.inputs(test)[tongue],
            "statistic": declared(test).text("statistic")[tongue],
            "threshold": declared(test)["threshold"],
            "outlets": len(named[test]),
            "rate": rate(test),
        }
        for test in watch.TESTS
    ]


def _table(rows: list[dict[str, Any]], run: WatchRun | None) -> Table:
    columns = ["rank", "outlet", "name", "suspicion", "test", "begin", "end", "statistic",
               "threshold", "p", "reason"]  # fmt: skip
    cells = [
        [
            row["rank"], row["outlet"].code, row["name"], round(row["suspicion"], 3),
            one["lead"].test, civil(one["lead"].start).isoformat(),
            civil(one["lead"].end).isoformat(), one["lead"].values["statistic"],
            one["lead"].values["threshold"], one["lead"].values["p"], one["reason"],
        ]
        for row in rows
        for one in [*row["findings"], *row["more"]]
    ]  # fmt: skip
    stamp = f"{civil(run.began_at):%Y%m%d}" if run else ""
    return Table(f"leads-{stamp}", columns, cells)


def lead(ask: Ask) -> dict[str, Any]:
    number = ask.params["number"]
    missing = NotFound("sources.no-lead", "没有这条线索", "there is no such lead")
    if not number.isdecimal() or len(number) > 15:
        raise missing
    rows = Lead.objects.filter(pk=int(number)).select_related("subject", "run")
    found = gate.find(ask.person, rows, missing, "lead.view")
    told = shown(found, ask.language)
    data = evidence.of(found, ask)
    return {
        **told,
        **data,
        "template": "sources/fraud_lead.html",
        "disclaimer": DISCLAIMER[ask.language],
        "outlet": found.subject,
        "name": found.subject.name(ask.language),
        "others": [
            shown(one, ask.language)
            for one in gate.visible(
                ask.person,
                Lead.objects.filter(run=found.run, subject=found.subject).exclude(pk=found.pk),
                "lead.view",
            ).order_by("-strength")[:10]
        ],
        "may_see_frames": gate.may(ask.person, "frame.view"),
        "tables": {"hours": evidence.table(found, data)},
        "papers": {"evidence": lambda: evidence.paper(found, told, data, ask.language)},
    }
