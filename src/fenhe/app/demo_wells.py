"""Groundwater in the demonstration: SIMULATED samplings of invented wells, seeded, in May and
October of two years under GB/T 14848-2017 (the sections' year lies before it). Organics and some
metals lie below their detection limits and are kept so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from fenhe.kernel.period import Period
from fenhe.kernel.values import Qualifier
from fenhe.observe import readings
from fenhe.registry.models import Area, Object, Series
from fenhe.registry.series import ensure_series

SEED, SOURCE, KIND = 20150512, "simulated", "water_well"
YEARS, MONTHS = (2024, 2025), (5, 10)


@dataclass(frozen=True)
class Well:
    code: str
    name: str
    district: str
    aquifer: str
    target: str
    hardness: float  # how mineral the water is; 1 is that of karst springs
    fouled: float  # how much of the city reaches it


WELLS = (
    Well("GW01", "西山岩溶井（模拟）", "万柏林区", "岩溶水", "3", 1.0, 0.0),
    Well("GW02", "兰村泉域井（模拟）", "尖草坪区", "岩溶水", "3", 0.8, 0.05),
    Well("GW03", "城区孔隙井（模拟）", "迎泽区", "孔隙水", "3", 1.4, 0.5),
    Well("GW04", "小店灌区井（模拟）", "小店区", "孔隙水", "4", 1.7, 0.9),
)
CLEAN = {
    "ph": 7.6, "hardness": 290.0, "tds": 430.0, "so4": 95.0, "cl": 30.0, "na": 28.0, "fe": 0.05,
    "mn": 0.02, "codmn": 0.9, "nh3n": 0.03, "no3n": 3.5, "no2n": 0.006, "f": 0.5, "as": 0.0006,
    "odour": 0.0, "visible": 0.0, "turb": 0.8,
}  # fmt: skip
MINERAL = ("hardness", "tds", "so4", "cl", "na")
FROM_CITY = {"fe": 9.0, "mn": 8.0, "codmn": 2.0, "nh3n": 12.0, "no3n": 5.0, "no2n": 20.0, "turb": 3}
LIMITS = {
    "nh3n": 0.025, "cr6": 0.004, "hg": 0.00004, "cd": 0.00005, "pb": 0.00009, "cn": 0.002,
    "phenol": 0.0003, "las": 0.05, "chloroform": 0.4, "carbon_tetrachloride": 0.4, "benzene": 0.4,
    "toluene": 0.3,
}  # fmt: skip
"""Detection limits; what no well shows lies below them."""


def codes() -> list[str]:
    return [well.code for well in WELLS]


def prepare(area: Area | None) -> None:
    """Register the wells and bring their samplings, once."""
    for well in WELLS:
        about = {
            "aquifer": well.aquifer,
            "district": well.district,
            "target": well.target,
            "simulated": True,
        }
        Object.objects.update_or_create(
            kind=KIND,
            code=well.code,
            defaults={"name_zh": well.name, "area": area, "attributes": about},
        )
    if not Series.objects.filter(object__kind=KIND, source=SOURCE).exists():
        _bring()


def _bring() -> None:
    random = np.random.default_rng(SEED)
    days = [date(year, month, 12) for year in YEARS for month in MONTHS]
    rows = [
        (Object.objects.get(kind=KIND, code=well.code).pk, item, Period.day(day).start, *told)
        for well in WELLS
        for day in days
        for item, told in _sample(well, random).items()
    ]
    schema = {
        "object": pl.Int32(), "property": pl.String(), "start": pl.Datetime("us", "UTC"),
        "value": pl.Float64(), "qualifier": pl.Int8(),
    }  # fmt: skip
    frame = pl.DataFrame(rows, schema, orient="row")
    pairs = frame.select("object", "property").unique(maintain_order=True)
    known = ensure_series(pairs, KIND, "day", SOURCE)
    found = frame.join(known, on=["object", "property"])
    readings.append(
        found.select("series", "start", "value", "qualifier"), resolution="day", source=SOURCE
    )


def _sample(well: Well, random: np.random.Generator) -> dict[str, tuple[float, int]]:
    """Item → value and qualifier; below its limit the value is the limit."""
    found: dict[str, tuple[float, int]] = {}
    for item, clean in CLEAN.items():
        value = clean * (well.hardness if item in MINERAL else 1.0)
        value *= 1 + FROM_CITY.get(item, 0.0) * well.fouled
        if item not in ("ph", "odour", "visible"):
            value *= float(np.exp(random.normal(0, 0.08)))
        found[item] = (float(f"{value:.3g}"), int(Qualifier.EXACT))
    for item, limit in LIMITS.items():
        if found.get(item, (0.0, 0))[0] < limit:
            found[item] = (limit, int(Qualifier.BELOW))
    return found
