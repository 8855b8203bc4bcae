"""`fenhe water trace`: a river, what stands on it and readings in; events, candidates upstream and
arrivals downstream out. What it says is where to look first, never who did it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import polars as pl
import typer

from fenhe.domains.water import trace_files
from fenhe.domains.water.commands_class import In, Json, Out
from fenhe.domains.water.rules import tables
from fenhe.domains.water.sky.detect import as_known
from fenhe.domains.water.sky.events import Event, events, kind_names
from fenhe.domains.water.sky.forecast import Forecast, forecasts
from fenhe.domains.water.sky.lines import Chart
from fenhe.domains.water.sky.network import Place
from fenhe.domains.water.sky.trace import DISCLAIMER, Candidate, Station, trace
from fenhe.domains.water.trace_files import Known
from fenhe.ingest.frames import write_table
from fenhe.kernel.text import Text
from fenhe.standards.edition import Edition

Network = Annotated[
    str, typer.Argument(metavar="NETWORK", help="河网 GeoJSON（线） | river lines as GeoJSON")
]


def trace_(
    network: Network,
    places: Annotated[
        str, typer.Argument(metavar="PLACES", help="断面、排口、企业… | sections, outfalls, …")
    ],
    source: In,
    target: Out,
    evidence: Annotated[
        str | None, typer.Option(help="来自其他业务的线索 | findings of other domains")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(help="只用此时刻前已知的数据 | data known by then only")
    ] = None,
    section: Annotated[
        str | None, typer.Option(help="只看这个断面的事件 | events of this section only")
    ] = None,
    downstream: Annotated[
        str | None,
        typer.Option(help="另写一份下游到达预报 | also write when it arrives downstream"),
    ] = None,
    as_json: Json = False,
) -> None:
    """水质事件溯源：河网、点位、监测数据 → 事件与上游候选 | trace pulses to candidates upstream.

    NETWORK: LineString 要素，方向为水流方向 | lines along the flow；from_node,to_node 或 next_down
    或首尾相接 | or ends that meet；可有 | may have id, name, length_km, slope, width_m, depth_m,
    discharge_m3_s, mean_discharge_m3_s, district, river_chief。

    PLACES: id, name, kind（section, intake, outfall, enterprise, wwtp…）, reach 与 km（距河段
    起点）或 longitude 与 latitude | reach and km from its head, or longitude and latitude；排放源
    另有 | of sources also flow_m3_h 与常见排放浓度 | and usual concentrations nh3n, tp, codmn, tn,
    ec（µS/cm）。

    IN: section, time, nh3n, tp, codmn, tn, do, ec, turb；可有 status, known_at。
    --evidence: source, kind, start, end, text（kind: exceedance, flow_surge, power, offline,
    parameter_change, complaint, inspection）。

    OUT 每个候选一行 | one row a candidate: event, section, start, peak, end, item, value,
    baseline, multiple, kinds, confidence, rank, source, name, kind, km, released_from,
    released_to, share, reasons_zh, reasons_en。share 是相对权重，不是概率 | is a relative weight
    and no probability。--downstream: event, target, km, 到达、峰值、结束各有早、可能、晚 | arrival,
    peak and end each early, probable, late; jobson, dispersed, spread。
    """
    edition = tables.edition(trace_files.EDITION)
    chart = trace_files.chart(network)
    known = trace_files.places(places, chart)
    rows = trace_files.readings(source)
    moment = trace_files.moment(as_of)
    if moment is not None:
        rows = as_known(rows, moment)
    every = events(rows, edition)
    found = [one for one in every if section in (None, one.station)]
    stray = sorted({one.station for one in found} - known.sections.keys())
    if stray:
        typer.echo(
            f"· 点位表中没有这些断面，其事件未溯源 | not among the places, not traced: "
            f"{'、'.join(stray)}",
            err=True,
        )
    found = [one for one in found if one.station in known.sections]
    findings = trace_files.evidence(evidence, known) if evidence else []
    stations = _stations(rows, known, every)
    candidates, arrivals = [], []
    for number, event in enumerate(found, start=1):
        at = known.sections[event.station]
        head = {"event": number, **_event_row(event, edition)}
        ranked = trace(
            event, at, chart.river, known.sources,
            discharge=chart.river.reach(at.reach).discharge,
            evidence=findings, stations=stations,
        )  # fmt: skip
        candidates += [
            {**head, "rank": rank, **_candidate_row(one)} for rank, one in enumerate(ranked, 1)
        ] or [head]
        arrivals += [
            {"event": number, "section": event.station, "item": event.item, **_arrival_row(one)}
            for one in _downstream(event, at, rows, chart, known)
        ]
    for text in (*known.far, *_doubts(chart), DISCLAIMER):
        typer.echo(f"· {text.zh} | {text.en}", err=True)
    if downstream:
        write_table(pl.DataFrame(arrivals, infer_schema_length=None), downstream)
    write_table(pl.DataFrame(candidates, infer_schema_length=None), target, as_json=as_json)


def _stations(rows: pl.DataFrame, known: Known, found: list[Event]) -> list[Station]:
    spans = rows.group_by("station").agg(first=pl.col("time").min(), last=pl.col("time").max())
    return [
        Station(
            name,
            known.sections[name],
            tuple((one.start, one.end) for one in found if one.station == name),
            first,
            last,
        )
        for name, first, last in spans.iter_rows()
        if name in known.sections
    ]


def _downstream(
    event: Event, at: Place, rows: pl.DataFrame, chart: Chart, known: Known
) -> list[Forecast]:
    passed = rows.filter(
        (pl.col("station") == event.station)
        & pl.col("time").is_between(event.start, event.end)
        & pl.col(event.item).is_not_null()
    ).sort("time")
    excess = [abs(value - event.baseline) for value in passed[event.item]]
    targets = {id: place for id, place in known.sections.items() if id != event.station}
    return forecasts(chart.river, at, targets, passed["time"].to_list(), excess)


def _event_row(event: Event, edition: Edition) -> dict[str, Any]:
    names = kind_names(edition)
    return {
        "section": event.station,
        "start": event.start,
        "peak": event.peak,
        "end": event.end,
        "open": event.is_open,
        "item": event.item,
        "value": event.value,
        "baseline": round(event.baseline, 4),
        "multiple": round(event.multiple, 2) if event.multiple else None,
        "items": ",".join(event.items),
        "kinds": ",".join(event.kinds),
        "kinds_zh": "、".join(names[kind].zh for kind in event.kinds),
        "isolated": event.isolated,
        "confidence": event.confidence,
    }


def _candidate_row(one: Candidate) -> dict[str, Any]:
    return {
        "source": one.source.id,
        "name": one.source.name,
        "kind": one.source.kind,
        "km": round(one.km, 2),
        "released_from": one.released[0],
        "released_to": one.released[1],
        "share": round(one.share, 4),
        "reasons_zh": "；".join(text.zh for text in one.reasons),
        "reasons_en": "; ".join(text.en for text in one.reasons),
    }


def _arrival_row(one: Forecast) -> dict[str, Any]:
    return {
        "target": one.target,
        "km": round(one.km, 2),
        **{
            f"{name}_{at}": getattr(getattr(one, name), at)
            for name in ("arrival", "peak", "end")
            for at in ("early", "probable", "late")
        },
        "jobson": round(one.jobson, 4),
        "dispersed": round(one.dispersed, 4),
        "spread": round(one.spread, 2),
    }


def _doubts(chart: Chart) -> Iterator[Text]:
    for problem in chart.findings:
        reach = f"{problem.value}：" if problem.value else ""
        yield Text(f"河网 {reach}{problem.message.zh}", f"{problem.value} {problem.message.en}")
