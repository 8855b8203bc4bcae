"""What a year or month was for a station or the city as a whole: composite index, good days,
whether it complies; and means that slide over several years.

In: the tables of `report.py`. The composite is made from the printed concentrations, as the ranking
rule has it; the days are judged by the AQI of their date, or of the edition that was asked for.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from fenhe.domains.air.rules import aqi, composite, statistics
from fenhe.domains.air.rules.compliance import attainment_rate, city_complies
from fenhe.domains.air.rules.daily import DAILY
from fenhe.domains.air.rules.report import Rules, periods
from fenhe.kernel.rounding import half_even
from fenhe.standards.confidence import Confidence

PRINTED = {"co": "percentile_published", "o3_mda8": "percentile_published"}  # else the mean
SLIDING = "HJ 663-2026"
LEVELS = range(1, 7)


def unit_table(
    days: pl.DataFrame, table: pl.DataFrame, rules: Rules, span: str = "year", series: str = ""
) -> pl.DataFrame:
    """unit, year (or period), series; composite, main_pollutant, single_…, load_pct_…;
    days_judged, good_days, good_days_pct, heavy_days, level_1 … level_6; complies, failing;
    index_edition, composite_scheme. `days`: with dust, `table`: with or without."""
    key = "year" if span == "year" else "period"
    stated = table.rename({key: "period"})
    judged = daily_index(days, rules)
    calendar = days["day"].unique().sort()
    first_day, last_day = calendar[0], calendar[-1]
    parts = []
    for period in periods(first_day, last_day, span):
        mine = stated.filter(pl.col("period") == str(period))
        if mine.is_empty():
            continue
        within = judged.filter(pl.col("day").is_between(period.first_day, period.last_day))
        on = min(period.last_day, last_day)
        counted = _counted(within).join(_composites(mine, rules, on), on="unit", how="right")
        parts.append(
            counted.with_columns(period=pl.lit(str(period)), series=pl.lit(series)).join(
                _complying(mine), on="unit", how="left"
            )
        )
    whole = pl.concat(parts, how="vertical_relaxed")
    front = ["unit", "period", "series"]
    return whole.select(*front, pl.exclude(front)).sort("unit", "period").rename({"period": key})


def daily_index(days: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """unit, day, aqi, aqi_level, primary, index_edition."""
    wide = days.pivot("pollutant", index=("unit", "day"), values="published")
    absent = [name for name in DAILY if name not in wide.columns]
    wide = wide.with_columns(pl.lit(None, pl.Float64).alias(name) for name in absent)
    editions = {day: rules.beside("HJ 633", day) for day in wide["day"].unique()}
    ids = {day: edition.id for day, edition in editions.items()}
    marked = wide.with_columns(index_edition=pl.col("day").replace_strict(ids))
    by_id = {edition.id: edition for edition in editions.values()}
    return pl.concat(
        aqi.aqi(part, by_id[part["index_edition"][0]], "day").select(
            "unit", "day", "aqi", "aqi_level", pl.col("primary").cast(pl.String), "index_edition"
        )
        for part in marked.partition_by("index_edition")
    )


def sliding_table(table: pl.DataFrame, rules: Rules, span: int) -> pl.DataFrame:
    """unit, years, pollutant, mean of the annual means (CO and O3: of the percentiles), printed,
    beside the annual limit where there is one. HJ 663-2026 has such a mean; how exactly it is used
    is not known, so every row says `unconfirmed`."""
    years = sorted({int(year) for year in table["year"]})
    calendar = [str(year) for year in range(years[0], years[-1] + 1)]
    parts = []
    for (unit, pollutant), part in table.group_by("unit", "pollutant", maintain_order=True):
        column = "percentile_value" if pollutant in PRINTED else "mean"
        known = dict(part.filter("valid_annual").select("year", column).iter_rows())
        row = np.array([[known.get(year, np.nan) for year in calendar]], dtype=np.float64)
        means = statistics.sliding_mean(row, span)[0]
        for place in range(span - 1, len(calendar)):
            item = rules.on(date(int(calendar[place]), 12, 31)).item(str(pollutant))
            parts.append(
                {
                    "unit": unit,
                    "years": f"{calendar[place - span + 1]}-{calendar[place]}",
                    "pollutant": pollutant,
                    "of": column,
                    "mean": None if np.isnan(means[place]) else float(means[place]),
                    "decimals": item.decimals_statistics,
                    "limit": item.day_limit if pollutant in PRINTED else item.year_limit,
                }
            )
    schema = {
        "unit": pl.String,
        "years": pl.String,
        "pollutant": pl.String,
        "of": pl.String,
        "mean": pl.Float64,
        "decimals": pl.Int64,
        "limit": pl.Float64,
    }
    frame = pl.DataFrame(parts, schema)
    digits = [half_even(pl.col("mean").round(9), d) for d in (0, 1)]
    return frame.with_columns(
        published=pl.when(pl.col("decimals") == 0).then(digits[0]).otherwise(digits[1]),
        standard=pl.lit(SLIDING),
        confidence=pl.lit(Confidence.UNCONFIRMED.value),
    ).drop("decimals")


def _counted(judged: pl.DataFrame) -> pl.DataFrame:
    level = pl.col("aqi_level")
    counted = judged.group_by("unit").agg(
        days_judged=level.is_not_null().sum().cast(pl.Int64),
        good_days=(level <= 2).sum().cast(pl.Int64),
        heavy_days=(level >= 5).sum().cast(pl.Int64),
        index_edition=pl.col("index_edition").unique().sort().str.join("; "),
        **{f"level_{one}": (level == one).sum().cast(pl.Int64) for one in LEVELS},
    )
    share = attainment_rate(pl.col("good_days"), pl.col("days_judged"))
    return counted.with_columns(good_days_pct=share)


def _composites(stated: pl.DataFrame, rules: Rules, on: date) -> pl.DataFrame:
    scheme = rules.beside("composite", on)
    chosen = pl.coalesce(
        pl.when(pl.col("pollutant") == name).then(pl.col(column))
        for name, column in PRINTED.items()
    )
    value = pl.when(pl.col("pollutant").is_in(list(PRINTED))).then(chosen)
    wide = stated.with_columns(_value=value.otherwise(pl.col("mean_published"))).pivot(
        "pollutant", index="unit", values="_value"
    )
    names = {"co": "co_p95_mg", "o3_mda8": "o3_mda8_p90"}
    wide = wide.rename({old: new for old, new in names.items() if old in wide.columns})
    inputs = list(composite.COLUMNS.values())
    absent = [name for name in inputs if name not in wide.columns]
    wide = wide.with_columns(pl.lit(None, pl.Float64).alias(name) for name in absent)
    return (
        composite.composite(wide.select("unit", *inputs), scheme)
        .drop(inputs)
        .with_columns(composite_scheme=pl.lit(scheme.id))
    )


def _complying(stated: pl.DataFrame) -> pl.DataFrame:
    return city_complies(stated).select("unit", "complies", pl.col("failing").list.join(","))
