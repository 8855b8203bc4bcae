"""Water in the demonstration: SIMULATED samples of the sections of Taiyuan, seeded, four-hourly, a
year and the December before; real water data may not be shipped. Everything is labelled so: the
city's name, the attribute `simulated`, and the source of every reading.

Made to look like a northern river through a city: clean above, ammonia and phosphorus in town and
below, oxygen that follows season and hour, rain that brings turbidity and phosphorus, a few pulses,
gaps for maintenance, and non-detects published as half their limit. The river they stand on, and
the one discharge that travels down it, are in `demo_river`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from fenhe.access.sign_in import person_for_link
from fenhe.app import demo_river, demo_wells, demo_works, discovery
from fenhe.domains.water.rules import rounding, tables
from fenhe.kernel.period import Period, civil, utc_now
from fenhe.kernel.rounding import half_even_array
from fenhe.observe import readings
from fenhe.publish import editions
from fenhe.registry.models import Area, Object, Relation
from fenhe.registry.series import ensure_series

Floats = npt.NDArray[np.float64]

SEED = 20151231
SOURCE = "simulated"
CITY, RIVER = "140100", "汾河"
PERIOD = Period.days(date(2014, 12, 1), date(2015, 12, 29))
"""Two days short of the month's end, so that there is room left to show."""
HOURS, PER_DAY = 4, 6
BULLETIN, BULLETIN_MONTH = "water.city-bulletin", "2015-11"
MARK = "（模拟）", " (simulated)"
ITEMS = ("wt", "ph", "do", "ec", "turb", "codmn", "nh3n", "tp", "tn")
MANUAL = {"cod": 12.0, "bod5": 2.2, "f": 0.45, "oil": 0.02, "phenol": 0.0008, "pb": 0.001}
LIMITS = {"nh3n": 0.05, "tp": 0.01}
"""Detection limits: what lies below is published as half of it."""


@dataclass(frozen=True)
class Place:
    code: str
    name: str
    kind: str
    load: float  # 0 clean … 1 heavily loaded
    target: str
    level: str
    river: str
    district: str
    order: int | None
    latitude: float | None
    longitude: float | None


LOADS = {
    "汾河水库出口": (0.02, "Ⅱ"), "李八沟": (0.05, "Ⅱ"), "扫石桥": (0.15, "Ⅲ"), "上兰": (0.08, "Ⅲ"),
    "迎泽桥": (0.3, "Ⅲ"), "小店桥": (0.55, "Ⅳ"), "温南社": (0.85, "Ⅴ"), "韩武村": (0.75, "Ⅴ"),
    "河底村": (0.6, "Ⅳ"), "贯中桥": (0.5, "Ⅳ"), "美锦桥": (0.65, "Ⅳ"), "太榆退入汾口": (0.9, "Ⅴ"),
}  # fmt: skip
"""How loaded each simulated section is, and its simulated target."""


def available() -> bool:
    return discovery.get("water") is not None


def codes() -> list[str]:
    """Codes of the objects this module registers."""
    return [
        CITY,
        *(place.code for place in places()),
        *demo_wells.codes(),
        *demo_works.codes(),
        *demo_river.codes(),
    ]


def places() -> list[Place]:
    """The sections as the data file of the domain lists them, and one lake point."""
    rows = tables.latest("sections").table("sections")
    found = [
        Place(
            code=f"TY{number:02d}",
            name=row["section"],
            kind="water_section",
            load=LOADS[row["section"]][0],
            target=LOADS[row["section"]][1],
            level=row["level"],
            river=row["river"],
            district=row["district"],
            order=row["order_on_fen"],
            latitude=row["lat"],
            longitude=row["lon"],
        )
        for number, row in enumerate(rows, 1)
    ]
    lake = Place(
        "TY90", "城西水库", "water_lake_point", 0.25, "Ⅲ", "city", "城西水库", "", None, None, None
    )
    return [*found, lake]


def prepare(progress: Callable[[float], None]) -> None:
    """Register and bring, once; a second call changes nothing."""
    city = register()
    if not _brought(city):
        bring(progress)
    demo_wells.prepare(city.area)
    demo_works.prepare(city.area, civil(utc_now()).date())
    progress(1.0)


def _brought(city: Object) -> bool:
    return city.relations_in.filter(subject__series__source=SOURCE).exists()


def release() -> None:
    """The bulletin of the last whole month, published; its own notes say that it is simulated."""
    city = Object.objects.get(kind="water_city", code=CITY)
    period = Period.parse(BULLETIN_MONTH)
    if not editions.editions(BULLETIN, city, period).exists():
        editions.publish(editions.draft(BULLETIN, city, period), person_for_link())


