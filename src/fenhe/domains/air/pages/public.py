"""Air for the public: the AQI of the last hour of city and stations, the six pollutants, the days
of this year; nothing else. Built from fields named here one by one, so that what pages for people
show beside them (explanations, alarms, attributes) has no way in."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from fenhe.domains.air.pages import facts, levels
from fenhe.domains.air.pages.today import today
from fenhe.kernel.period import HOUR, Period, civil
from fenhe.kernel.rounding import round_half_even
from fenhe.kernel.text import Text
from fenhe.publish.page import Ask, Table
from fenhe.publish.public import Cell, OpenData, Place, Public
from fenhe.registry import vocabulary
from fenhe.registry.models import Object

PROVISIONAL = Text("实时数据，未经审核", "provisional, not reviewed")
DAILY = Text("按现有数据评价，可能更正", "judged from the data there are, may be corrected")


def public(ask: Ask) -> Public | None:
    place = facts.city(ask)
    if place is None:
        return None
    page = today(replace(ask, params={"city": place.thing.code}))
    if "now" not in page:
        return None
    now, tongue = page["now"], ask.language
    name = place.thing.name(tongue)
    category = now["category"][tongue] if now["category"] else ""
    hour = f"{civil(now['start']):%Y-%m-%d %H:00}"
    named = {one.code: one for one in place.stations}
    return Public(
        title=Text("空气质量", "Air quality")[tongue],
        value="—" if now["aqi"] is None else str(now["aqi"]),
        word=category,
        look=f"air-{now['level']}" if now["level"] else "",
        sentence=_sentence(name, now, category, hour)[tongue],
        advice=now["advice"][tongue] if now["advice"] else "",
        basis=f"{now['edition']} · {Text('1 小时平均', '1 h mean')[tongue]}",
        columns=[
            "AQI",
            Text("首要污染物", "Primary pollutant")[tongue],
            *(f"{one['symbol']} {one['unit']}" for one in page["species"]),
        ],
        places=[_place(row, named[row["code"]]) for row in page["stations"]],
        data_to=now["start"] + HOUR,
        observed=now["observed"],
        expected=now["expected"],
        open_data=[
            _hour(ask, place.thing, page["stations"], named, now),
            _days(ask, place.thing, civil(now["start"]).date()),
        ],
    )


def _sentence(name: str, now: dict[str, Any], category: str, hour: str) -> Text:
    if now["aqi"] is None:
        return Text(f"{name} {hour} 没有数据", f"no data from {name} for {hour}")
    zh = f"{name} {hour} 空气质量{category}"
    en = f"{name}, hour from {hour}: {category}"
    return Text(
        f"{zh}，首要污染物 {now['primary']}" if now["primary"] else zh,
        f"{en}; primary pollutant {now['primary']}" if now["primary"] else en,
    )


def _place(row: dict[str, Any], station: Object) -> Place:
    look = f"air-{row['level']}" if row["level"] else ""
    return Place(
        name=row["name"],
        cells=[
            Cell("—" if row["aqi"] is None else str(row["aqi"]), look, number=True),
            Cell(row["primary"] or "—"),
            *(Cell(cell["shown"], number=True) for cell in row["cells"]),
        ],
        longitude=station.longitude,
        latitude=station.latitude,
        look=look,
    )


def _hour(
    ask: Ask,
    city: Object,
    rows: list[dict[str, Any]],
    named: dict[str, Object],
    now: dict[str, Any],
) -> OpenData:
    start = civil(now["start"])
    columns = ["code", "name", "longitude", "latitude", "hour_beginning", "aqi", "primary"]
    units = [f"{name} ({vocabulary.get(name).unit})" for name in facts.PROPERTIES]
    return OpenData(
        id="hour",
        title=Text("各站点最近一小时", "Stations, last hour")[ask.language],
        quality=PROVISIONAL[ask.language],
        data_to=now["start"] + HOUR,
        table=lambda: Table(
            f"air-{city.code}-{start:%Y%m%d%H}",
            [*columns, *units],
            [
                (
                    row["code"],
                    row["name"],
                    named[row["code"]].longitude,
                    named[row["code"]].latitude,
                    f"{start:%Y-%m-%d %H:%M}",
                    row["aqi"],
                    row["primary"],
                    *(
                        cell["shown"] if cell["value"] is not None else None
                        for cell in row["cells"]
                    ),
                )
                for row in rows
            ],
        ),
    )


def _days(ask: Ask, city: Object, newest: date) -> OpenData:
    return OpenData(
        id="days",
        title=Text("本年逐日", "This year, day by day")[ask.language],
        quality=DAILY[ask.language],
        data_to=Period.day(newest).end,
        table=lambda: _year(city, newest, ask.language),
    )


def _year(city: Object, newest: date, tongue: str) -> Table:
    """Every judged day of this year: AQI, category, primary pollutant, daily PM2.5."""
    year = Period.days(date(newest.year, 1, 1), newest)
    found = facts.judged([city], "day", year)
    means = facts.daily_means(city, "pm2_5", year)
    unit = vocabulary.get("pm2_5").unit
    rows: list[tuple[object, ...]] = []
    for (_, day), verdict in sorted(found.items(), key=lambda item: item[0][1]):
        index = verdict.values.get("aqi")
        category = levels.category(index, day)
        mean = means.get(day)
        rows.append(
            (
                day.isoformat(),
                index,
                category[tongue] if category else None,
                levels.names(verdict.values.get("primary")),
                None if mean is None else round_half_even(mean, 0),
                facts.cited(verdict, "HJ 633"),
            )
        )
    columns = ["day", "aqi", "category", "primary", f"pm2_5 ({unit})", "edition"]
    return Table(f"air-{city.code}-{newest.year}", columns, rows)
