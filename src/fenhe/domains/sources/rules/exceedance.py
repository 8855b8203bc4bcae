"""Exceedances of hours and days: valid mean of what the standard limits, against the limit of the
standard and the one of the permit; the stricter decides and both are shown.

Minutes are never judged. A mean in an interval that was marked in time, and whose mark held
(`marks.checked`), is shown as exempt. A limit that rests on memory, on an unconfirmed source or on
a mere policy target gives a warning, never an accusation: what accuses is `limit_firm`. Values are
compared as they were sent, without rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from fenhe.domains.sources.rules import tables
from fenhe.kernel.rounding import exact, round_half_even

EXCEEDED, WARNED, EXEMPT, KEPT, NOT_JUDGED = "exceeded", "warned", "exempt", "kept", "not_judged"
AVERAGING = {"hour": "hour", "day": "day"}
TIMES_DECIMALS = 6
COLD = 12.0
"""At or below this water temperature the limit of ammonia in brackets holds (GB 18918, table 1)."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """What an outlet is held to. `permit` maps a code to the permit's concentration limit."""

    outlet: str
    standard: str
    unit: str
    condition: str
    o2_ref: float | None = None
    permit: dict[str, float] | None = None


VERDICT = {
    "limit": pl.Float64, "limit_standard": pl.Float64, "limit_permit": pl.Float64,
    "decided_by": pl.String, "standard": pl.String, "clause": pl.String, "edition": pl.String,
    "confidence": pl.String, "limit_firm": pl.Float64, "firm_by": pl.String, "why_not": pl.String,
}  # fmt: skip


def limit_of(
    outlet: Outlet, code: str, span: str, on: date, temperature: float | None = None
) -> dict[str, Any]:
    """The limit that holds, and who says so. `why_not` says why nothing can be judged: no_limit,
    o2_ref_missing (the reference depends on the process and nobody named it). `limit_firm` is the
    strictest limit that may accuse: the permit's, or the standard's where its source is firm."""
    rows = tables.limits(outlet.standard, outlet.unit, outlet.condition, code, AVERAGING[span], on)
    upper = [one for one in rows if one.row["sense"] == "at_most"]
    permit = (outlet.permit or {}).get(code)
    verdict: dict[str, Any] = dict.fromkeys(VERDICT)
    verdict["limit_permit"] = permit
    if upper:
        strictest = min(upper, key=lambda one: one.value)
        value = strictest.value
        cold = strictest.row["cold_limit"]
        if cold is not None and (temperature is None or temperature <= COLD):
            # Without a temperature the milder limit: nobody is accused for want of a thermometer.
            value = float(cold)
        verdict |= {
            "limit": value,
            "limit_standard": value,
            "decided_by": "standard",
            "standard": outlet.standard,
            "clause": strictest.row.clause,
            "edition": strictest.edition,
            "confidence": strictest.row.confidence.value,
        }
        if strictest.accuses:
            verdict |= {"limit_firm": value, "firm_by": "standard"}
        if strictest.row["o2_note"] is not None and outlet.o2_ref is None:
            verdict["why_not"] = "o2_ref_missing"
    if permit is not None and (not upper or permit < verdict["limit"]):
        verdict |= {"limit": permit, "decided_by": "permit"}
        if not upper:
            verdict |= {"standard": "", "clause": "", "edition": "", "confidence": ""}
    if permit is not None and (verdict["limit_firm"] is None or permit < verdict["limit_firm"]):
        verdict |= {"limit_firm": permit, "firm_by": "permit"}
    if verdict["limit"] is None:
        verdict["why_not"] = "no_limit"
    return verdict


