"""A pollutant of one station over time: hours with their flags, or days over a year. What is
missing stays a gap; what is doubted is drawn and marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from fenhe.domains.air.pages import charts, facts, words
from fenhe.domains.air.rules import tables
from fenhe.kernel.period import Period, civil
from fenhe.kernel.text import Text
from fenhe.observe.flags import Flag
from fenhe.publish.page import Table
from fenhe.registry import vocabulary
from fenhe.registry.models import Object

DAILY = {"o3": ("o3_mda8", "MDA8")}
"""Property -> its daily metric and the averaging its limit has; the others: themselves, 24 h."""


def hours(
    thing: Object, name: str, rows: pl.DataFrame, period: Period, language: str
) -> dict[str, Any]:
    about = vocabulary.get(name)
    grid = pl.DataFrame(
        {"start": pl.datetime_range(period.start, period.end, "1h", closed="left", eager=True)}
    )
    own = rows.filter(pl.col("property") == name)
    line = grid.join(own, on="start", how="left").sort("start")
    labels = [f"{civil(start):%Y-%m-%d %H:%M}" for start in line["start"]]
    flags = [
        words.FLAGS[flag][language] if flag in words.FLAGS else ""
        for flag in line["flag"].fill_null(int(Flag.MISSING))
    ]
    values = charts.rounded(line["value"], about.decimals)
    missing = line["usable"].null_count()
    limit = charts.hourly_limit(name, period.last_day, language)
    return _chart(
        name,
        labels,
        values,
        flags if any(flags) else [],
        limit,
        words.extremes(facts.symbol(name), about.unit, _peak(labels, values), missing, len(labels)),
        words.AVERAGING["1h"],
        Table(
            f"{thing.code}-{name}-{period}",
            ["hour", name, "flag"],
            list(zip(labels, values, flags, strict=True)),
        ),
        language,
    )


def days(thing: Object, name: str, period: Period, language: str) -> dict[str, Any]:
    about = vocabulary.get(name)
    metric, averaging = DAILY.get(name, (name, "24h"))
    found = {
        day: v.values.get(metric) for (_, day), v in facts.judged([thing], "day", period).items()
    }
    calendar = list(period.civil_days())
    values = [found.get(day) for day in calendar]
    labels = [day.isoformat() for day in calendar]
    edition = tables.in_force("GB 3095", period.last_day)
    value = tables.limit(edition, name, averaging)
    averaged = words.AVERAGING[averaging]
    limit = {
        "value": value,
        "label": f"{averaged[language]}{words.LIMIT[language]} {value:g} · {edition.id}",
    }
    missing = sum(one is None for one in values)
    finding = words.extremes(
        facts.symbol(name), about.unit, _peak(labels, values), missing, len(labels), words.DAYS
    )
    table = Table(
        f"{thing.code}-{metric}-{period}", ["day", metric], list(zip(labels, values, strict=True))
    )
    return _chart(name, labels, values, [], limit, finding, averaged, table, language)


def _chart(
    name: str,
    labels: list[str],
    values: Sequence[float | None],
    flags: list[str],
    limit: dict[str, Any],
    finding: Text,
    averaged: Text,
    table: Table,
    language: str,
) -> dict[str, Any]:
    about = vocabulary.get(name)
    line = {"name": facts.symbol(name), "values": values} | ({"flags": flags} if flags else {})
    return {
        "id": "station",
        "script": "station-spec",
        "finding": finding[language],
        "axis": f"{about.unit} · {averaged[language]}",
        "spec": {
            "unit": about.unit,
            "x": labels,
            "lines": [line],
            "limits": [limit],
            "zoom": True,
            "decimals": about.decimals,
        },
        "table": table,
    }


def _peak(labels: list[str], values: Sequence[float | None]) -> tuple[str, float] | None:
    known = [
        (label, value) for label, value in zip(labels, values, strict=True) if value is not None
    ]
    return max(known, key=lambda item: item[1], default=None)
