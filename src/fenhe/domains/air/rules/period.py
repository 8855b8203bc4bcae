"""The month, quarter or year of a station or a city: statistics, compliance, index days, composite.

In: the daily statistics of the subject itself (`daily.DAILY`). Concentrations are printed with the
digits of HJ 663; the composite index is made from the printed ones, as the ranking rule has it.
Whether a limit is met is told for any period, a compliant year only for a year.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from fenhe.assess.rule import KEYS, Assessment
from fenhe.domains.air.rules import aqi, composite, dense, statistics, tables
from fenhe.domains.air.rules.daily import DAILY, ways
from fenhe.domains.air.rules.method import Item, Method
from fenhe.domains.air.rules.statistics import Summary
from fenhe.domains.air.rules.validity import Floats
from fenhe.kernel.period import Period
from fenhe.kernel.rounding import half_even_array, half_even_ratio

GOOD_LEVELS = (1, 2)
HEAVY_LEVELS = (5, 6)


def period(readings: pl.DataFrame, ask: Assessment) -> pl.DataFrame:
    """One row per subject; all of them over the same period."""
    whole = Period(ask.periods["period"][0], ask.periods["end"][0])
    way = ways(ask)
    days = {name: dense.days(readings, ask, item, whole) for name, item in DAILY.items()}
    summaries = {
        item.pollutant: statistics.summary(days[item.pollutant], whole, item.percent, item.validity)
        for item in way.items
    }
    return (
        ask.periods.select(*KEYS)
        .with_columns(_concentrations(way, summaries))
        .with_columns(_judgements(way, summaries, days, ask.span == "year"))
        .pipe(_with_composite, ask)
        .with_columns(_index_days(ask, days, whole))
        .with_columns(expected=pl.lit(whole.hours // 24), observed=pl.col("days_judged"))
    )


def mean_column(item: Item) -> str:
    return item.pollutant


def percentile_column(item: Item) -> str:
    return f"{item.pollutant}_p{item.percent:g}"


def _concentrations(way: Method, summaries: Mapping[str, Summary]) -> list[pl.Series]:
    """Printed means and percentiles, and the exact numbers behind them."""
    exact = {}
    for item in way.items:
        exact[mean_column(item)] = summaries[item.pollutant].mean
        exact[percentile_column(item)] = summaries[item.pollutant].percentile
    printed = [
        _series(name, half_even_array(statistics.settled(values), _digits(way, name)))
        for name, values in exact.items()
    ]
    return [*printed, _struct("exact", exact)]


def _judgements(
    way: Method, summaries: Mapping[str, Summary], days: Mapping[str, Floats], year: bool
) -> list[pl.Series]:
    """Against the limits of GB 3095, per pollutant, with how many days carry it."""
    meets, valid, multiple, over, valid_days = {}, {}, {}, {}, {}
    for item in way.items:
        found = summaries[item.pollutant]
        compared = [(found.percentile, item.day_limit)]
        if item.year_limit is not None:
            compared.append((found.mean, item.year_limit))
        rounded = [
            (half_even_array(statistics.settled(values), item.decimals_compliance), limit)
            for values, limit in compared
        ]
        within = np.logical_and.reduce([values <= limit for values, limit in rounded])
        judged = found.days > 0
        meets[item.pollutant] = _nullable(within, judged)
        main, limit = rounded[-1]
        multiple[item.pollutant] = np.where(
            main > limit, half_even_array(statistics.settled((main - limit) / limit), 2), np.nan
        )
        valid[item.pollutant] = _nullable(
            judged if found.valid is None else found.valid, judged & (found.valid is not None)
        )
        over[item.pollutant] = statistics.days_above(days[item.pollutant], item.day_limit)
        valid_days[item.pollutant] = found.days
    all_six = pl.DataFrame(meets).select(
        compliant=pl.when(pl.lit(year)).then(pl.all_horizontal(pl.all()))
    )
    return [
        _struct("meets", meets),
        _struct("valid", valid),
        _struct("exceedance", multiple),
        _struct("days_over", over),
        _struct("valid_days", valid_days),
        all_six["compliant"],
    ]


def _with_composite(frame: pl.DataFrame, ask: Assessment) -> pl.DataFrame:
    """Composite, single indices, load ratios, main pollutant."""
    edition = ask.edition("composite")
    inputs = frame.select(
        *("so2", "no2", "pm10", "pm2_5"), co_p95_mg="co_p95", o3_mda8_p90="o3_mda8_p90"
    )
    found = composite.composite(inputs, edition)
    symbols = list(tables.SYMBOLS)
    return frame.with_columns(
        found["composite"],
        found["main_pollutant"],
        found.select(single=pl.struct(pl.col(f"single_{name}").alias(name) for name in symbols))[
            "single"
        ],
        found.select(load=pl.struct(pl.col(f"load_pct_{name}").alias(name) for name in symbols))[
            "load"
        ].alias("load_pct"),
    )


def _index_days(ask: Assessment, days: Mapping[str, Floats], whole: Period) -> list[pl.Series]:
    """How many days were good, heavy, of each level, and which pollutant led; each day by the
    edition of HJ 633 in force on it."""
    judged = _daily_index(ask, days, list(whole.civil_days()))
    level = judged["aqi_level"].cast(pl.Int64).fill_null(0).to_numpy()
    level = level.reshape(ask.periods.height, -1)
    counts = {str(one): np.count_nonzero(level == one, axis=1) for one in range(1, 7)}
    n = np.count_nonzero(level > 0, axis=1)
    good = np.count_nonzero(np.isin(level, GOOD_LEVELS), axis=1)
    leading = judged["primary"].cast(pl.String)
    primary = {
        symbol: leading.str.split(",").list.contains(symbol).fill_null(False).to_numpy()
        .reshape(ask.periods.height, -1).sum(axis=1)
        for symbol in tables.SYMBOLS.values()
    }  # fmt: skip
    share = pl.DataFrame({"good": good, "n": n}).select(
        good_days_pct=pl.when(pl.col("n") > 0).then(
            half_even_ratio(100 * pl.col("good"), pl.col("n"), 1)
        )
    )["good_days_pct"]
    return [
        pl.Series("days_judged", n),
        pl.Series("good_days", good),
        share,
        pl.Series("heavy_days", np.count_nonzero(np.isin(level, HEAVY_LEVELS), axis=1)),
        _struct("level_days", counts),
        _struct("primary_days", primary),
    ]


def _daily_index(ask: Assessment, days: Mapping[str, Floats], calendar: list[date]) -> pl.DataFrame:
    """AQI of every subject's every day, subject after subject."""
    n = ask.periods.height
    frame = pl.DataFrame(
        {name: _series(name, values.reshape(-1)) for name, values in days.items()}
    ).with_columns(day=pl.Series(calendar * n), place=pl.int_range(pl.len()))
    editions = {day: ask.edition("HJ 633", day) for day in calendar}
    parts = []
    for edition in {one.id: one for one in editions.values()}.values():
        own = [day for day, one in editions.items() if one.id == edition.id]
        judged = aqi.aqi(frame.filter(pl.col("day").is_in(own)), edition, "day")
        parts.append(judged.select("place", "aqi_level", primary=pl.col("primary").cast(pl.String)))
    return pl.concat(parts).sort("place")


def _digits(way: Method, column: str) -> int:
    item = next(
        item for item in way.items if column in (mean_column(item), percentile_column(item))
    )
    return item.decimals_statistics


def _series(name: str, values: Floats) -> pl.Series:
    return pl.Series(name, values).fill_nan(None)


def _nullable(values: Any, known: Any) -> pl.Series:
    return pl.Series(values, dtype=pl.Boolean).zip_with(
        pl.Series(np.broadcast_to(known, values.shape)), pl.Series([None], dtype=pl.Boolean)
    )


def _struct(name: str, parts: Mapping[str, Any]) -> pl.Series:
    columns = {
        key: values if isinstance(values, pl.Series) else pl.Series(values)
        for key, values in parts.items()
    }
    frame = pl.DataFrame(columns).with_columns(pl.selectors.float().fill_nan(None))
    return frame.to_struct(name)
