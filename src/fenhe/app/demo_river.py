"""The river of the demonstration: a schematic network of Taiyuan, what stands on it, and one
scripted discharge whose pulse passes the sections in the last two days of the data.

The course of the Fen is that of Natural Earth (public domain), tributaries are straight strokes of
ours, widths and discharges are made up; outfalls, plants and the intake are SIMULATED and say so,
and where sections stand is a sketch. Nothing of it says anything of a real place.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from fenhe.domains.water import network_layer, network_records
from fenhe.domains.water.sky import travel
from fenhe.domains.water.sky.forecast import GRID, triangle
from fenhe.domains.water.sky.lines import Chart
from fenhe.domains.water.sky.network import Place
from fenhe.registry.models import Area, Object

Floats = npt.NDArray[np.float64]

NETWORK = "太原河网（示意）"
FILE = "taiyuan_rivers.geojson"
SINCE = date(2015, 1, 1)
STANDS = {
    "汾河水库出口": ("FEN-1", 1.0), "李八沟": ("FEN-1", 36.0), "扫石桥": ("FEN-1", 50.0),
    "上兰": ("FEN-2", 0.5), "迎泽桥": ("FEN-3", 13.9), "小店桥": ("FEN-3", 22.5),
    "温南社": ("FEN-4", 8.0), "韩武村": ("FEN-5", 6.0), "河底村": ("YANG-1", 8.0),
    "太榆退入汾口": ("TAIYU-1", 15.5),
}  # fmt: skip
"""Section -> reach and km, as a sketch."""
SEWAGE = {"nh3n": 22.0, "tp": 3.0, "codmn": 25.0, "tn": 32.0, "ec": 1300.0}
COKING = {"nh3n": 60.0, "tp": 0.6, "codmn": 70.0, "tn": 70.0, "ec": 5200.0}
FOOD = {"nh3n": 8.0, "tp": 4.0, "codmn": 90.0, "tn": 25.0, "ec": 1500.0}
PLATING = {"nh3n": 6.0, "tp": 0.5, "codmn": 20.0, "tn": 15.0, "ec": 4500.0}
CLEAN = {"nh3n": 1.0, "tp": 0.2, "codmn": 8.0, "tn": 10.0, "ec": 900.0}
DISCHARGING: tuple[tuple[str, str, str, str, float, float, dict[str, float], str], ...] = (
    ("SIM-O01", "古交洗煤排口", "water_outfall", "FEN-1", 33.0, 60, PLATING, "industrial"),
    ("SIM-O02", "尖草坪雨污排口", "water_outfall", "FEN-2", 3.0, 200, SEWAGE, "overflow"),
    ("SIM-O03", "阳曲生活排口", "water_outfall", "YANG-1", 12.0, 90, SEWAGE, "municipal"),
    ("SIM-O04", "城北食品排口", "water_outfall", "FEN-3", 4.0, 70, FOOD, "industrial"),
    ("SIM-O05", "城中雨污排口", "water_outfall", "FEN-3", 12.0, 260, SEWAGE, "overflow"),
    ("SIM-O06", "电镀园排口", "water_outfall", "FEN-3", 15.2, 80, PLATING, "industrial"),
    ("SIM-O07", "化工园排口", "water_outfall", "FEN-3", 8.0, 420, COKING, "industrial"),
    ("SIM-O08", "南城食品排口", "water_outfall", "FEN-3", 20.0, 60, FOOD, "industrial"),
    ("SIM-O09", "小店雨污排口", "water_outfall", "FEN-3", 21.6, 240, SEWAGE, "overflow"),
    ("SIM-O10", "太榆渠生活排口", "water_outfall", "TAIYU-1", 6.0, 180, SEWAGE, "municipal"),
    ("SIM-O11", "清徐焦化排口", "water_outfall", "FEN-4", 15.0, 300, COKING, "industrial"),
    ("SIM-W01", "城南污水处理厂", "water_wwtp", "FEN-3", 18.8, 9000, CLEAN, ""),
    ("SIM-W02", "清徐污水处理厂", "water_wwtp", "FEN-4", 11.0, 2500, CLEAN, ""),
)
"""code, name, kind, reach, km, greatest flow in m³/h, usual concentrations, type."""
OTHERS: tuple[tuple[str, str, str, str, float, dict[str, Any]], ...] = (
    ("SIM-I01", "兰村备用取水口", "water_intake", "FEN-2", 1.5, {"source_type": "surface"}),
    ("SIM-I02", "清徐灌区取水口", "water_intake", "FEN-5", 9.0, {"source_type": "surface"}),
    ("SIM-G01", "城区二号橡胶坝", "water_structure", "FEN-3", 16.4, {"type": "gate"}),
    ("SIM-G02", "小店桥", "water_structure", "FEN-3", 22.4, {"type": "bridge"}),
    ("SIM-G03", "太榆退水渠口", "water_structure", "FEN-4", 0.0, {"type": "mouth"}),
)
SOURCE = Place("FEN-3", 8.0)
BEGAN = datetime(2015, 12, 28, 14, tzinfo=UTC)  # 22:00 civil
LASTED, EXCESS, TRUE_SPEED = 8.0, 5.0, 0.93
"""Hours it lasted, mg/L of ammonia it raised the river by, and how fast the water really was."""
WITH_AMMONIA = {"nh3n": 1.0, "tn": 1.0, "codmn": 1.0, "tp": 0.01, "ec": 40.0}
"""What came with one mg/L of ammonia."""


def chart() -> Chart:
    text = (files("fenhe.app") / "demo_data" / FILE).read_text("utf-8")
    return network_layer.read(text, FILE)


def codes() -> list[str]:
    reaches = list(chart().river.reaches)
    return [*reaches, *(one[0] for one in DISCHARGING), *(one[0] for one in OTHERS)]


def register(area: Area) -> None:
    """The network through the same dry-run as anybody's, then what stands on it."""
    river = chart()
    network_records.apply(network_records.prepare(river, NETWORK, FILE, area.adcode), "demo", SINCE)
    for code, name, kind, reach, km, flow, usual, type in DISCHARGING:
        profile = {f"usual_{item}": value for item, value in usual.items()}
        _stand(river, area, kind, code, name, reach, km, {
            **({"type": type, "stage": "measured"} if type else {"capacity": 24.0 * flow}),
            "flow_m3_h": flow, **profile,
        })  # fmt: skip
    for code, name, kind, reach, km, more in OTHERS:
        _stand(river, area, kind, code, name, reach, km, more)


