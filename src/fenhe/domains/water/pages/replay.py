"""An event worked out anew from the samples as they were known at an hour: the event itself, what
other stations saw, who could have sent it, and when it arrives downstream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from fenhe.domains.water.pages import river
from fenhe.domains.water.pages.pulses import Stored
from fenhe.domains.water.pages.river import INTAKE, SECTION, STRUCTURE, Basin
from fenhe.domains.water.rules import pulse, tables
from fenhe.domains.water.sky import travel
from fenhe.domains.water.sky.daily import DAYS_BACK
from fenhe.domains.water.sky.events import Event, events
from fenhe.domains.water.sky.forecast import Forecast, forecasts
from fenhe.domains.water.sky.lag import Lag, lag
from fenhe.domains.water.sky.trace import Candidate, Station, trace
from fenhe.publish.page import Ask
from fenhe.registry.models import Object

NEXT = 3
"""So many sections below are asked for an echo."""
SAMPLE_HOURS = 4
AFTER = timedelta(days=3)
"""Samples after the end of an event that still belong to its picture."""


@dataclass(frozen=True)
class Seen:
    """What was to be seen at `at` (civil). `event` is None where nothing stood out yet; `loaded` is
    since when the platform has the samples, where that was later: then they are replayed by the
    hour they were taken at."""

    at: datetime
    rows: pl.DataFrame
    event: Event | None
    others: list[Event]
    loaded: datetime | None = None


def seen(thing: Object, stored: Stored, basin: Basin | None, at: datetime | None) -> Seen:
    """The event as known at an hour; without one, with all there is."""
    first = river.instant(stored.start - timedelta(days=DAYS_BACK))
    last = min(at, stored.end + AFTER) if at else stored.end + AFTER
    things = {thing.pk: thing}
    if basin is not None and thing.pk in basin.placed:
        things |= {one.pk: one for one in basin.of(SECTION)}
    until, loaded = river.instant(last), None
    known = river.instant(at) if at else None
    rows = river.samples(things.values(), first, until, known)
    if known is not None and not _has(rows, thing, stored) and at is not None:
        whole = river.samples(things.values(), first, until)
        if _has(whole, thing, stored):
            loaded = river.first_known(thing, river.instant(stored.start), until)
            rows = whole
    found = events(rows, tables.latest(pulse.STANDARD))
    own = [one for one in found if one.station == str(thing.pk)]
    newest = rows.filter(pl.col("station") == str(thing.pk))["time"].max()
    moment = at or (newest if isinstance(newest, datetime) else stored.end)
    return Seen(moment, rows, _same(own, stored), found, loaded)


def _has(rows: pl.DataFrame, thing: Object, stored: Stored) -> bool:
    own = (pl.col("station") == str(thing.pk)) & (pl.col("time") >= stored.start)
    return not rows.filter(own).is_empty()


def _same(own: list[Event], stored: Stored) -> Event | None:
    """The event of that name, else the one that overlaps it most: a correction moves beginnings."""
    exact = [one for one in own if one.start == stored.start]
    if exact:
        return exact[0]
    shared = {
        k: min(one.end, stored.end) - max(one.start, stored.start) for k, one in enumerate(own)
    }
    best = max(shared, key=lambda k: shared[k], default=None)
    return own[best] if best is not None and shared[best] >= timedelta(0) else None


def candidates(ask: Ask, thing: Object, basin: Basin, seen: Seen) -> list[Candidate]:
    """Sources above the section, those to look at first in front; with the evidence of the widest
    window any of them has."""
    event = seen.event
    if event is None or thing.pk not in basin.placed:
        return []
    at = basin.placed[thing.pk].place
    sources = [
        river.source(one, basin.placed[one.pk], ask.language) for one in basin.sources.values()
    ]
    discharge = basin.chart.river.reach(at.reach).discharge
    stations = _stations(basin, seen)
    plain = trace(event, at, basin.chart.river, sources, discharge=discharge, stations=stations)
    if not plain:
        return []
    first = min(one.released[0] for one in plain)
    last = max(one.released[1] for one in plain)
    findings = river.findings(
        ask,
        [basin.sources[one.source.id] for one in plain],
        river.instant(first),
        river.instant(min(last, seen.at)),
    )
    if not findings:
        return plain
    return trace(
        event, at, basin.chart.river, sources,
        discharge=discharge, evidence=findings, stations=stations,
    )  # fmt: skip


def downstream(thing: Object, basin: Basin, seen: Seen) -> list[Forecast]:
    """When it arrives at sections, intakes and structures below; targets are object ids as text."""
    event = seen.event
    if event is None or thing.pk not in basin.placed:
        return []
    passed = seen.rows.filter(
        (pl.col("station") == event.station)
        & pl.col("time").is_between(event.start, event.end)
        & pl.col(event.item).is_not_null()
    ).sort("time")
    if passed.is_empty():
        return []
    excess = [abs(value - event.baseline) for value in passed[event.item]]
    targets = {
        str(one.pk): basin.placed[one.pk].place
        for one in basin.of(SECTION, INTAKE, STRUCTURE)
        if one.pk != thing.pk
    }
    at = basin.placed[thing.pk].place
    return forecasts(basin.chart.river, at, targets, passed["time"].to_list(), excess)


def lags(thing: Object, basin: Basin, seen: Seen, below: Sequence[Forecast]) -> dict[str, Lag]:
    """Target -> how long the series themselves say the water takes, for the next sections below:
    looked for within what the distance allows, over all samples of the picture. A proposal beside
    the forecast, which it does not change."""
    found: dict[str, Lag] = {}
    upper = seen.rows.filter(pl.col("station") == str(thing.pk))
    river_, at = basin.chart.river, basin.placed[thing.pk].place
    sections = [one for one in below if basin.things[int(one.target)].kind == SECTION]
    for one in sections[:NEXT]:
        way = river_.way(at, basin.placed[int(one.target)].place) or []
        span = travel.travel_time(way)
        lower = seen.rows.filter(pl.col("station") == one.target)
        echo = lag(
            upper, lower, timedelta(hours=span.early), timedelta(hours=span.late + SAMPLE_HOURS)
        )
        if echo is not None:
            found[one.target] = echo
    return found


def _stations(basin: Basin, seen: Seen) -> list[Station]:
    spans = seen.rows.group_by("station").agg(first=pl.col("time").min(), last=pl.col("time").max())
    by_station: Mapping[str, list[Event]] = {}
    by_station = {name: [e for e in seen.others if e.station == name] for name in spans["station"]}
    return [
        Station(
            name,
            basin.placed[int(name)].place,
            tuple((one.start, one.end) for one in by_station[name]),
            first,
            last,
        )
        for name, first, last in spans.iter_rows()
        if int(name) in basin.placed
    ]
