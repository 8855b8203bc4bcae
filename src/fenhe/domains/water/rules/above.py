"""Water seen from above: indices of reflectance, and where they pass the operator's threshold.

Pure: arrays in, arrays and zones out. Nothing is classified: a zone is a place to go and measure,
and every zone says so (`NOTE`). Reflectances [rows, columns], NaN where there is none; a constant
factor cancels out of every index, an offset does not and must be taken off before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from fenhe.domains.water.rules import tables
from fenhe.kernel.text import Text
from fenhe.standards.edition import Row

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

STANDARD = "water from above"
WATER = "ndwi"
NOTE = Text("需地面点位核实", "needs local points")


@dataclass(frozen=True, slots=True)
class Zone:
    """One polygon, or one patch of neighbouring pixels over the threshold."""

    index: str
    name: str
    pixels: int  # of water
    over: int  # of these past the threshold
    mean: float
    row: float  # centre of what is past the threshold, in pixels
    column: float

    @property
    def share(self) -> float:
        return self.over / self.pixels


def indices() -> dict[str, Row]:
    return {row["index"]: row for row in tables.latest(STANDARD).table("indices")}


def bands() -> dict[str, Row]:
    return {row["band"]: row for row in tables.latest(STANDARD).table("bands")}


def needed(index: str) -> tuple[str, ...]:
    """The bands an index is computed from."""
    row = indices()[index]
    return tuple(dict.fromkeys([row["plus"], row["minus"], *row["over"]]))


def index(name: str, reflectance: Mapping[str, Floats]) -> Floats:
    """(plus - minus) / sum of `over`; NaN where a band is, or where the sum is not positive."""
    row = indices()[name]
    whole = np.sum([reflectance[band] for band in row["over"]], axis=0)
    difference = reflectance[row["plus"]] - reflectance[row["minus"]]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, difference / whole, np.nan)


def past(name: str, values: Floats, threshold: float) -> Mask:
    """The suspicious side of the threshold, itself included; NaN is on neither side."""
    found: Mask = values >= threshold if indices()[name]["side"] == "above" else values <= threshold
    return found


def within(
    name: str, values: Floats, water: Mask, threshold: float, where: Mask, called: str
) -> Zone | None:
    """What a polygon's water pixels say; None where it has none with a value."""
    seen = where & water & ~np.isnan(values)
    pixels = int(seen.sum())
    if not pixels:
        return None
    over = seen & past(name, values, threshold)
    centre = over if over.any() else seen
    rows, columns = np.nonzero(centre)
    return Zone(
        name, called, pixels, int(over.sum()), float(values[seen].mean()),
        float(rows.mean()) + 0.5, float(columns.mean()) + 0.5,
    )  # fmt: skip


def patches(name: str, values: Floats, water: Mask, threshold: float, least: int) -> list[Zone]:
    """Neighbouring water pixels past the threshold, at least `least` of them, largest first.
    Pixels that touch at a corner are neighbours: rivers are narrow."""
    over = water & ~np.isnan(values) & past(name, values, threshold)
    labels, _ = ndimage.label(over, structure=np.ones((3, 3)))
    found = []
    for number, place in enumerate(ndimage.find_objects(labels), 1):
        own = labels[place] == number
        size = int(own.sum())
        if size < least:
            continue
        rows, columns = np.nonzero(own)
        found.append(
            Zone(
                name, "", size, size, float(values[place][own].mean()),
                float(rows.mean()) + place[0].start + 0.5,
                float(columns.mean()) + place[1].start + 0.5,
            )
        )  # fmt: skip
    return sorted(found, key=lambda zone: -zone.pixels)