def _stand(
    river: Chart,
    area: Area,
    kind: str,
    code: str,
    name: str,
    reach: str,
    km: float,
    more: dict[str, Any],
) -> None:
    longitude, latitude = river.at(Place(reach, km))
    about = river.river.reach(reach)
    attributes = {**more, "reach": reach, "km": km, "district": about.district, "simulated": True}
    if kind == "water_outfall":
        attributes["river"] = about.name
    Object.objects.update_or_create(
        kind=kind,
        code=code,
        defaults={
            "name_zh": f"{name}（模拟）",
            "name_en": f"{name} (simulated)",
            "area": area,
            "longitude": round(longitude, 5),
            "latitude": round(latitude, 5),
            "attributes": attributes,
        },
    )


def pulse(river: Chart, section: str, hours: Floats) -> dict[str, Floats]:
    """Item -> what the discharge adds at a section so many hours after it began; nothing upstream
    of it. Carried down by Jobson's response, as water that is a little slower than it should be."""
    stands = STANDS.get(section)
    way = river.river.way(SOURCE, Place(*stands)) if stands else None
    if not way or not stands:
        return {}
    km = sum(part.km for part in way)
    took = travel.travel_time(way).probable / TRUE_SPEED
    grid = np.arange(0.0, took * 4 + 24, GRID)
    unit = triangle(grid, took, km, way)
    sent = np.full(round(LASTED / GRID), EXCESS)
    upper, lower = (river.river.reach(id).discharge or 1.0 for id in (SOURCE.reach, stands[0]))
    passed = np.convolve(sent, unit / unit.sum()) * upper / lower
    there = np.interp(hours, np.arange(len(passed)) * GRID, passed, left=0.0, right=0.0)
    return {item: there * share for item, share in WITH_AMMONIA.items()}
