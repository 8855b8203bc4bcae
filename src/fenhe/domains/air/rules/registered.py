"""The rules of air as the platform runs them, each from what the one before it derives:
station hours -> station day -> city day -> month, quarter, year; and the alert level of a city."""

from __future__ import annotations

from fenhe.assess.rule import Input, Members, Rule, Span
from fenhe.domains.air.rules import daily, heavy_pollution, period, steps, tables
from fenhe.kernel.text import Text

STATION, CITY = "air_station", "air_city"
INDEX, STATISTICS, COMPOSITE = "HJ 633", ("GB 3095", "HJ 663"), "composite"

PERIODS: tuple[tuple[Span, Text], ...] = (
    ("month", Text("月评价", "month")),
    ("quarter", Text("季评价", "quarter")),
    ("year", Text("年评价", "year")),
)

STATION_DAY = Rule(
    id="air.station-day",
    name=Text("点位日评价", "day of a station"),
    kinds=(STATION,),
    inputs=tuple(Input(name) for name in tables.SYMBOLS),
    evaluate=daily.station_day,
    explain=steps.station_day,
    standards=(INDEX, *STATISTICS),
    derives=daily.DERIVED,
)
CITY_DAY = Rule(
    id="air.city-day",
    name=Text("城市日评价", "day of a city"),
    kinds=(CITY,),
    inputs=tuple(daily.DAILY.values()),
    evaluate=daily.city_day,
    explain=steps.city_day,
    resolution="day",
    members=Members("part_of", without="control_point"),
    standards=(INDEX, *STATISTICS),
    derives=daily.DERIVED,
)
MONTH, QUARTER, YEAR = (
    Rule(
        id=f"air.{span}",
        name=name,
        kinds=(STATION, CITY),
        inputs=tuple(daily.DAILY.values()),
        evaluate=period.period,
        explain=steps.period,
        span=span,
        resolution="day",
        standards=(INDEX, *STATISTICS, COMPOSITE),
    )
    for span, name in PERIODS
)
ALERT_DAY = Rule(
    id="air.alert-day",
    name=Text("重污染天气级别", "heavy-pollution level"),
    kinds=(CITY,),
    inputs=tuple(daily.DAILY.values()),
    evaluate=heavy_pollution.alert_day,
    explain=heavy_pollution.explain,
    resolution="day",
    days_back=heavy_pollution.DAYS_BACK,
    standards=(heavy_pollution.STANDARD, INDEX),
)
RULES = (STATION_DAY, CITY_DAY, ALERT_DAY, MONTH, QUARTER, YEAR)
