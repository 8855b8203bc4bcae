"""Upstream: which outfalls and enterprises could have sent the pulse that was seen.

Every candidate above the station is weighed on five points: could its water have arrived in time,
does what it discharges look like what was seen, could it discharge that much, was a station between
the two quiet, and what does anything else say of it in that time window (an exceedance, power use,
a device that fell silent, a complaint). Each point is a factor with its reason. The result is an
order in which to look, never a verdict, and it says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import polars as pl

from fenhe.domains.water.sky import travel
from fenhe.domains.water.sky.events import Event
from fenhe.domains.water.sky.network import Place, River
from fenhe.domains.water.sky.travel import Span
from fenhe.kernel.text import Text

DISCLAIMER = Text(
    "按时间窗、污染物、能力与证据排出的核查顺序，不是认定",
    "an order in which to look, by time, pollutant, capacity and evidence; not a verdict",
)
EVIDENCE = {
    "exceedance": 6.0,
    "flow_surge": 4.0,
    "power": 3.0,
    "offline": 2.5,
    "parameter_change": 2.5,
    "complaint": 2.5,
    "inspection": 2.0,
}
"""How many times likelier a candidate becomes by a finding of each kind in its time window; a
starting configuration of ours, no norm sets these."""
QUIET = 0.05  # a station between the candidate and the event that saw nothing
UNLIKE, SMALL = 0.02, 0.05  # the least that a pollutant or a capacity that does not fit leaves


@dataclass(frozen=True)
class Source:
    """What may have discharged. `profile`: item -> usual concentration in mg/L (µS/cm for ec);
    `flow`: the most it can discharge in m³/h. Unknown stays empty."""

    id: str
    name: str
    kind: str  # outfall, enterprise, wwtp, …
    place: Place
    profile: Mapping[str, float] = field(default_factory=dict)
    flow: float | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something another part of the platform found of a source, with its time."""

    source: str
    kind: str  # one of EVIDENCE
    start: datetime
    end: datetime
    text: Text


@dataclass(frozen=True)
class Station:
    """Another station on the way: whether and when it saw an event, and until when it reported."""

    id: str
    place: Place
    events: tuple[tuple[datetime, datetime], ...]
    data_from: datetime
    data_to: datetime


@dataclass(frozen=True)
class Candidate:
    source: Source
    km: float
    released: tuple[datetime, datetime]
    """When it must have discharged for the pulse to be seen when it was."""
    weight: float
    share: float  # of the weights of all candidates
    points: Mapping[str, float]
    reasons: tuple[Text, ...]


def trace(
    event: Event,
    at: Place,
    river: River,
    sources: Sequence[Source],
    *,
    discharge: float | None = None,
    evidence: Sequence[Evidence] = (),
    stations: Sequence[Station] = (),
    calibrated: Mapping[str, Span] | None = None,
) -> list[Candidate]:
    """Candidates above the station, most worth looking at first; sources whose water does not get
    there are left out. `discharge` is that of the river at the station in m³/s; `calibrated` are
    travel times in hours learnt for a source."""
    above = river.above(at)
    weighed = []
    for source in sources:
        if source.place.reach not in above:
            continue
        way = river.way(source.place, at)
        if way is None:
            continue
        km = sum(part.km for part in way)
        hours = (calibrated or {}).get(source.id) or travel.travel_time(way)
        window = _released(event, hours)
        reaches = {part.reach.id for part in way}
        passed = [one for one in stations if one.place.reach in reaches]
        points = {
            "near": _near(hours),
            "pollutant": _alike(event, source),
            "capacity": _capable(event, source, discharge),
            "quiet": _quiet(source, at, river, passed, window),
            "evidence": _evident(source, evidence, window),
        }
        found = [one for one in evidence if one.source == source.id and _meets(one, window)]
        weighed.append((source, km, hours, window, points, found))
    total = sum(math.prod(points.values()) for *_, points, _ in weighed) or 1.0
    candidates = [
        Candidate(
            source=source,
            km=km,
            released=window,
            weight=(weight := math.prod(points.values())),
            share=weight / total,
            points=points,
            reasons=tuple(_reasons(source, km, hours, window, points, found)),
        )
        for source, km, hours, window, points, found in weighed
    ]
    return sorted(candidates, key=lambda one: (-one.weight, one.km))


def table(candidates: Sequence[Candidate]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "rank": rank,
                "source": one.source.id,
                "name": one.source.name,
                "kind": one.source.kind,
                "km": round(one.km, 2),
                "released_from": one.released[0],
                "released_to": one.released[1],
                "share": round(one.share, 4),
                **{name: round(value, 4) for name, value in one.points.items()},
                "reasons_zh": "；".join(text.zh for text in one.reasons),
                "reasons_en": "; ".join(text.en for text in one.reasons),
            }
            for rank, one in enumerate(candidates, start=1)
        ],
        infer_schema_length=None,
    )


