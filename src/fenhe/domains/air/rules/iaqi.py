"""The individual air quality index (IAQI) of HJ 633, exact and by table look-up.

A concentration is first rounded as the standard says (whole µg/m³, CO one decimal, half to even),
so only some thousand numbers can occur: for each row of breakpoints every one of them is computed
in whole numbers, rounded UP (HJ 633-2026 4.2.6; HJ 633-2012 6.2), and the frames gather from that
table. Nothing to look up (null, NaN, negative, or above a top that the 2012 text excludes) is null.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from fenhe.assess.rule import Step
from fenhe.domains.air.rules import tables
from fenhe.kernel.rounding import Number, exact, round_half_even, scaled_array
from fenhe.standards.edition import Edition, Row

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int16]

NONE = -1
"""No index, in arrays of int16; null in frames."""
CHUNK = 1 << 15  # rows gathered at a time: all steps stay in the processor's cache

KEYS = ("edition", "pollutant", "averaging")


@dataclass(frozen=True, eq=False)
class Scale:
    """One row of breakpoints in whole numbers: concentrations in units of the last decimal."""

    edition: Edition
    row: Row
    above: Row
    decimals: int
    concentrations: tuple[int, ...]
    indices: tuple[int, ...]

    @property
    def top(self) -> int:
        return self.concentrations[-1]

    @cached_property
    def lookup(self) -> Indices:
        """[1 + k] is the index of k; [0] is for no number, the last for all above the top."""
        values = [self.index(k) for k in range(self.top + 2)]
        return np.array([NONE, *(NONE if value is None else value for value in values)], np.int16)

    def segment(self, k: int) -> int:
        """Number of the segment's upper breakpoint; a breakpoint belongs to the lower segment."""
        return next(i for i, high in enumerate(self.concentrations[1:], 1) if k <= high)

    def index(self, k: int) -> int | None:
        """HJ 633 formula (1) in whole numbers: k in units of the last decimal, not negative."""
        if k > self.top:
            above: int | None = self.above["iaqi"]
            return above
        i = self.segment(k)
        c_low, c_high = self.concentrations[i - 1 : i + 1]
        low, high = self.indices[i - 1 : i + 1]
        # -(-a // b) is a/b rounded up.
        return low - (low - high) * (k - c_low) // (c_high - c_low)


def scale(edition: Edition, pollutant: str, averaging: str) -> Scale:
    """The breakpoints for a symbol and an averaging time: its own row, or the row a report of the
    edition uses for it (1 h PM by the 24 h row). Raises NotFound `standards.row-unknown`."""
    return _scale(edition.id, pollutant, averaging)


@cache
def _scale(edition_id: str, pollutant: str, averaging: str) -> Scale:
    edition = tables.edition(edition_id)
    breakpoints = edition.table("breakpoints")
    if not breakpoints.find(pollutant=pollutant, averaging=averaging):
        used = edition.table("indices").find(pollutant=pollutant, averaging=averaging)
        averaging = used[0]["breakpoints"] if used else averaging
    row = breakpoints.one(pollutant=pollutant, averaging=averaging)
    exceptions = edition.table("above_top")
    above = exceptions.find(pollutant=pollutant, averaging=averaging)
    decimals = int(row["decimals"])
    return Scale(
        edition=edition,
        row=row,
        above=above[0] if above else exceptions.one(pollutant="other"),
        decimals=decimals,
        concentrations=tuple(int(exact(c) * 10**decimals) for c in row["concentration"]),
        indices=tuple(row["iaqi"]),
    )


def look_up(scale: Scale, values: Floats, out: Indices | None = None) -> Indices:
    """IAQI of every concentration, `NONE` where there is none."""
    result = np.empty(values.shape, np.int16) if out is None else out
    for begin in range(0, len(values), CHUNK):
        part = slice(begin, begin + CHUNK)
        k = scaled_array(values[part], scale.decimals)
        # fmax and fmin pass over NaN, so that it lands on -1 as a negative number does.
        np.fmax(k, -1, out=k)
        np.fmin(k, scale.top + 1, out=k)
        k += 1
        scale.lookup.take(k.astype(np.int32), out=result[part])
    return result


def to_array(values: pl.Series) -> Floats:
    """Float64 with NaN for null."""
    return values.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def to_series(name: str, indices: Indices) -> pl.Series:
    """Int16 with null for `NONE`."""
    frame = pl.Series(name, indices).to_frame()
    return frame.select(pl.when(pl.col(name) >= 0).then(pl.col(name)))[name]


def iaqi(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds `iaqi` (Int16) to rows of edition, pollutant, averaging, concentration; any mixture.

    Raises NotFound for an edition, pollutant or averaging the standards do not have.
    """
    values = to_array(frame["concentration"])
    result = np.full(frame.height, NONE, np.int16)
    groups = frame.select(KEYS).with_row_index("row").group_by(KEYS).agg("row")
    for edition_id, pollutant, averaging, rows in groups.iter_rows():
        found = scale(tables.edition(edition_id), pollutant, averaging)
        result[rows] = look_up(found, values[rows])
    return frame.with_columns(to_series("iaqi", result))


def one(edition: Edition, pollutant: str, averaging: str, concentration: Number) -> int | None:
    """IAQI of one concentration; null when the edition gives none. ValueError when negative."""
    found = scale(edition, pollutant, averaging)
    k = int(round_half_even(concentration, found.decimals).scaleb(found.decimals))
    if k < 0:
        raise ValueError(f"a concentration is not negative: {concentration}")
    return found.index(k)


def explain(
    edition: Edition, pollutant: str, averaging: str, concentration: Number
) -> tuple[Step, ...]:
    """How the index came about: the rounding, then the segment and the formula with its numbers."""
    found = scale(edition, pollutant, averaging)
    rounded = round_half_even(concentration, found.decimals)
    k = int(rounded.scaleb(found.decimals))
    unit, value = found.row["unit"], one(edition, pollutant, averaging, concentration)
    rule = edition.table("rules").one(rule="input_rounding")
    first = Step(
        f"{pollutant} {averaging}",
        float(rounded),
        f"浓度 {concentration} {unit} 按 GB/T 8170 修约为 {rounded} {unit}",
        f"{concentration} {unit} rounded half to even: {rounded} {unit}",
        rule.clause,
        edition.id,
        rule.confidence,
    )
    return first, _second(found, k, str(rounded), value)


def _second(found: Scale, k: int, rounded: str, value: int | None) -> Step:
    marks: dict[str, Any] = {"edition": found.edition.id}
    if k > found.top:
        row = found.above
        note = row.note
        zh = note.zh if note else f"超过最高分段点，取 {value}"
        en = note.en if note else f"above the last breakpoint: {value}"
        return Step("IAQI", value, zh, en, row.clause, confidence=row.confidence, **marks)
    i = found.segment(k)
    low, high = found.row["concentration"][i - 1 : i + 1]
    i_low, i_high = found.indices[i - 1 : i + 1]
    formula = f"({i_high} − {i_low}) ÷ ({high} − {low}) × ({rounded} − {low}) + {i_low}"
    return Step(
        "IAQI",
        value,
        f"浓度落在 {low}–{high} 段：{formula}，向上进位取整为 {value}",
        f"in the segment {low}-{high}: {formula}, rounded up to {value}",
        found.row.clause,
        confidence=found.row.confidence,
        inputs=({"low": low, "high": high, "iaqi_low": i_low, "iaqi_high": i_high},),
        **marks,
    )