def register() -> Object:
    area, _ = Area.objects.get_or_create(
        adcode=CITY, defaults={"name_zh": "太原市", "name_en": "Taiyuan", "level": "city"}
    )
    city, _ = Object.objects.update_or_create(
        kind="water_city",
        code=CITY,
        defaults={
            "name_zh": f"太原市{MARK[0]}",
            "name_en": f"Taiyuan{MARK[1]}",
            "area": area,
            "attributes": {"adcode": CITY, "simulated": True},
        },
    )
    for place in places():
        attributes: dict[str, object] = {
            "level": place.level,
            "targets": place.target,
            "river": place.river,
            "district": place.district,
            "order": place.order,
            "sampling": "auto_first",
            "simulated": True,
        }
        if place.name in demo_river.STANDS:
            attributes["reach"], attributes["km"] = demo_river.STANDS[place.name]
        thing, _ = Object.objects.update_or_create(
            kind=place.kind,
            code=place.code,
            defaults={
                "name_zh": place.name,
                "name_en": place.name,
                "area": area,
                "latitude": place.latitude,
                "longitude": place.longitude,
                "attributes": {key: value for key, value in attributes.items() if value},
            },
        )
        Relation.objects.get_or_create(subject=thing, predicate="part_of", object=city)
    demo_river.register(area)
    return city


def bring(progress: Callable[[float], None]) -> None:
    """Every section's samples and its monthly sampling, into the lake."""
    random = np.random.default_rng(SEED)
    starts = pl.datetime_range(
        PERIOD.start, PERIOD.end, f"{HOURS}h", closed="left", eager=True, time_unit="us"
    )
    rain = _rain(random, len(starts))
    every, river = places(), demo_river.chart()
    since = (starts - demo_river.BEGAN).dt.total_seconds().to_numpy() / 3600
    automatic, manual = [], []
    for number, place in enumerate(every, 1):
        thing = Object.objects.get(kind=place.kind, code=place.code)
        values = samples(place.load, random, len(starts), rain)
        added = demo_river.pulse(river, place.name, since)
        for item, series in values.items():
            more = np.nan_to_num(added.get(item, np.zeros(len(starts))))
            both = half_even_array(series + more, rounding.decimals("hourly")[item])
            automatic.append(_rows(thing, item, starts, np.where(more > 0, both, series)))
        manual += _manual(thing, place.load, random)
        progress(0.5 * number / len(every))
    for kind in {place.kind for place in every}:
        own = {Object.objects.get(kind=kind, code=p.code).pk for p in every if p.kind == kind}
        _append(pl.concat(automatic), own, kind, "hour", SOURCE)
        _append(pl.concat(manual), own, kind, "day", SOURCE)
    _append(_flows(every), set(_things(every)), "water_section", "day", SOURCE)


def _things(every: list[Place]) -> dict[int, Place]:
    """The sections of the Fen itself by object: where the demonstration has a gauge."""
    codes = {place.code: place for place in every if place.order and place.river == RIVER}
    found = Object.objects.filter(kind="water_section", code__in=codes)
    return {thing.pk: codes[thing.code] for thing in found}


def _flows(every: list[Place]) -> pl.DataFrame:
    """Daily discharge: more downstream, most in late summer."""
    random = np.random.default_rng(SEED + 1)
    days = list(PERIOD.civil_days())
    starts = pl.Series([Period.day(day).start for day in days], dtype=pl.Datetime("us", "UTC"))
    season = 1 + 0.6 * np.cos(
        2 * np.pi * (np.array([d.timetuple().tm_yday for d in days]) - 225) / 365
    )
    shared = np.exp(_wander(random, len(days), 0.9, 0.08))
    found = []
    for pk, place in _things(every).items():
        flow = (4 + 1.4 * (place.order or 0)) * season * shared * _noise(random, len(days), 0.08)
        rows = pl.DataFrame({"start": starts, "value": half_even_array(flow, 2)})
        found.append(rows.with_columns(object=pl.lit(pk, pl.Int32), property=pl.lit("river_flow")))
    return pl.concat(found)


