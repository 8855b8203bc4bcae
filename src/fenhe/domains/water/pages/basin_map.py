"""The river on a map: reaches with the direction of the flow, sections in the colour of their
class, and the pulses that are going on; the same as a list in order downstream."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import networkx as nx

from fenhe.access import gate
from fenhe.domains.water.pages import drawn as maps
from fenhe.domains.water.pages import facts, levels, pulses, river
from fenhe.domains.water.pages.dossier import classes
from fenhe.domains.water.pages.drawn import Point
from fenhe.domains.water.pages.facts import City
from fenhe.domains.water.pages.river import INTAKE, SECTION, STRUCTURE, Basin, discharging
from fenhe.domains.water.pages.today import last_levels
from fenhe.kernel.period import Period, civil
from fenhe.kernel.text import Text
from fenhe.publish.page import Ask, Class, Table
from fenhe.registry import kinds
from fenhe.registry.models import Object

RECENT = timedelta(days=3)
WATER = [Class("river", Text("水流方向如箭头", "arrows along the flow"), "c3")]
WORDS = {
    "river": Text("河段", "reaches"),
    "sections": Text("断面（最近样品类别）", "sections by class of the last sample"),
    "sources": Text("排口、污水厂", "outfalls and plants"),
    "others": Text("取水口、工程", "intakes and structures"),
}


def basin_map(ask: Ask) -> dict[str, Any]:
    basin = river.basin(ask)
    if basin is None:
        return {"template": "water/river_empty.html", "may_edit": _may_edit(ask)}
    sections = downstream(basin)
    series = facts.series_of(sections)
    last = facts.last_sample(series)
    now: dict[int, dict[str, Any]] = {}
    newest: dict[int, pulses.Stored] = {}
    if last is not None and sections:
        day = civil(last).date()
        now = last_levels(City(sections[0], tuple(sections)), series, last, day)
        whole = Period.days(day - RECENT, day + RECENT)
        for one in pulses.stored(ask, whole, [section.pk for section in sections]):
            newest.setdefault(one.section, one)
    rows = [_row(one, basin, now.get(one.pk), newest.get(one.pk), ask) for one in sections]
    return {
        "rows": rows,
        "reaches": len(basin.chart.river.reaches),
        "km": f"{sum(one.length for one in basin.chart.river.reaches.values()):.0f}",
        "pulses": [row for row in rows if row["pulse"]],
        "levels": levels.legend(),
        "simulated": any(one.attributes.get("simulated") for one in sections),
        "map": _drawn(basin, sections, now, ask.language),
        "unplaced": len([1 for one in basin.things.values() if one.pk not in basin.placed]),
        "may_edit": _may_edit(ask),
        "fresh": {"data_to": last, "observed": len(now), "expected": len(sections)},
        "tables": {"sections": _table(rows)},
    }


def downstream(basin: Basin) -> list[Object]:
    """Sections in an order in which what lies above comes first."""
    order = {node: n for n, node in enumerate(nx.topological_sort(basin.chart.river.graph))}
    return sorted(
        basin.of(SECTION),
        key=lambda one: (
            order[basin.reach(one).head],
            basin.reach(one).id,
            basin.placed[one.pk].place.km,
            one.code,
        ),
    )


def _may_edit(ask: Ask) -> bool:
    return gate.may(ask.person, "registry.edit")


def _row(
    one: Object,
    basin: Basin,
    now: dict[str, Any] | None,
    newest: pulses.Stored | None,
    ask: Ask,
) -> dict[str, Any]:
    reach, at = basin.reach(one), basin.placed[one.pk]
    return {
        "code": one.code,
        "name": one.name(ask.language),
        "river": reach.name,
        "reach": reach.id,
        "km": f"{at.place.km:.1f}",
        "by": at.by,
        "district": reach.district,
        "chief": reach.chief,
        "target": levels.of(facts.target(one, civil(ask.now).date())),
        "now": levels.of(now["level"] if now else None),
        "now_at": now["start"] if now else None,
        "pulse": pulses.row(newest, ask.language) if newest else None,
    }


def _drawn(
    basin: Basin, sections: list[Object], now: dict[int, dict[str, Any]], language: str
) -> dict[str, Any]:
    name = {key: text[language] for key, text in WORDS.items()}
    own = classes()
    seen = [
        Point(
            one,
            one.name(language),
            now[one.pk]["level"] - 1 if one.pk in now and now[one.pk]["level"] else None,
        )
        for one in sections
    ]
    sources = [Point(one, one.name(language)) for one in basin.of(*discharging())]
    others = [Point(one, one.name(language)) for one in basin.of(INTAKE, STRUCTURE)]
    return maps.told(
        [
            maps.lines("river", name["river"], basin, dict.fromkeys(basin.reaches, 0), WATER,
                       language),
            maps.points("sources", name["sources"], basin, sources, (), "triangle", 9, language),
            maps.points("others", name["others"], basin, others, (), "square", 8, language),
            maps.points("sections", name["sections"], basin, seen, own, "diamond", 14, language),
        ],
        basin,
        language,
    )  # fmt: skip


def _table(rows: list[dict[str, Any]]) -> Table:
    names = ["code", "name", "river", "reach", "km", "district", "chief"]
    return Table(
        "river-sections",
        [*names, "class", "pulse"],
        [
            [*(row[name] for name in names), row["now"]["roman"],
             row["pulse"]["start"].isoformat() if row["pulse"] else ""]
            for row in rows
        ],
    )  # fmt: skip


def standing(basin: Basin, language: str) -> list[dict[str, Any]]:
    """Everything by where it stands on the river, for the page of the network."""
    every = [one for one in basin.things.values() if one.pk in basin.placed]
    ordered = sorted(
        every, key=lambda one: (basin.placed[one.pk].place.reach, basin.placed[one.pk].place.km)
    )
    return [
        {
            "object": one.pk,
            "code": one.code,
            "name": one.name(language),
            "kind": kinds.get(one.kind).name[language],
            "reach": basin.placed[one.pk].place.reach,
            "km": f"{basin.placed[one.pk].place.km:.2f}",
            "off": f"{basin.placed[one.pk].off:.2f}",
            "by": basin.placed[one.pk].by,
            "district": basin.reach(one).district,
            "chief": basin.reach(one).chief,
        }
        for one in ordered
    ]
