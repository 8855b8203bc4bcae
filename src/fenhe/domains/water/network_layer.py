"""A layer of river lines as it is given, and as the table of objects it becomes; no records."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
from shapely.geometry import mapping

from fenhe.domains.water.sky import lines
from fenhe.domains.water.sky.lines import Chart
from fenhe.domains.water.sky.network import Place
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.text import Text

NUMBERS = {
    "slope": "slope",
    "width": "width_m",
    "depth": "depth_m",
    "discharge": "discharge_m3_s",
    "mean_discharge": "mean_discharge_m3_s",
}
"""Field of a reach -> attribute of the kind."""


def read(text: str, file: str = "") -> Chart:
    """A GeoJSON layer of lines in WGS 84. Raises BadInput with everything that is wrong with it."""
    try:
        raw = json.loads(text)
        collection = {"features": raw["features"]}
        return _in_degrees(lines.read(collection))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadInput(
            "water.network-unreadable",
            f"{file or '文件'}不是 GeoJSON 线图层（FeatureCollection）",
            f"{file or 'the file'} is no GeoJSON layer of lines (FeatureCollection)",
        ) from error


def _in_degrees(chart: Chart) -> Chart:
    wrong = [
        Problem(
            "water.network-degrees",
            Text("坐标不是经纬度（WGS 84）", "is not in degrees (WGS 84)"),
            column="reach",
            value=id,
        )
        for id, line in chart.shapes.items()
        for west, south, east, north in [line.bounds]
        if min(west, east) < -180 or max(west, east) > 180 or south < -90 or north > 90
    ]
    if wrong:
        raise BadInput(
            "water.network-degrees",
            "图层坐标不是 WGS 84 经纬度，请先转换",
            "the layer is not in WGS 84 degrees; convert it first",
            wrong,
        )
    return chart


def table(chart: Chart, network: str, area: str = "") -> pl.DataFrame:
    """The rows `objects.plan` reads, all text. `area`: the adcode the reaches lie in, for people
    whose rights are limited to places."""
    rows = []
    for number, reach in enumerate(chart.river.reaches.values(), start=1):
        longitude, latitude = chart.at(Place(reach.id, reach.length / 2))
        row: dict[str, Any] = {
            "row": number,
            "code": reach.id,
            "name_zh": reach.name or reach.id,
            "longitude": f"{longitude:.6f}",
            "latitude": f"{latitude:.6f}",
            "geometry": json.dumps(mapping(chart.shapes[reach.id])),
            "area": area,
            "network": network,
            "head": f"{network}:{reach.head}",
            "mouth": f"{network}:{reach.mouth}",
            "length_km": f"{reach.length:.4f}",
            "district": reach.district,
            "river_chief": reach.chief,
        }
        for own, attribute in NUMBERS.items():
            value = getattr(reach, own)
            row[attribute] = "" if value is None else f"{value:.6g}"
        rows.append(row)
    kept = dict.fromkeys(rows[0], pl.String())
    return pl.DataFrame(rows, {**kept, "row": pl.Int64()})
