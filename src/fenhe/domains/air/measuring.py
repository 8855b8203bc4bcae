"""Measures what targets of the year are bound to in air: annual means, good days, heavy days, the
composite index.

Each is measured by the rules that judge it (rounding included, `rules.budget`). The forecast takes
the rest of the year to be like the same days of last year where three in four of them are known,
else like what has been so far; which of the two is said with the figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import numpy as np
import polars as pl

from fenhe.assess.models import Verdict
from fenhe.domains.air.pages import facts, standing
from fenhe.domains.air.pages.sufficiency import sufficiency
from fenhe.domains.air.rules import budget, composite, statistics, tables
from fenhe.domains.air.rules.daily import DAILY
from fenhe.domains.air.rules.method import Method, method
from fenhe.kernel.period import DAY, HOUR, Period, civil
from fenhe.kernel.rounding import round_half_even
from fenhe.kernel.text import Text
from fenhe.observe import readings
from fenhe.publish.metric import Aim, Measured
from fenhe.registry.models import Object, Series

CITY = "air_city"
GOOD, HEAVY = (1, 2), (5, 6)
ENOUGH_NUMERATOR, ENOUGH_DENOMINATOR = 3, 4
LIKE_SO_FAR = Text("按其余日子与今年至今相同", "the rest taken to be like this year so far")


@dataclass(frozen=True)
class Standing:
    """The year of a city up to a day, and which days of last year stand for its rest."""

    city: Object
    aim: Aim
    as_of: date
    last: datetime

    @property
    def known(self) -> Period:
        return Period.days(self.aim.period.first_day, self.as_of)

    @property
    def left(self) -> int:
        return (self.aim.period.last_day - self.as_of).days

    @property
    def rest_before(self) -> Period | None:
        """Last year's days in the place of those to come."""
        if not self.left:
            return None
        return Period.days(self.as_of + DAY, self.aim.period.last_day).year_before()

    @property
    def verdict(self) -> Verdict | None:
        """Of the whole year as it is known; none where an earlier day was asked for."""
        if self.aim.on is not None and self.as_of < civil(self.last).date():
            return None
        return facts.judged_once(self.city, "year", self.aim.period)

    def enough(self, count: int) -> bool:
        """Whether so many days of last year can stand for the rest."""
        return bool(count) and count * ENOUGH_DENOMINATOR >= self.left * ENOUGH_NUMERATOR

    def like_last_year(self, count: int) -> Text:
        return Text(
            f"按其余日子与上年同期相同（上年 {count}/{self.left} 天有数据）",
            f"the rest taken to be like the same days of last year ({count} of {self.left} known)",
        )

    def link(self, metric: str) -> str:
        return (
            f"/air/budget?city={self.city.code}&metric={metric}&target={self.aim.value:g}"
            f"&period={self.aim.year}&date={self.as_of}"
        )


def stands(city: Object, aim: Aim) -> Standing | None:
    """None before the year has any data."""
    stations = facts.members(city) or (city,)
    last = facts.last_hour(facts.series_of(stations))
    if last is None:
        return None
    year = aim.period
    as_of = min(civil(last).date(), year.last_day, aim.on or year.last_day)
    return Standing(city, aim, as_of, last) if as_of >= year.first_day else None


def mean(city: Object, aim: Aim, pollutant: str) -> Measured | None:
    """The annual mean of one pollutant."""
    now = stands(city, aim)
    daily = facts.daily_means(city, pollutant, now.known) if now else {}
    values = [one for one in daily.values() if one is not None]
    if now is None or not values:
        return None
    way = method(now.as_of)
    decimals = way.item(pollutant).decimals_statistics
    found = budget.mean_budget(values, now.left, Decimal(f"{aim.value:g}"), decimals)
    bound = found.rest()
    room = None
    if bound is not None and found.reachable:
        room = Text(
            f"其余 {now.left} 天平均不超过 {bound.largest(1)} 即可达到目标",
            f"the other {now.left} days may average {bound.largest(1)} at most",
        )
    elif bound is not None:
        room = Text(
            f"其余 {now.left} 天即使为 0 也达不到目标",
            f"even 0 on the other {now.left} days would not reach it",
        )
    same = _same_days(now, pollutant)
    after = found.after(*same) if now.enough(len(same)) else None
    forecast = after.present if after else found.present
    before = _printed(
        facts.daily_means(city, pollutant, now.known.year_before()).values(), decimals
    )
    return _measured(
        now,
        value=found.present,
        met=found.met,
        reachable=found.reachable,
        room=room,
        forecast=forecast,
        met_then=forecast is not None and forecast <= Decimal(f"{aim.value:g}"),
        method=now.like_last_year(len(same)) if after else LIKE_SO_FAR,
        metric=pollutant,
        before=before,
        observed=len(values),
        notes=_sufficient(now, daily, way, pollutant),
    )


