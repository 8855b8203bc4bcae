"""How well spills of a simulated basin are traced: the table of the domain's README.

A spill counts as seen when an event begins at the first sections downstream while it passes; it
counts as found when its source is among the first few candidates of the earliest such event. What
was not seen counts against the whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from fenhe.domains.water.sky import travel
from fenhe.domains.water.sky.events import Event, events
from fenhe.domains.water.sky.simulated import Basin, Spill
from fenhe.domains.water.sky.trace import Candidate, Station, trace
from fenhe.standards.edition import Edition


@dataclass(frozen=True, slots=True)
class Outcome:
    spill: Spill
    event: Event | None
    rank: int | None  # of the true source, from 1; None where it is no candidate
    candidates: int


@dataclass(frozen=True, slots=True)
class Score:
    spills: int
    seen: int
    first: int
    first_three: int
    first_five: int

    @classmethod
    def of(cls, outcomes: list[Outcome]) -> Score:
        ranks = [one.rank for one in outcomes if one.rank is not None]
        return cls(
            len(outcomes),
            sum(one.event is not None for one in outcomes),
            *(sum(rank <= top for rank in ranks) for top in (1, 3, 5)),
        )


def trial(
    basin: Basin,
    edition: Edition,
    *,
    with_evidence: bool = True,
    with_stations: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> list[Outcome]:
    """Every scripted spill, traced from the earliest event that can be its own."""
    seen = events(basin.readings, edition)
    spans = basin.readings.group_by("station").agg(
        first=pl.col("time").min(), last=pl.col("time").max()
    )
    by_station: dict[str, list[Event]] = {}
    for one in seen:
        by_station.setdefault(one.station, []).append(one)
    stations = {
        name: Station(
            name,
            basin.sections[name],
            tuple((event.start, event.end) for event in by_station.get(name, [])),
            first,
            last,
        )
        for name, first, last in spans.iter_rows()
    }
    outcomes = []
    for number, spill in enumerate(basin.spills, start=1):
        event = _first_seen(basin, spill, by_station)
        outcomes.append(_traced(basin, spill, event, stations, with_evidence, with_stations))
        if progress:
            progress(number, len(basin.spills))
    return outcomes


def _traced(
    basin: Basin,
    spill: Spill,
    event: Event | None,
    stations: dict[str, Station],
    with_evidence: bool,
    with_stations: bool,
) -> Outcome:
    if event is None:
        return Outcome(spill, None, None, 0)
    at = basin.sections[event.station]
    found: list[Candidate] = trace(
        event,
        at,
        basin.river,
        basin.sources,
        discharge=basin.river.reach(at.reach).discharge,
        evidence=basin.evidence if with_evidence else (),
        stations=[one for one in stations.values() if one.id != event.station]
        if with_stations
        else (),
    )
    ids = [one.source.id for one in found]
    rank = ids.index(spill.source) + 1 if spill.source in ids else None
    return Outcome(spill, event, rank, len(found))


def _first_seen(basin: Basin, spill: Spill, by_station: dict[str, list[Event]]) -> Event | None:
    """Of the events at sections the spill reaches, the one seen first while it passes there."""
    source = next(one for one in basin.sources if one.id == spill.source)
    best: Event | None = None
    for name, place in basin.sections.items():
        way = basin.river.way(source.place, place)
        if way is None:
            continue
        hours = travel.travel_time(way)
        first = spill.start + timedelta(hours=hours.early * 0.9)
        last = spill.start + timedelta(hours=hours.late + spill.hours + 8)
        for event in by_station.get(name, []):
            if first <= event.start <= last and (best is None or event.start < best.start):
                best = event
    return best
