"""From the long readings an assessment gets to arrays, in the order of the periods asked about.

Hours are [n_periods, 1, 24] per property; the days of a longer period are [n_subjects, n_days] per
daily statistic. NaN is what is missing or may not be used.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from fenhe.assess.rule import KEYS, Assessment, Input
from fenhe.domains.air.rules.validity import Floats
from fenhe.kernel.period import Period

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US


def hours(readings: pl.DataFrame, ask: Assessment, properties: Sequence[str]) -> Floats:
    """[n_properties, n_periods, 1, 24]: the subject's own hours of each day asked about."""
    place = (pl.col("start") - pl.col("period")).dt.total_microseconds() // HOUR_US
    rows = _placed(readings.filter(pl.col("property").is_in(list(properties))), ask).with_columns(
        property=_codes(pl.col("property"), properties), hour=place
    )
    values = np.full((len(properties), ask.periods.height, 1, 24), np.nan)
    values[rows["property"], rows["row"], 0, rows["hour"]] = _values(rows)
    return values


def members(
    readings: pl.DataFrame, ask: Assessment, item: Input
) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """One daily statistic of every member in every period: values [n, 1] and the row of
    `ask.periods` each belongs to. A member without a reading counts, as NaN."""
    own = readings.filter(
        (pl.col("property") == item.property) & (pl.col("statistic") == item.statistic)
    )
    rows = _placed(ask.members, ask).join(
        own.select(*KEYS, "member", "value"), on=[*KEYS, "member"], how="left"
    )
    rows = rows.sort("row", "member")
    return _values(rows).reshape(-1, 1), rows["row"].to_numpy().astype(np.int64)


def days(readings: pl.DataFrame, ask: Assessment, item: Input, period: Period) -> Floats:
    """[n_subjects, n_days] of one daily statistic; every ask row is one subject."""
    own = readings.filter(
        (pl.col("property") == item.property) & (pl.col("statistic") == item.statistic)
    )
    rows = _placed(own, ask).with_columns(
        day=(pl.col("start") - pl.col("period")).dt.total_microseconds() // DAY_US
    )
    values = np.full((ask.periods.height, period.hours // 24), np.nan)
    values[rows["row"], rows["day"]] = _values(rows)
    return values


def _placed(rows: pl.DataFrame, ask: Assessment) -> pl.DataFrame:
    return rows.join(ask.periods.select(*KEYS).with_row_index("row"), on=KEYS)


def _codes(column: pl.Expr, names: Sequence[str]) -> pl.Expr:
    return column.replace_strict(list(names), list(range(len(names))), return_dtype=pl.Int64)


def _values(rows: pl.DataFrame) -> Floats:
    return rows["value"].fill_null(float("nan")).to_numpy()