def samples(
    load: float, random: np.random.Generator, count: int, rain: Floats
) -> dict[str, Floats]:
    """One section's values of every item, NaN while the station is being maintained."""
    hour = np.arange(count) * HOURS
    day = hour / 24
    season = np.cos(2 * np.pi * (day + 30 - 200) / 365)  # warmest in July
    warm = 12 + 12 * season + 1.5 * np.cos(2 * np.pi * ((hour % 24) - 15) / 24)
    water = np.maximum(warm + _wander(random, count, 0.98, 0.3), 0.2)
    saturation = 468 / (31.6 + water)
    use = 0.97 - 0.45 * load + 0.06 * np.cos(2 * np.pi * ((hour % 24) - 15) / 24)
    ammonia = (0.08 + 1.5 * load**1.6) * (1 - 0.35 * season) * _noise(random, count, 0.35)
    ammonia *= 1 + _pulses(random, count, load)
    phosphorus = (0.015 + 0.24 * load) * _noise(random, count, 0.25) * (1 + 0.8 * rain)
    organic = (1.8 + 5.5 * load) * (1 + 0.12 * season) * _noise(random, count, 0.15) + 1.2 * rain
    found = {
        "wt": water,
        "ph": 8.1 - 0.3 * load + _wander(random, count, 0.95, 0.04),
        "do": np.maximum(saturation * use * _noise(random, count, 0.04), 0.3),
        "ec": (420 + 900 * load) * (1 - 0.2 * np.minimum(rain, 1.5)) * _noise(random, count, 0.05),
        "turb": (6 + 20 * load) * (1 + 5 * rain) * _noise(random, count, 0.3),
        "codmn": organic,
        "nh3n": ammonia,
        "tp": phosphorus,
        "tn": ammonia + (2.2 + 4 * load) * _noise(random, count, 0.12),
    }
    gaps = _gaps(random, count)
    return {
        item: _published(item, np.where(gaps, np.nan, series)) for item, series in found.items()
    }


def _published(item: str, values: Floats) -> Floats:
    if item in LIMITS:
        values = np.where(values < LIMITS[item], LIMITS[item] / 2, values)
    return half_even_array(values, rounding.decimals("hourly")[item])


def _wander(random: np.random.Generator, count: int, memory: float, size: float) -> Floats:
    """An autoregressive wandering around zero."""
    steps = random.normal(0, size, count)
    found = np.empty(count)
    last = 0.0
    for place, step in enumerate(steps):
        last = memory * last + step
        found[place] = last
    return found


def _noise(random: np.random.Generator, count: int, spread: float) -> Floats:
    """A factor around one that remembers the last days."""
    size = spread * np.sqrt(1 - 0.9**2)
    return np.asarray(np.exp(_wander(random, count, 0.9, float(size))), dtype=np.float64)


def _rain(random: np.random.Generator, count: int) -> Floats:
    """Rain over all sections alike: mostly in summer, gone after two or three days."""
    day = np.arange(count) / PER_DAY
    chance = 0.004 + 0.03 * np.clip(np.cos(2 * np.pi * (day + 30 - 210) / 365), 0, None)
    fallen = (random.random(count) < chance) * random.gamma(2, 0.7, count)
    left = np.empty(count)
    held = 0.0
    for place, now in enumerate(fallen):
        held = 0.85 * held + now
        left[place] = held
    return left


def _pulses(random: np.random.Generator, count: int, load: float) -> Floats:
    """A few discharges a year where there is a city above."""
    found = np.zeros(count)
    for start in random.integers(0, count, round(6 * load)):
        shape = np.exp(-(((np.arange(count) - start) / random.uniform(2, 6)) ** 2))
        found += random.uniform(1.5, 4) * shape
    return found


def _gaps(random: np.random.Generator, count: int) -> npt.NDArray[np.bool_]:
    """Maintenance of a day or two, some ten times a year."""
    missing = np.zeros(count, dtype=np.bool_)
    for start in random.integers(0, count, 10):
        missing[start : start + random.integers(3, 12)] = True
    missing[-PER_DAY:] = False  # the demonstration's last day is whole
    return missing


def _manual(thing: Object, load: float, random: np.random.Generator) -> list[pl.DataFrame]:
    """Sampling by hand in the second week of each month, for what no station measures."""
    days = [Period.days(one, one).start for one in PERIOD.civil_days() if one.day == 9]
    starts = pl.Series(days, dtype=pl.Datetime("us", "UTC"))
    found = []
    for item, clean in MANUAL.items():
        values = clean * (1 + 1.4 * load) * np.exp(random.normal(0, 0.15, len(days)))
        places = rounding.decimals("assessment")[item]
        found.append(_rows(thing, item, starts, half_even_array(values, places)))
    return found


def _rows(thing: Object, item: str, starts: pl.Series, values: Floats) -> pl.DataFrame:
    frame = pl.DataFrame({"start": starts, "value": values}).filter(pl.col("value").is_not_nan())
    return frame.with_columns(object=pl.lit(thing.pk, pl.Int32), property=pl.lit(item))


def _append(rows: pl.DataFrame, own: set[int], kind: str, resolution: str, source: str) -> None:
    rows = rows.filter(pl.col("object").is_in(list(own)))
    pairs = rows.select("object", "property").unique(maintain_order=True)
    known = ensure_series(pairs, kind, resolution, source)
    frame = rows.join(known, on=["object", "property"]).select("series", "start", "value")
    readings.append(frame, resolution=resolution, source=source)
