"""What each µg/m³ buys: the composite index and the rank a city would have after a cut.

In: one city's printed period values and the composites of the other cities of the table. The
rounding steps of the single indices make some cuts worthless and others decisive; all are exact.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from fenhe.domains.air.rules.composite import COLUMNS, composite
from fenhe.domains.air.rules.ranking import AfterTie, rank_among
from fenhe.domains.air.rules.tables import SYMBOLS
from fenhe.kernel.rounding import Number, exact, round_half_even
from fenhe.standards.edition import Edition

STEP = dict.fromkeys(SYMBOLS, exact(1)) | {"co": exact(0.1)}


def whatif(
    city: Mapping[str, Number],
    others: pl.Series,
    scheme: Edition,
    *,
    steps: int | None = None,
    after_tie: AfterTie = "skip",
) -> pl.DataFrame:
    """`city`: property id → printed value (µg/m³, CO mg/m³); `others`: composites of the others.

    One row per pollutant and cut of 1, 2, … µg/m³ (CO 0.1 mg/m³), down to 0 or `steps` rows:
    property, cut, concentration, single, composite, change (of the composite), rank, gained (ranks
    against now) and `threshold`: this cut gains a rank that one step less does not.
    """
    rivals = [int(round_half_even(c, 2).scaleb(2)) for c in others.drop_nulls().to_list()]
    variants = pl.DataFrame(
        [
            _variant(city, name, count)
            for name in SYMBOLS
            for count in range(_most_steps(city[name], name, steps) + 1)
        ]
    )
    found = composite(variants, scheme)
    ranks = {
        value: rank_among(int(round_half_even(value, 2).scaleb(2)), rivals, after_tie)
        for value in found["composite"].unique()
    }
    now = found["composite"][0]
    rank = pl.col("composite").replace_strict(ranks, return_dtype=pl.Int64)
    single = pl.coalesce(
        pl.when(pl.col("property") == name).then(pl.col(f"single_{name}")) for name in SYMBOLS
    )
    steps_down = found.select(
        "property", "cut", "concentration", "composite",
        single=single,
        change=(pl.col("composite") - now).round(2),
        rank=rank,
        gained=ranks[now] - rank,
    )  # fmt: skip
    gain = pl.col("gained") > pl.col("gained").shift(1).over("property")
    return steps_down.with_columns(threshold=gain.fill_null(value=False)).filter(pl.col("cut") > 0)


def _most_steps(concentration: Number, name: str, steps: int | None) -> int:
    whole = int(exact(concentration) / STEP[name])
    return whole if steps is None else min(steps, whole)


def _variant(city: Mapping[str, Number], name: str, count: int) -> dict[str, object]:
    cut = count * STEP[name]
    values = {property: exact(city[property]) for property in SYMBOLS}
    values[name] -= cut
    cells = {COLUMNS[property]: float(value) for property, value in values.items()}
    return {"property": name, "cut": float(cut), "concentration": float(values[name]), **cells}


def thresholds(steps: pl.DataFrame) -> pl.DataFrame:
    """The smallest cut that gains each further rank ("PM2.5 by 3: composite −0.09, 120 → 117")."""
    return steps.filter("threshold")
