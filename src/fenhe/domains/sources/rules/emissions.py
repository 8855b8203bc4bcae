"""Kilograms by hour, day and year, with both the measured and the substituted hour (HJ 75-2017
tables 5 and 6): the emission is replaced, never the concentration, and both values stay.

In: one row per outlet, code and hour: `kg` (null where invalid), `valid`, and `cause` of an invalid
hour: `control` (until the next good calibration), `fault` (maintenance, fault, other)
or `outage` (approved; nothing is replaced). `anchor` (for `control`): the time of the last good
calibration, from which the valid hours are counted back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

from fenhe.domains.sources.rules import tables

CONTROL, FAULT, OUTAGE = "control", "fault", "outage"
NO_RULE = "no_rule"


def capture_rate(hours: pl.DataFrame) -> pl.DataFrame:
    """outlet, code, quarter → `capture` percent: (hours − outage − invalid) / (hours − outage),
    and whether it reaches the least (HJ 75-2017 12.2; the 75 % from memory)."""
    outage = (pl.col("cause") == OUTAGE).fill_null(value=False)
    least = float(next(iter(tables.monitoring().table("capture")))["least_percent"])
    return (
        hours.group_by("outlet", "code", quarter=pl.col("time").dt.truncate("1q"))
        .agg(due=(~outage).sum(), valid=(pl.col("valid") & ~outage).sum())
        .with_columns(
            capture=pl.when(pl.col("due") > 0).then(pl.col("valid") * 100 / pl.col("due"))
        )
        .with_columns(enough=pl.col("capture") >= least)
        .sort("outlet", "code", "quarter")
    )


def valid_hours_for(capture: float, gap: int) -> int | None:
    """How many valid hours back the largest emission is looked for; None where there is no rule."""
    for row in tables.monitoring().table("substitution"):
        below = row["capture_below"]
        longest = row["gap_to_hours"]
        if (
            capture >= row["capture_from"]
            and (below is None or capture < below)
            and gap > row["gap_over_hours"]
            and (longest is None or gap <= longest)
        ):
            return int(row["valid_hours"])
    return None


def substituted(hours: pl.DataFrame) -> pl.DataFrame:
    """The rows with `gap` (length of its run), `kg_substitute`, `kg_final` and
    `basis` (measured, max180, max720, max2160, outage, no_rule, no_history)."""
    rates = capture_rate(hours).select("outlet", "code", "quarter", "capture")
    rows = (
        hours.with_columns(quarter=pl.col("time").dt.truncate("1q"))
        .join(rates, on=["outlet", "code", "quarter"], how="left")
        .sort("outlet", "code", "time")
    )
    found = []
    for one in rows.partition_by("outlet", "code", maintain_order=True):
        found.append(_one(one))
    return pl.concat(found) if found else rows


def _one(rows: pl.DataFrame) -> pl.DataFrame:
    lines = rows.to_dicts()
    gaps = _gaps(lines)
    past: list[tuple[datetime, float]] = []
    out: list[dict[str, Any]] = []
    for line, gap in zip(lines, gaps, strict=True):
        measured = line["kg"] if line["valid"] else None
        if measured is not None:
            past.append((line["time"], measured))
            out.append({"gap": 0, "kg_substitute": None, "kg_final": measured, "basis": "measured"})
            continue
        out.append({"gap": gap, **_substitute(line, gap, past)})
    schema = {
        "gap": pl.Int64, "kg_substitute": pl.Float64, "kg_final": pl.Float64, "basis": pl.String,
    }  # fmt: skip
    return rows.hstack(pl.DataFrame(out, schema))


def _substitute(
    line: dict[str, Any], gap: int, past: list[tuple[datetime, float]]
) -> dict[str, Any]:
    if line["cause"] == OUTAGE:
        return {"kg_substitute": None, "kg_final": 0.0, "basis": OUTAGE}
    wanted = valid_hours_for(line["capture"], gap)
    if wanted is None:
        return {"kg_substitute": None, "kg_final": None, "basis": NO_RULE}
    before = line.get("anchor") if line["cause"] == CONTROL else None
    usable = [kg for at, kg in past if before is None or at < before][-wanted:]
    if not usable:
        return {"kg_substitute": None, "kg_final": None, "basis": "no_history"}
    most = max(usable)
    return {"kg_substitute": most, "kg_final": most, "basis": f"max{wanted}"}


def _gaps(lines: list[dict[str, Any]]) -> list[int]:
    """For each hour the length of the run of invalid, not outage, hours it lies in."""
    lengths = [0] * len(lines)
    begin: int | None = None
    for place in range(len(lines) + 1):
        line = lines[place] if place < len(lines) else None
        inside = (
            line is not None
            and line["cause"] != OUTAGE
            and not (line["valid"] and line["kg"] is not None)
        )
        if inside and begin is None:
            begin = place
        if not inside and begin is not None:
            lengths[begin:place] = [place - begin] * (place - begin)
            begin = None
    return lengths


def totals(hours: pl.DataFrame, every: str) -> pl.DataFrame:
    """Sums by `1d`, `1mo` or `1y`: `kg_measured`, `kg_final`, and the hours that could be given no
    emission (`hours_without`): a sum with such hours is a lower bound."""
    return (
        hours.group_by("outlet", "code", time=pl.col("time").dt.truncate(every))
        .agg(
            kg_measured=pl.col("kg").filter(pl.col("valid")).sum(),
            kg_final=pl.col("kg_final").sum(),
            hours=pl.len(),
            hours_substituted=pl.col("basis").str.starts_with("max").sum(),
            hours_without=pl.col("kg_final").is_null().sum(),
        )
        .sort("outlet", "code", "time")
    )
