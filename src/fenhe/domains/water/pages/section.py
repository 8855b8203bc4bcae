"""One section: its target with history, month and year so far with the room each item has left, the
samples of an item against the class limits, and its months."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl

from fenhe.assess.models import Verdict
from fenhe.domains.water.pages import channels, facts, findings, levels, standing
from fenhe.domains.water.rules import tables, targets
from fenhe.domains.water.rules.live import AUTOMATIC
from fenhe.kernel.period import DAY, Period, civil
from fenhe.kernel.text import Text
from fenhe.observe.flags import Flag
from fenhe.publish.page import Ask, Table
from fenhe.registry import vocabulary
from fenhe.registry.models import Object

SPANS = {
    "7": Text("7 天", "7 days"),
    "31": Text("31 天", "31 days"),
    "92": Text("92 天", "92 days"),
}
MONTHS = 13
DOUBTED = (int(Flag.SUSPECT), int(Flag.FAIL))


def section(ask: Ask) -> dict[str, Any]:
    thing = facts.section(ask, ask.params["code"])
    series = facts.series_of([thing])
    last = facts.last_sample(series)
    if last is None:
        return {"template": "water/empty.html"}
    newest = civil(last).date()
    day = min(_day(ask, newest), newest)
    name = ask.params.get("property", "")
    name = name if name in AUTOMATIC else "nh3n"
    span = ask.params.get("span", "")
    span = span if span in SPANS else "31"
    month, year = Period.month(day.year, day.month), Period.year(day.year)
    by_month = facts.judged([thing], "month", month).get(thing.pk)
    by_year = facts.judged([thing], "year", year).get(thing.pk)
    period = Period.days(day - (int(span) - 1) * DAY, day)
    chart = _chart(thing, series, name, period, ask.language)
    months = _months(thing, month, ask.language)
    target = facts.target(thing, day)
    by_hand = standing.month_others([thing], {thing.pk: by_month} if by_month else {}, day)
    past = facts.within([thing], "month", Period.days(year.first_day, month.last_day))
    month_rows = standing.together(standing.month_room([thing], month, day), by_hand)
    year_rows = standing.together(
        standing.year_room([thing], year, day), standing.year_others(thing, past, day)
    )
    return {
        "section": thing.name(ask.language),
        "code": thing.code,
        "lake": thing.kind == facts.POINT,
        "about": thing.attributes,
        "simulated": bool(thing.attributes.get("simulated")),
        "target": levels.of(target),
        "targets": _history(thing),
        "date": day,
        "newest": newest,
        "month": levels.of(facts.level(by_month)) | {"url": facts.explain(by_month, "level")},
        "year": levels.of(facts.level(by_year)) | {"url": facts.explain(by_year, "level")},
        "main": (by_month.values.get("main_pollutants") if by_month else "") or "",
        "beyond": [
            facts.item_name(item, ask.language) for item in standing.beyond(by_month, target)
        ],
        "rooms": [
            _room(thing, month_rows, day, "month", ask.language),
            _room(thing, year_rows, day, "year", ask.language),
        ],
        "properties": [
            {"id": one, "symbol": facts.symbol(one), "name": facts.item_name(one, ask.language)}
            for one in AUTOMATIC
        ],
        "property": name,
        "spans": [{"id": key, "label": text[ask.language]} for key, text in SPANS.items()],
        "span": span,
        "query": f"property={name}&span={span}&date={day}",
        "chart": chart,
        "months": months,
        "events": channels.shown(channels.events(thing, series, period), ask.language),
        "fresh": {
            "data_to": last,
            "observed": by_month.observed if by_month else 0,
            "expected": by_month.expected if by_month else 0,
            "computed_at": by_month.computed_at if by_month else None,
        },
        "tables": {"samples": chart["table"], "months": months["table"]},
    }


def _day(ask: Ask, newest: date) -> date:
    try:
        found = date.fromisoformat(ask.params.get("date", ""))
    except ValueError:
        return newest
    return found if facts.EARLIEST <= found.year <= facts.LATEST else newest


def _history(thing: Object) -> list[dict[str, Any]]:
    try:
        known = targets.history(thing.attributes.get("targets"))
    except ValueError:
        return []
    return [
        {"since": None if since == date.min else since, **levels.of(level)}
        for since, level in known
    ]


def _room(thing: Object, rows: pl.DataFrame, day: date, span: str, language: str) -> dict[str, Any]:
    """The table of one period, each item with its room: the five of the station, and what else
    fails the target; the sentence names what fails, then the tightest."""
    by_item = {row["item"]: row for row in rows.iter_rows(named=True)}
    others = [item for item in by_item if item not in standing.ITEMS]
    failing = [item for item in others if by_item[item]["failing"]]
    listed = []
    for item in (*standing.ITEMS, *failing):
        row = by_item.get(item)
        if row is None:
            continue
        breaks = standing.breaks_on(row, day) if span == "month" and item not in failing else None
        listed.append(standing.shown(row, language) | {"breaks": breaks})
    return {
        "span": span,
        "rows": listed,
        "kept": len(others) - len(failing),
        "finding": findings.said(
            list(by_item.values()), standing.tightest(rows).get(thing.pk), span
        )[language],
    }


def _chart(
    thing: Object, series: pl.DataFrame, name: str, period: Period, language: str
) -> dict[str, Any]:
    """Samples of one item, gaps left open, with the limit of the target class."""
    rows = facts.samples(series.filter(pl.col("property") == name), period).sort("start")
    about = vocabulary.get(name)
    grid = pl.DataFrame(
        {"start": pl.datetime_range(period.start, period.end, "4h", closed="left", eager=True)}
    ).with_columns(pl.col("start").cast(rows.schema["start"]))
    whole = grid.join(rows, on="start", how="left")
    labels = [f"{civil(start):%m-%d %H:%M}" for start in whole["start"]]
    values = whole["value"].to_list()
    known = [value for value in values if value is not None]
    missing = len(values) - len(known)
    doubted = whole.filter(pl.col("flag").is_in(DOUBTED)).height
    finding = _said(name, known, missing, len(values), doubted)
    return {
        "id": "samples",
        "script": "samples-spec",
        "finding": finding[language],
        "axis": f"{about.name[language]} · {about.unit} · "
        + Text("4 小时样品", "four-hourly samples")[language],
        "spec": {
            "unit": about.unit,
            "x": labels,
            "lines": [{"name": about.symbol, "values": values}],
            "limits": _limits(thing, name, period.last_day, language),
            "decimals": about.decimals,
        },
        "table": Table(
            f"{thing.code}-{name}-{period.first_day}",
            ["start", name, "flag"],
            [
                [label, facts.printed(value, name) if value is not None else None, flag]
                for label, value, flag in zip(labels, values, whole["flag"], strict=True)
            ],
        ),
    }


def _said(name: str, known: list[float], missing: int, total: int, doubted: int) -> Text:
    symbol = facts.symbol(name)
    if not known:
        return Text(f"{symbol} 在此时段没有数据", f"{symbol}: no data in this period")
    low, high = (facts.printed(value, name) for value in (min(known), max(known)))
    zh = f"{symbol} {low}～{high}，缺 {missing}/{total}" + (f"，存疑 {doubted}" if doubted else "")
    en = f"{symbol} {low} to {high}, {missing} of {total} missing" + (
        f", {doubted} in doubt" if doubted else ""
    )
    return Text(zh, en)


def _limits(thing: Object, name: str, day: date, language: str) -> list[dict[str, Any]]:
    edition = tables.in_force(tables.SURFACE, day)
    item = tables.items(edition.id, facts.waterbody(thing)).get(name)
    target = facts.target(thing, day)
    if item is None or target is None or target >= tables.WORST:
        return []
    bounds = item.limits if item.rule == "range" else (item.limit(target),)
    word = Text(f"{tables.ROMAN[target - 1]}类限值", f"limit of class {tables.ROMAN[target - 1]}")[
        language
    ]
    return [{"value": bound, "label": f"{word} {bound:g} · {edition.id}"} for bound in bounds]


def _months(thing: Object, month: Period, language: str) -> dict[str, Any]:
    first = (month.first_day - timedelta(days=366)).replace(day=1)
    found = facts.within([thing], "month", Period.days(first, month.last_day))[-MONTHS:]
    rows = [_month(one, thing, language) for one in reversed(found)]
    items = [*tables.feed_items(), "cod", "bod5"]
    return {
        "rows": rows,
        "items": [{"id": one, "symbol": facts.symbol(one)} for one in items],
        "table": Table(
            f"{thing.code}-months",
            ["month", "class", "target", "main_pollutants", "beyond_target", *items,
             "below_detection"],
            [
                [row["month"], row["roman"], row["target"]["roman"], row["main"],
                 "、".join(row["beyond"]),
                 *(cell["shown"] for cell in row["cells"]), "、".join(row["censored"])]
                for row in rows
            ],
        ),
    }  # fmt: skip


def _month(verdict: Verdict, thing: Object, language: str) -> dict[str, Any]:
    own = Period(verdict.start, verdict.end)
    level = facts.level(verdict)
    target = facts.target(thing, own.last_day)
    beyond = standing.beyond(verdict, target)
    return {
        "month": f"{own.first_day:%Y-%m}",
        **levels.of(level),
        "url": facts.explain(verdict, "level"),
        "target": levels.of(target),
        "meets": None if level is None or target is None else level <= target,
        "main": verdict.values.get("main_pollutants") or "",
        "beyond": [facts.item_name(item, language) for item in beyond],
        "censored": [
            facts.item_name(item, language)
            for item in str(verdict.values.get("censored") or "").split(",")
            if item
        ],
        "cells": [
            {
                "shown": _plain(verdict.values.get(item)),
                "url": facts.explain(verdict, item),
                "over": item in beyond,
            }
            for item in (*tables.feed_items(), "cod", "bod5")
        ],
    }


def _plain(value: float | None) -> str:
    return "—" if value is None else f"{value:g}"