def _same_days(now: Standing, name: str) -> list[float]:
    rest = now.rest_before
    if rest is None:
        return []
    return [one for one in facts.daily_means(now.city, name, rest).values() if one is not None]


def _printed(values: Iterable[float | None], decimals: int) -> float | None:
    known = [one for one in values if one is not None]
    return float(round_half_even(sum(known) / len(known), decimals)) if known else None


def _sufficient(
    now: Standing, daily: dict[date, float | None], way: Method, name: str
) -> list[Text]:
    """Said when the days there are cannot carry a verdict."""
    valid = {day for day, value in daily.items() if value is not None}
    found = sufficiency(valid, now.aim.period, now.as_of, way, way.item(name))
    return [found.said] if found.lost and found.said else []


def good_days(city: Object, aim: Aim) -> Measured | None:
    """The share of good days in percent, of valid days, one decimal."""
    now = stands(city, aim)
    levels = _levels(city, now.known) if now else []
    if now is None or not levels:
        return None
    good = sum(level in GOOD for level in levels)
    wanted = Decimal(f"{aim.value:g}")
    left = budget.good_day_budget(good, len(levels), now.left, target_pct=wanted)
    spare = left.bad_left()
    room = None
    if now.left:
        room = (
            Text(
                f"其余 {now.left} 天即使全部优良也达不到目标",
                f"even if all the other {now.left} days are good it is not reached",
            )
            if spare is None
            else Text(
                f"其余 {now.left} 天中最多可有 {spare} 个超标天",
                f"of the other {now.left} days {spare} may be bad",
            )
        )
    value = _share(good, len(levels))
    same = _levels(city, now.rest_before) if now.rest_before else []
    told = now.enough(len(same))
    forecast = (
        _share(good + sum(one in GOOD for one in same), len(levels) + len(same)) if told else value
    )
    old = _levels(city, now.known.year_before())
    return _measured(
        now,
        value=value,
        met=value >= wanted,
        reachable=spare is not None,
        room=room,
        forecast=forecast,
        met_then=forecast >= wanted,
        method=now.like_last_year(len(same)) if told else LIKE_SO_FAR,
        metric="good_days_pct",
        before=float(_share(sum(one in GOOD for one in old), len(old))) if old else None,
        observed=len(levels),
    )


