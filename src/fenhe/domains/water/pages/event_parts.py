"""The parts of an event's page: charts, tables and the map, from what `replay` worked out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from fenhe.domains.water.pages import drawn as maps
from fenhe.domains.water.pages import facts
from fenhe.domains.water.pages.drawn import Point
from fenhe.domains.water.pages.pulses import Stored, marks
from fenhe.domains.water.pages.replay import Seen
from fenhe.domains.water.pages.river import INTAKE, SECTION, Basin
from fenhe.domains.water.sky.events import Event
from fenhe.domains.water.sky.forecast import Forecast, Times
from fenhe.domains.water.sky.lag import Lag
from fenhe.domains.water.sky.trace import Candidate
from fenhe.kernel.text import Text
from fenhe.publish.page import Class, Table
from fenhe.registry import kinds, vocabulary
from fenhe.registry.models import Object

SHOWN = 10
TOP = 5
BEFORE = timedelta(days=5)
STEP = timedelta(hours=4)
WHERE = {
    "upstream": Text("上游候选所在", "upstream, candidates"),
    "here": Text("事件断面", "the section itself"),
    "downstream": Text("下游将受影响", "downstream, to be reached"),
}
LINES = (
    Text("样品", "samples"),
    Text("事件窗内", "within the event"),
    Text("事件前基线", "baseline before"),
)
RIVER = [
    Class("up", Text("上游（可能来水）", "upstream, may have sent it"), "c2"),
    Class("down", Text("下游（将到达）", "downstream, will be reached"), "c3"),
    Class("other", Text("其他河段", "other reaches"), "line-strong"),
]
SOURCES = [
    Class("top", Text("候选前五", "first five candidates"), "bad"),
    Class("rest", Text("其他来源", "other sources"), "line-strong"),
]


def charts(thing: Object, seen: Seen, language: str) -> list[dict[str, Any]]:
    """One chart per item that rose, the leading one first; the event's samples stand out."""
    event = seen.event
    if event is None:
        return []
    first = event.start - BEFORE
    own = seen.rows.filter((pl.col("station") == str(thing.pk)) & (pl.col("time") >= first)).sort(
        "time"
    )
    items = [event.item, *(item for item in event.items if item != event.item)]
    return [_chart(thing, event, own, item, first, language) for item in items[:4]]


def _chart(
    thing: Object, event: Event, own: pl.DataFrame, item: str, first: datetime, language: str
) -> dict[str, Any]:
    about = vocabulary.get(item)
    last = own["time"].max()
    until = last if isinstance(last, datetime) else event.end
    grid = [first + n * STEP for n in range(int((until - first) / STEP) + 1)]
    values = dict(own.select("time", item).iter_rows())
    base = event.bases.get(item)
    shown = [values.get(time) for time in grid]
    within = [
        value if event.start <= time <= event.end else None
        for time, value in zip(grid, shown, strict=True)
    ]
    expected = [base if time >= event.start else None for time in grid]
    worst = event.worst.get(item)
    finding = Text(
        f"{about.name.zh}：基线 {facts.printed(base, item)}，最差 {facts.printed(worst, item)}",
        f"{about.name.en}: baseline {facts.printed(base, item)}, at worst "
        f"{facts.printed(worst, item)}",
    )
    return {
        "id": item,
        "script": f"{item}-spec",
        "finding": finding[language],
        "axis": f"{about.unit} · {Text('4 小时样品', 'four-hourly samples')[language]}",
        "spec": {
            "unit": about.unit,
            "x": [f"{time:%m-%d %H:%M}" for time in grid],
            "lines": [
                {"name": LINES[0][language], "values": shown, "colour": "--c1"},
                {"name": LINES[1][language], "values": within, "colour": "--bad"},
                {"name": LINES[2][language], "values": expected, "colour": "--ink-3",
                 "dashed": True},
            ],
            "limits": [],
            "decimals": about.decimals,
        },
        "table": Table(
            f"{thing.code}-{item}-{event.start:%Y%m%dT%H%M}",
            ["time", item, "in_event", "baseline"],
            [
                [f"{time:%Y-%m-%d %H:%M}", value, "✓" if mark is not None else "", expect]
                for time, value, mark, expect in zip(grid, shown, within, expected, strict=True)
            ],
        ),
    }  # fmt: skip


def candidates(found: list[Candidate], basin: Basin, language: str) -> list[dict[str, Any]]:
    return [
        {
            "object": int(one.source.id),
            "name": one.source.name,
            "kind": kinds.get(basin.sources[one.source.id].kind).name[language],
            "km": f"{one.km:.1f}",
            "share": f"{100 * one.share:.0f}",
            "reasons": [text[language] for text in one.reasons],
            "district": basin.chart.river.reach(one.source.place.reach).district,
        }
        for one in found[:SHOWN]
    ]


def downstream(
    found: list[Forecast], echoes: Mapping[str, Lag], basin: Basin, seen: Seen, language: str
) -> list[dict[str, Any]]:
    event = seen.event
    if event is None:
        return []
    about = vocabulary.get(event.item)
    return [
        {
            "object": int(one.target),
            "name": (thing := basin.things[int(one.target)]).name(language),
            "kind": kinds.get(thing.kind).name[language],
            "intake": thing.kind == INTAKE,
            "km": f"{one.km:.1f}",
            **{name: _span(getattr(one, name)) for name in ("arrival", "peak", "end")},
            "passed": one.end.late <= seen.at,
            "jobson": facts.figure(one.jobson, about.decimals),
            "dispersed": facts.figure(one.dispersed, about.decimals),
            "spread": f"{one.spread:.1f}" if math.isfinite(one.spread) else "—",
            "unit": about.unit,
            "district": basin.reach(thing).district,
            "echo": _echo(echoes.get(one.target)),
        }
        for one in found
    ]


