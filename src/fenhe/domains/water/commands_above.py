"""`fenhe water above IMAGE OUT`: where indices of an image pass the operator's thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from fenhe.domains.water import above_file
from fenhe.domains.water.above_file import Image
from fenhe.domains.water.commands_class import Json, Out
from fenhe.domains.water.rules import above as rules
from fenhe.domains.water.rules.above import Mask, Zone
from fenhe.ingest.frames import write_table
from fenhe.kernel.errors import BadInput

SCHEMA = {
    "place": pl.String, "index": pl.String, "threshold": pl.Float64, "pixels": pl.Int64,
    "over": pl.Int64, "over_share": pl.Float64, "mean": pl.Float64, "area_m2": pl.Float64,
    "longitude": pl.Float64, "latitude": pl.Float64, "verify": pl.Boolean, "confidence": pl.String,
    "note_zh": pl.String, "note_en": pl.String,
}  # fmt: skip


def above(
    image: Annotated[
        str, typer.Argument(metavar="IMAGE", help="多波段影像（GeoTIFF） | multiband raster")
    ],
    target: Out,
    water: Annotated[float, typer.Option(help="NDWI 高于此值算水体 | NDWI above this is water")],
    boi: Annotated[
        float | None, typer.Option(help="BOI 不高于此值存疑 | BOI at or below is suspicious")
    ] = None,
    ndbwi: Annotated[
        float | None, typer.Option(help="NDBWI 不高于此值存疑 | NDBWI at or below is suspicious")
    ] = None,
    ndci: Annotated[
        float | None, typer.Option(help="NDCI 不低于此值存疑 | NDCI at or above is suspicious")
    ] = None,
    polygons: Annotated[
        str | None, typer.Option(help="河段或水体面 GeoJSON | polygons of reaches or waters")
    ] = None,
    share: Annotated[
        float, typer.Option(min=0, max=1, help="面内超阈值比例达到此值列为待核实 | share to verify")
    ] = 0.3,
    least: Annotated[int, typer.Option(min=1, help="斑块最少像元数 | least pixels of a patch")] = 9,
    bands: Annotated[
        list[str] | None, typer.Option(help="波段序号，如 green=2,nir=4 | numbers of bands")
    ] = None,
    offset: Annotated[
        float, typer.Option(help="加到像元值上，如 -1000 | added to pixel values, such as -1000")
    ] = 0.0,
    as_json: Json = False,
) -> None:
    """遥感水体指数：影像和阈值 → 待现场核实的河段 | indices from above: places to verify on site.

    影像为类哨兵二号多波段栅格，波段按描述（B2、B3、B4、B5、B8）或 --bands 识别；云与阴影须先掩成
    无数据。2022 年后的哨兵二号产品像元值有 1000 的偏移，用 --offset -1000 消去。
    A raster like Sentinel-2, bands by their descriptions or --bands; clouds masked as no data
    beforehand; products since 2022 carry an offset of 1000: --offset -1000.

    阈值由使用者按本地点位给出，不设缺省 | thresholds are the operator's, none is shipped。至少给
    boi、ndbwi、ndci 之一 | at least one of boi, ndbwi, ndci。

    给 --polygons 时每面每指数一行，否则每个超阈值斑块一行 | a row a polygon and index, or a row a
    patch: pixels（水体像元 | of water）, over, over_share, mean, area_m2, longitude, latitude,
    verify, note: 需地面点位核实 | needs local points。需要可选组件 raster | needs the extra raster.
    """
    named = {"boi": boi, "ndbwi": ndbwi, "ndci": ndci}
    wanted = {index: value for index, value in named.items() if value is not None}
    if not wanted:
        raise BadInput(
            "water.no-threshold",
            "请给出 --boi、--ndbwi、--ndci 中至少一个阈值。",
            "Give a threshold: --boi, --ndbwi or --ndci.",
        )
    used = [band for index in (rules.WATER, *wanted) for band in rules.needed(index)]
    given = above_file.parse_bands(bands or [])
    read = above_file.read(Path(image), dict.fromkeys(used), given, offset)
    wet = rules.past(rules.WATER, rules.index(rules.WATER, read.bands), water)
    rows = _rows(read, wet, wanted, polygons, share, least)
    typer.echo(
        f"水体像元 {int(wet.sum())}，列出 {len(rows)} 处；所有结果{rules.NOTE.zh}。\n"
        f"{int(wet.sum())} pixels of water, {len(rows)} places; every result {rules.NOTE.en}.",
        err=True,
    )
    write_table(pl.DataFrame(rows, SCHEMA), target, as_json=as_json)


def _rows(
    image: Image,
    wet: Mask,
    wanted: Mapping[str, float],
    polygons: str | None,
    share: float,
    least: int,
) -> list[dict[str, object]]:
    places = above_file.polygons(Path(polygons)) if polygons else []
    masks = [(name, image.inside(geometry)) for name, geometry in places]
    rows = []
    for index, threshold in wanted.items():
        values = rules.index(index, image.bands)
        if polygons:
            zones = [rules.within(index, values, wet, threshold, m, name) for name, m in masks]
        else:
            zones = list(rules.patches(index, values, wet, threshold, least))
        rows += [
            _row(image, zone, threshold, zone.share >= share) for zone in zones if zone is not None
        ]
    return rows


def _row(image: Image, zone: Zone, threshold: float, verify: bool) -> dict[str, object]:
    longitude, latitude = image.position(zone.row, zone.column)
    area = image.area()
    return {
        "place": zone.name,
        "index": zone.index,
        "threshold": threshold,
        "pixels": zone.pixels,
        "over": zone.over,
        "over_share": round(zone.share, 4),
        "mean": round(zone.mean, 4),
        "area_m2": None if area is None else round(area * zone.over, 1),
        "longitude": round(longitude, 6),
        "latitude": round(latitude, 6),
        "verify": verify,
        "confidence": str(rules.indices()[zone.index].confidence),
        "note_zh": rules.NOTE.zh,
        "note_en": rules.NOTE.en,
    }
