"""Marks of the enterprise (标记规则, Announcement 2022 No. 21) against facts and time limits.

A mark never overwrites a value. Automatic and manual marks stand side by side; the manual one
counts for the verdict. In: `outlet, begin, end, origin (automatic|manual), kind
(equipment|condition), condition, made` and, of conditions, `industry` and `cold`. Out: the marks
with `late`, `over_limit`, `contradicted`, `holds` and `reasons` (codes, comma-joined).
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import polars as pl

from fenhe.domains.sources.rules import tables

RUNNING = 0.5
"""A unit marked as stopped whose load stays above so much of its usual load is contradicted."""


def deadline(begin: datetime, end: datetime) -> datetime:
    """Manual marks of a day are due by 12:00 of the next; of a longer interval, of its last day."""
    hour = int(tables.monitoring().table("marking").one(rule="manual_deadline_hour")["value"])
    last = (end - timedelta(microseconds=1)).date() if end > begin else begin.date()
    return datetime.combine(last + timedelta(days=1), time(hour))


def allowed_hours(industry: str, condition: str, cold: bool | None) -> tuple[float, str] | None:
    """(hours, per) an abnormal condition may last; None where no rule is known."""
    rows = [
        row
        for row in tables.monitoring().table("abnormal").find(industry=industry)
        if condition == row["condition"] or condition in str(row["condition"]).split("_")
    ]
    fitting = [row for row in rows if row["cold"] is None or row["cold"] == cold]
    if not fitting and cold is None and rows:
        fitting = [max(rows, key=lambda row: float(row["hours"]))]
    if not fitting:
        return None
    return float(fitting[0]["hours"]), str(fitting[0]["per"])


def checked(marks: pl.DataFrame, loads: pl.DataFrame | None = None) -> pl.DataFrame:
    """`loads`: outlet, time (hours), load. A mark of stop or start while the load stays usual is
    contradicted by fact; the reader decides, the mark no longer exempts by itself."""
    used: dict[tuple[str, str, int], float] = {}
    out: list[dict[str, Any]] = []
    usual = _usual(loads)
    for mark in marks.sort("outlet", "begin").iter_rows(named=True):
        reasons = []
        hours = (mark["end"] - mark["begin"]).total_seconds() / 3600
        late = (
            mark["origin"] == "manual"
            and mark["made"] is not None
            and mark["made"] > deadline(mark["begin"], mark["end"])
        )
        if late:
            reasons.append("late")
        over = False
        if mark["kind"] == "condition":
            rule = allowed_hours(mark.get("industry") or "", mark["condition"], mark.get("cold"))
            if rule is None:
                reasons.append("no_time_limit_known")
            else:
                limit, per = rule
                if per == "year":
                    key = (mark["outlet"], mark["condition"], mark["begin"].year)
                    used[key] = used.get(key, 0.0) + hours
                    over = used[key] > limit
                else:
                    over = hours > limit
                if over:
                    reasons.append(f"longer_than_{limit:g}h_per_{per}")
        against = _running(mark, loads, usual)
        if against:
            reasons.append("load_unchanged")
        out.append({
            "late": late, "over_limit": over, "contradicted": against,
            "holds": not (late or over or against), "reasons": ",".join(reasons),
        })  # fmt: skip
    schema = {
        "late": pl.Boolean, "over_limit": pl.Boolean, "contradicted": pl.Boolean,
        "holds": pl.Boolean, "reasons": pl.String,
    }  # fmt: skip
    return marks.sort("outlet", "begin").hstack(pl.DataFrame(out, schema))


def _usual(loads: pl.DataFrame | None) -> dict[str, float]:
    if loads is None:
        return {}
    running = loads.filter(pl.col("load") > 0).group_by("outlet").agg(pl.col("load").median())
    return dict(running.iter_rows())


def _running(mark: dict[str, Any], loads: pl.DataFrame | None, usual: dict[str, float]) -> bool:
    if (
        loads is None
        or mark["kind"] != "condition"
        or mark["condition"] not in ("start", "stop", "outage")
        or mark["outlet"] not in usual
    ):
        return False
    inside = loads.filter(
        (pl.col("outlet") == mark["outlet"])
        & (pl.col("time") >= mark["begin"])
        & (pl.col("time") < mark["end"])
    )["load"].drop_nulls()
    lowest = inside.min()
    return isinstance(lowest, float | int) and lowest > RUNNING * usual[mark["outlet"]]


def exempt(hours: pl.DataFrame, checked_marks: pl.DataFrame) -> pl.Series:
    """Per hour whether a mark that holds covers it whole."""
    covered = [False] * hours.height
    marks: dict[str, list[tuple[datetime, datetime]]] = {}
    for mark in checked_marks.filter(pl.col("holds")).iter_rows(named=True):
        marks.setdefault(mark["outlet"], []).append((mark["begin"], mark["end"]))
    for place, (outlet, at) in enumerate(zip(hours["outlet"], hours["time"], strict=True)):
        covered[place] = any(
            begin <= at and at + timedelta(hours=1) <= end for begin, end in marks.get(outlet, ())
        )
    return pl.Series("exempt", covered, dtype=pl.Boolean)
