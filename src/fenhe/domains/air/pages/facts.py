"""What pages look up: the city and its stations, their hours from the lake, their verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
from django.db.models import Count, QuerySet

from fenhe.assess import rule, verdicts
from fenhe.assess.models import Verdict
from fenhe.assess.rule import Span
from fenhe.domains.air.pages import levels
from fenhe.domains.air.rules import aqi, tables
from fenhe.kernel.errors import NotFound
from fenhe.kernel.period import HOUR, Period, civil
from fenhe.kernel.rounding import round_half_even
from fenhe.observe import readings
from fenhe.observe.flags import Flag
from fenhe.observe.models import Latest
from fenhe.publish.page import Ask
from fenhe.registry import vocabulary
from fenhe.registry.models import Object, Relation, Series

PROPERTIES = ("pm2_5", "pm10", "o3", "no2", "so2", "co")
"""In the order pages show them: what decides most days comes first."""

EARLIEST, LATEST = 1970, 9000
UNUSABLE = (int(Flag.FAIL), int(Flag.MISSING))


def rule_for(kind: str, span: Span) -> str:
    """The id of the rule that judges this kind over such a period."""
    return next(one.id for one in rule.all() if kind in one.kinds and one.span == span)


@dataclass(frozen=True)
class City:
    """A city with its stations. Control points are listed but do not count for the city."""

    thing: Object
    stations: tuple[Object, ...]

    @property
    def counted(self) -> tuple[Object, ...]:
        return tuple(one for one in self.stations if not is_control(one))


def district(station: Object, language: str) -> str:
    """In the language of the page; nothing where only the other is known."""
    name = "district" if language == "zh" else "district_en"
    return str(station.attributes.get(name) or "")


def is_control(station: Object) -> bool:
    return bool(station.attributes.get("control_point"))


def city(ask: Ask, code: str = "") -> City | None:
    """The city asked for, else the one with most stations; None where there is none yet. A figure
    of a city is one of all its stations: it is shown to whoever may see them all."""
    found = _seen_whole(ask)
    if code:
        found = found.filter(object__code=code)
    sizes = found.values("object").annotate(size=Count("pk"))
    largest = sizes.order_by("-size", "object__code").first()
    if largest is None:
        return None
    parts = found.filter(object=largest["object"]).select_related("subject", "object")
    relations = list(parts.order_by("subject__code"))
    return City(relations[0].object, tuple(one.subject for one in relations))


def _seen_whole(ask: Ask) -> QuerySet[Relation]:
    """What is part of which city, for the cities all of whose parts the person may see."""
    parts = Relation.objects.filter(predicate="part_of", object__kind="air_city")
    everything = Object.objects.all()
    mine = ask.visible(everything)
    if mine is everything:
        return parts
    hidden = parts.exclude(subject__in=mine).values("object")
    return parts.filter(object__in=mine).exclude(object__in=hidden)


def cities(ask: Ask, place: City) -> dict[str, Any]:
    """The city shown and, where there are several, all to choose from."""
    listed = Object.objects.filter(pk__in=_seen_whole(ask).values("object")).order_by("code")
    return {
        "city": place.thing.name(ask.language),
        "city_code": place.thing.code,
        "cities": [{"code": one.code, "name": one.name(ask.language)} for one in listed],
    }


def station(ask: Ask, code: str) -> Object:
    found = ask.visible(Object.objects.filter(kind="air_station", code=code)).first()
    if found is None:
        raise NotFound("air.station-unknown", f"没有站点 {code}", f"there is no station {code}")
    return found


def series_of(objects: Iterable[Object]) -> pl.DataFrame:
    """series, object, property of the hourly measured series."""
    rows = Series.objects.filter(
        object__in=list(objects), resolution="hour", statistic="value", property__in=PROPERTIES
    ).values_list("id", "object_id", "property")
    schema = {"series": pl.Int32, "object": pl.Int64, "property": pl.String}
    return pl.DataFrame(list(rows), schema, orient="row")


def last_hour(series: pl.DataFrame) -> datetime | None:
    """The beginning of the newest hour by which half the stations had measured something: one
    station ahead of the others (or one stamp that is wrong) does not speak for a city. Half is our
    own bound; no standard gives one for hours."""
    owners = dict(series.select("series", "object").iter_rows())
    newest: dict[int, datetime] = {}
    for one, start in Latest.objects.filter(series__in=list(owners)).values_list("series", "start"):
        owner = owners[one]
        newest[owner] = max(start, newest.get(owner, start))
    heard = sorted(newest.values(), reverse=True)
    return heard[(len(heard) + 1) // 2 - 1] if heard else None


def daily_means(thing: Object, name: str, period: Period) -> dict[date, float | None]:
    """Its unrounded daily means of every day of the period, as derived in the lake."""
    series = Series.objects.filter(
        object=thing, property=name, resolution="day", statistic="mean"
    ).values_list("id", flat=True)
    rows = readings.current(list(series), period, "day", flags=False) if series else None
    found: dict[date, float | None] = {}
    if rows is not None:
        found = {
            civil(start).date(): value for start, value in rows.select("start", "value").iter_rows()
        }
    return {day: found.get(day) for day in period.civil_days()}


def elapsed(period: Period, newest: date) -> int:
    """The days of a period that there can be data of."""
    return max((min(period.last_day, newest) - period.first_day).days + 1, 0)


def hours(series: pl.DataFrame, period: Period) -> pl.DataFrame:
    """object, property, series, start, value, usable (null where it may not count), flag."""
    rows = readings.current(series["series"].to_list(), period, flags=True)
    unusable = pl.col("flag").fill_null(int(Flag.NOT_EVALUATED)).is_in(UNUSABLE)
    return rows.join(series, on="series").select(
        "object",
        "property",
        "series",
        "start",
        "value",
        "flag",
        usable=pl.when(~unusable).then(pl.col("value")),
    )


def regular(values: pl.DataFrame, period: Period) -> pl.DataFrame:
    """start and a column per property, one row per hour of the period; null where missing."""
    grid = pl.DataFrame(
        {"start": [period.start + hour * HOUR for hour in range(period.hours)]},
        {"start": pl.Datetime("us", "UTC")},
    )
    wide = values.pivot("property", index="start", values="usable", aggregate_function="mean")
    found = grid.join(wide, on="start", how="left").sort("start")
    missing = [name for name in PROPERTIES if name not in found.columns]
    return found.with_columns(pl.lit(None, pl.Float64).alias(name) for name in missing)


def hourly_aqi(frame: pl.DataFrame, day: date) -> pl.DataFrame:
    """Adds iaqi_…, aqi, primary. The hour report of 2026; before, what the national feed does."""
    edition = levels.edition(day)
    report: aqi.Report = "feed" if edition.table("indices").find(report="feed") else "hour"
    return aqi.aqi(frame, edition, report)


def judged(
    objects: Sequence[Object], span: Span, period: Period, variant: str = ""
) -> dict[tuple[int, date], Verdict]:
    """(object, first civil day) -> the verdict of every day, month … inside the period. The
    objects are of one kind."""
    if not objects:
        return {}
    rule_id = rule_for(objects[0].kind, span)
    found = verdicts.within(rule_id, period, [one.pk for one in objects], variant)
    return {(one.subject_id, civil(one.start).date()): one for one in found}


def judged_once(thing: Object, span: Span, period: Period, variant: str = "") -> Verdict | None:
    return verdicts.current(thing.pk, rule_for(thing.kind, span), period, variant)


def in_force_id(standard: str, day: date) -> str:
    return tables.in_force(standard, day).id


def explain(verdict: Verdict | None, metric: str) -> str | None:
    return None if verdict is None else f"/explain/{verdict.pk}?metric={metric}"


def cited(verdict: Verdict | None, standard: str) -> str:
    """The edition of one standard among those a verdict cites."""
    listed = verdict.edition.split("; ") if verdict else []
    return next((edition for edition in listed if edition.startswith(standard)), "")


def why_reading(series: int | None, start: datetime) -> str | None:
    return None if series is None else f"/explain/reading/{series}/{start:%Y%m%dT%H%M%SZ}"


def asked_day(params: Any, name: str = "date") -> date | None:
    """A day somebody may have typed; None for what is no day data could be of."""
    try:
        found = date.fromisoformat(params.get(name, ""))
    except ValueError:
        return None
    return found if EARLIEST <= found.year <= LATEST else None


def figure(value: float | None, decimals: int) -> str:
    """A figure as printed, half-even; a dash where there is none."""
    return "—" if value is None else str(round_half_even(value, decimals))


def symbol(name: str) -> str:
    """PM₂.₅ for pm2_5."""
    plain = vocabulary.get(name).symbol
    return levels.SUBSCRIPTS.get(plain, plain)


def members(thing: Object) -> tuple[Object, ...]:
    """Everything that is part of it."""
    found = Relation.objects.filter(predicate="part_of", object=thing).select_related("subject")
    return tuple(one.subject for one in found)
