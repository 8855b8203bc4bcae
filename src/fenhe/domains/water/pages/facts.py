"""What pages look up: the city and its sections, their samples from the lake, their verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import polars as pl
from django.db.models import Count, QuerySet

from fenhe.assess.models import Verdict
from fenhe.domains.water.rules import tables, targets
from fenhe.domains.water.rules.live import AUTOMATIC
from fenhe.kernel.errors import NotFound
from fenhe.kernel.period import Period, civil
from fenhe.kernel.rounding import round_half_even
from fenhe.observe import readings
from fenhe.observe.flags import Flag
from fenhe.observe.models import Latest
from fenhe.publish.page import Ask
from fenhe.registry import vocabulary
from fenhe.registry.models import Object, Relation, Series

CITY, SECTION, POINT = "water_city", "water_section", "water_lake_point"
KINDS = (SECTION, POINT)
WORDS = {SECTION: "section", POINT: "lake"}
SAMPLE = timedelta(hours=4)
UNUSABLE = (int(Flag.FAIL), int(Flag.MISSING))
EARLIEST, LATEST = 1970, 9000


@dataclass(frozen=True)
class City:
    """A city with the sections and lake points that stand for it, in order downstream."""

    thing: Object
    sections: tuple[Object, ...]

    @property
    def simulated(self) -> bool:
        return bool(self.thing.attributes.get("simulated"))


def rule_for(kind: str, span: str) -> str:
    return f"water.{WORDS[kind]}-{span}"


def waterbody(thing: Object) -> str:
    return tables.LAKE if thing.kind == POINT else tables.RIVER


def city(ask: Ask, code: str = "") -> City | None:
    """The city asked for, else the one with most sections; None where there is none."""
    parts = Relation.objects.filter(
        predicate="part_of",
        valid_to=None,
        object__kind=CITY,
        object__in=ask.visible(Object.objects.filter(kind=CITY)),
        subject__in=ask.visible(Object.objects.filter(kind__in=KINDS)),
    )
    if code:
        parts = parts.filter(object__code=code)
    sizes = parts.values("object").annotate(size=Count("pk"))
    largest = sizes.order_by("-size", "object__code").first()
    if largest is None:
        return None
    own = list(parts.filter(object=largest["object"]).select_related("subject", "object"))
    return City(own[0].object, tuple(sorted((one.subject for one in own), key=_downstream)))


def _downstream(thing: Object) -> tuple[bool, int, str]:
    order = thing.attributes.get("order")
    return (order is None, int(order or 0), thing.code)


def cities(ask: Ask, place: City) -> dict[str, Any]:
    """The city shown and, where there are several, all to choose from."""
    found = ask.visible(Object.objects.filter(kind=CITY)).order_by("code")
    return {
        "city": place.thing.name(ask.language),
        "city_code": place.thing.code,
        "cities": [{"code": one.code, "name": one.name(ask.language)} for one in found],
        "simulated": place.simulated,
    }


def section(ask: Ask, code: str) -> Object:
    found = ask.visible(Object.objects.filter(kind__in=KINDS, code=code)).first()
    if found is None:
        raise NotFound("water.section-unknown", f"没有断面 {code}", f"there is no section {code}")
    return found


def target(thing: Object, on: date) -> int | None:
    return targets.target(thing.attributes.get("targets"), on)


def series_of(objects: Iterable[Object]) -> pl.DataFrame:
    """series, object, property of the samples of automatic stations."""
    rows = Series.objects.filter(
        object__in=list(objects), resolution="hour", statistic="value", property__in=AUTOMATIC
    ).values_list("id", "object_id", "property")
    schema = {"series": pl.Int32, "object": pl.Int64, "property": pl.String}
    return pl.DataFrame(list(rows), schema, orient="row")


def last_sample(series: pl.DataFrame) -> datetime | None:
    """The newest instant anything was sampled at."""
    found = Latest.objects.filter(series__in=series["series"].to_list()).order_by("-start").first()
    return found.start if found else None


def samples(series: pl.DataFrame, period: Period) -> pl.DataFrame:
    """object, property, series, start, value, usable (null where it may not count), flag."""
    rows = readings.current(series["series"].to_list(), period, flags=True)
    unusable = pl.col("flag").fill_null(int(Flag.NOT_EVALUATED)).is_in(UNUSABLE)
    return rows.join(series, on="series").select(
        "object", "property", "series", "start", "value", "flag",
        usable=pl.when(~unusable).then(pl.col("value")),
    )  # fmt: skip


def daily(things: Sequence[Object], period: Period) -> pl.DataFrame:
    """object, property, start, mean, count: the days the rules have derived."""
    found = Series.objects.filter(
        object__in=list(things),
        resolution="day",
        statistic__in=("mean", "count"),
        property__in=AUTOMATIC,
    ).values_list("id", "object_id", "property", "statistic")
    schema = {
        "series": pl.Int32, "object": pl.Int64, "property": pl.String, "statistic": pl.String,
    }  # fmt: skip
    series = pl.DataFrame(list(found), schema, orient="row")
    rows = readings.current(series["series"].to_list(), period, "day", flags=False)
    wide = (
        rows.join(series, on="series")
        .select("object", "property", "statistic", "start", "value")
        .pivot("statistic", index=["object", "property", "start"], values="value")
    )
    for name in ("mean", "count"):
        if name not in wide.columns:
            wide = wide.with_columns(pl.lit(None, pl.Float64).alias(name))
    return wide.filter(pl.col("mean").is_not_null())


def judged(things: Iterable[Object], span: str, period: Period) -> dict[int, Verdict]:
    """Object id -> its verdict of exactly this period."""
    found = Verdict.objects.filter(
        subject__in=list(things),
        rule__in=[rule_for(kind, span) for kind in KINDS],
        variant="",
        current=True,
        start=period.start,
        end=period.end,
    )
    return {one.subject_id: one for one in found}


def within(things: Iterable[Object], span: str, period: Period) -> list[Verdict]:
    """Every current verdict of the span inside a period, oldest first."""
    return list(rows_within(things, span, period).order_by("start", "subject_id"))


def rows_within(things: Iterable[Object], span: str, period: Period) -> QuerySet[Verdict]:
    """The same as a query, for who needs a count or one value of each: a year of all sections is
    thousands of verdicts."""
    return Verdict.objects.filter(
        subject__in=list(things),
        rule__in=[rule_for(kind, span) for kind in KINDS],
        variant="",
        current=True,
        start__gte=period.start,
        end__lte=period.end,
    )


def level(verdict: Verdict | None) -> int | None:
    found: int | None = verdict.values.get("level") if verdict else None
    return found


def explain(verdict: Verdict | None, metric: str) -> str | None:
    if verdict is None or verdict.values.get(metric) is None:
        return None
    return f"/explain/{verdict.pk}?{urlencode({'metric': metric})}"


def why_reading(series: int | None, start: datetime) -> str | None:
    return None if series is None else f"/explain/reading/{series}/{start:%Y%m%dT%H%M%SZ}"


def asked_month(ask: Ask, newest: date) -> Period:
    """The month asked for as 2026-11, else that of the newest data; never one that is no month."""
    written = ask.params.get("month", "")
    try:
        found = Period.parse(written) if len(written) == 7 else None
    except ValueError:
        found = None
    if found is None or not EARLIEST <= found.first_day.year <= LATEST:
        return Period.month(newest.year, newest.month)
    return found


def year_to(month: Period) -> Period:
    return Period.year(month.first_day.year)


def newest_day(place: City) -> date | None:
    """The civil day of the newest sample of the city."""
    last = last_sample(series_of(place.sections))
    return civil(last).date() if last else None


def figure(value: float | None, decimals: int) -> str:
    """A figure as printed, half-even; a dash where there is none."""
    return "—" if value is None else str(round_half_even(value, decimals))


def printed(value: float | None, name: str) -> str:
    return figure(value, vocabulary.get(name).decimals)


def symbol(name: str) -> str:
    return vocabulary.get(name).symbol


def item_name(name: str, language: str) -> str:
    return vocabulary.get(name).name[language]
