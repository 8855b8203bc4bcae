"""A year as twelve months of days in the colours of their AQI; a day leads to its page."""

from __future__ import annotations

from calendar import Calendar
from collections import Counter
from datetime import date
from fractions import Fraction
from typing import Any

from fenhe.assess.models import Verdict
from fenhe.domains.air.pages import facts, levels, variants
from fenhe.kernel.period import HOUR, Period, civil
from fenhe.kernel.rounding import round_half_even
from fenhe.kernel.text import Text
from fenhe.publish.page import Ask, Table

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
WEEKDAYS = {"zh": "一二三四五六日", "en": ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]}
GOOD = 2  # the last level that counts as a good day


def calendar(ask: Ask) -> dict[str, Any]:
    place = facts.city(ask, ask.params.get("city", ""))
    last = facts.last_hour(facts.series_of(place.stations)) if place else None
    if place is None or last is None:
        return {"template": "air/empty.html"}
    newest = civil(last).date()
    asked = ask.params.get("year", "")
    years = _years(place.thing.pk, newest.year)
    year = next((one for one in years if str(one) == asked), newest.year)
    variant = variants.chosen(ask, date(year, 12, 31))
    found = facts.judged([place.thing], "day", Period.year(year), variant)
    days = {day: verdict for (_, day), verdict in found.items()}
    counts = Counter(level for one in days.values() if (level := one.values.get("level")))
    valid = sum(counts.values())
    good = sum(count for level, count in counts.items() if level <= GOOD)
    past = sum(1 for day in Period.year(year).civil_days() if day <= newest)
    return {
        **facts.cities(ask, place),
        "year": year,
        "asked": asked if asked and asked != str(year) else "",
        "variant": variants.offered(ask, place.thing, "year", Period.year(year)),
        "years": years,
        "edition": facts.cited(next(iter(days.values()), None), "HJ 633"),
        "finding": _finding(good, valid, counts)[ask.language],
        "shares": _shares(counts, valid, date(year, 12, 31)),
        "missing": past - valid,
        "months": [_month(year, month, days, newest, ask) for month in range(1, 13)],
        "weekdays": list(WEEKDAYS[ask.language]),
        "fresh": {
            "data_to": last + HOUR,
            "unit": "days",
            "observed": valid,
            "expected": past,
            "computed_at": max((one.computed_at for one in days.values()), default=None),
        },
        "tables": {"days": _table(place.thing.code, year, days, ask.language)},
    }


def _years(city: int, newest: int) -> list[int]:
    rule = facts.rule_for("air_city", "year")
    starts = Verdict.objects.filter(subject=city, rule=rule, variant="", current=True)
    found = {civil(start).year for start in starts.values_list("start", flat=True)}
    return sorted(found | {newest})


def _finding(good: int, valid: int, counts: Counter[int]) -> Text:
    if not valid:
        return Text("这一年没有有效数据", "No valid days in this year")
    share = round_half_even(Fraction(100 * good, valid), 1)
    heavy = counts[5] + counts[6]
    return Text(
        f"优良 {good} 天，占有效天数 {valid} 天的 {share} %；重度及以上污染 {heavy} 天",
        f"{good} good days, {share} % of {valid} valid days; {heavy} heavily polluted or worse",
    )


def _shares(counts: Counter[int], valid: int, day: date) -> list[dict[str, Any]]:
    shown, x = [], 0.0
    for item in levels.legend(day):
        days = counts[item["level"]]
        width = 100 * days / valid if valid else 0.0
        shown.append(
            {
                **item,
                "days": days,
                "x": f"{x:.3f}",
                "width": f"{width:.3f}",
                "percent": f"{width:.1f}",
            }
        )
        x += width
    return shown


def _month(
    year: int, month: int, days: dict[date, Verdict], newest: date, ask: Ask
) -> dict[str, Any]:
    weeks = [
        [_cell(day, days.get(day), newest) if day.month == month else None for day in week]
        for week in Calendar().monthdatescalendar(year, month)
    ]
    own = [cell for week in weeks for cell in week if cell and cell["level"]]
    return {
        "name": f"{month} 月" if ask.language == "zh" else MONTHS[month - 1],
        "weeks": weeks,
        "good": sum(1 for cell in own if cell["level"] <= GOOD),
        "valid": len(own),
        "past": date(year, month, 1) <= newest,
    }


def _cell(day: date, verdict: Verdict | None, newest: date) -> dict[str, Any]:
    values = verdict.values if verdict else {}
    index = values.get("aqi")
    return {
        "date": day,
        "aqi": index,
        "level": values.get("level"),
        "category": levels.category(index, day),
        "primary": levels.names(values.get("primary")),
        "past": day <= newest,
    }


def _table(code: str, year: int, days: dict[date, Verdict], language: str) -> Table:
    columns = ["so2", "no2", "pm10", "pm2_5", "co", "o3_mda8"]
    rows = []
    for day in Period.year(year).civil_days():
        values = days[day].values if day in days else {}
        category = levels.category(values.get("aqi"), day)
        rows.append(
            [
                day,
                values.get("aqi"),
                category[language] if category else None,
                ",".join(values.get("primary") or []),
                *(values.get(name) for name in columns),
            ]
        )
    return Table(f"{code}-{year}-days", ["day", "aqi", "category", "primary", *columns], rows)
