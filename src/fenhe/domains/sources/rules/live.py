"""The day of an outlet as the platform runs it: hours -> exceedances, means, kilograms, counts.

An hour over a limit that may accuse is `exceeded`; over one that may not, `warned`. Runs of hours
are kept as events, each with its limit, who says it, and how well it is known. A running day counts
its hours due up to the last one received, so that the hours still to come are nobody's fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from fenhe.assess.rule import KEYS, Assessment, Derived
from fenhe.domains.sources.rules import effluent, exceedance, hourly, validity
from fenhe.domains.sources.rules.exceedance import EXCEEDED, EXEMPT, KEPT, WARNED
from fenhe.domains.sources.rules.held import Held, held
from fenhe.kernel.period import civil

KEPT_OF_DAY = ("kg", "due", "received", "valid", "over")
"""What a day hands on to its month and year, per pollutant, as statistics of daily series."""
HOUR = timedelta(hours=1)
GRAVITY = (EXCEEDED, WARNED, EXEMPT, KEPT)
MOST_TIMES = 10
EVENT = (
    "peak", "times", "verdict", "limit", "limit_standard", "limit_permit", "limit_firm", "firm_by",
    "decided_by", "standard", "clause", "edition", "confidence", "kind",
)  # fmt: skip

Row = dict[str, Any]


def derived(codes: Iterable[str]) -> tuple[Derived, ...]:
    return tuple(
        Derived(f"_{statistic}_{name}", name, statistic)
        for name in codes
        for statistic in KEPT_OF_DAY
    )


def day(readings: pl.DataFrame, ask: Assessment, gas: bool) -> pl.DataFrame:
    """One row per outlet and day; see `_Day` for its columns."""
    judged = hours_judged(readings, ask, gas)
    days = _judged_days(judged.drop(*exceedance.VERDICT, "times", "verdict"), ask, gas)
    found = []
    for subject, period in ask.periods.select(KEYS).iter_rows():
        on = civil(period).date()
        told = _Day(
            held(ask.attributes.get(subject, {}), on),
            period,
            _of(judged, subject, period),
            _of(days, subject, period),
            hourly.GAS if gas else hourly.WATER,
        )
        found.append({"subject": subject, "period": period, **told.row()})
    return pl.DataFrame(found, infer_schema_length=None).cast(
        {"subject": pl.Int64, "period": ask.periods.schema["period"]}
    )


def hours_judged(readings: pl.DataFrame, ask: Assessment, gas: bool) -> pl.DataFrame:
    """Every hour as it is judged: the columns of `hourly.hours` with those of `exceedance`.
    Concentrations of a permit are hourly for stacks and daily for outfalls."""
    hours = hourly.hours(readings, ask, gas).with_columns(outlet=pl.col("subject").cast(pl.String))
    return _judged(hours, ask, "hour", permit=gas)


def limit_of(own: Held, code: str, span: str, on: date, permit: bool) -> Row:
    """What holds for a code on a day; `permit`: the permit's concentration is of this span."""
    return exceedance.limit_of(own.outlet("", permit), code, span, on)


def _of(rows: pl.DataFrame, subject: int, period: datetime) -> pl.DataFrame:
    return rows.filter((pl.col("subject") == subject) & (pl.col("period") == period))


def _judged_days(hours: pl.DataFrame, ask: Assessment, gas: bool) -> pl.DataFrame:
    means = validity.days(hours) if gas else effluent.days(hours)
    about = hours.select(*KEYS, "outlet", "code", "property").unique()
    days = means.join(
        about.with_columns(time=(pl.col("period") + hourly.CIVIL).dt.replace_time_zone(None)),
        on=["outlet", "code", "time"],
        how="inner",
    )
    return _judged(days, ask, "day", permit=not gas)


def _judged(means: pl.DataFrame, ask: Assessment, span: str, permit: bool) -> pl.DataFrame:
    """Day by day: what an outlet is held to may change from one day to the next."""
    parts = []
    for (period,), rows in means.group_by("period", maintain_order=True):
        on = civil(period).date()
        outlets = {
            str(pk): held(ask.attributes.get(pk, {}), on).outlet(str(pk), permit)
            for pk in rows["subject"].unique()
        }
        parts.append(exceedance.judged(rows, outlets, span))
    return pl.concat(parts) if parts else exceedance.judged(means, {}, span)


