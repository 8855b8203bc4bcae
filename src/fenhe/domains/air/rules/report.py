"""The tables a statistician hands in: every day, and every year (half, quarter, month), of every
station and of the city, each under the edition of its date or one that was asked for.

Values stand at full precision; beside them what is published, rounded once (GB/T 8170).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

import polars as pl

from fenhe.assess.rule import rules_of
from fenhe.domains.air.rules import frames, tables
from fenhe.domains.air.rules.compliance import NOISE, judge
from fenhe.domains.air.rules.method import Method, method
from fenhe.kernel.period import Period
from fenhe.kernel.rounding import half_even
from fenhe.standards.edition import Edition


@dataclass(frozen=True, slots=True)
class Rules:
    """What was asked for; see `method` for the options."""

    edition: str | None = None
    city_share: bool = False
    round_days: bool = False

    def on(self, day: date) -> Method:
        return method(day, self.edition, city_share=self.city_share, round_days=self.round_days)

    def beside(self, standard: str, day: date) -> Edition:
        """The edition of another standard (HJ 633, composite) that goes with these rules."""
        instead = self.edition and tables.edition(self.edition)
        return tables.nearest(standard, rules_of(instead) if instead else day)


def daily_table(
    readings: pl.DataFrame, rules: Rules, city: str, exclude: Collection[str] = ()
) -> pl.DataFrame:
    """unit, day, pollutant, value, published, valid, observed, expected, coverage_pct, edition,
    recomputed. Readings must not be empty."""
    civil = readings["start"].dt.offset_by("8h").dt.date()
    parts = []
    for period in _years(Period.days(_day(civil.min()), _day(civil.max()))):
        ruling = rules.on(period.last_day)
        within = readings.filter(civil.is_between(period.first_day, period.last_day))
        if within.is_empty():
            continue
        stations = frames.station_days(within, period, ruling)
        whole = frames.city_days(stations, city, exclude=exclude, least_share=ruling.city_share)
        parts.append(_finish_days(pl.concat([stations, whole]), ruling))
    return pl.concat(parts).sort("unit", "day", "pollutant")


def period_table(days: pl.DataFrame, rules: Rules, span: str = "year") -> pl.DataFrame:
    """One row per unit, period and pollutant. `span`: year, half, quarter, month.

    unit, year (or period), pollutant; n_valid_days of expected_days, coverage_pct, min_month_days,
    valid_annual (or valid); mean, percentile (which one) and percentile_value at full precision,
    mean_published and percentile_published; day_limit, days_over it, year_limit; mean_multiple
    and percentile_multiple (C-S)/S where above; complies; edition, recomputed.
    """
    parts = []
    for period in periods(_day(days["day"].min()), _day(days["day"].max()), span):
        within = days.filter(pl.col("day").is_between(period.first_day, period.last_day))
        if within.is_empty():
            continue
        ruling = rules.on(_day(within["day"].max()))
        judged = judge(frames.period_statistics(within, period, ruling), ruling)
        parts.append(judged.with_columns(recomputed=pl.lit(ruling.recomputed)))
    table = pl.concat(parts).sort("unit", "period", "pollutant")
    if span != "year":
        return table
    return table.rename({"period": "year", "valid": "valid_annual"})


def printed(table: pl.DataFrame) -> pl.DataFrame:
    """The published columns as text with exactly the digits that are published: 85, 28.0, 0.9."""
    columns = {
        "published": "decimals_raw",
        "mean_published": "decimals_statistics",
        "percentile_published": "decimals_statistics",
    }
    present = {name: digits for name, digits in columns.items() if name in table.columns}
    if "edition" not in table.columns:
        return table
    parts = []
    for (pollutant, editions), part in table.with_row_index("_row").group_by(
        "pollutant", "edition"
    ):
        limits, statistics = (tables.edition(one) for one in str(editions).split("; "))
        found = method(statistics.valid_from, limits.id)
        if found.statistics_edition != statistics.id:
            found = method(limits.valid_from, statistics.id)
        item = found.item(str(pollutant).split("_1h")[0])
        parts.append(
            part.with_columns(
                _text(pl.col(name), getattr(item, digits)) for name, digits in present.items()
            )
        )
    return pl.concat(parts).sort("_row").drop("_row") if parts else table


def _text(column: pl.Expr, decimals: int) -> pl.Expr:
    """Rounded values already: a float prints one decimal or more, a whole number none."""
    return column.cast(pl.Int64).cast(pl.String) if decimals == 0 else column.cast(pl.String)


def _finish_days(days: pl.DataFrame, ruling: Method) -> pl.DataFrame:
    parts = [
        part.with_columns(
            published=half_even(
                pl.col("value").round(NOISE), ruling.item(str(name).split("_1h")[0]).decimals_raw
            )
        )
        for (name,), part in days.group_by("pollutant")
    ]
    return pl.concat(parts).select(
        "unit",
        "day",
        "pollutant",
        "value",
        "published",
        valid=pl.col("value").is_not_null(),
        observed="observed",
        expected="expected",
        coverage_pct=pl.col("observed") / pl.col("expected") * 100,
        edition=pl.lit(ruling.edition),
        recomputed=pl.lit(ruling.recomputed),
    )


def _years(period: Period) -> Iterator[Period]:
    for year in range(period.first_day.year, period.last_day.year + 1):
        whole = Period.year(year)
        yield Period(max(period.start, whole.start), min(period.end, whole.end))


def periods(first: date, last: date, span: str) -> list[Period]:
    found = []
    for year in range(first.year, last.year + 1):
        found += {
            "year": lambda y: [Period.year(y)],
            "half": lambda y: [
                Period.days(date(y, 1, 1), date(y, 6, 30)),
                Period.days(date(y, 7, 1), date(y, 12, 31)),
            ],
            "quarter": lambda y: [Period.quarter(y, q) for q in range(1, 5)],
            "month": lambda y: [Period.month(y, m) for m in range(1, 13)],
        }[span](year)
    return found


def _day(value: object) -> date:
    if not isinstance(value, date):
        raise ValueError("no days")
    return value
