"""Main pollution indicators of a section and how many times over class III they are.

环办〔2011〕22号: not stated where the section is excellent or good; else the items worse than
class III, worst class first, of equal class the larger multiple first; cyanide and heavy metals
over the limit come before all; the first three. The multiple (C - S)/S stands in brackets, none
for temperature, pH and dissolved oxygen.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from fenhe.domains.water.rules import tables
from fenhe.domains.water.rules.tables import LAKE, RIVER
from fenhe.kernel.rounding import half_even_array, round_half_even
from fenhe.standards.edition import Edition

MULTIPLE_DECIMALS = 3
"""At most so many; trailing zeros are left out (notices print 1.12 and 0.585)."""


def multiple(value: pl.Expr, limit: float | pl.Expr) -> pl.Expr:
    """(C - S)/S, negative where the limit is kept."""
    limits = limit if isinstance(limit, pl.Expr) else pl.lit(limit)
    return (value - limits) / limits


def without_multiple() -> frozenset[str]:
    return frozenset(row["item"] for row in tables.evaluation().table("without_multiple"))


def printed(number: float) -> str:
    """A multiple as a notice prints it: at most three decimals, no trailing zeros."""
    text = str(round_half_even(number, MULTIPLE_DECIMALS))
    return text.rstrip("0").rstrip(".") if "." in text else text


def multiples(
    frame: pl.DataFrame, edition: Edition, names: Sequence[str], against: int = 3
) -> pl.DataFrame:
    """`multiple_<item>` against a class's limits (of rivers or lakes by `waterbody`); null for
    pH, DO and temperature, and where the limit is kept."""
    skipped = without_multiple()
    rivers, lakes = tables.items(edition.id, RIVER), tables.items(edition.id, LAKE)
    lake = pl.col("waterbody") == LAKE if "waterbody" in frame.columns else pl.lit(value=False)
    found = []
    for name in names:
        if name in skipped or (name not in rivers and name not in lakes):
            continue
        in_river = rivers[name].limit(against) if name in rivers else None
        in_lake = lakes[name].limit(against) if name in lakes else None
        limit = pl.when(lake).then(pl.lit(in_lake)).otherwise(pl.lit(in_river, pl.Float64))
        over = multiple(pl.col(name), limit)
        found.append(pl.when(over > 0).then(over).alias(f"multiple_{name}"))
    return frame.with_columns(found)


def main(frame: pl.DataFrame, edition: Edition, names: Sequence[str]) -> pl.DataFrame:
    """Adds `main_items` (item ids) and `main_pollutants` (氨氮(1.12)、总磷(0.5)) to a frame that
    has `level`, `level_<item>` and the items' values; empty text where none are stated."""
    exceeded = frame.with_row_index("_row").filter(
        pl.col("level") >= tables.option("pollutant_from_level")
    )
    stated: dict[int, tuple[str, str]] = {}
    if exceeded.height:
        ranked = multiples(exceeded, edition, names)
        stated = dict(zip(exceeded["_row"].to_list(), _lists(ranked, names), strict=True))
    said = [stated.get(row, ("", "")) for row in range(frame.height)]
    return frame.with_columns(
        pl.Series("main_items", [ids for ids, _ in said], pl.String),
        pl.Series("main_pollutants", [words for _, words in said], pl.String),
    )


def _lists(rows: pl.DataFrame, names: Sequence[str]) -> list[tuple[str, str]]:
    """Ids and words per row."""
    levels = _matrix(rows, [f"level_{name}" for name in names])
    over = _matrix(rows, [f"multiple_{name}" for name in names])
    priority = {row["item"] for row in tables.evaluation().table("priority")}
    first = np.array([name in priority for name in names])
    worse = levels >= tables.option("pollutant_from_level")
    # np.lexsort sorts by its last key first; the item's place settles what is left.
    order = np.lexsort(
        (np.broadcast_to(np.arange(len(names)), levels.shape), -over, -levels, ~(worse & first))
    )
    most = int(tables.option("main_pollutants"))
    labels = [tables.name_of(name).zh for name in names]
    shown = half_even_array(over, MULTIPLE_DECIMALS)
    # the worse ones stand first of each row
    counts = np.minimum(np.count_nonzero(worse, axis=1), most)
    found = []
    for row, (places, count) in enumerate(zip(order[:, :most].tolist(), counts, strict=True)):
        chosen = places[:count]
        words = [_word(labels[place], shown[row, place]) for place in chosen]
        found.append((",".join(names[place] for place in chosen), "、".join(words)))
    return found


def _word(label: str, rounded: float) -> str:
    if not rounded > 0:
        return label
    text = f"{rounded:.{MULTIPLE_DECIMALS}f}".rstrip("0").rstrip(".")
    return f"{label}({text})"


def _matrix(
    rows: pl.DataFrame, columns: Sequence[str]
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    parts = [
        rows[column].cast(pl.Float64).fill_null(0.0).to_numpy()
        if column in rows.columns
        else np.zeros(rows.height)
        for column in columns
    ]
    return np.stack(parts, axis=1) if parts else np.zeros((rows.height, 0))
