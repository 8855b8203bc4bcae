"""GCJ-02: the inverse is exact, the shift is that of published pairs, other countries stay."""

from __future__ import annotations

from math import cos, hypot, radians

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenhe.kernel.gcj02 import converted, from_wgs84, to_wgs84

INSIDE = st.tuples(st.floats(74, 134), st.floats(19, 53))


@given(INSIDE)
def test_the_inverse_leads_back(place: tuple[float, float]) -> None:
    back = to_wgs84(*from_wgs84(*place))
    assert hypot(back[0] - place[0], back[1] - place[1]) < 1e-8  # a millimetre


@given(INSIDE)
def test_the_shift_is_some_hundred_metres(place: tuple[float, float]) -> None:
    moved = from_wgs84(*place)
    metres = 111_320 * hypot((moved[0] - place[0]) * cos(radians(place[1])), moved[1] - place[1])
    assert 20 < metres < 1000


def test_taiyuan_is_shifted_by_half_a_kilometre() -> None:
    """As the boundary files of Amap lie beside satellite positions there."""
    x, y = from_wgs84(112.55, 37.87)
    metres = 111_320 * hypot((x - 112.55) * cos(radians(37.87)), y - 37.87)
    assert 450 < metres < 700
    assert x > 112.55


@pytest.mark.parametrize(
    ("wgs84", "gcj02"),
    [
        # Shanghai, Shenzhen, Beijing: what the reference implementation eviltransform tests by.
        ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
        ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
        ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
    ],
)
def test_published_pairs(wgs84: tuple[float, float], gcj02: tuple[float, float]) -> None:
    assert from_wgs84(*wgs84) == pytest.approx(gcj02, abs=1e-6)


@pytest.mark.parametrize("place", [(2.35, 48.85), (-0.13, 51.5), (151.2, -33.9)])
def test_other_countries_stay(place: tuple[float, float]) -> None:
    assert from_wgs84(*place) == place == to_wgs84(*place)


def test_every_place_of_a_collection_moves_and_nothing_else() -> None:
    line = {"type": "LineString", "coordinates": [[112.5, 37.8, 780.0], [112.6, 37.9]]}
    given = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": {"name": "汾河"}, "geometry": line}],
    }
    moved = converted(given)
    there = moved["features"][0]["geometry"]["coordinates"]
    assert there[0][2] == 780.0
    assert there[0][:2] == pytest.approx(to_wgs84(112.5, 37.8), abs=1e-6)
    assert moved["features"][0]["properties"] == {"name": "汾河"}
    assert given["features"][0]["geometry"] is line
    assert line["coordinates"][0] == [112.5, 37.8, 780.0]
