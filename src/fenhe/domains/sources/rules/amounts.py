"""The month and the year of an outlet, from the days: kilograms, hours over, transmission times
validity, and how much of the permit's yearly total is used.

Due are the hours from the period's begin (or since the outlet is due to send, `monitored_since`) to
the last hour received; how long it has been silent since then, only a reader with a clock can say.
"""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from typing import Any

import polars as pl

from fenhe.assess.rule import KEYS, TICK, Assessment, Input
from fenhe.domains.sources.rules import effectiveness, held, hourly, live
from fenhe.kernel.period import DAY, HOUR, Period, civil

LOW = 90
"""Percent; the target of transmission effectiveness is 90 or 95 by local rule (from memory)."""
ENOUGH_HOURS = 48
"""Before so many hours are due, nothing is called low."""
NEAR = 90
"""Percent of a permitted total from which it is worth telling."""

Row = dict[str, Any]


def inputs(codes: dict[str, str]) -> tuple[Input, ...]:
    return tuple(Input(name, kind) for name in codes for kind in live.KEPT_OF_DAY)


def period(readings: pl.DataFrame, ask: Assessment, gas: bool) -> pl.DataFrame:
    codes = hourly.GAS if gas else hourly.WATER
    found = [
        {"subject": of[0], "period": of[1], **_Sum(readings, ask, of).row(codes)}
        for of in ask.periods.select(*KEYS, "end").iter_rows()
    ]
    return pl.DataFrame(found, infer_schema_length=None).cast(
        {"subject": pl.Int64, "period": ask.periods.schema["period"]}
    )


class _Sum:
    """One outlet over one month or year."""

    def __init__(
        self, readings: pl.DataFrame, ask: Assessment, of: tuple[int, datetime, datetime]
    ) -> None:
        subject, start, end = of
        self.span = ask.span
        self.attributes = ask.attributes.get(subject, {})
        self.rows = readings.filter(
            (pl.col("subject") == subject) & (pl.col("period") == start)
            & pl.col("value").is_not_null()
        )  # fmt: skip
        self.held = held.held(self.attributes, civil(end - TICK).date())
        began = held.since(self.attributes)
        self.begin = max(start, Period.day(began).start) if began else start
        self.until = self._until()

    def _until(self) -> datetime | None:
        """The end of the last hour received."""
        due = self.rows.filter((pl.col("statistic") == "due") & (pl.col("value") > 0))
        last = due["start"].max()
        if not isinstance(last, datetime):
            return None
        hours = due.filter(pl.col("start") == last)["value"].max()
        return last + HOUR * float(hours if isinstance(hours, float) else 0.0)

    def row(self, codes: dict[str, str]) -> Row:
        seen = self.rows["property"].unique().to_list()
        parts = {name: self._pollutant(name, code) for name, code in codes.items()}
        found: Row = reduce(lambda whole, part: whole | part, parts.values(), {})
        rates = [found[f"{name}_effectiveness"] for name in codes if name in seen]
        known = [rate for rate in rates if rate is not None]
        overall = round(sum(known) / len(known), 2) if known else None
        used = [found[f"{name}_used"] for name in codes if found[f"{name}_used"] is not None]
        days = self.rows.filter(pl.col("statistic") == "valid")["start"].n_unique()
        return found | {
            "effectiveness": overall,
            "low": self._low(overall, found, seen),
            "until": self.until.isoformat() if self.until else None,
            "since": self.begin.isoformat(),
            "used": max(used, default=None),
            "total": _total(max(used, default=None)),
            "category": "",
            "expected": self._days_due(),
            "observed": days,
        }

    def _days_due(self) -> int:
        return max(-(-(self.until - self.begin) // DAY), 0) if self.until else 0

    def _low(self, overall: float | None, found: Row, seen: list[str]) -> int | None:
        """The round percentage below which it lies: 90, 80, … 10."""
        due = max((found[f"{name}_due"] or 0 for name in seen), default=0)
        if overall is None or overall >= LOW or due < ENOUGH_HOURS or self.span != "month":
            return None
        return int(overall // 10 + 1) * 10

    def _sum(self, name: str, statistic: str) -> float | None:
        rows = self.rows.filter(
            (pl.col("property") == name) & (pl.col("statistic") == statistic)
            & (pl.col("start") >= self.begin)
        )["value"]  # fmt: skip
        return float(rows.sum()) if rows.len() else None

    def _pollutant(self, name: str, code: str) -> Row:
        kg, received, valid, over = (
            self._sum(name, one) for one in ("kg", "received", "valid", "over")
        )
        due = self._due(code) if received is not None else None
        rates = effectiveness.of_counts(due, received, valid)
        allowed = self.held.totals.get(code)
        used = None
        if allowed and kg is not None and self.span == "year":
            used = round(kg / 1000 / allowed * 100, 2)
        return {
            f"{name}_kg": None if kg is None else round(kg, 3),
            f"{name}_over": None if over is None else int(over),
            f"{name}_due": due,
            f"{name}_received": None if received is None else int(received),
            f"{name}_valid": None if valid is None else int(valid),
            f"{name}_transmission": rates[0],
            f"{name}_validity": rates[1],
            f"{name}_effectiveness": rates[2],
            f"{name}_allowed_t": allowed,
            f"{name}_used": used,
        }

    def _due(self, code: str) -> int:
        if self.until is None:
            return 0
        hours = max(int((self.until - self.begin) / HOUR), 0)
        return effectiveness.without_checks(hours, code)


def _total(used: float | None) -> str | None:
    """near: close to the permitted total; over: beyond it."""
    if used is None or used < NEAR:
        return None
    return "over" if used > 100 else "near"
