"""Water for the public: the real-time class of every section by its last sample, with the hour it
was taken and the five values behind it, and the class of the month so far. Built field by field;
targets, districts, alarms and explanations have no way in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fenhe.assess.models import Verdict
from fenhe.domains.water.pages import facts
from fenhe.domains.water.pages.today import last_levels
from fenhe.domains.water.rules import evaluation, tables
from fenhe.kernel.period import Period, civil
from fenhe.kernel.text import Language, Text
from fenhe.publish.page import Ask, Table
from fenhe.publish.public import Cell, OpenData, Place, Public
from fenhe.registry import vocabulary
from fenhe.registry.models import Object

PROVISIONAL = Text("实时数据，未经审核", "provisional, not reviewed")
SIMULATED = Text("模拟数据，只用于演示", "simulated data for the demonstration")
COLUMNS = (
    Text("实时类别", "Class now"),
    Text("采样时间", "Sampled"),
    Text("本月至今", "Month so far"),
)


def public(ask: Ask) -> Public | None:
    place = facts.city(ask)
    series = facts.series_of(place.sections) if place else None
    last = facts.last_sample(series) if series is not None else None
    if place is None or series is None or last is None:
        return None
    day, tongue = civil(last).date(), ask.language
    now = last_levels(place, series, last, day)
    months = facts.judged(place.sections, "month", Period.month(day.year, day.month))
    shares = evaluation.shares([row["level"] for row in now.values()])
    name = place.thing.name(tongue)
    edition = tables.in_force(tables.SURFACE, day)
    return Public(
        title=Text("地表水", "Surface water")[tongue],
        value=f"{shares.good:g}%" if shares.sections else "—",
        word=Text("断面为 Ⅰ～Ⅲ 类", "of sections in classes Ⅰ to Ⅲ")[tongue],
        look="",
        sentence=_sentence(name, shares, last)[tongue],
        advice=SIMULATED[tongue] if place.simulated else "",
        basis=f"{edition.id} · {Text('单次样品，五项', 'one sample, five items')[tongue]}",
        columns=[*(one[tongue] for one in COLUMNS), *_units()],
        places=[_place(one, now.get(one.pk), months.get(one.pk), tongue) for one in place.sections],
        data_to=max((row["start"] for row in now.values()), default=last),
        observed=len(now),
        expected=len(place.sections),
        open_data=[
            OpenData(
                id="sections",
                title=Text("各断面最近一次样品", "Sections, last sample")[tongue],
                quality=PROVISIONAL[tongue],
                data_to=last,
                table=lambda: _table(place.thing, place.sections, now, last),
            )
        ],
    )


def _sentence(name: str, shares: evaluation.Shares, last: datetime) -> Text:
    at = f"{civil(last):%Y-%m-%d %H:%M}"
    if not shares.sections:
        return Text(f"{name} {at} 没有可评价的样品", f"{name}: nothing to class at {at}")
    worst = shares.counts[-1]
    zh = f"{name} {at} {shares.sections} 个断面中 {sum(shares.counts[:3])} 个为 Ⅰ～Ⅲ 类"
    en = (
        f"{name} at {at}: {sum(shares.counts[:3])} of {shares.sections} sections "
        "are in classes Ⅰ to Ⅲ"
    )
    return Text(
        f"{zh}，{worst} 个为劣Ⅴ类" if worst else zh,
        f"{en}, {worst} worse than Ⅴ" if worst else en,
    )


def _units() -> list[str]:
    known = [vocabulary.get(name) for name in tables.feed_items()]
    return [one.symbol if one.unit == one.symbol else f"{one.symbol} {one.unit}" for one in known]


def _place(
    thing: Object, now: dict[str, Any] | None, month: Verdict | None, tongue: Language
) -> Place:
    level, so_far = now["level"] if now else None, facts.level(month)
    return Place(
        name=thing.name(tongue),
        cells=[
            _class(level),
            Cell(f"{civil(now['start']):%m-%d %H:%M}" if now else "—"),
            _class(so_far),
            *(
                Cell(facts.printed(now[item] if now else None, item), number=True)
                for item in tables.feed_items()
            ),
        ],
        longitude=thing.longitude,
        latitude=thing.latitude,
        look=f"water-{level}" if level else "",
    )


def _class(level: int | None) -> Cell:
    return Cell("—") if level is None else Cell(tables.ROMAN[level - 1], f"water-{level}")


def _table(
    city: Object, sections: tuple[Object, ...], now: dict[int, dict[str, Any]], last: datetime
) -> Table:
    items = tables.feed_items()
    rows: list[tuple[object, ...]] = []
    for one in sections:
        row = now.get(one.pk)
        values = [
            None if row is None or row[i] is None else facts.printed(row[i], i) for i in items
        ]
        rows.append(
            (
                one.code,
                one.name_zh,
                one.attributes.get("river"),
                one.longitude,
                one.latitude,
                f"{civil(row['start']):%Y-%m-%d %H:%M}" if row else None,
                tables.ROMAN[row["level"] - 1] if row else None,
                *values,
            )
        )
    columns = ["code", "name", "river", "longitude", "latitude", "sampled", "class"]
    units = [f"{item} ({vocabulary.get(item).unit})" for item in items]
    return Table(f"water-{city.code}-{civil(last):%Y%m%d%H}", [*columns, *units], rows)
