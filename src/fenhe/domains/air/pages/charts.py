"""Charts: what the figure is drawn from, the sentence it proves, and the same rows as a table."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from fenhe.domains.air.pages import facts, words
from fenhe.domains.air.rules import tables
from fenhe.kernel.period import civil
from fenhe.publish.page import Table
from fenhe.registry import vocabulary

HOURLY_LIMITS = {"so2": "1h", "no2": "1h", "co": "1h", "o3": "1h", "pm10": "24h", "pm2_5": "24h"}
"""PM has no hourly limit: the daily one is drawn, and says so."""


def last_hours(frame: pl.DataFrame, count: int, day: date, language: str) -> dict[str, Any]:
    """The city's PM2.5, PM10 and O3 over the last hours, against the hours before."""
    shown = frame.tail(count)
    labels = [f"{civil(start):%m-%d %H:%M}" for start in shown["start"]]
    names = ("pm2_5", "pm10", "o3")
    lines = [{"name": facts.symbol(name), "values": rounded(shown[name])} for name in names]
    now, before = (part["pm2_5"].mean() for part in (shown, frame.head(frame.height - count)))
    finding = words.trend("PM₂.₅", _number(now), _number(before), count)
    limits = [hourly_limit("pm2_5", day, language)]
    return {
        "id": "hours",
        "script": "hours-spec",
        "finding": finding[language],
        "axis": f"µg/m³ · {words.AVERAGING['1h'][language]}",
        "spec": {
            "unit": "µg/m³", "x": labels, "lines": lines, "limits": limits, "decimals": 0,
        },
        "table": Table(
            f"hours-{day}",
            ["hour", *facts.PROPERTIES],
            [
                [label, *(row[name] for name in facts.PROPERTIES)]
                for label, row in zip(labels, _printed(shown), strict=True)
            ],
        ),
    }  # fmt: skip


def hourly_limit(name: str, day: date, language: str) -> dict[str, Any]:
    averaging = HOURLY_LIMITS[name]
    edition = tables.in_force("GB 3095", day)
    value = tables.limit(edition, name, averaging)
    words_of = words.HOURLY_LIMIT if averaging == "1h" else words.DAILY_LIMIT_OF_HOURS
    label = words_of[language].format(symbol=facts.symbol(name), value=f"{value:g}")
    return {"value": value, "label": f"{label} · {edition.id}"}


def rounded(values: pl.Series, decimals: int = 0) -> list[float | None]:
    """For drawing only: short numbers keep the page small."""
    return values.round(decimals).to_list()


def _printed(frame: pl.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            name: None
            if row[name] is None
            else facts.figure(row[name], vocabulary.get(name).decimals)
            for name in facts.PROPERTIES
        }
        for row in frame.iter_rows(named=True)
    ]


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