def _released(event: Event, hours: Span) -> tuple[datetime, datetime]:
    """The pulse may have begun to arrive up to one sample before it was first seen."""
    sample = timedelta(hours=4)
    return (
        event.start - timedelta(hours=hours.late) - sample,
        event.end - timedelta(hours=hours.early),
    )


def _near(hours: Span) -> float:
    """What has been on the way for long is spread and seldom stands out: the height of a peak falls
    with its travel time about as Jobson's relation says."""
    return float(max(hours.probable, 1.0) ** -0.76)


def _alike(event: Event, source: Source) -> float:
    """How well what the source discharges explains what rose, and nothing else: the cosine between
    the rises and the profile, both in units of what is a noticeable rise."""
    if not source.profile or not event.rises:
        return 0.5
    seen = {item: rise / _UNIT.get(item, 1.0) for item, rise in event.rises.items()}
    sent = {item: value / _UNIT.get(item, 1.0) for item, value in source.profile.items()}
    items = (seen.keys() | sent.keys()) - {"do", "turb"}
    dot = sum(seen.get(item, 0.0) * sent.get(item, 0.0) for item in items)
    size = math.sqrt(
        sum(seen.get(item, 0.0) ** 2 for item in items)
        * sum(sent.get(item, 0.0) ** 2 for item in items)
    )
    return float(max(dot / size, UNLIKE) ** 2) if size else 0.5


_UNIT = {"nh3n": 0.5, "tp": 0.1, "codmn": 3.0, "tn": 3.0, "ec": 300.0, "cod": 10.0}
"""A rise that is as noticeable in one item as in another."""


def _capable(event: Event, source: Source, discharge: float | None) -> float:
    """Whether its flow at its usual strength could raise the river as much; a source may well send
    ten times its usual concentration when it is upset, hardly a hundred times."""
    rise = event.rises.get(event.item)
    strength = source.profile.get(event.item)
    if not (rise and strength and source.flow and discharge) or event.item == "do":
        return 0.5
    needed = rise * discharge * 3600  # g/h
    share = strength * source.flow / needed
    return min(1.0, max(float((share * 10) ** 0.7), SMALL))


def _quiet(
    source: Source,
    at: Place,
    river: River,
    stations: Sequence[Station],
    window: tuple[datetime, datetime],
) -> float:
    """A station between the two must have seen it pass; one that reported and saw nothing speaks
    against the source, one that did see it for it."""
    factor = 1.0
    for station in stations:
        to, on = river.way(source.place, station.place), river.way(station.place, at)
        if to is None or on is None or station.place == at or not sum(part.km for part in on):
            continue
        hours = travel.travel_time(to)
        first = window[0] + timedelta(hours=hours.early)
        last = window[1] + timedelta(hours=hours.late)
        if any(start <= last and end >= first for start, end in station.events):
            factor *= 1.5
        elif station.data_from <= first and station.data_to >= window[0] + timedelta(
            hours=hours.late
        ):
            factor *= QUIET
    return factor


def _meets(one: Evidence, window: tuple[datetime, datetime]) -> bool:
    return one.start <= window[1] and one.end >= window[0]


def _evident(
    source: Source, evidence: Sequence[Evidence], window: tuple[datetime, datetime]
) -> float:
    """Each kind counts once: ten exceedances of one night are one finding."""
    kinds = {one.kind for one in evidence if one.source == source.id and _meets(one, window)}
    return float(math.prod(EVIDENCE.get(kind, 1.5) for kind in kinds))


def _reasons(
    source: Source,
    km: float,
    hours: Span,
    window: tuple[datetime, datetime],
    points: Mapping[str, float],
    found: Sequence[Evidence],
) -> list[Text]:
    span = f"{hours.early:.0f}–{hours.late:.0f}"
    stamps = " – ".join(f"{moment:%m-%d %H:%M}" for moment in window)
    reasons = [
        Text(
            f"上游 {km:.1f} km，到达约 {span} 小时，应在 {stamps} 排放",
            f"{km:.1f} km upstream, {span} h away: must have discharged {stamps}",
        )
    ]
    alike = points["pollutant"]
    if not source.profile:
        reasons.append(Text("排放特征未知", "what it discharges is not known"))
    elif alike >= 0.7:
        reasons.append(Text("污染物特征相符", "its pollutants fit"))
    elif alike < 0.3:
        reasons.append(Text("污染物特征不符", "its pollutants do not fit"))
    if points["capacity"] == 0.5:
        reasons.append(Text("排放能力未知", "its capacity is not known"))
    elif points["capacity"] < 0.3:
        reasons.append(Text("排放能力偏小", "its capacity is small for this"))
    if points["quiet"] < 1:
        reasons.append(
            Text("其间有站点同期未见异常", "a station between the two saw nothing at that time")
        )
    elif points["quiet"] > 1:
        reasons.append(Text("其间站点同期也见异常", "a station between the two saw it pass"))
    return [*reasons, *(one.text for one in found)]
