"""Files `fenhe water trace` reads: the river, what stands on it, readings, findings of others.

Every cell that cannot be read is an error with its row; then nothing is traced.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from fenhe.domains.water import feed_file, tabular
from fenhe.domains.water.rules import tables
from fenhe.domains.water.sky import lines
from fenhe.domains.water.sky.detect import watches
from fenhe.domains.water.sky.lines import Chart
from fenhe.domains.water.sky.network import Place
from fenhe.domains.water.sky.trace import EVIDENCE, Evidence, Source
from fenhe.ingest.frames import read_table
from fenhe.ingest.opening import why_not
from fenhe.kernel.errors import BadInput
from fenhe.kernel.text import Text

EDITION = "sky eye"
WATCHING = ("section", "station", "intake", "bridge", "gate")
"""Kinds of places that are watched, and that a forecast is made for; the rest may discharge."""
FAR = 5.0  # km off the river, beyond which a point is said to lie far from it


@dataclass
class Known:
    """What stands on the river: places that are watched, and sources that may discharge."""

    sections: dict[str, Place] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    far: list[Text] = field(default_factory=list)


def chart(network: str) -> Chart:
    path = Path(network)
    try:
        return lines.read(json.loads(path.read_text(encoding="utf-8-sig")))
    except OSError as error:
        why = why_not(network, error)
        raise BadInput(
            "water.network-unreadable", f"{path.name} {why.zh}。", f"{path.name} {why.en}."
        ) from error
    except (UnicodeDecodeError, json.JSONDecodeError, AttributeError) as error:
        raise BadInput(
            "water.network-unreadable",
            f"{path.name} 不是 GeoJSON：{error}",
            f"{path.name} is no GeoJSON: {error}",
        ) from error


def places(source: str, chart: Chart) -> Known:
    sheet = read_table(source)
    sheet.rename({})
    sheet.need(["id", "kind"])
    by_chainage = {"reach", "km"} <= set(sheet.frame.columns)
    sheet.need(["reach", "km"] if by_chainage else ["longitude", "latitude"])
    names = ["km"] if by_chainage else ["longitude", "latitude"]
    numbers = {name: sheet.numbers(name, least=None if names != ["km"] else 0.0) for name in names}
    ids = sheet.frame["id"].cast(pl.String)
    sheet.blame("id", ids.is_null(), "water.place-id", Text("缺编号", "has no id"))
    sheet.blame("id", ids.is_duplicated(), "water.place-twice", Text("重复", "stands twice"))
    if by_chainage:
        strange = ~sheet.frame["reach"].cast(pl.String).is_in(list(chart.river.reaches))
        said = Text("河网中没有这个河段", "the network has no such reach")
        sheet.blame("reach", strange, "water.reach-unknown", said)
    for name in names:
        lacking = numbers[name].is_null()
        sheet.blame(name, lacking, "water.place-where", Text("缺位置", "has no place"))
    profile = [watch.item for watch in watches(tables.edition(EDITION)) if watch.item != "turb"]
    given = [name for name in (*profile, "flow_m3_h") if name in sheet.frame.columns]
    values = {name: sheet.numbers(name) for name in given}
    sheet.refuse()
    known = Known()
    for row, cells in enumerate(sheet.frame.iter_rows(named=True)):
        place, off = _place(cells, {name: numbers[name][row] for name in names}, chart)
        if off > FAR:
            zh = f"{cells['id']} 离河线 {off:.1f} km，请核对坐标"
            known.far.append(Text(zh, f"{cells['id']} lies {off:.1f} km off the river"))
        amounts = {name: value for name in given if (value := values[name][row]) is not None}
        kind = str(cells["kind"] or "").strip().lower()
        id = str(cells["id"])
        if kind in WATCHING:
            known.sections[id] = place
        else:
            flow = amounts.pop("flow_m3_h", None)
            known.sources.append(
                Source(id, str(cells.get("name") or id), kind, place, amounts, flow)
            )
    return known


def _place(cells: dict[str, Any], at: dict[str, float], chart: Chart) -> tuple[Place, float]:
    if "km" in at:
        reach = chart.river.reach(str(cells["reach"]))
        return Place(reach.id, min(at["km"], reach.length)), 0.0
    return chart.place(at["longitude"], at["latitude"])


def readings(source: str) -> pl.DataFrame:
    sheet = read_table(source)
    wanted = [watch.item for watch in watches(tables.edition(EDITION))]
    tabular.name_columns(sheet, wanted, ["section"])
    sheet.need(["section", "time"])
    items = tabular.some(sheet, wanted)
    marks = feed_file.missing_marks()
    values, _ = tabular.items(sheet, items, marks)
    stamps = feed_file.times(sheet).alias("time")
    sheet.refuse()
    station = sheet.frame["section"].cast(pl.String).alias("station")
    rest = [sheet.frame[name] for name in ("status",) if name in sheet.frame.columns]
    rows = values.with_columns(station, stamps, *rest)
    if "known_at" in sheet.frame.columns:
        rows = rows.with_columns(feed_file.times(sheet, "known_at"))
        sheet.refuse()
    return rows.filter(pl.col("time").is_not_null())


def moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError as error:
        raise BadInput(
            "water.moment",
            f"--as-of “{text}”不是时刻，请写成 2021-04-03T08:00",
            f"--as-of “{text}” is no moment; write 2021-04-03T08:00",
        ) from error


def evidence(source: str, known: Known) -> list[Evidence]:
    sheet = read_table(source)
    sheet.rename({})
    sheet.need(["source", "kind", "start", "end"])
    sources = {one.id for one in known.sources}
    strange = ~sheet.frame["source"].cast(pl.String).is_in(list(sources))
    said = Text("点位表中没有这个排放源", "is no source among the places")
    sheet.blame("source", strange, "water.source-unknown", said)
    kinds = ", ".join(EVIDENCE)
    other = ~sheet.frame["kind"].cast(pl.String).is_in(list(EVIDENCE))
    sheet.blame(
        "kind", other, "water.evidence-kind", Text(f"应为 {kinds} 之一", f"must be one of {kinds}")
    )
    start, end = feed_file.times(sheet, "start"), feed_file.times(sheet, "end")
    sheet.refuse()
    return [
        Evidence(
            str(cells["source"]), str(cells["kind"]), start[row], end[row],
            Text.read(str(cells.get("text") or cells["kind"])),
        )
        for row, cells in enumerate(sheet.frame.iter_rows(named=True))
    ]  # fmt: skip