def judged(means: pl.DataFrame, outlets: dict[str, Outlet], span: str) -> pl.DataFrame:
    """`means`: outlet, code, time, value (converted where the limit is), valid, and where known
    `exempt` and `temperature`. Out: the rows with `VERDICT`, `times` (multiples over the limit:
    value / limit − 1) and `verdict`: exceeded, warned, exempt, kept, not_judged."""
    known: dict[Any, dict[str, Any]] = {}
    out = []
    temperatures = (
        means["temperature"].to_list() if "temperature" in means.columns else [None] * means.height
    )
    for name, code, at, warm in zip(
        means["outlet"], means["code"], means["time"], temperatures, strict=True
    ):
        on = at.date() if isinstance(at, datetime) else at
        cold = None if warm is None else warm <= COLD
        key = (name, code, on, cold)
        if key not in known:
            outlet = outlets.get(name)
            known[key] = (
                limit_of(outlet, code, span, on, warm)
                if outlet
                else {**dict.fromkeys(VERDICT), "why_not": "outlet_unknown"}
            )
        out.append(known[key])
    rows = means.hstack(pl.DataFrame(out, VERDICT))
    exempt = pl.col("exempt") if "exempt" in means.columns else pl.lit(value=False)
    rows = rows.with_columns(
        why_not=pl.coalesce(
            "why_not",
            pl.when(~pl.col("valid").fill_null(value=False) | pl.col("value").is_null()).then(
                pl.lit("not_valid")
            ),
        )
    )
    over = (pl.col("value") > pl.col("limit")).fill_null(value=False)
    firm = (pl.col("value") > pl.col("limit_firm")).fill_null(value=False)
    against = pl.when(firm).then(pl.col("limit_firm")).otherwise(pl.col("limit"))
    told = rows.with_columns(
        times=pl.when(over & pl.col("why_not").is_null()).then(against),
        verdict=pl.when(pl.col("why_not").is_not_null()).then(pl.lit(NOT_JUDGED))
        .when(over & exempt.fill_null(value=False)).then(pl.lit(EXEMPT))
        .when(firm).then(pl.lit(EXCEEDED))
        .when(over).then(pl.lit(WARNED))
        .otherwise(pl.lit(KEPT)),
    )  # fmt: skip
    pairs = zip(told["value"], told["times"], strict=True)
    times = [None if limit is None else _times(value, limit) for value, limit in pairs]
    return told.with_columns(times=pl.Series(times, dtype=pl.Float64))


def _times(value: float, limit: float) -> float:
    """Multiples over the limit, from the decimals a person sees."""
    if not limit:
        return float("inf")
    return float(round_half_even(exact(value) / exact(limit) - 1, TIMES_DECIMALS))


def events(judged: pl.DataFrame, span: str) -> pl.DataFrame:
    """Consecutive hours (or days) over the limit as one event: `begin`, `end` (exclusive), `parts`,
    `peak`, `times` (the worst), `verdict` (exceeded when one part accuses) and the limit's words.
    A part that is missing or not valid ends the run: nothing is filled in."""
    step = {"hour": pl.duration(hours=1), "day": pl.duration(days=1)}[span]
    keys = ["outlet", "code"]
    over = judged.filter(pl.col("verdict").is_in([EXCEEDED, WARNED])).sort(*keys, "time")
    breaks = (pl.col("time").diff() != step).fill_null(value=True)
    return (
        over.with_columns(run=breaks.over(keys).cast(pl.Int64).cum_sum().over(keys))
        .group_by(*keys, "run", maintain_order=True)
        .agg(
            pl.col("time").first().alias("begin"),
            (pl.col("time").last() + step).alias("end"),
            pl.len().alias("parts"),
            pl.col("value").max().alias("peak"),
            pl.col("times").max(),
            pl.when((pl.col("verdict") == EXCEEDED).any())
            .then(pl.lit(EXCEEDED))
            .otherwise(pl.lit(WARNED))
            .alias("verdict"),
            *(pl.col(name).first() for name in VERDICT if name != "why_not"),
        )
        .drop("run")
        .with_columns(kind=pl.when(pl.col("parts") > 1).then(pl.lit("consecutive")).otherwise(
            pl.lit(span)))
    )  # fmt: skip


def ultra_low(judged: pl.DataFrame) -> pl.DataFrame:
    """Month by month the share of valid hours that keep the limit, against the 95 % of ultra-low
    policy (one secondary source: a measure of progress, never an accusation)."""
    least = float(next(iter(tables.monitoring().table("ultra_low")))["least_percent"])
    valid = judged.filter(pl.col("why_not").is_null())
    return (
        valid.group_by("outlet", "code", time=pl.col("time").dt.truncate("1mo"))
        .agg(hours=pl.len(), kept=(pl.col("value") <= pl.col("limit")).sum())
        .with_columns(percent=pl.col("kept") * 100 / pl.col("hours"))
        .with_columns(reaches=pl.col("percent") >= least)
        .sort("outlet", "code", "time")
    )
