"""One outlet live: the last hours of a pollutant as measured and as converted, against its limit,
with flags, our own conversion, and for every number the reading it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl

from fenhe.assess import engine, inputs, rule
from fenhe.assess.models import Verdict
from fenhe.assess.rule import Assessment
from fenhe.domains.sources.pages import facts, looks
from fenhe.domains.sources.pages.facts import Outlet
from fenhe.domains.sources.rules import held, live
from fenhe.domains.sources.rules.registered import OUTFALL, STACK, WORDS
from fenhe.kernel.period import HOUR, Period, civil
from fenhe.kernel.text import Text
from fenhe.observe.flags import Flag
from fenhe.observe.models import Latest
from fenhe.publish.page import Ask, Table
from fenhe.registry import vocabulary
from fenhe.registry.models import Series

SPANS = {
    "24": Text("24 小时", "24 hours"),
    "72": Text("72 小时", "72 hours"),
    "168": Text("7 天", "7 days"),
}
MARKED = (int(Flag.SUSPECT), int(Flag.FAIL))

Row = dict[str, Any]


def stack(ask: Ask) -> dict[str, Any]:
    return _page(ask, facts.outlet(ask, STACK, ask.params["code"]))


def outfall(ask: Ask) -> dict[str, Any]:
    return _page(ask, facts.outlet(ask, OUTFALL, ask.params["code"]))


def _page(ask: Ask, outlet: Outlet) -> dict[str, Any]:
    hours = int(ask.params["span"]) if ask.params.get("span") in SPANS else 72
    end = ask.now.replace(minute=0, second=0, microsecond=0) + HOUR
    judged, series = _hours(outlet, Period(end - hours * HOUR, end))
    measured = [name for name in outlet.codes if name in set(judged["property"])]
    name = ask.params.get("property", "")
    name = name if name in measured else next(iter(measured), next(iter(outlet.codes)))
    rows = _rows(judged.filter(pl.col("property") == name), series, name, ask.language)
    day = _last_judged(outlet, ask)
    chart = _chart(outlet, name, rows, Period(end - hours * HOUR, end), ask.language)
    return {
        **outlet.shown(ask.language),
        "outlet": outlet.thing,
        "kind": WORDS[outlet.thing.kind],
        "attributes": outlet.thing.attributes,
        "limits": _limits(outlet, ask),
        "unread": day.values.get("permit_unread") if day else None,
        "properties": [{"id": one, "symbol": facts.symbol(one)} for one in measured],
        "property": name,
        "symbol": facts.symbol(name),
        "spans": [{"id": key, "label": text[ask.language]} for key, text in SPANS.items()],
        "span": str(hours),
        "query": f"property={name}&span={hours}",
        "now": _now(outlet, ask),
        "day": _day(outlet, day, ask.language),
        "day_of": civil(day.start).date() if day else facts.today(ask),
        "rows": list(reversed(rows)),
        "chart": chart,
        "alarm": facts.alarms(ask, [outlet]).get(outlet.thing.pk),
        "fresh": {
            "data_to": _until(judged),
            "computed_at": day.computed_at if day else None,
            "observed": day.observed if day else 0,
            "expected": day.expected if day else 0,
        },
        "tables": {"hours": chart["table"]},
    }


def _last_judged(outlet: Outlet, ask: Ask) -> Verdict | None:
    """The verdict of today, before its first hour that of yesterday."""
    today = facts.today(ask)
    for day in (today, today - timedelta(days=1)):
        found = facts.judged([outlet], "day", Period.day(day)).get(outlet.thing.pk)
        if found is not None:
            return found
    return None


def _until(judged: pl.DataFrame) -> datetime | None:
    last = judged.filter(pl.col("received"))["start"].max()
    return last + HOUR if isinstance(last, datetime) else None


def _hours(outlet: Outlet, period: Period) -> tuple[pl.DataFrame, dict[tuple[str, str], int]]:
    """The hours as the rule of the day judges them, and the series (property, statistic)."""
    one = rule.get(f"sources.{WORDS[outlet.thing.kind]}-day")
    days = [(outlet.thing.pk, Period.day(day).start) for day in period.civil_days()]
    asks = engine.asks(one, days) or [Assessment.cited(one, period.end)]
    found = [live.hours_judged(inputs.gather(one, ask), ask, outlet.gas) for ask in asks]
    emitted = inputs.series(one, [outlet.thing.pk])
    series = {
        (row["property"], row["statistic"]): row["series"] for row in emitted.iter_rows(named=True)
    }
    inside = pl.col("start").is_between(period.start, period.end, closed="left")
    whole = pl.concat(found, how="vertical_relaxed")
    return whole.filter(inside).sort("property", "start"), series


def _rows(
    judged: pl.DataFrame, series: dict[tuple[str, str], int], name: str, language: str
) -> list[Row]:
    found = []
    for row in judged.iter_rows(named=True):
        start = row["start"]
        flag = Flag(row["flag"])
        found.append({
            "start": start,
            "at": f"{civil(start):%m-%d %H:%M}",
            "measured": row["measured"],
            "sent": row["sent"],
            "own": row["own"],
            "value": row["value"],
            "limit": row["limit"],
            "shown": facts.printed(row["measured"], name),
            "sent_shown": facts.printed(row["sent"], name),
            "own_shown": facts.printed(row["own"], name),
            "o2": facts.figure(row["o2"], 2),
            "flow": facts.figure(row["flow"], 0 if name.startswith("stack") else 2),
            "kg": facts.figure(row["kg"], 3),
            "follows": row["follows"],
            "marked": int(flag) in MARKED,
            "doubtful": flag is Flag.SUSPECT,
            "verdict": looks.of(row["verdict"], language),
            "why": facts.why_reading(series.get((name, "value")), start),
            "why_sent": facts.why_reading(series.get((name, "zs")), start),
        })  # fmt: skip
    return found


def _chart(
    outlet: Outlet, name: str, rows: list[Row], period: Period, language: str
) -> dict[str, Any]:
    by_start = {row["start"]: row for row in rows}
    count = period.length // HOUR
    starts = [period.start + place * HOUR for place in range(count)]
    shown = [by_start.get(start) for start in starts]
    labels = [f"{civil(start):%m-%d %H:%M}" for start in starts]
    about = vocabulary.get(name)
    flags = ["marked" if row and row["marked"] else "" for row in shown]
    words = (Text("实测", "measured"), Text("折算（设备）", "converted (device)"))
    lines = [{"name": words[0][language], "values": _values(shown, "measured"), "flags": flags}]
    if outlet.gas and any(row["sent"] is not None for row in rows):
        lines.append({"name": words[1][language], "values": _values(shown, "sent")})
    return {
        "id": "hours",
        "script": "hours-spec",
        "finding": _finding(name, rows, count)[language],
        "axis": f"{about.name[language]} · {about.unit} · "
        + Text("小时均值", "hourly means")[language],
        "spec": {
            "unit": about.unit,
            "x": labels,
            "lines": lines,
            "limits": _lines_of_limits(rows, outlet, name, language),
            "decimals": about.decimals,
        },
        "table": Table(
            f"{outlet.thing.code}-{name}-{period.last_day}",
            ["start", "measured", "converted", "recomputed", "o2", "flow", "kg", "limit",
             "verdict"],
            [
                [label] + (
                    [row["shown"], row["sent_shown"], row["own_shown"], row["o2"], row["flow"],
                     row["kg"], facts.plain(row["limit"]), row["verdict"]["id"]]
                    if row else [None] * 8
                )
                for label, row in zip(labels, shown, strict=True)
            ],
        ),
    }  # fmt: skip


def _values(shown: list[Row | None], key: str) -> list[float | None]:
    return [row[key] if row else None for row in shown]


def _lines_of_limits(rows: list[Row], outlet: Outlet, name: str, language: str) -> list[Row]:
    """The limits of the hours; where hours have none, that of the day."""
    limits = {row["limit"] for row in rows if row["limit"] is not None}
    word = Text("小时限值", "hourly limit")[language]
    if not limits and rows:
        on = civil(rows[-1]["start"]).date()
        own = held.held(outlet.thing.attributes, on)
        said = live.limit_of(own, outlet.codes[name], "day", on, not outlet.gas)
        limits = {said["limit"]} - {None}
        word = Text("日限值", "daily limit")[language]
    return [{"value": one, "label": f"{word} {one:g}"} for one in sorted(limits)]


def _finding(name: str, rows: list[Row], count: int) -> Text:
    symbol = facts.symbol(name)
    values = [row["value"] for row in rows if row["value"] is not None]
    if not values:
        return Text(f"{symbol}：此时段没有有效数据", f"{symbol}: no valid data in this period")
    over = sum(row["verdict"]["id"] in ("exceeded", "warned") for row in rows)
    low, high = (facts.printed(one, name) for one in (min(values), max(values)))
    zh = f"{symbol} {low}～{high}，缺 {count - len(rows)}/{count} 小时"
    en = f"{symbol} {low} to {high}, {count - len(rows)} of {count} hours missing"
    if over:
        return Text(f"{zh}，{over} 小时超过限值", f"{en}, {over} hours over a limit")
    return Text(zh, en)


def _limits(outlet: Outlet, ask: Ask) -> list[Row]:
    """What the outlet is held to today, pollutant by pollutant: permit and standard."""
    day = facts.today(ask)
    own = held.held(outlet.thing.attributes, day)
    found = []
    for name, code in outlet.codes.items():
        for span in ("hour", "day"):
            permit = (span == "hour") == outlet.gas
            said = live.limit_of(own, code, span, day, permit)
            if said["limit"] is None:
                continue
            found.append({
                "symbol": facts.symbol(name), "unit": facts.unit(name), "of_day": span == "day",
                "permit": facts.plain(said["limit_permit"]),
                "standard": facts.plain(said["limit_standard"]), "name": said["standard"] or "",
                "clause": said["clause"] or "", "edition": said["edition"] or "",
                "confidence": facts.confidence(said["confidence"]),
                "accuses": said["firm_by"],
                "missing_oxygen": said["why_not"] == "o2_ref_missing",
            })  # fmt: skip
    return found


def _now(outlet: Outlet, ask: Ask) -> list[Row]:
    """The newest real-time value of everything the device measures."""
    series = {
        one.pk: one
        for one in Series.objects.filter(
            object=outlet.thing, resolution="sample", statistic__in=("value", "zs")
        )
    }
    known = {one.id: one for one in vocabulary.all()}
    found = []
    for newest in Latest.objects.filter(series__in=list(series)).order_by("series"):
        own = series[newest.series]
        about = known.get(own.property)
        found.append({
            "symbol": about.symbol if about else own.property,
            "name": about.name[ask.language] if about else own.property,
            "converted": own.statistic == "zs",
            "value": facts.figure(newest.value, about.decimals if about else 2),
            "unit": about.unit if about else "",
            "at": newest.start,
            "late": ask.now - newest.start > timedelta(minutes=10),
            "why": facts.why_reading(own.pk, newest.start),
        })  # fmt: skip
    return found


def _day(outlet: Outlet, verdict: Verdict | None, language: str) -> list[Row]:
    """Today so far, pollutant by pollutant, each number with its explanation."""
    if verdict is None:
        return []
    found = []
    for name in outlet.codes:
        values = verdict.values
        if values.get(f"{name}_valid") is None:
            continue
        found.append({
            "symbol": facts.symbol(name),
            "unit": facts.unit(name),
            "mean": facts.printed(values.get(name), name),
            "mean_why": facts.explain(verdict.pk, name, values.get(name)),
            "max": facts.printed(values.get(f"{name}_max"), name),
            "max_why": facts.explain(verdict.pk, f"{name}_max", values.get(f"{name}_max")),
            "kg": facts.figure(values.get(f"{name}_kg"), 3),
            "kg_why": facts.explain(verdict.pk, f"{name}_kg", values.get(f"{name}_kg")),
            "valid": values[f"{name}_valid"],
            "due": values.get("due"),
            "over": values.get(f"{name}_over") or 0,
            "over_why": facts.explain(verdict.pk, f"{name}_over", values.get(f"{name}_over")),
            "verdict": looks.of(values.get(f"{name}_verdict"), language),
        })  # fmt: skip
    return found
