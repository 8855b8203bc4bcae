"""The ranking by change on the year before: who improved most, who worsened most, and whom the
list of the worsened leaves out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

from fenhe.domains.air.pages import facts
from fenhe.domains.air.rules import ranking as ranks
from fenhe.domains.air.rules import tables
from fenhe.kernel.period import Period, civil
from fenhe.kernel.text import Text
from fenhe.publish.page import Table
from fenhe.standards.edition import Edition

SHOWN = ("change_rank", "worsening_rank", "prev_composite", "composite", "change_pct")


def limits(period: Period | None, now: datetime) -> Edition:
    return tables.in_force("GB 3095", period.last_day if period else civil(now).date())


def table(
    judged: pl.DataFrame,
    listed: list[dict[str, Any]],
    parts: list[dict[str, Any]],
    name: str,
    limits: Edition,
    language: str,
) -> dict[str, Any]:
    """`judged` as `rules.ranking.rank` leaves it, `listed` its rows as shown; no rows where
    nothing is known of the year before."""
    why = {row["id"]: row["url"] for row in listed}
    rows: list[dict[str, Any]] = []
    if "change_pct" in judged.columns:
        clean = ranks.meets_grade_ii(judged, limits)
        known = judged.with_columns(clean=clean).filter(pl.col("change_pct").is_not_null())
        known = known.sort("change_rank", "name")
        rows = [_row(row, parts, why) for row in known.iter_rows(named=True)]
    return {
        "rows": rows,
        "limits": limits.id,
        "finding": _finding(rows)[language],
        "table": Table(
            name,
            ["name", *SHOWN, *(f"yoy_pct_{part['id']}" for part in parts)],
            [
                [row["name"], *(row[name] for name in SHOWN), *(c["value"] for c in row["cells"])]
                for row in rows
            ],
        ),
    }


def _row(
    row: dict[str, Any], parts: list[dict[str, Any]], why: dict[str, str | None]
) -> dict[str, Any]:
    changes = [row.get(f"yoy_pct_{part['id']}") for part in parts]
    return {
        "name": row["name"],
        "url": why[row["id"]],
        "clean": row["clean"],
        **{name: row[name] for name in SHOWN},
        "shown": facts.figure(row["composite"], 2),
        "before": facts.figure(row["prev_composite"], 2),
        "look": _look(row["change_pct"]),
        "cells": [{"value": value, "look": _look(value)} for value in changes],
    }


def _look(change: float | None) -> str:
    return "" if not change else "up" if change > 0 else "down"


def _finding(rows: list[dict[str, Any]]) -> Text:
    if not rows:
        return Text("没有上年同期的数据，无法比较变化", "Nothing is known of the year before")
    best, worst = rows[0], rows[-1]
    if best["change_pct"] >= 0:
        return Text("与上年同期相比没有改善的", "None has improved on the year before")
    return Text(
        f"{best['name']}改善最大（{_signed(best)}），{worst['name']}改善最小或变差最多（{_signed(worst)}）",
        f"{best['name']} improved most ({_signed(best)}), {worst['name']} least ({_signed(worst)})",
    )


def _signed(row: dict[str, Any]) -> str:
    change = row["change_pct"]
    return f"{'+' if change > 0 else '−' if change < 0 else '±'}{abs(change):.1f} %"