def heavy_days(city: Object, aim: Aim) -> Measured | None:
    """How many days were heavily polluted or worse."""
    now = stands(city, aim)
    levels = _levels(city, now.known) if now else []
    if now is None or not levels:
        return None
    heavy = sum(level in HEAVY for level in levels)
    spare = int(aim.value) - heavy
    room = None
    if now.left:
        room = (
            Text(f"已超出 {-spare} 天", f"already {-spare} days over")
            if spare < 0
            else Text(f"还可有 {spare} 天", f"{spare} more days are left")
        )
    same = _levels(city, now.rest_before) if now.rest_before else []
    told = now.enough(len(same))
    coming = (
        sum(one in HEAVY for one in same) if told else heavy * now.left / (now.known.hours // 24)
    )
    old = _levels(city, now.known.year_before())
    forecast = round(heavy + coming)
    return _measured(
        now,
        value=Decimal(heavy),
        met=heavy <= aim.value,
        reachable=spare >= 0,
        room=room,
        forecast=Decimal(forecast),
        met_then=forecast <= aim.value,
        method=now.like_last_year(len(same)) if told else LIKE_SO_FAR,
        metric="heavy_days",
        link=f"/air/calendar?city={city.code}&year={aim.year}",
        before=float(sum(one in HEAVY for one in old)) if old else None,
        observed=len(levels),
    )


def _levels(city: Object, period: Period) -> list[int]:
    """The AQI levels of the days that were judged."""
    rows = Verdict.objects.filter(
        subject=city, rule=facts.rule_for(CITY, "day"), variant="", current=True,
        start__gte=period.start, end__lte=period.end,
    )  # fmt: skip
    return [level for level in rows.values_list("values__level", flat=True) if level]


def _share(good: int, days: int) -> Decimal:
    return round_half_even(Decimal(100 * good) / days, 1)


def index(city: Object, aim: Aim) -> Measured | None:
    """The composite index of the year to date."""
    now = stands(city, aim)
    if now is None:
        return None
    verdict = now.verdict
    values = verdict.values if verdict else standing.to_date([city], now.known).get(city.pk, {})
    value = values.get("composite")
    if value is None:
        return None
    scheme = tables.in_force("composite", now.as_of)
    way = method(now.as_of)
    printed = {name: Decimal(f"{values[standing.PRINTED[name]]:g}") for name in composite.COLUMNS}
    rooms = budget.composite_room(printed, Decimal(f"{aim.value:g}"), scheme)
    pm = next(one for one in rooms if one.name == "pm2_5")
    room = None
    if now.left:
        room = (
            Text("只降 PM₂.₅ 达不到目标", "less PM₂.₅ alone would not reach it")
            if pm.largest is None
            else Text(
                f"其余五项不变时，PM₂.₅ 全年不超过 {pm.largest} 即可达到目标",
                f"with the other five as they are, PM₂.₅ may be {pm.largest} over the year",
            )
        )
    forecast, count = _index_forecast(now, way)
    told = forecast is not None
    shown = Decimal(f"{value:.2f}")
    then = forecast if forecast is not None else shown
    old = standing.to_date([city], now.known.year_before()).get(city.pk, {}).get("composite")
    return _measured(
        now,
        value=shown,
        met=shown <= Decimal(f"{aim.value:g}"),
        reachable=None if now.left else shown <= Decimal(f"{aim.value:g}"),
        room=room,
        forecast=then,
        met_then=then <= Decimal(f"{aim.value:g}"),
        method=now.like_last_year(count) if told else LIKE_SO_FAR,
        metric="composite",
        before=old,
        observed=int(values.get("days_judged") or 0),
    )


def _index_forecast(now: Standing, way: Method) -> tuple[Decimal | None, int]:
    """From the days known and last year's in the place of the rest; how many of those there are of
    the poorest pollutant."""
    if now.rest_before is None:
        return None, 0
    row, least = dict[str, float](), now.left
    for item in way.items:
        own, same = (
            _days(now, item.pollutant, now.known),
            _days(now, item.pollutant, now.rest_before),
        )
        least = min(least, len(same))
        days = np.array([[*own, *same]])
        if not days.size:
            return None, 0
        judged = (
            statistics.percentile(days, item.percent) if item.year_limit is None
            else days.mean(axis=1)
        )  # fmt: skip
        settled = float(statistics.settled(judged)[0])
        row[composite.COLUMNS[item.property]] = float(
            round_half_even(settled, item.decimals_statistics)
        )
    if not now.enough(least):
        return None, least
    scheme = tables.in_force("composite", now.as_of)
    found = composite.composite(pl.DataFrame([row]), scheme)["composite"][0]
    return (None if found is None else Decimal(f"{found:.2f}")), least


def _days(now: Standing, pollutant: str, period: Period) -> list[float]:
    source = DAILY[pollutant]
    ids = Series.objects.filter(
        object=now.city, property=source.property, resolution="day", statistic=source.statistic
    ).values_list("id", flat=True)
    rows = readings.current(list(ids), period, "day", flags=False) if ids else None
    return [] if rows is None else [one for one in rows["value"] if one is not None]


def _measured(
    now: Standing,
    *,
    value: Decimal | None,
    met: bool,
    reachable: bool | None,
    room: Text | None,
    forecast: Decimal | None,
    met_then: bool,
    method: Text,
    metric: str,
    observed: int,
    before: float | None = None,
    link: str = "",
    notes: Sequence[Text] = (),
) -> Measured | None:
    if value is None:
        return None
    verdict = now.verdict
    return Measured(
        value=float(value),
        as_of=now.as_of,
        days_left=now.left,
        met=met,
        reachable=reachable,
        room=room,
        forecast=float(forecast) if now.left and forecast is not None else None,
        forecast_met=met_then if now.left else None,
        method=method if now.left else None,
        why=facts.explain(verdict, metric),
        link=link or now.link(metric),
        before=before,
        data_to=min(now.last + HOUR, Period.day(now.as_of).end),
        computed_at=verdict.computed_at if verdict else None,
        observed=observed,
        expected=(now.as_of - now.aim.period.first_day).days + 1,
        notes=notes,
    )