class _Day:
    """The columns of one outlet's day.

    Per pollutant: `<p>` mean of the day (effluent: weighed by flow), `<p>_max` highest hour,
    `<p>_kg`, `<p>_limit` (of the hour, else of the day), `<p>_over` hours over a firm limit,
    `<p>_verdict` of the day's mean, `<p>_valid` hours. In all: `events`, `exceeded_hours`,
    `consecutive`, `multiple`, `warned_hours`, `day_exceeded`, `not_following`, `due`, `until`.
    """

    def __init__(
        self, own: Held, period: datetime, hours: pl.DataFrame, days: pl.DataFrame,
        codes: Mapping[str, str],
    ) -> None:  # fmt: skip
        self.own, self.period, self.hours, self.days, self.codes = own, period, hours, days, codes
        heard = hours.filter(pl.col("received"))["start"].max()
        self.until = heard + HOUR if isinstance(heard, datetime) else None
        self.due = int((self.until - period) / HOUR) if self.until else 0

    def row(self) -> Row:
        events = [*self._events("hour"), *self._events("day")]
        found: Row = {"events": events, "due": self.due, "until": self._until()}
        for name in self.codes:
            found |= self._pollutant(name)
        return found | self._summary(events) | self._coverage()

    def _until(self) -> str | None:
        return self.until.isoformat() if self.until else None

    def _coverage(self) -> Row:
        seen = self.hours["property"].n_unique()
        return {"expected": 24 * seen, "observed": int(self.hours["valid"].sum() or 0)}

    def _pollutant(self, name: str) -> Row:
        rows = self.hours.filter(pl.col("property") == name)
        whole = self.days.filter(pl.col("property") == name)
        of_day = whole.row(0, named=True) if whole.height else {}
        some = rows.height > 0
        over = _count(rows, EXCEEDED)
        limits = [_first(rows, "limit"), of_day.get("limit")]
        kg = rows.filter(pl.col("valid"))["kg"]
        kilograms = float(kg.sum()) if kg.count() else None
        valid = int(rows["valid"].sum()) if some else None
        return {
            name: _rounded(of_day.get("value")),
            f"{name}_max": _rounded(rows.filter(pl.col("valid"))["value"].max()),
            f"{name}_kg": _rounded(kilograms),
            f"{name}_limit": next((one for one in limits if one is not None), None),
            f"{name}_over": over if some else None,
            f"{name}_verdict": of_day.get("verdict"),
            f"{name}_valid": valid,
            f"_kg_{name}": kilograms,
            f"_due_{name}": float(self.due) if some else None,
            f"_received_{name}": float(rows["received"].sum()) if some else None,
            f"_valid_{name}": float(valid) if valid is not None else None,
            f"_over_{name}": float(over) if some else None,
        }

    def _events(self, span: str) -> list[Row]:
        source = self.hours if span == "hour" else self.days
        if source.is_empty():
            return []
        back = {code: name for name, code in self.codes.items()}
        return [
            {
                "property": back[row["code"]],
                "span": span,
                "begin": row["begin"].isoformat(),
                "end": row["end"].isoformat(),
                "parts": row["parts"],
                **{name: _rounded(row[name]) for name in EVENT},
            }
            for row in exceedance.events(source, span).iter_rows(named=True)
        ]

    def _summary(self, events: list[Row]) -> Row:
        firm = [one for one in events if one["verdict"] == EXCEEDED]
        hours = [_count(self._own(name), EXCEEDED) for name in self.codes]
        warned = [_count(self._own(name), WARNED) for name in self.codes]
        runs = [_longest(self._own(name)) for name in self.codes]
        times = max((one["times"] + 1 for one in firm), default=0.0)
        said = {*self.hours["verdict"], *self.days["verdict"]}
        return {
            "exceeded_hours": max(hours) or None,
            "consecutive": max(runs) if max(runs) > 1 else None,
            "multiple": min(int(times), MOST_TIMES) if times >= 2 else None,
            "day_exceeded": _count(self.days, EXCEEDED) or None,
            "warned_hours": max(warned) or None,
            "not_following": int((~self.hours["follows"]).sum()) or None,
            "permit_unread": ", ".join(self.own.unread) or None,
            "category": next((one for one in GRAVITY if one in said), ""),
        }

    def _own(self, name: str) -> pl.DataFrame:
        return self.hours.filter(pl.col("property") == name)


def _count(rows: pl.DataFrame, verdict: str) -> int:
    return rows.filter(pl.col("verdict") == verdict).height


def _longest(rows: pl.DataFrame) -> int:
    """The longest run of hours over a firm limit."""
    starts = rows.filter(pl.col("verdict") == EXCEEDED)["start"].sort().to_list()
    longest = run = 0
    for place, start in enumerate(starts):
        run = run + 1 if place and start - starts[place - 1] == HOUR else 1
        longest = max(longest, run)
    return longest


def _first(rows: pl.DataFrame, name: str) -> Any:
    known = rows[name].drop_nulls()
    return known[0] if len(known) else None


def _rounded(value: Any) -> Any:
    """Without the noise of floating point; texts stay."""
    return round(value, 6) if isinstance(value, float) else value
