"""Multiband rasters and polygons for `fenhe water above`; rasterio is an optional extra."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fenhe.domains.water.rules import above
from fenhe.domains.water.rules.above import Floats, Mask
from fenhe.ingest.opening import why_not
from fenhe.kernel.errors import BadInput, Unavailable

MOST_PIXELS = 120_000_000
"""A whole Sentinel-2 tile at 10 m; more does not fit beside its indices in an office server."""
WGS84 = "EPSG:4326"


@dataclass(frozen=True)
class Image:
    """Reflectance by band, and where its pixels lie."""

    name: str
    bands: Mapping[str, Floats]
    shape: tuple[int, int]
    transform: Any
    crs: Any

    def position(self, row: float, column: float) -> tuple[float, float]:
        """Longitude and latitude of a place in pixels; NaN where the raster has no system."""
        to = self.transform
        x, y = to.a * column + to.b * row + to.c, to.d * column + to.e * row + to.f
        if self.crs is None:
            return float("nan"), float("nan")
        (longitude,), (latitude,) = _rasterio().warp.transform(self.crs, WGS84, [x], [y])
        return float(longitude), float(latitude)

    def area(self) -> float | None:
        """m² of a pixel, where the raster's system is in metres."""
        if self.crs is None or not self.crs.is_projected:
            return None
        return abs(float(self.transform.a * self.transform.e - self.transform.b * self.transform.d))

    def inside(self, polygon: Mapping[str, Any]) -> Mask:
        """The pixels whose centre lies in a GeoJSON geometry (longitude and latitude)."""
        tools = _rasterio()
        own = polygon if self.crs is None else tools.warp.transform_geom(WGS84, self.crs, polygon)
        found: Mask = tools.features.geometry_mask([own], self.shape, self.transform, invert=True)
        return found


def unreadable(path: Path, error: OSError) -> BadInput:
    said = why_not(path, error)
    return BadInput("table.unreadable", said.zh, said.en)


def _rasterio() -> Any:
    try:
        import rasterio
        import rasterio.features
        import rasterio.warp
    except ImportError:
        raise Unavailable(
            "water.no-rasterio",
            "读取影像需要可选组件 rasterio：pip install 'fenhe[raster]'。",
            "Rasters need the optional package rasterio: pip install 'fenhe[raster]'.",
        ) from None
    return rasterio


def read(path: Path, wanted: Iterable[str], given: Mapping[str, int], offset: float) -> Image:
    """The bands wanted, `offset` added, NaN where the file marks no data. `given`: band → number in
    the file (from 1); else by the band's description (B3). Raises BadInput, Unavailable."""
    tools = _rasterio()
    if not path.is_file():
        raise unreadable(path, FileNotFoundError())
    try:
        with tools.open(path) as file:
            _refuse_large(path, file)
            numbers = _numbers(path, file, wanted, given)
            bands = {band: _band(file, number, offset) for band, number in numbers.items()}
            return Image(path.name, bands, file.shape, file.transform, file.crs)
    except tools.errors.RasterioIOError as error:
        raise BadInput(
            "water.raster-unreadable",
            f"{path.name} 不是可读的栅格文件：{error}",
            f"{path.name} is no raster that can be read: {error}",
        ) from error


def _refuse_large(path: Path, file: Any) -> None:
    if file.width * file.height > MOST_PIXELS:
        raise BadInput(
            "water.raster-large",
            f"{path.name} 有 {file.width}×{file.height} 像元，请先裁剪到所需河段。",
            f"{path.name} has {file.width}×{file.height} pixels; clip it to the reaches first.",
        )


def _numbers(
    path: Path, file: Any, wanted: Iterable[str], given: Mapping[str, int]
) -> dict[str, int]:
    named = {str(text or "").upper(): at for at, text in enumerate(file.descriptions, 1)}
    found: dict[str, int] = {}
    lacking = []
    for band in wanted:
        names = [name.upper() for name in above.bands()[band]["names"]]
        number = given.get(band) or next((named[name] for name in names if name in named), None)
        if number is None or not 1 <= number <= file.count:
            lacking.append(band)
        else:
            found[band] = number
    if lacking:
        raise BadInput(
            "water.band-unknown",
            f"{path.name} 中找不到波段 {'、'.join(lacking)}；请用 --bands 写明，如 green=2,nir=4。",
            f"{path.name} does not name {', '.join(lacking)}; say --bands green=2,nir=4.",
        )
    return found


def _band(file: Any, number: int, offset: float) -> Floats:
    raw = file.read(number, masked=True).astype(np.float64)
    return np.asarray(raw.filled(np.nan) + offset, dtype=np.float64)


def polygons(path: Path) -> list[tuple[str, Mapping[str, Any]]]:
    """(name, geometry) of every polygon of a GeoJSON file. Raises BadInput."""
    try:
        features = json.loads(path.read_text("utf-8-sig"))["features"]
    except OSError as error:
        raise unreadable(path, error) from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(
            "water.polygons-unreadable",
            f"{path.name} 不是 GeoJSON 面要素文件。",
            f"{path.name} is no GeoJSON file of polygons.",
        ) from error
    found = []
    for number, feature in enumerate(features, 1):
        geometry = feature.get("geometry") or {}
        if geometry.get("type") not in ("Polygon", "MultiPolygon"):
            raise BadInput(
                "water.no-polygon",
                f"{path.name} 第 {number} 个要素不是面；河段请先按河宽缓冲成面。",
                f"{path.name}, feature {number}: no polygon; buffer reaches to their width first.",
            )
        about = feature.get("properties") or {}
        found.append((str(about.get("name") or about.get("id") or number), geometry))
    return found


def parse_bands(written: Sequence[str]) -> dict[str, int]:
    """green=2,nir=4 → numbers; raises BadInput for what it cannot read."""
    found = {}
    for part in ",".join(written).split(","):
        name, _, number = part.strip().partition("=")
        if not part.strip():
            continue
        if name not in above.bands() or not number.isdecimal():
            known = ", ".join(above.bands())
            raise BadInput(
                "water.bands-unreadable",
                f"--bands 的“{part}”无法识别；写作 green=2,nir=4，可用：{known}。",
                f"--bands: “{part}” cannot be read; write green=2,nir=4; there are {known}.",
            )
        found[name] = int(number)
    return found
