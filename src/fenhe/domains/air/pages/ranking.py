"""Who stands where: the city's stations over a period, or a table of cities somebody brings; how
much each changed on the year before; and what if one pollutant were different (the sliders compute
in the browser, exactly as here)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from fenhe.assess.models import Verdict
from fenhe.assess.rule import Span
from fenhe.domains.air.pages import facts, levels, ranking_change, standing
from fenhe.domains.air.pages.ranking_table import read
from fenhe.domains.air.rules import composite, tables
from fenhe.domains.air.rules import ranking as ranks
from fenhe.kernel.errors import BadInput
from fenhe.kernel.period import Period
from fenhe.kernel.rounding import round_half_even
from fenhe.kernel.text import Text
from fenhe.publish.page import Ask, Table
from fenhe.registry import vocabulary
from fenhe.registry.models import Object
from fenhe.standards.edition import Edition, Row

STATISTICS = {
    "co": Text("日均 P95", "P95 of days"),
    "o3": Text("MDA8 P90", "P90 of MDA8"),
}
MEAN = Text("平均", "mean")
SPANS: tuple[Span, ...] = ("year", "quarter", "month")
HOURS = {"year": 8000, "quarter": 2000, "month": 0}


def ranking(ask: Ask) -> dict[str, Any]:
    place = facts.city(ask, ask.params.get("city", ""))
    found = _periods(place.counted if place else ())
    wanted = ask.params.get("period", "")
    period = wanted if wanted in found else next(iter(found), "")
    problems: list[str] = []
    frame, source = None, ""
    verdicts: dict[str, Verdict] = {}
    if "table" in ask.form:
        try:
            frame = read(ask.form["table"])
            source = Text("上传的表", "the table uploaded")[ask.language]
        except BadInput as error:
            problems = error.lines(ask.language)
    if frame is None:
        frame, verdicts = _stations(place.counted if place else (), found.get(period), ask)
        name = place.thing.name(ask.language) if place else ""
        source = Text(f"{name} {period} 各站点", f"stations of {name}, {period}")[ask.language]
    scheme = _scheme({**ask.params, **ask.form}.get("scheme", ""), found.get(period))
    limits = ranking_change.limits(found.get(period), ask.now)
    judged = ranks.rank(composite.composite(frame, scheme), limits=limits)
    judged = judged.sort("rank", "name", nulls_last=True)
    parts = [_part(name, scheme, ask.language) for name in facts.PROPERTIES]
    rows = [_row(row, parts, verdicts, scheme) for row in judged.iter_rows(named=True)]
    changes = ranking_change.table(judged, rows, parts, f"changes-{period}", limits, ask.language)
    which = f"city={place.thing.code}&" if place else ""
    newest = max((one.computed_at for one in verdicts.values()), default=ask.now)
    return {
        **(facts.cities(ask, place) if place else {}),
        "periods": list(found),
        "period": period,
        "schemes": _schemes(),
        "scheme": _about(scheme),
        "source": source,
        "finding": _finding(rows)[ask.language],
        "rows": rows,
        "parts": parts,
        "changes": changes,
        "rules": [_cited(row) for row in scheme.table("ranking")],
        "chosen": rows[-1]["id"] if rows else "",
        "problems": problems,
        "query": f"{which}period={period}&scheme={scheme.id}",
        "whatif": {
            "parts": [{key: part[key] for key in WHATIF_PART} for part in parts],
            "places": [{key: row[key] for key in WHATIF_PLACE} for row in rows],
            "text": {
                "rank": Text("第 {rank} 名（共 {of}）", "rank {rank} of {of}")[ask.language],
                "none": Text("缺项，不参加排名", "incomplete, not ranked")[ask.language],
            },
        },
        "fresh": {"computed_at": newest},
        "tables": {"ranking": _table(rows, parts, period), "changes": changes["table"]},
    }


WHATIF_PART = ("id", "limit", "weight", "step", "decimals")
WHATIF_PLACE = ("id", "name", "values", "hundredths")


def _periods(stations: tuple[Object, ...]) -> dict[str, Period]:
    """Every period that is judged, the newest of each length first: label -> period."""
    if not stations:
        return {}
    found: dict[str, Period] = {}
    for span in SPANS:
        listed = Verdict.objects.filter(
            subject=stations[0], rule=facts.rule_for("air_station", span), variant="", current=True
        ).order_by("-start")
        for start, end in listed.values_list("start", "end")[:36]:
            period = Period(start, end)
            found[str(period)] = period
    return found


def _stations(
    stations: tuple[Object, ...], period: Period | None, ask: Ask
) -> tuple[pl.DataFrame, dict[str, Verdict]]:
    things = {one.pk: one for one in stations}
    verdicts: dict[str, Verdict] = {}
    span: Span = "year"
    if period is not None:
        span = next(one for one in SPANS if period.hours >= HOURS[one])
        found = facts.judged(list(stations), span, period)
        verdicts = {things[pk].code: verdict for (pk, _), verdict in found.items()}
    before = standing.year_before(stations, period, span) if period else {}
    rows = [
        {"id": one.code, "name": one.name(ask.language)}
        | _printed(verdicts[one.code].values, composite.COLUMNS)
        | _printed(before.get(one.pk, {}), composite.PREVIOUS)
        for one in stations
        if one.code in verdicts
    ]
    columns = (*composite.COLUMNS.values(), *composite.PREVIOUS.values())
    schema = {"id": pl.String, "name": pl.String} | dict.fromkeys(columns, pl.Float64)
    return pl.DataFrame(rows, schema), verdicts


def _printed(values: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    return {column: values.get(standing.PRINTED[name]) for name, column in columns.items()}


def _scheme(wanted: str, period: Period | None) -> Edition:
    for edition in tables.editions("composite"):
        if edition.id == wanted:
            return edition
    if period is None:
        return tables.editions("composite")[0]
    return tables.in_force("composite", period.last_day)


def _schemes() -> list[dict[str, Any]]:
    return [_about(one) for one in tables.editions("composite")]


def _about(scheme: Edition) -> dict[str, Any]:
    row = scheme.table("composite").rows[0]
    return {"id": scheme.id, "title": scheme.title, **_cited(row), "note": scheme.note}


def _cited(row: Row) -> dict[str, Any]:
    return {"note": row.note, "clause": row.clause, "confidence": row.confidence}


def _part(name: str, scheme: Edition, language: str) -> dict[str, Any]:
    row = scheme.table("composite").one(pollutant=tables.SYMBOLS[name])
    decimals = vocabulary.get(name).decimals
    return {
        "id": name,
        "symbol": facts.symbol(name),
        "unit": row["unit"],
        "statistic": STATISTICS.get(name, MEAN)[language],
        "limit": str(row["limit"]),
        "weight": row["weight"],
        "decimals": decimals,
        "step": f"{10**-decimals:g}",
    }


def _row(
    row: dict[str, Any],
    parts: list[dict[str, Any]],
    verdicts: dict[str, Verdict],
    scheme: Edition,
) -> dict[str, Any]:
    values = {
        part["id"]: _plain(row[composite.COLUMNS[part["id"]]])
        for part in parts
        if row[composite.COLUMNS[part["id"]]] is not None
    }
    index = row["composite"]
    verdict = verdicts.get(row["id"])
    same = verdict is not None and scheme.id in verdict.edition
    return {
        "id": row["id"],
        "name": row["name"],
        "rank": row["rank"],
        "tied": row["tied"],
        "composite": facts.figure(index, 2),
        "hundredths": None if index is None else int(round_half_even(index * 100, 0)),
        "values": values,
        "cells": [
            {
                "value": values.get(part["id"]),
                "url": facts.explain(verdict, standing.PRINTED[part["id"]]),
            }
            for part in parts
        ],
        "main": levels.names(row["main_pollutant"]),
        "url": facts.explain(verdict, "composite") if same else None,
    }


def _plain(value: float) -> str:
    """The decimal a float stands for, without an exponent."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _finding(rows: list[dict[str, Any]]) -> Text:
    ranked = [row for row in rows if row["rank"] is not None]
    if not ranked:
        return Text("此时段没有可排名的数据", "Nothing can be ranked for this period")
    best, worst = ranked[0], ranked[-1]
    return Text(
        f"{best['name']}最好（{best['composite']}），{worst['name']}最差（{worst['composite']}）",
        f"{best['name']} is best ({best['composite']}), {worst['name']} worst "
        f"({worst['composite']})",
    )


def _table(rows: list[dict[str, Any]], parts: list[dict[str, Any]], period: str) -> Table:
    return Table(
        f"ranking-{period}",
        ["rank", "id", "name", "composite", *(composite.COLUMNS[p["id"]] for p in parts), "main"],
        [
            [
                row["rank"],
                row["id"],
                row["name"],
                row["composite"],
                *(cell["value"] for cell in row["cells"]),
                row["main"],
            ]
            for row in rows
        ],
    )
