"""GCJ-02, the shifted coordinates of Chinese map publishers, and WGS84, what satellites give.

`from_wgs84` is the published form of the shift (a few hundred metres, by place); the inverse has no
closed form and is found by iteration until nothing moves. Outside China nothing is shifted. The
constants are those of the public reference implementations; the platform uses them for drawing and
for attribution at the scale of districts, never for surveying.
"""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi, sin, sqrt
from typing import Any

_AXIS = 6378245.0  # of the Krasovsky ellipsoid, m
_ECCENTRICITY = 0.00669342162296594323  # squared
_TURNS = 30
_STILL = 1e-11  # degrees: a micrometre

Place = tuple[float, float]


def from_wgs84(longitude: float, latitude: float) -> Place:
    """WGS84 -> GCJ-02, degrees."""
    if not _in_china(longitude, latitude):
        return longitude, latitude
    east, north = _shift(longitude, latitude)
    return longitude + east, latitude + north


def to_wgs84(longitude: float, latitude: float) -> Place:
    """GCJ-02 -> WGS84, degrees: the place that shifts to this one."""
    if not _in_china(longitude, latitude):
        return longitude, latitude
    x, y = longitude, latitude
    for _ in range(_TURNS):
        east, north = _shift(x, y)
        moved = longitude - east - x, latitude - north - y
        x, y = x + moved[0], y + moved[1]
        if abs(moved[0]) < _STILL and abs(moved[1]) < _STILL:
            break
    return x, y


def _in_china(longitude: float, latitude: float) -> bool:
    return 72.004 <= longitude <= 137.8347 and 0.8293 <= latitude <= 55.8271


def _shift(longitude: float, latitude: float) -> Place:
    x, y = longitude - 105.0, latitude - 35.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    north += (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    north += (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    east += (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    east += (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    angle = latitude / 180.0 * pi
    curve = 1 - _ECCENTRICITY * sin(angle) ** 2
    north = north * 180.0 / (_AXIS * (1 - _ECCENTRICITY) / (curve * sqrt(curve)) * pi)
    east = east * 180.0 / (_AXIS / sqrt(curve) * cos(angle) * pi)
    return east, north


def converted(geometry: Any, move: Callable[[float, float], Place] = to_wgs84) -> Any:
    """A GeoJSON geometry, feature or collection with every place moved."""
    match geometry:
        case {"type": "FeatureCollection", "features": list(features)}:
            return {**geometry, "features": [converted(one, move) for one in features]}
        case {"type": "Feature", "geometry": inner}:
            return {**geometry, "geometry": converted(inner, move)}
        case {"type": "GeometryCollection", "geometries": list(parts)}:
            return {**geometry, "geometries": [converted(one, move) for one in parts]}
        case {"coordinates": places}:
            return {**geometry, "coordinates": _moved(places, move)}
        case _:
            return geometry


def _moved(places: Any, move: Callable[[float, float], Place]) -> Any:
    if places and isinstance(places[0], int | float):
        return [*(round(one, 7) for one in move(float(places[0]), float(places[1]))), *places[2:]]
    return [_moved(one, move) for one in places]
