"""The statistics as frames: readings -> days -> city days -> statistics of a period.

Readings: unit, property, start (UTC, beginning of the hour), value (ug/m3, CO mg/m3), and where
there are versions known_at. Days: unit, pollutant, day (civil date), value (null where not
valid), observed, expected. A unit is a station or a city.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

import numpy as np
import polars as pl

from fenhe.domains.air.rules import statistics
from fenhe.domains.air.rules.method import Item, Method
from fenhe.domains.air.rules.statistics import Days
from fenhe.domains.air.rules.validity import Floats
from fenhe.kernel.period import Period
from fenhe.kernel.rounding import half_even_array
from fenhe.observe.block import Block

DAYS = pl.Schema(
    {
        "unit": pl.String,
        "pollutant": pl.String,
        "day": pl.Date,
        "value": pl.Float64,
        "observed": pl.Int32,
        "expected": pl.Int32,
    }
)
O3_HOURLY_MAXIMUM = "o3_1h_max"
EPOCH = date(1970, 1, 1).toordinal()


def station_days(readings: pl.DataFrame, period: Period, method: Method) -> pl.DataFrame:
    """Days of every unit in the readings; each unit has a row for every day and pollutant."""
    units = readings["unit"].unique().sort().to_list()
    properties = [item.property for item in method.items]
    unit = _codes(pl.col("unit"), units)
    rows = readings.filter(pl.col("property").is_in(properties)).with_columns(
        series=_codes(pl.col("property"), properties) * len(units) + unit
    )
    block = Block.build(rows, period, range(len(units) * len(properties)))
    hours = block.by_day.reshape(len(properties), len(units), block.n_days, 24)
    tables = [DAYS.to_frame()]
    for place, item in enumerate(method.items):
        days = statistics.item_days(item, hours[place])
        tables.append(_days_frame(units, item.pollutant, period, days))
        if item.daily == "mda8":
            largest = statistics.daily_maximum(hours[place])
            tables.append(_days_frame(units, O3_HOURLY_MAXIMUM, period, largest))
    return pl.concat(tables).sort("unit", "day", "pollutant")


def city_days(
    days: pl.DataFrame,
    city: str,
    stations: Collection[str] | None = None,
    exclude: Collection[str] = (),
    least_share: float | None = None,
) -> pl.DataFrame:
    """The city's days from its stations' days. `exclude`: control points (对照点), which a city
    value leaves out. `least_share`: see `Method.city_share`."""
    chosen = pl.lit(True) if stations is None else pl.col("unit").is_in(list(stations))
    counted = days.filter(chosen & ~pl.col("unit").is_in(list(exclude)))
    if counted.is_empty():
        return DAYS.to_frame()
    period = _period_of(counted)
    tables = []
    for (pollutant,), part in counted.group_by("pollutant"):
        _, values = day_matrix(part, period)
        result = statistics.city_days(values, least_share)
        tables.append(_days_frame([city], str(pollutant), period, result))
    return pl.concat(tables).sort("unit", "day", "pollutant")


def period_statistics(days: pl.DataFrame, period: Period, method: Method) -> pl.DataFrame:
    """One row per unit and pollutant: valid days, coverage, mean, percentile, days above the
    daily limit. `valid` is null where the edition has no rule for such a period."""
    within = days.filter(pl.col("day").is_between(period.first_day, period.last_day))
    tables = [STATISTICS.to_frame()]
    for item in method.items:
        units, values = day_matrix(within.filter(pl.col("pollutant") == item.pollutant), period)
        if units:
            tables.append(_statistics_frame(units, item, values, period, method))
    return pl.concat(tables).sort("unit", "pollutant")


def day_matrix(days: pl.DataFrame, period: Period) -> tuple[list[str], Floats]:
    """Days of one pollutant as units and [n_units, n_days]."""
    units = days["unit"].unique().sort().to_list()
    first = period.first_day.toordinal() - EPOCH
    matrix = np.full((len(units), period.hours // 24), np.nan)
    row = days.select(_codes(pl.col("unit"), units)).to_series().to_numpy()
    column = days["day"].to_physical().to_numpy() - first
    matrix[row, column] = days["value"].fill_null(float("nan")).to_numpy()
    return units, matrix


STATISTICS = pl.Schema(
    {
        "unit": pl.String,
        "period": pl.String,
        "pollutant": pl.String,
        "n_valid_days": pl.Int64,
        "expected_days": pl.Int64,
        "coverage_pct": pl.Float64,
        "min_month_days": pl.Int64,
        "valid": pl.Boolean,
        "mean": pl.Float64,
        "percentile": pl.Float64,
        "percentile_value": pl.Float64,
        "day_limit": pl.Float64,
        "days_over": pl.Int64,
        "edition": pl.String,
    }
)


def _statistics_frame(
    units: Sequence[str], item: Item, values: Floats, period: Period, method: Method
) -> pl.DataFrame:
    if method.round_days:
        values = half_even_array(values, item.decimals_raw)
    result = statistics.summary(values, period, item.percent, item.validity)
    frame = pl.DataFrame(
        {
            "unit": units,
            "n_valid_days": result.days,
            "min_month_days": result.least_month,
            "valid": [None] * len(units) if result.valid is None else result.valid,
            "mean": result.mean,
            "percentile_value": result.percentile,
            "days_over": statistics.days_above(values, item.day_limit),
        }
    ).with_columns(
        period=pl.lit(str(period)),
        pollutant=pl.lit(item.pollutant),
        expected_days=pl.lit(result.expected),
        coverage_pct=pl.col("n_valid_days") / result.expected * 100,
        percentile=pl.lit(item.percent),
        day_limit=pl.lit(item.day_limit),
        edition=pl.lit(method.edition),
    )
    return frame.select(pl.col(name).cast(kind) for name, kind in STATISTICS.items()).with_columns(
        pl.col("mean", "percentile_value").fill_nan(None)
    )


def _days_frame(units: Sequence[str], pollutant: str, period: Period, days: Days) -> pl.DataFrame:
    calendar = list(period.civil_days())
    return pl.DataFrame(
        {
            "unit": pl.Series(units, dtype=pl.String).gather(
                np.repeat(np.arange(len(units)), len(calendar))
            ),
            "pollutant": pl.repeat(pollutant, len(units) * len(calendar), eager=True),
            "day": pl.Series(calendar * len(units), dtype=pl.Date),
            "value": pl.Series(days.values.reshape(-1)).fill_nan(None),
            "observed": days.observed.reshape(-1),
            "expected": pl.repeat(days.expected, days.values.size, eager=True),
        },
        schema_overrides=DAYS,
    )


def _codes(column: pl.Expr, names: Sequence[str]) -> pl.Expr:
    return column.replace_strict(list(names), list(range(len(names))), return_dtype=pl.Int32)


def _period_of(days: pl.DataFrame) -> Period:
    first, last = days["day"].min(), days["day"].max()
    if not (isinstance(first, date) and isinstance(last, date)):
        raise ValueError("no days")
    return Period.days(first, last)
