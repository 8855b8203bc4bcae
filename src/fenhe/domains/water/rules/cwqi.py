"""CWQI: a city's water-quality index, its ranking and its change (环办监测〔2017〕51号, trial).

Each item's mean over the city's river sections (lake points apart) is put against the limit of
class III: C/S, for DO S/C, for pH (7-pH)/(7-6) or (pH-7)/(9-7); the indices of the 21 items are
SUMMED; smaller is better. How river and lake parts are joined is unconfirmed: a labelled option.
Unlike Shanxi's provincial index of 2017, where more is better: never put them in one table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import polars as pl

from fenhe.domains.water.rules import tables
from fenhe.domains.water.rules.statistics import mean
from fenhe.domains.water.rules.tables import LAKE, RIVER
from fenhe.kernel.rounding import half_even
from fenhe.standards.edition import Edition

Weighting = Literal["points", "river"]
STANDARD = "CWQI"


def items(edition: Edition) -> tuple[str, ...]:
    """The 21 items the index sums."""
    return tuple(dict.fromkeys(r["item"] for r in edition.table("basic") if r["in_cwqi"]))


def item_index(name: str, edition: Edition, waterbody: str) -> pl.Expr:
    """One item's index of a mean value."""
    table = tables.latest(STANDARD).table("index")
    row = (table.find(item=name) or table.find(item="other"))[0]
    value = pl.col(name)
    if row["rule"] == "distance_from_7":
        low, high = float(row["low"]), float(row["high"])
        return pl.when(value <= 7).then((7 - value) / (7 - low)).otherwise((value - 7) / (high - 7))
    limit = tables.items(edition.id, waterbody)[name].limit(int(row["against_level"]))
    return pl.lit(limit) / value if row["rule"] == "inverse_ratio" else value / pl.lit(limit)


def derivative(name: str, value: float, edition: Edition, waterbody: str = RIVER) -> float:
    """How the index moves when the item's mean moves by one unit: 1/S, for DO -S/C²; exact."""
    table = tables.latest(STANDARD).table("index")
    row = (table.find(item=name) or table.find(item="other"))[0]
    if row["rule"] == "distance_from_7":
        return -1 / (7 - float(row["low"])) if value <= 7 else 1 / (float(row["high"]) - 7)
    limit = tables.items(edition.id, waterbody)[name].limit(int(row["against_level"]))
    return -limit / value**2 if row["rule"] == "inverse_ratio" else 1 / limit


def parts(sections: pl.DataFrame, edition: Edition, keys: Sequence[str]) -> pl.DataFrame:
    """Per key and waterbody: `points`, each item's mean and `index_<item>`, their sum `index`,
    and `items`, how many the sum has. Columns of `sections`: keys, waterbody, the items."""
    names = [name for name in items(edition) if name in sections.columns]
    means = sections.group_by(*keys, "waterbody", maintain_order=True).agg(
        pl.len().alias("points"), *(mean(name) for name in names)
    )
    found = []
    for kind in (RIVER, LAKE):
        part = means.filter(pl.col("waterbody") == kind)
        index = [item_index(name, edition, kind).alias(f"index_{name}") for name in names]
        found.append(part.with_columns(index))
    columns = [f"index_{name}" for name in names]
    return pl.concat(found).with_columns(
        index=pl.sum_horizontal(columns),
        items=pl.sum_horizontal(pl.col(c).is_not_null() for c in columns).cast(pl.Int32),
        lacking=pl.concat_str(
            [pl.when(pl.col(f"index_{n}").is_null()).then(pl.lit(n)) for n in names]
            or [pl.lit(None, pl.String)],
            separator=",",
            ignore_nulls=True,
        ),
    )


def cities(
    sections: pl.DataFrame, edition: Edition, keys: Sequence[str], weighting: Weighting = "points"
) -> pl.DataFrame:
    """Per key: cwqi_river, cwqi_lake, cwqi (4 decimals), sections and lake points, `items` in the
    sum and the `lacking` ones of those the table has."""
    found = parts(sections, edition, keys)
    kinds = [
        found.filter(pl.col("waterbody") == kind).select(
            *keys,
            pl.col("index").alias(f"_{kind}"),
            pl.col("points").alias(f"{kind}_points"),
            pl.col("items").alias(f"_{kind}_items"),
            pl.col("lacking").alias(f"_{kind}_lacking"),
        )
        for kind in (RIVER, LAKE)
    ]
    joined = sections.select(keys).unique(maintain_order=True)
    for kind in kinds:
        joined = joined.join(kind, on=keys, how="left", nulls_equal=True)
    river, lake = pl.col(f"_{RIVER}"), pl.col(f"_{LAKE}")
    m, n = pl.col("river_points").fill_null(0), pl.col("lake_points").fill_null(0)
    both = (river * m + lake * n) / (m + n)
    whole = pl.when(lake.is_null()).then(river).when(river.is_null()).then(lake)
    joint = whole.otherwise(both if weighting == "points" else river)
    places = {r["quantity"]: int(r["decimals"]) for r in tables.latest(STANDARD).table("decimals")}
    return joined.with_columns(
        cwqi_river=half_even(river, places["cwqi"]),
        cwqi_lake=half_even(lake, places["cwqi"]),
        cwqi=half_even(joint, places["cwqi"]),
        _exact=joint,
        river_points=m.cast(pl.Int32),
        lake_points=n.cast(pl.Int32),
        items=pl.min_horizontal(f"_{RIVER}_items", f"_{LAKE}_items"),
        lacking=pl.concat_str(
            [f"_{RIVER}_lacking", f"_{LAKE}_lacking"], separator=",", ignore_nulls=True
        ).str.strip_chars(","),
        weighting=pl.lit(weighting),
    ).drop(
        f"_{RIVER}", f"_{LAKE}", f"_{RIVER}_items", f"_{LAKE}_items",
        f"_{RIVER}_lacking", f"_{LAKE}_lacking",
    )  # fmt: skip


def ranked(found: pl.DataFrame, lists: Sequence[str] = ()) -> pl.DataFrame:
    """Adds `rank` (1 the best; equal printed values share a rank) within each list. A city whose
    sum has fewer items than the fullest of its list has no rank: its sum is smaller for that."""
    over = [pl.col(name) for name in lists] or [pl.lit(1)]
    full = pl.col("items") == pl.col("items").max().over(over)
    value = pl.when(full).then(pl.col("cwqi"))
    return found.with_columns(rank=value.rank("min").over(over).cast(pl.Int32))


def change(now: pl.Expr, base: pl.Expr) -> pl.Expr:
    """(now - base)/base in %, 2 decimals; negative is better."""
    places = {r["quantity"]: int(r["decimals"]) for r in tables.latest(STANDARD).table("decimals")}
    return half_even((now - base) / base * 100, places["change_percent"])
