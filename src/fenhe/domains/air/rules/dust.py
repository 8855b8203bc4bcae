"""Series with and without sand dust (环办监测〔2016〕120号, in force from 2017-01-01).

PM10 and PM2.5 of the hours or days of a dust process are left out of what assessment and ranking
are computed from; the share of good days keeps them (footnote of CNEMC monthly reports). Both
series are kept: nothing is overwritten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from fenhe.domains.air.rules.aqi import require

DEDUCTED = ("pm10", "pm2_5")


@dataclass(frozen=True, slots=True)
class BothSeries:
    """`with_dust` for day shares and AQI, `without_dust` for means, composite and ranking."""

    with_dust: pl.DataFrame
    without_dust: pl.DataFrame
    deducted: int  # rows that lost a value


def deduct(
    frame: pl.DataFrame, dust: pl.DataFrame, keys: Sequence[str] = ("station", "date")
) -> BothSeries:
    """`frame`: rows of hours or days with `keys` and PM columns (all those named pm10… or pm2_5…);
    `dust`: the affected `keys`, or fewer of them (a day without a station affects every station).
    Raises BadInput `air.columns-missing`.
    """
    shared = [key for key in keys if key in dust.columns]
    require(frame, keys)
    require(dust, shared or keys)
    columns = [
        name
        for name in frame.columns
        if any(name == base or name.startswith(f"{base}_") for base in DEDUCTED)
    ]
    marks = dust.select(shared).unique().with_columns(_dust=pl.lit(value=True))
    marked = frame.join(marks, on=shared, how="left", maintain_order="left")
    struck = pl.col("_dust").fill_null(value=False)
    without = marked.with_columns(
        pl.when(~struck).then(pl.col(name)).alias(name) for name in columns
    )
    lost = marked.filter(struck & pl.any_horizontal(pl.col(c).is_not_null() for c in columns))
    return BothSeries(frame, without.drop("_dust"), lost.height if columns else 0)


def strike(readings: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    """Readings (unit, property, start, value) without the PM of the dusty hours (unit, start; a
    unit of null means every unit). What is struck is missing, so a day of too few hours left is
    not valid: the numeric test of the notice was not seen, this is the careful reading of it."""
    dusty = pl.col("property").is_in(DEDUCTED)
    everywhere = hours.filter(pl.col("unit").is_null()).select("start")
    kept = readings.filter(dusty).join(everywhere, on="start", how="anti")
    kept = kept.join(hours.drop_nulls("unit"), on=["unit", "start"], how="anti")
    return pl.concat([readings.filter(~dusty), kept])
