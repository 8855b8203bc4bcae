"""How far each sample of a station stands out of the robust baseline of the days before it.

In: one row per station and sample with the columns `station`, `time` (civil), items in mg/L
(`nh3n`, `tp`, …, `ec` µS/cm, `turb` NTU) and, where it is known, `status` and `known_at`. Every
sample is compared only with what came before it. Thresholds: the edition "sky eye".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from fenhe.standards.edition import Edition

NORMAL = "正常"


@dataclass(frozen=True, slots=True)
class Watch:
    """How one item is watched; a row of the table `detection`."""

    item: str
    log: bool
    up: bool
    floor: float
    least_scatter: float
    score: float
    ratio: float
    step: float
    counts: bool

    def is_far(self, value: Any, base: Any) -> Any:
        """Whether the change is large in itself; of numbers or of expressions."""
        if self.up:
            return (value >= self.ratio * base) & (value - base >= self.step)
        return (value <= self.ratio * base) & (base - value >= self.step)


def watches(edition: Edition) -> list[Watch]:
    return [
        Watch(
            row["item"],
            row["scale"] == "log",
            row["side"] == "up",
            floor=float(row["floor"]),
            least_scatter=float(row["least_scatter"]),
            score=float(row["score"]),
            ratio=float(row["ratio"]),
            step=float(row["step"]),
            counts=bool(row["counts"]),
        )
        for row in edition.table("detection")
    ]


def hours(edition: Edition, name: str) -> int:
    return int(edition.table("windows").one(name=name)["hours"])


def as_known(rows: pl.DataFrame, moment: datetime) -> pl.DataFrame:
    """The rows as they were known at a moment: of each sample the version known last by then.
    Without a column `known_at` a sample is known when it is taken."""
    known = "known_at" if "known_at" in rows.columns else "time"
    return (
        rows.filter(pl.col(known) <= moment)
        .sort("station", "time", known, maintain_order=True)
        .unique(["station", "time"], keep="last", maintain_order=True)
    )


def scored(rows: pl.DataFrame, edition: Edition) -> pl.DataFrame:
    """Samples of stations in order, with `base_<item>`, `scatter_<item>` (of the logarithm where
    the item is on a log scale), `score_<item>` (signed, in scatters), `raised_<item>` and `n_base`,
    the samples there were to compare with. Samples taken under maintenance are left out: they say
    something of the instrument and nothing of the water."""
    rows = rows.filter(pl.col("time").is_not_null())
    if "status" in rows.columns:
        rows = rows.filter(pl.col("status").is_null() | (pl.col("status") == NORMAL))
    watched = [watch for watch in watches(edition) if watch.item in rows.columns]
    rows = rows.sort("station", "time").with_columns(
        *(_scaled(watch).alias(f"y_{watch.item}") for watch in watched), n_base=pl.lit(1)
    )
    window, least = f"{hours(edition, 'baseline')}h", hours(edition, "least_samples")

    def before(column: str) -> pl.Expr:
        """The median of the samples of the window before, this one left out."""
        middle = pl.col(column).rolling_median_by(
            "time", window_size=window, closed="left", min_samples=least
        )
        return middle.over("station")

    rows = rows.with_columns(
        *(before(f"y_{watch.item}").alias(f"b_{watch.item}") for watch in watched),
        pl.col("n_base").rolling_sum_by("time", window_size=window, closed="left").over("station"),
    )
    rows = rows.with_columns(
        (pl.col(f"y_{watch.item}") - pl.col(f"b_{watch.item}")).abs().alias(f"d_{watch.item}")
        for watch in watched
    )
    rows = rows.with_columns(
        before(f"d_{watch.item}").alias(f"m_{watch.item}") for watch in watched
    )
    rows = rows.with_columns(_scatter(watch) for watch in watched)
    rows = rows.with_columns(_score(watch) for watch in watched)
    rows = rows.with_columns(_base(watch) for watch in watched)
    return rows.with_columns(_raised(watch) for watch in watched).drop(
        f"{part}_{watch.item}" for watch in watched for part in "ybdm"
    )


def _scaled(watch: Watch) -> pl.Expr:
    value = pl.col(watch.item).cast(pl.Float64)
    floored = pl.when(value.is_not_null()).then(pl.max_horizontal(value, pl.lit(watch.floor)))
    return floored.log() if watch.log else value


def _scatter(watch: Watch) -> pl.Expr:
    robust = pl.col(f"m_{watch.item}").fill_null(0) * 1.4826  # of a normal law, its deviation
    return pl.max_horizontal(robust, pl.lit(watch.least_scatter)).alias(f"scatter_{watch.item}")


def _score(watch: Watch) -> pl.Expr:
    away = pl.col(f"y_{watch.item}") - pl.col(f"b_{watch.item}")
    return (away / pl.col(f"scatter_{watch.item}")).alias(f"score_{watch.item}")


def _base(watch: Watch) -> pl.Expr:
    base = pl.col(f"b_{watch.item}")
    return (base.exp() if watch.log else base).alias(f"base_{watch.item}")


def _raised(watch: Watch) -> pl.Expr:
    value, base, score = (pl.col(name.format(watch.item)) for name in ("{}", "base_{}", "score_{}"))
    far = watch.is_far(value, base)
    high = score >= watch.score if watch.up else score <= -watch.score
    raised: pl.Expr = (high & far).fill_null(False).alias(f"raised_{watch.item}")
    return raised
