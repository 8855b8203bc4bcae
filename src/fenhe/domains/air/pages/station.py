"""One station: a pollutant over time with gaps and flags visible, its months, its coverage; and the
list of all stations."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl

from fenhe.assess.models import Verdict
from fenhe.domains.air.pages import asked, facts, station_charts
from fenhe.kernel.period import DAY, HOUR, Period, civil
from fenhe.kernel.text import Text
from fenhe.observe.flags import Flag
from fenhe.publish.page import Ask, Table
from fenhe.registry import vocabulary
from fenhe.registry.models import Object

SPANS = {
    "2": Text("48 小时", "48 h"),
    "7": Text("7 天", "7 days"),
    "31": Text("31 天", "31 days"),
    "366": Text("一年", "1 year"),
}
DAILY_SPANS = ("366",)
"""So long a line shows days: nobody reads 8,784 hours off a screen."""
DOUBTED = (int(Flag.SUSPECT), int(Flag.FAIL))
MONTH_METRICS = {"co": "co_p95", "o3": "o3_mda8_p90"}
MOST_FLAGGED = 60


def stations(ask: Ask) -> dict[str, Any]:
    place = facts.city(ask, ask.params.get("city", ""))
    if place is None:
        return {"template": "air/empty.html"}
    year = _newest_year(place.stations)
    found = facts.judged(place.stations, "year", Period.year(year)) if year else {}
    by_station = {pk: verdict for (pk, _), verdict in found.items()}
    last = facts.last_hour(facts.series_of(place.stations))
    newest = civil(last).date() if last else ask.now.date()
    return {
        **facts.cities(ask, place),
        "year": year,
        "rows": [
            _listed(one, by_station.get(one.pk), newest, ask.language) for one in place.stations
        ],
        "properties": _properties(),
    }


def station(ask: Ask) -> dict[str, Any]:
    thing = facts.station(ask, ask.params["code"])
    series = facts.series_of([thing])
    last = facts.last_hour(series)
    if last is None:
        return {"template": "air/empty.html"}
    name = ask.params.get("property", "")
    name = name if name in facts.PROPERTIES else facts.PROPERTIES[0]
    span = ask.params.get("span", "")
    span = span if span in SPANS else "7"
    day, notice = asked.day(ask, civil(last).date(), thing)
    period = Period.days(day - (int(span) - 1) * DAY, day)
    rows = facts.hours(series, period)
    months = facts.judged([thing], "month", Period.days(date(day.year - 1, day.month, 1), day))
    listed = _months(months, civil(last).date(), ask.language)
    query = f"property={name}&span={span}&date={day}"
    if span in DAILY_SPANS:
        chart = station_charts.days(thing, name, period, ask.language)
    else:
        chart = station_charts.hours(thing, name, rows, period, ask.language)
    return {
        "station": thing.name(ask.language),
        "code": thing.code,
        "control": facts.is_control(thing),
        "place": facts.district(thing, ask.language),
        "properties": _properties(),
        "property": {"id": name, "symbol": facts.symbol(name)},
        "spans": [{"id": key, "label": text[ask.language]} for key, text in SPANS.items()],
        "span": span,
        "date": day,
        "asked": notice,
        "query": query,
        "chart": chart,
        "monthly": listed,
        "coverage": _coverage(rows, period, list(facts.PROPERTIES)),
        "flags": [int(one) for one in Flag],
        "flagged": _flagged(rows),
        "fresh": {
            "data_to": last + HOUR,
            "expected": period.hours,
            "observed": rows.filter(
                (pl.col("property") == name) & pl.col("usable").is_not_null()
            ).height,
            "computed_at": max((one.computed_at for one in months.values()), default=None),
        },
        "tables": {"station": chart["table"], "months": listed["table"]},
    }


def _newest_year(things: tuple[Object, ...]) -> int | None:
    rule = facts.rule_for("air_station", "year")
    newest = Verdict.objects.filter(subject__in=things, rule=rule, current=True, variant="")
    found: datetime | None = newest.order_by("-start").values_list("start", flat=True).first()
    return civil(found).year if found else None


def _properties() -> list[dict[str, Any]]:
    return [
        {"id": name, "symbol": facts.symbol(name), "unit": vocabulary.get(name).unit}
        for name in facts.PROPERTIES
    ]


def _listed(thing: Object, verdict: Verdict | None, newest: date, language: str) -> dict[str, Any]:
    return {
        "code": thing.code,
        "name": thing.name(language),
        "control": facts.is_control(thing),
        "district": facts.district(thing, language),
        **_period_row(verdict, newest),
    }


def _period_row(verdict: Verdict | None, newest: date) -> dict[str, Any]:
    values = verdict.values if verdict else {}
    cells = []
    for name in facts.PROPERTIES:
        metric = MONTH_METRICS.get(name, name)
        value = values.get(metric)
        shown = "—" if value is None else f"{value:g}"
        cells.append({"value": value, "shown": shown, "url": facts.explain(verdict, metric)})
    return {
        "cells": cells,
        "good": values.get("good_days"),
        "valid": values.get("days_judged"),
        "days": facts.elapsed(Period(verdict.start, verdict.end), newest) if verdict else None,
        "composite": values.get("composite"),
        "composite_url": facts.explain(verdict, "composite"),
    }


def _months(found: dict[tuple[int, date], Verdict], newest: date, language: str) -> dict[str, Any]:
    rows = [
        {"month": f"{day:%Y-%m}", **_period_row(verdict, newest)}
        for (_, day), verdict in sorted(found.items(), key=lambda item: item[0][1], reverse=True)
    ]
    known = [row for row in rows if row["composite"] is not None]
    worst = max(known, key=lambda row: row["composite"], default=None)
    finding = Text("按月统计", "Month by month")
    if worst:
        finding = Text(
            f"近 {len(rows)} 个月中 {worst['month']} 最差，综合指数 {worst['composite']:g}",
            f"{worst['month']} was worst of {len(rows)} months, composite {worst['composite']:g}",
        )
    columns = [MONTH_METRICS.get(name, name) for name in facts.PROPERTIES]
    return {
        "finding": finding[language],
        "edition": facts.cited(next(iter(found.values()), None), "GB 3095"),
        "rows": rows,
        "table": Table(
            "months",
            ["month", *columns, "good_days", "valid_days"],
            [[r["month"], *(c["value"] for c in r["cells"]), r["good"], r["valid"]] for r in rows],
        ),
    }


def _coverage(rows: pl.DataFrame, period: Period, names: list[str]) -> list[dict[str, Any]]:
    seen = dict(
        rows.filter(pl.col("usable").is_not_null())
        .group_by("property")
        .agg(pl.col("start").n_unique())
        .iter_rows()
    )
    return [
        {
            "symbol": facts.symbol(name),
            "observed": seen.get(name, 0),
            "expected": period.hours,
            "percent": f"{100 * seen.get(name, 0) / period.hours:.1f}",
        }
        for name in names
    ]


def _written(name: str, value: float | None) -> str:
    return f"{facts.symbol(name)} {facts.figure(value, vocabulary.get(name).decimals)}"


def _flagged(rows: pl.DataFrame) -> list[dict[str, Any]]:
    doubted = rows.filter(pl.col("flag").is_in(DOUBTED)).sort("start", descending=True)
    return [
        {
            "start": row["start"],
            "value": _written(row["property"], row["value"]),
            "flag": row["flag"],
            "url": facts.why_reading(row["series"], row["start"]),
        }
        for row in doubted.head(MOST_FLAGGED).iter_rows(named=True)
    ]  # fmt: skip