def concerned(
    thing: Object, basin: Basin, found: list[Candidate], below: list[Forecast]
) -> list[dict[str, Any]]:
    """Districts and river chiefs: where the first candidates stand, here, and where it arrives."""
    if thing.pk not in basin.placed:
        return []
    reaches = [
        *(("upstream", basin.chart.river.reach(c.source.place.reach)) for c in found[:TOP]),
        ("here", basin.reach(thing)),
        *(("downstream", basin.reach(basin.things[int(one.target)])) for one in below),
    ]
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for where, reach in reaches:
        row = rows.setdefault(
            (reach.district, reach.chief),
            {"district": reach.district, "chief": reach.chief, "river": reach.name, "where": []},
        )
        if where not in row["where"]:
            row["where"].append(where)
    return [
        {**row, "where": [WHERE[where] for where in row["where"]]}
        for key, row in rows.items()
        if any(key)
    ]


def drawn(
    thing: Object,
    basin: Basin,
    seen: Seen,
    found: list[Candidate],
    below: list[Forecast],
    language: str,
) -> dict[str, Any]:
    """The reaches upstream and downstream, candidates by rank, sections and intakes below."""
    at = basin.placed[thing.pk].place
    up = set(basin.chart.river.above(at))
    down = {
        basin.placed[int(one.target)].place.reach for one in below
    } | {at.reach}  # fmt: skip
    grades = {
        code: 0 if code in up and code != at.reach else 1 if code in down else 2
        for code in basin.chart.river.reaches
    }
    ranks = {one.source.id: rank for rank, one in enumerate(found, start=1)}
    sources = [
        Point(one, f"{ranks[id]} {one.name(language)}" if id in ranks else one.name(language),
              0 if ranks.get(id, SHOWN) <= TOP else 1)
        for id, one in basin.sources.items()
    ]  # fmt: skip
    targets = {int(one.target): one for one in below}
    others = [
        Point(one, _arrives(one, targets.get(one.pk), language), 0 if one.pk in targets else 1)
        for one in basin.of(SECTION, INTAKE)
        if one.pk != thing.pk
    ]
    reached = [
        Class("to", Text("下游断面、取水口", "sections, intakes below"), "c3"),
        Class("no", Text("其他断面", "other sections"), "ink-3"),
    ]
    here = [Class("here", WHERE["here"], "bad")]
    words = {
        "river": Text("河段（箭头为水流方向）", "reaches, arrows along the flow"),
        "sources": Text("可能来源", "possible sources"),
        "places": Text("断面与取水口", "sections and intakes"),
        "here": WHERE["here"],
    }
    name = {key: text[language] for key, text in words.items()}
    layers = [
        maps.lines("river", name["river"], basin, grades, RIVER, language, at),
        maps.points("sources", name["sources"], basin, sources, SOURCES, "triangle", 11, language),
        maps.points("places", name["places"], basin, others, reached, "circle", 11, language),
        maps.points("here", name["here"], basin, [Point(thing, thing.name(language), 0)], here,
                    "diamond", 18, language),
    ]  # fmt: skip
    return maps.told(layers, basin, language)


def _arrives(thing: Object, one: Forecast | None, language: str) -> str:
    if one is None:
        return thing.name(language)
    return f"{thing.name(language)} {one.peak.probable:%m-%d %H:%M}"


def files(
    stored: Stored,
    seen: Seen,
    found: list[Candidate],
    below: list[Forecast],
    basin: Basin | None,
    thing: Object,
    language: str,
) -> dict[str, Table]:
    name, stop = f"{stored.code}-{stored.told['key']}", marks(language)["stop"]
    given = {one["id"]: one["table"] for one in charts(thing, seen, language)}
    given["candidates"] = Table(
        f"{name}-candidates",
        ["rank", "source", "name", "km", "released_from", "released_to", "share", "reasons"],
        [
            [rank, basin.sources[one.source.id].code if basin else "", one.source.name,
             round(one.km, 2), *(f"{time:%Y-%m-%d %H:%M}" for time in one.released),
             round(one.share, 4), stop.join(text[language] for text in one.reasons)]
            for rank, one in enumerate(found, start=1)
        ],
    )  # fmt: skip
    spans = [f"{at}_{bound}" for at in ("arrival", "peak", "end")
             for bound in ("early", "probable", "late")]  # fmt: skip
    given["downstream"] = Table(
        f"{name}-downstream",
        ["target", "km", *spans, "jobson", "dispersed", "spread"],
        [
            [basin.things[int(one.target)].code if basin else "", round(one.km, 2),
             *(f"{moment:%Y-%m-%d %H:%M}" for times in (one.arrival, one.peak, one.end)
               for moment in (times.early, times.probable, times.late)),
             round(one.jobson, 4), round(one.dispersed, 4), round(one.spread, 2)]
            for one in below
        ],
    )  # fmt: skip
    return given


def _echo(one: Lag | None) -> dict[str, Any] | None:
    if one is None:
        return None
    hours = one.hours
    return {
        "hours": f"{hours.probable:g} h",
        "range": f"{hours.early:g}–{hours.late:g} h",
        "weak": one.is_weak,
        "items": "、".join(facts.symbol(item) for item in one.items),
    }


def _span(times: Times) -> dict[str, datetime]:
    return {"early": times.early, "probable": times.probable, "late": times.late}
