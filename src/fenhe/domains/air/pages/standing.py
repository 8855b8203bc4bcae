"""Where the city stands this year: against the limits and against the year before.

A year still running is compared with the same days of the year before, judged by the same rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from fenhe.assess import engine, inputs, rule
from fenhe.assess.models import Verdict
from fenhe.assess.rule import INSTANT, Assessment, Span
from fenhe.domains.air.pages import facts
from fenhe.domains.air.pages.sufficiency import Sufficiency, sufficiency
from fenhe.domains.air.rules import tables
from fenhe.domains.air.rules.method import method
from fenhe.kernel.period import DAY, Period, civil
from fenhe.kernel.rounding import round_half_even
from fenhe.kernel.text import Text
from fenhe.registry.models import Object, Relation

PRINTED = {name: name for name in tables.SYMBOLS} | {"co": "co_p95", "o3": "o3_mda8_p90"}
"""Property -> the metric of a period that is printed and enters the composite."""

SHOWN = {
    "pm2_5": (Text("PM₂.₅", "PM₂.₅"), "µg/m³"),
    "good_days_pct": (Text("优良天数比例", "Good days"), "%"),
    "composite": (Text("综合指数", "Composite index"), ""),
    "heavy_days": (Text("重污染天数", "Heavily polluted days"), "d"),
}


STANDS = {True: Text("达标", "met"), False: Text("未达标", "not met"), None: Text("", "")}


def against(city: Object, day: date, language: str, variant: str = "") -> dict[str, Any]:
    year = Period.year(day.year)
    verdict = facts.judged_once(city, "year", year, variant)
    if verdict is None:
        return {"edition": "", "items": []}
    values = verdict.values
    earlier = before(city, verdict)
    limit = tables.limit(tables.edition(facts.cited(verdict, "GB 3095")), "pm2_5", "annual")
    enough = sufficiency_of(city, year, day, variant)
    stands = enough.said or STANDS[values["meets"].get("pm2_5")]
    pm = Text(f"限值 {limit:g}（二级）", f"limit {limit:g} (grade II)")[language]
    days = _days(values.get("days_judged"), enough.elapsed)[language]
    remarks = {"pm2_5": f"{pm} {stands[language]}".strip(), "good_days_pct": days}
    return {
        "edition": facts.cited(verdict, "GB 3095"),
        "items": [
            _item(
                label[language], metric, unit, verdict, earlier, language, remarks.get(metric, "")
            )
            for metric, (label, unit) in SHOWN.items()
        ],
    }


def sufficiency_of(city: Object, year: Period, day: date, variant: str = "") -> Sufficiency:
    """Of PM2.5 up to the last day there is data of: the verdict is of all of them."""
    last = facts.last_hour(facts.series_of(_measured([city])))
    as_of = min(civil(last).date() if last else day, year.last_day)
    known = facts.daily_means(city, "pm2_5", Period.days(year.first_day, as_of))
    way = method(year.last_day, variant or None)
    found = {one for one, value in known.items() if value is not None}
    return sufficiency(found, year, as_of, way, way.item("pm2_5"))


def _days(judged: int | None, elapsed: int) -> Text:
    return Text(f"可评价 {judged or 0}/{elapsed} 天", f"{judged or 0} of {elapsed} days judged")


def _item(
    label: str,
    metric: str,
    unit: str,
    verdict: Verdict,
    before: dict[str, Any] | None,
    language: str,
    remark: str = "",
) -> dict[str, Any]:
    value = verdict.values.get(metric)
    old = before.get(metric) if before else None
    notes = [remark] if remark else []
    if value is not None and old is not None:
        change = round_half_even(value, 2) - round_half_even(old, 2)
        sign = "+" if change > 0 else "−" if change < 0 else "±"
        amount = f"{abs(change).normalize():f}"
        notes.append(
            Text(f"上年同期 {old:g}（{sign}{amount}）", f"last year {old:g} ({sign}{amount})")[
                language
            ]
        )
    return {
        "label": label,
        "shown": "—" if value is None else f"{value:g}",
        "unit": unit,
        "url": facts.explain(verdict, metric),
        "note": " · ".join(notes),
    }


def before(city: Object, verdict: Verdict) -> dict[str, Any] | None:
    """The year before: as judged, or its same days while this year still runs."""
    period = Period(verdict.start, verdict.end)
    if verdict.variant:
        whole = facts.judged_once(city, "year", period.year_before(), verdict.variant)
        return dict(whole.values) if whole else None
    found = year_before((city,), period, "year")
    return found.get(city.pk)


def year_before(things: Sequence[Object], period: Period, span: Span) -> dict[int, dict[str, Any]]:
    """Values of the same period a year before: as judged, or of its same days while this one still
    runs. All are of one kind."""
    found = facts.judged(things, span, period.year_before())
    whole = {pk: dict(verdict.values) for (pk, _), verdict in found.items()}
    last = facts.last_hour(facts.series_of(_measured(things))) if whole else None
    if last is None or not period.start <= last < period.end - DAY:
        return whole
    so_far = Period.days(period.first_day, civil(last).date())
    return to_date(things, so_far.year_before(), span)


def _measured(things: Sequence[Object]) -> list[Object]:
    """Those that are part of them; themselves where they are stations."""
    parts = Relation.objects.filter(predicate="part_of", object__in=things)
    return [one.subject for one in parts.select_related("subject")] or list(things)


def to_date(
    things: Sequence[Object], period: Period, span: Span = "year"
) -> dict[int, dict[str, Any]]:
    """The rule of the span applied to part of one; kept nowhere."""
    one = rule.get(facts.rule_for(things[0].kind, span))
    ids = [thing.pk for thing in things]
    periods = pl.DataFrame(
        {"subject": ids, "period": [period.start] * len(ids), "end": [period.end] * len(ids)},
        {"subject": pl.Int64, "period": INSTANT, "end": INSTANT},
    )
    ask = Assessment(
        span=one.span,
        periods=periods,
        members=inputs.in_periods(one, periods),
        standards=one.standards,
        on=period.last_day,
    )
    return {row["subject"]: row for row in engine.judge(one, ask).iter_rows(named=True)}
