"""Indices from above, hand-computed, and a made image read through rasterio where it is installed
(`fenhe[raster]`)."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from fenhe.domains.water import above_file
from fenhe.domains.water.commands import app
from fenhe.domains.water.rules import above as rules
from fenhe.kernel.errors import BadInput, Unavailable

CLEAN = {"blue": 0.05, "green": 0.08, "red": 0.06, "red_edge": 0.05, "nir": 0.02}
BLACK = {"blue": 0.05, "green": 0.061, "red": 0.06, "red_edge": 0.09, "nir": 0.02}
LAND = {"blue": 0.06, "green": 0.09, "red": 0.10, "red_edge": 0.2, "nir": 0.30}
BANDS = ("B2", "B3", "B4", "B5", "B8")


def pixel(values: dict[str, float]) -> dict[str, rules.Floats]:
    return {band: np.array([[value]]) for band, value in values.items()}


@pytest.mark.parametrize(
    ("index", "expected"),
    [("ndwi", 0.06 / 0.10), ("boi", 0.02 / 0.19), ("ndbwi", 0.02 / 0.14), ("ndci", -0.01 / 0.11)],
)
def test_indices_by_hand(index: str, expected: float) -> None:
    """NDWI (McFeeters 1996) and NDCI (Mishra 2012) as in public manuals."""
    assert rules.index(index, pixel(CLEAN))[0, 0] == pytest.approx(expected)
    tenfold = {band: value * 10_000 for band, value in CLEAN.items()}
    assert rules.index(index, pixel(tenfold))[0, 0] == pytest.approx(expected)


def test_no_light_and_no_data_have_no_index() -> None:
    dark = pixel(dict.fromkeys(CLEAN, 0.0))
    assert np.isnan(rules.index("boi", dark)[0, 0])
    lost = pixel(CLEAN) | {"red": np.array([[np.nan]])}
    values = rules.index("boi", lost)
    assert np.isnan(values[0, 0])
    assert not rules.past("boi", values, 1.0)[0, 0]


def test_patches_are_neighbours_and_small_ones_are_left_out() -> None:
    values = np.full((8, 8), 0.5)
    values[1:4, 1:3] = 0.0
    values[4, 3] = 0.0  # touches at a corner
    values[7, 7] = 0.0
    water = np.ones((8, 8), dtype=bool)
    (found,) = rules.patches("boi", values, water, 0.1, least=2)
    assert (found.pixels, found.share) == (7, 1.0)
    assert len(rules.patches("boi", values, water, 0.1, least=1)) == 2
    assert rules.patches("boi", values, ~water, 0.1, least=1) == []


def test_no_threshold_is_shipped_and_every_formula_has_its_confidence() -> None:
    assert all("threshold" not in row.cells for row in rules.indices().values())
    assert not rules.indices()["boi"].confidence.firm
    assert "需地面点位核实" in rules.NOTE.zh


def test_bands_are_written_or_refused() -> None:
    assert above_file.parse_bands(["green=2,nir=4", "red=3"]) == {"green": 2, "nir": 4, "red": 3}
    for wrong in ("violet=1", "green", "green=b"):
        with pytest.raises(BadInput) as refused:
            above_file.parse_bands([wrong])
        assert refused.value.code == "water.bands-unreadable"


def test_without_rasterio_the_command_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rasterio", None)
    with pytest.raises(Unavailable) as missing:
        above_file.read(tmp_path / "x.tif", ["green"], {}, 0.0)
    assert missing.value.code == "water.no-rasterio"
    assert "fenhe[raster]" in str(missing.value)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """60 × 60 pixels of 10 m in UTM 49N: land, a river of six columns, ten rows of it black, one
    corner of it without data."""
    rasterio = pytest.importorskip("rasterio", reason="the optional extra fenhe[raster]")
    whole = np.stack([np.full((60, 60), LAND[b] * 10_000 + 1000) for b in CLEAN])
    for number, band in enumerate(CLEAN):
        whole[number, :, 20:26] = CLEAN[band] * 10_000 + 1000
        whole[number, 30:40, 20:26] = BLACK[band] * 10_000 + 1000
        whole[number, 0:3, 20:26] = 0
    path = tmp_path / "scene.tif"
    profile = {
        "driver": "GTiff", "width": 60, "height": 60, "count": 5, "dtype": "uint16", "nodata": 0,
        "crs": "EPSG:32649", "transform": rasterio.Affine(10, 0, 600_000, 0, -10, 4_190_000),
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as file:
        file.write(whole.astype("uint16"))
        for number, name in enumerate(BANDS, 1):
            file.set_band_description(number, name)
    return path


def ran(*arguments: object) -> pl.DataFrame:
    answer = CliRunner().invoke(app, ["above", *map(str, arguments)])
    assert answer.exit_code == 0, answer.output
    return pl.read_json(str(arguments[1]))


def test_a_black_patch_is_listed_to_be_verified(image: Path, tmp_path: Path) -> None:
    given: list[Any] = ["--water", 0, "--offset", -1000, "--boi", 0.05, "--ndci", 0.1]
    rows = ran(image, tmp_path / "out.json", *given)
    boi = rows.row(by_predicate=pl.col("index") == "boi", named=True)
    assert (boi["pixels"], boi["over"], boi["area_m2"]) == (60, 60, 6000.0)
    assert boi["mean"] == pytest.approx(0.001 / 0.171, abs=1e-4)
    ndci = rows.row(by_predicate=pl.col("index") == "ndci", named=True)
    assert ndci["mean"] == pytest.approx(0.03 / 0.15, abs=1e-4)
    # 100 230 m east of 111° E at 0.9996: 100 270 m over N cos φ = 6 386 200 × 0.7896 → 1.1393°
    assert boi["longitude"] == pytest.approx(112.1393, abs=5e-4)
    # 4 189 650 m / 0.9996 along the meridian, 110.9 km a degree less the curve of the parallel
    assert boi["latitude"] == pytest.approx(37.849, abs=5e-3)
    assert set(rows["note_zh"]) == {"需地面点位核实"}
    assert set(rows["note_en"]) == {"needs local points"}


def test_the_offset_of_newer_products_changes_the_index(image: Path, tmp_path: Path) -> None:
    whole = ran(image, tmp_path / "out.json", "--water", 0, "--boi", 0.05)
    # uncorrected, clean water looks grey too: (0.18 - 0.16)/0.49 = 0.041
    assert whole["pixels"].sum() > 60


def test_polygons_give_a_row_each_and_their_share(image: Path, tmp_path: Path) -> None:
    warp = pytest.importorskip("rasterio.warp", reason="the optional extra fenhe[raster]")

    def square(top: int, bottom: int) -> dict[str, Any]:
        x = [600_200.0, 600_260.0, 600_260.0, 600_200.0, 600_200.0]
        y = [4_190_000.0 - 10 * row for row in (top, top, bottom, bottom, top)]
        longitude, latitude = warp.transform("EPSG:32649", "EPSG:4326", x, y)
        return {"type": "Polygon", "coordinates": [list(zip(longitude, latitude, strict=True))]}

    features = [
        {"type": "Feature", "properties": {"name": name}, "geometry": square(*rows)}
        for name, rows in (("上段", (5, 25)), ("下段", (25, 45)), ("无数据段", (0, 2)))
    ]
    reaches = tmp_path / "reaches.json"
    reaches.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    given: list[Any] = ["--water", 0, "--offset", -1000, "--boi", 0.05, "--polygons", reaches]
    rows = ran(image, tmp_path / "out.json", *given)
    assert rows["place"].to_list() == ["上段", "下段"]  # no value, no row
    assert rows["over_share"].to_list() == [0.0, 0.5]
    assert rows["verify"].to_list() == [False, True]


def test_bad_files_are_refused_with_what_to_do(image: Path, tmp_path: Path) -> None:
    text = tmp_path / "x.tif"
    text.write_text("no raster")
    for path, bands, code in (
        (text, {}, "water.raster-unreadable"),
        (tmp_path / "none.tif", {}, "table.unreadable"),
        (image, {"green": 9}, "water.band-unknown"),
    ):
        with pytest.raises(BadInput) as refused:
            above_file.read(path, ["green", "nir"], bands, 0.0)
        assert refused.value.code == code
    lines = tmp_path / "lines.json"
    lines.write_text('{"features": [{"geometry": {"type": "LineString"}}]}')
    with pytest.raises(BadInput) as refused:
        above_file.polygons(lines)
    assert refused.value.code == "water.no-polygon"
