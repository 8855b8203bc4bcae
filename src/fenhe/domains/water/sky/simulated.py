"""A basin made up from a seed: a branching river, sections, outfalls and scripted spills.

What tracing is measured on, and what a demonstration shows. The truth is richer than what the
tracer knows: real velocities differ from the probable ones, sections carry noise, a daily course
and rain, profiles of sources are known roughly, and evidence is patchy, with false findings among
the true ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from fenhe.domains.water.sky import travel
from fenhe.domains.water.sky.network import Place, Reach, River
from fenhe.domains.water.sky.trace import EVIDENCE, Evidence, Source
from fenhe.kernel.text import Text

Floats = npt.NDArray[np.float64]

BEGIN = datetime(2026, 5, 1)  # noqa: DTZ001  # civil and naive, like the feed
STEP_HOURS = 4
PROFILES = {
    "sewage": {"nh3n": 20.0, "tp": 3.0, "codmn": 25.0, "tn": 30.0},
    "food": {"codmn": 90.0, "tn": 25.0, "nh3n": 8.0, "tp": 4.0},
    "chemical": {"ec": 6000.0, "codmn": 60.0, "nh3n": 30.0},
    "coking": {"nh3n": 60.0, "codmn": 70.0, "tn": 70.0, "ec": 2500.0},
    "phosphate": {"tp": 12.0, "ec": 3000.0},
    "mine": {"ec": 4500.0},
}
BACKGROUND = {"nh3n": 0.3, "tp": 0.08, "codmn": 3.0, "tn": 2.5, "ec": 600.0, "turb": 20.0}
NOISE = {"nh3n": 0.12, "tp": 0.10, "codmn": 0.06, "tn": 0.05, "ec": 0.03, "turb": 0.2}


@dataclass(frozen=True)
class Spill:
    source: str
    start: datetime
    hours: float
    mass: dict[str, float]
    """Item -> g; of conductivity, the load above the river in µS/cm · m³."""


@dataclass(frozen=True)
class Basin:
    river: River
    sections: dict[str, Place]
    sources: list[Source]
    spills: list[Spill]
    readings: pl.DataFrame
    evidence: list[Evidence]


def basin(
    seed: int = 1, sections: int = 100, outfalls: int = 500, spills: int = 200, days: int = 400
) -> Basin:
    """Spills come one after another, two days apart at least, so that each has its own answer."""
    random = np.random.default_rng(seed)
    river = _river(random, sections)
    places = {f"S{number:03d}": Place(reach.id, reach.length)
              for number, reach in enumerate(river.reaches.values())}  # fmt: skip
    sources = [_source(random, river, number) for number in range(outfalls)]
    scripted = _spills(random, river, sources, spills, days)
    truth = {reach: float(random.uniform(0.75, 1.3)) for reach in river.reaches}
    readings = _readings(random, river, places, sources, scripted, truth, days)
    return Basin(river, places, sources, scripted, readings, _evidence(random, sources, scripted))


def _river(random: np.random.Generator, count: int) -> River:
    """Reach k flows into an earlier one, mostly into one near the end of the list: long stems with
    branches. Discharge adds up downstream."""
    below: dict[int, int] = {}
    for number in range(1, count):
        near = [k for k in range(max(0, number - 12), number)
                if list(below.values()).count(k) < 2]  # fmt: skip
        below[number] = int(random.choice(near or [number - 1]))
    discharge = {number: float(random.uniform(0.8, 2.5)) for number in range(count)}
    for number in range(count - 1, 0, -1):
        discharge[below[number]] += discharge[number]
    reaches = []
    for number in range(count):
        flow = discharge[number]
        width = 6.0 * flow**0.45
        depth = 0.35 * flow**0.35
        reaches.append(
            Reach(
                id=f"R{number:03d}",
                head=f"h{number}",
                mouth=f"h{below[number]}" if number else "mouth",
                length=float(random.uniform(5, 18)),
                slope=float(random.uniform(0.0005, 0.003)),
                width=width,
                depth=depth,
                discharge=flow,
                mean_discharge=flow,
            )
        )
    return River.of(reaches)


def _source(random: np.random.Generator, river: River, number: int) -> Source:
    reach = river.reach(str(random.choice(list(river.reaches))))
    kind = str(random.choice(list(PROFILES)))
    profile = {item: value * float(random.lognormal(0, 0.35))
               for item, value in PROFILES[kind].items()}  # fmt: skip
    return Source(
        id=f"O{number:03d}",
        name=f"{kind} {number}",
        kind="outfall",
        place=Place(reach.id, float(random.uniform(0, reach.length))),
        profile=profile,
        flow=float(random.lognormal(4.5, 0.8)),
    )


def _spills(
    random: np.random.Generator, river: River, sources: list[Source], count: int, days: int
) -> list[Spill]:
    every = (days - 12) * 24 / count
    found = []
    for number in range(count):
        source = sources[int(random.integers(len(sources)))]
        hours = float(random.uniform(3, 14))
        reach = river.reach(source.place.reach)
        strength = float(random.uniform(2.0, 6.0))
        lead = max(source.profile, key=lambda item: source.profile[item] / BACKGROUND[item])
        load = strength * BACKGROUND[lead] * (reach.discharge or 1.0) * hours * 3600
        scale = load / source.profile[lead]  # m³ let go
        mixed = {item: scale * value * float(random.lognormal(0, 0.25))
                 for item, value in source.profile.items()}  # fmt: skip
        start = BEGIN + timedelta(hours=8 * 24 + number * every + float(random.uniform(0, 4)))
        found.append(Spill(source.id, start, hours, mixed))
    return found


def _readings(
    random: np.random.Generator,
    river: River,
    places: dict[str, Place],
    sources: list[Source],
    spills: list[Spill],
    truth: dict[str, float],
    days: int,
) -> pl.DataFrame:
    steps = days * 24 // STEP_HOURS
    hours: Floats = np.arange(steps, dtype=np.float64) * STEP_HOURS
    by_id = {source.id: source for source in sources}
    extra = {name: {item: np.zeros(steps) for item in BACKGROUND} for name in places}
    for spill in spills:
        source = by_id[spill.source]
        for name, place in places.items():
            way = river.way(source.place, place)
            if way is None:
                continue
            travelled = sum(
                part.km * 1000 / (travel.velocity(part.reach) * truth[part.reach.id]) / 3600
                for part in way
            )
            if travelled > 96:
                continue
            reach = river.reach(place.reach)
            since = hours - (spill.start - BEGIN) / timedelta(hours=1)
            shape = _plume(since, max(travelled, 0.3), spill.hours)
            for item, mass in spill.mass.items():
                extra[name][item] += mass / (reach.discharge or 1.0) / 3600 * shape
    rain = _rain(random, hours)
    frames = []
    for name in places:
        level = float(random.uniform(0.7, 1.4))
        frames.append(_section(random, name, hours, extra[name], rain, level))
    return pl.concat(frames)


def _plume(since: Floats, travelled: float, lasted: float) -> Floats:
    """Per hour, area one: the pulse of some hours spread by the way (Jobson's width)."""
    width = 2e6 / travel.unit_peak(travelled) / 3600 / 4.3  # a normal law's deviation
    middle = travelled + lasted / 2
    deviation = max(float(np.hypot(width, lasted / 3.46)), 0.8)
    area = deviation * np.sqrt(2 * np.pi)
    return np.asarray(np.exp(-(((since - middle) / deviation) ** 2) / 2) / area)


def _rain(random: np.random.Generator, hours: Floats) -> Floats:
    """Basin-wide storms: 0 … 1."""
    rain = np.zeros(len(hours))
    for _ in range(int(hours[-1] / 24 / 9)):
        at = float(random.uniform(0, hours[-1]))
        since = hours - at
        fades = np.exp(-np.maximum(since, 0) / float(random.uniform(10, 24)))
        rain += np.where(since >= 0, fades, 0)
    return np.minimum(rain, 1.0)


def _section(
    random: np.random.Generator,
    name: str,
    hours: Floats,
    extra: dict[str, Floats],
    rain: Floats,
    level: float,
) -> pl.DataFrame:
    columns: dict[str, Floats] = {}
    for item, usual in BACKGROUND.items():
        slow = np.exp(0.1 * np.sin(2 * np.pi * hours / (24 * 27) + random.uniform(0, 6)))
        daily = 1 + 0.05 * np.sin(2 * np.pi * hours / 24 + random.uniform(0, 6))
        noise = np.exp(random.normal(0, NOISE[item], len(hours)))
        washed = {"turb": 1 + 6 * rain, "tp": 1 + 1.2 * rain, "ec": 1 - 0.25 * rain}.get(item, 1.0)
        columns[item] = (usual * level * slow * daily * washed + extra[item]) * noise
    lost = random.random(len(hours)) < 0.01
    return pl.DataFrame(
        {
            "station": [name] * len(hours),
            "time": [BEGIN + timedelta(hours=float(hour)) for hour in hours],
            **columns,
        }
    ).filter(pl.Series(~lost))


def _evidence(
    random: np.random.Generator, sources: list[Source], spills: list[Spill]
) -> list[Evidence]:
    """Half of the spills leave a trace in the data of the source; each source also has a false one
    now and then."""
    kinds = [kind for kind in EVIDENCE if kind != "inspection"]

    def finding(source: str, start: datetime, hours: float) -> Evidence:
        kind = str(random.choice(kinds))
        return Evidence(source, kind, start, start + timedelta(hours=hours), Text(kind, kind))

    true = [finding(one.source, one.start, one.hours) for one in spills if random.random() < 0.5]
    last = max((one.start for one in spills), default=BEGIN)
    false = [
        finding(source.id, BEGIN + (last - BEGIN) * float(random.random()), 6)
        for source in sources
        for _ in range(int(random.poisson(1.5)))
    ]
    return true + false
