"""The city now and this day: AQI of the last hour, six pollutants, against target and last year,
what is wrong, every station. Without a date the last hour there is data of."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
from django.db.models import Max, Q

from fenhe.access import gate
from fenhe.alert.models import Alarm
from fenhe.assess.models import Verdict
from fenhe.domains.air.pages import asked, charts, facts, levels, standing, variants
from fenhe.domains.air.pages.facts import City
from fenhe.domains.air.rules import aqi
from fenhe.kernel.period import DAY, HOUR, Period, civil
from fenhe.publish.page import Ask, Table
from fenhe.registry import vocabulary
from fenhe.registry.models import Object

CHART_HOURS = 48
ALARM_LOOKS = {"red": "bad", "orange": "bad", "yellow": "warn"}


def today(ask: Ask) -> dict[str, Any]:
    place = facts.city(ask, ask.params.get("city", ""))
    series = facts.series_of(place.stations) if place else None
    last = facts.last_hour(series) if series is not None else None
    if place is None or series is None or last is None:
        return {"template": "air/empty.html"}
    newest = civil(last).date()
    day, notice = asked.day(ask, newest, place.thing)
    now = last if day == newest else Period.day(day).end - HOUR
    window = Period(now - (2 * CHART_HOURS - 1) * HOUR, now + HOUR)
    rows = facts.hours(series, window)
    counted = [one.pk for one in place.counted]
    city_hours = facts.regular(rows.filter(pl.col("object").is_in(counted)), window)
    judged = _judged(place, rows.filter(pl.col("start") == now), city_hours.tail(1), day)
    variant = variants.chosen(ask, day)
    verdict = facts.judged_once(place.thing, "day", Period.day(day), variant)
    chart = charts.last_hours(city_hours, CHART_HOURS, day, ask.language)
    listed = _stations(place, judged, series, rows, now, ask.language)
    data: dict[str, Any] = {
        **facts.cities(ask, place),
        "date": day,
        "asked": notice,
        "last": newest,
        "before": day - DAY,
        "after": day + DAY if day < newest else None,
        "query": f"city={place.thing.code}&date={day}",
        "now": _now(place, judged[place.thing.pk], rows, now, ask),
        "species": _species(place, judged[place.thing.pk], now),
        "today": _day(verdict, day),
        "against": standing.against(place.thing, day, ask.language, variant),
        "variant": variants.offered(ask, place.thing, "day", Period.day(day)),
        "chart": chart,
        "levels": levels.legend(day),
        "alarms": _alarms(place, day, newest, ask),
        "may_acknowledge": gate.may(ask.person, "alarm.acknowledge"),
        "stations": listed,
        "fresh": {
            "data_to": now + HOUR,
            "expected": 24,
            "observed": _hours_seen(rows, counted, day),
            "computed_at": _computed(place, day, variant),
        },
    }
    data["tables"] = {
        "hours": chart["table"],
        "stations": _station_table(listed, place, now, ask.language),
    }
    return data


def _judged(
    place: City, at_now: pl.DataFrame, city: pl.DataFrame, day: date
) -> dict[int, dict[str, Any]]:
    """The hour of the city and of every station that has one, judged together."""
    wide = at_now.pivot("property", index="object", values="usable")
    whole = city.drop("start").with_columns(object=pl.lit(place.thing.pk, pl.Int64))
    both = pl.concat([whole, wide], how="diagonal")
    return {row["object"]: row for row in facts.hourly_aqi(both, day).iter_rows(named=True)}


def _computed(place: City, day: date, variant: str) -> datetime | None:
    """The newest computation of what the page shows: this day of all, the year of the city."""
    shown = Verdict.objects.filter(current=True, variant=variant)
    own, year = Period.day(day), Period.year(day.year)
    things = [place.thing.pk, *(one.pk for one in place.stations)]
    of_day = Q(subject__in=things, start=own.start, end=own.end)
    of_year = Q(subject=place.thing, start=year.start, end=year.end)
    found = shown.filter(of_day | of_year).aggregate(newest=Max("computed_at"))
    newest: datetime | None = found["newest"]
    return newest


def _now(
    place: City, row: dict[str, Any], rows: pl.DataFrame, now: datetime, ask: Ask
) -> dict[str, Any]:
    seen = rows.filter((pl.col("start") == now) & pl.col("usable").is_not_null())
    counted = [one.pk for one in place.counted]
    day = civil(now).date()
    edition = levels.edition(day)
    advice = None
    groups = ""
    if row["aqi"] is not None:
        indices = {vocabulary.get(name).symbol: row[f"iaqi_{name}"] for name in facts.PROPERTIES}
        given = aqi.advice(edition, row["aqi"], indices)
        advice, groups = given.text, levels.groups(given.groups.values(), ask.language)
    return {
        **levels.of(row["aqi"], day),
        "aqi": row["aqi"],
        "primary": levels.names(row["primary"]),
        "edition": edition.id,
        "start": now,
        "end": now + HOUR,
        "url": f"/air/hour/{place.thing.code}/{now:%Y%m%dT%H%MZ}",
        "advice": advice,
        "groups": groups,
        "observed": seen.filter(pl.col("object").is_in(counted))["object"].n_unique(),
        "expected": len(counted),
    }


def _species(place: City, row: dict[str, Any], now: datetime) -> list[dict[str, Any]]:
    day = civil(now).date()
    shown = []
    for name in facts.PROPERTIES:
        about = vocabulary.get(name)
        value, index = row[name], row[f"iaqi_{name}"]
        shown.append(
            {
                "id": name,
                "symbol": levels.SUBSCRIPTS.get(about.symbol, about.symbol),
                "unit": about.unit,
                "value": value,
                "shown": facts.figure(value, about.decimals),
                "iaqi": index,
                "level": levels.of(index, day)["level"],
                "width": min(index or 0, 300),
                "url": f"/air/hour/{place.thing.code}/{now:%Y%m%dT%H%MZ}?property={name}",
            }
        )
    return shown


def _day(verdict: Verdict | None, day: date) -> dict[str, Any]:
    index = verdict.values.get("aqi") if verdict else None
    return {
        "aqi": index,
        "level": levels.of(index, day)["level"],
        "url": facts.explain(verdict, "aqi"),
        "edition": facts.cited(verdict, "HJ 633"),
    }


def _stations(
    place: City,
    judged: dict[int, dict[str, Any]],
    series: pl.DataFrame,
    rows: pl.DataFrame,
    now: datetime,
    language: str,
) -> list[dict[str, Any]]:
    day = civil(now).date()
    ids = {(row["object"], row["property"]): row["series"] for row in series.iter_rows(named=True)}
    by_day = facts.judged(place.stations, "day", Period.day(day))
    today = Period.day(day)
    seen = dict(
        rows.filter(pl.col("start").is_between(today.start, today.end, closed="left"))
        .filter(pl.col("usable").is_not_null())
        .group_by("object")
        .agg(pl.col("start").n_unique())
        .iter_rows()
    )
    listed = [
        _station(one, judged.get(one.pk, {}), ids, now, by_day.get((one.pk, day)), day)
        | {"observed": seen.get(one.pk, 0), "name": one.name(language)}
        for one in place.stations
    ]
    return sorted(listed, key=lambda row: -(row["aqi"] or -1))


def _station(
    one: Object,
    row: dict[str, Any],
    ids: dict[tuple[int, str], int],
    now: datetime,
    verdict: Verdict | None,
    day: date,
) -> dict[str, Any]:
    index = row.get("aqi")
    day_index = verdict.values.get("aqi") if verdict else None
    return {
        "code": one.code,
        "control": facts.is_control(one),
        "aqi": index,
        **{key: value for key, value in levels.of(index, day).items() if key != "advice"},
        "primary": levels.names(row.get("primary")),
        "url": f"/air/hour/{one.code}/{now:%Y%m%dT%H%MZ}",
        "cells": [
            {
                "value": row.get(name),
                "shown": facts.figure(row.get(name), vocabulary.get(name).decimals),
                "url": facts.why_reading(ids.get((one.pk, name)), now),
            }
            for name in facts.PROPERTIES
        ],
        "day_aqi": day_index,
        "day_level": levels.of(day_index, day)["level"],
        "day_url": facts.explain(verdict, "aqi"),
    }


def _station_table(
    listed: list[dict[str, Any]], place: City, now: datetime, language: str
) -> Table:
    columns = ["station", "name", "hour_beginning", "aqi", "category", "primary"]
    return Table(
        f"{place.thing.code}-{civil(now):%Y%m%d%H}",
        [*columns, *facts.PROPERTIES, "day_aqi", "hours"],
        [
            [
                row["code"],
                row["name"],
                f"{civil(now):%Y-%m-%d %H:%M}",
                row["aqi"],
                row["category"][language] if row["category"] else None,
                row["primary"],
                *(cell["value"] for cell in row["cells"]),
                row["day_aqi"],
                row["observed"],
            ]
            for row in listed
        ],
    )


def _alarms(place: City, day: date, newest: date, ask: Ask) -> list[dict[str, Any]]:
    """What is wrong now; of an earlier day, what was open then."""
    end = Period.day(day).end
    things = [place.thing.pk, *(one.pk for one in place.stations)]
    of_city = Alarm.objects.filter(subject__in=things, first_seen__lt=end)
    found = ask.visible(of_city).select_related("subject")
    found = (
        found.exclude(state="cleared")
        if day == newest
        else found.filter(last_seen__gte=end - timedelta(days=1))
    )
    zh = ask.language == "zh"
    return [
        {
            "id": one.pk,
            "message": one.message_zh if zh else one.message_en,
            "subject": one.subject.name(ask.language),
            "first_seen": one.first_seen,
            "state": one.state,
            "look": ALARM_LOOKS.get(one.severity, ""),
        }
        for one in found.order_by("-first_seen")[:12]
    ]


def _hours_seen(rows: pl.DataFrame, counted: list[int], day: date) -> int:
    period = Period.day(day)
    return rows.filter(
        pl.col("object").is_in(counted)
        & pl.col("usable").is_not_null()
        & pl.col("start").is_between(period.start, period.end, closed="left")
    )["start"].n_unique()
