"""`fenhe air budget` and `fenhe air whatif`: what is still possible, and what each µg/m³ buys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, cast

import polars as pl
import typer

from fenhe.domains.air.commands_index import (
    PLACES,
    EditionOption,
    In,
    Json,
    Out,
    composites,
)
from fenhe.domains.air.commands_recompute import parse
from fenhe.domains.air.rules import budget as rules_of_budget
from fenhe.domains.air.rules import tables
from fenhe.domains.air.rules import whatif as rules_of_whatif
from fenhe.domains.air.rules.budget import Bound, GoodDayBudget, MeanBudget, printed_at_most
from fenhe.domains.air.rules.composite import COLUMNS
from fenhe.domains.air.rules.ranking import AfterTie
from fenhe.domains.air.rules.tables import SYMBOLS
from fenhe.ingest.frames import PIPE, Sheet, read_table, write_table
from fenhe.kernel.errors import BadInput
from fenhe.kernel.text import Text


class Metric(StrEnum):
    PM2_5 = "pm2_5"
    PM10 = "pm10"
    SO2 = "so2"
    NO2 = "no2"
    GOOD_SHARE = "good_share"
    GOOD_DAYS = "good_days"
    COMPOSITE = "composite"
    O3_P90 = "o3_p90"
    CO_P95 = "co_p95"


PERCENTILES = {
    Metric.O3_P90: ("o3_mda8", 90, 0),
    Metric.CO_P95: ("co", 95, 1),
}
"""Column of the daily table, percentile (HJ 663), decimals it is printed with."""


def budget(
    metric: Annotated[Metric, typer.Argument(help="目标所指 | what the target is of")],
    target: Annotated[str, typer.Option(help="目标值 | the target: µg/m³, %, days or index")],
    source: Annotated[
        str | None,
        typer.Option(
            "--in", help="日值表（date 与指标列）或六项浓度一行 | daily table, or six values"
        ),
    ] = None,
    period: Annotated[
        str | None, typer.Option(help="时段，如 2026、2026-Q3、2026-07 | the whole period")
    ] = None,
    total: Annotated[str | None, typer.Option("--sum", help="日值之和 | sum of the days")] = None,
    good: Annotated[int | None, typer.Option(help="已有优良天数 | good days so far")] = None,
    days: Annotated[int | None, typer.Option(help="已有有效天数 | valid days so far")] = None,
    remaining: Annotated[int | None, typer.Option(help="剩余天数 | days to come")] = None,
    decimals: Annotated[
        int, typer.Option(min=0, max=4, help="公布的小数位数 | decimals the mean is printed with")
    ] = 0,
    edition: EditionOption = None,
    target_file: Annotated[str, typer.Option("--out", help="CSV、Parquet 或 -")] = PIPE,
    as_json: Json = False,
) -> None:
    """预算：为达目标，余下的日子平均还能是多少、还能有几个污染天 | what the rest may still be."""
    wanted = _decimal("--target", target)
    sheet = read_table(source) if source else None
    if metric is Metric.COMPOSITE:
        rows = _composite(sheet, wanted, edition)
    elif metric in PERCENTILES:
        column, percentile, digits = PERCENTILES[metric]
        if sheet is None:
            raise _lacking(["--in"])
        values, left = _days(sheet, column, period)
        rows = _percentile(values, left, percentile, printed_at_most(wanted, digits))
    elif metric in (Metric.GOOD_SHARE, Metric.GOOD_DAYS):
        if sheet is not None:
            aqis, remaining = _days(sheet, "aqi", period)
            good, days = int((aqis <= 100).sum()), aqis.len()
        counts = _given({"--good": good, "--days": days, "--remaining": remaining})
        share = metric is Metric.GOOD_SHARE
        rows = _good(rules_of_budget.good_day_budget(
            *counts,
            target_pct=wanted if share else None,
            target_days=None if share else _whole("--target", wanted),
        ))  # fmt: skip
    elif sheet is not None:
        values, remaining = _days(sheet, metric.value, period)
        rows = _mean(rules_of_budget.mean_budget(values, remaining, wanted, decimals))
    else:
        if total is None:
            raise _lacking(["--sum", "--in"])
        n, left = _given({"--days": days, "--remaining": remaining})
        known = _decimal("--sum", total)
        rows = _mean(rules_of_budget.from_sum(known, n, left, wanted, decimals))
    write_table(pl.DataFrame(rows, infer_schema_length=None), target_file, as_json=as_json)


def _days(sheet: Sheet, column: str, period: str | None) -> tuple[pl.Series, int]:
    """The valid daily values of the period so far, and how many of its days come after the last."""
    if period is None:
        raise _lacking(["--period"])
    whole = parse(period)
    sheet.rename({"date": "date", "day": "date", column: column})
    sheet.need(["date", column])
    values = sheet.numbers(column)
    cells = sheet.frame["date"]
    text = cells.cast(pl.String).str.strip_chars().str.slice(0, 10).str.replace_all("/", "-")
    dates = text.str.to_date("%Y-%m-%d", strict=False)
    unread = Text("不是日期，应如 2026-07-01", "not a date such as 2026-07-01")
    sheet.blame("date", dates.is_null(), "air.date-unreadable", unread)
    sheet.blame("date", dates.is_duplicated(), "air.date-twice", Text("重复", "is there twice"))
    sheet.refuse()
    inside = dates.is_between(whole.first_day, whole.last_day)
    last = cast("date | None", dates.filter(inside).max())
    whole_days = (whole.last_day - whole.first_day).days + 1
    gone = (last - whole.first_day).days + 1 if last is not None else 0
    return values.filter(inside).drop_nulls(), whole_days - gone


def _mean(found: MeanBudget) -> list[dict[str, Any]]:
    """One row per number of remaining days that will not be valid."""
    present = None if found.present is None else float(found.present)
    rows = []
    for lost in range(max(found.remaining, 1)):
        bound = found.rest(lost)
        rows.append(
            {
                "days_known": found.days,
                "mean_so_far": present,
                "days_left": max(found.remaining - lost, 0),
                "days_lost": lost,
                **_bound("rest_mean", bound, (0, 1)),
                "reachable": bound.allows(0) if bound else found.met,
            }
        )
    return rows


def _bound(name: str, bound: Bound | None, decimals: tuple[int, ...]) -> dict[str, Any]:
    """The exact bound as a fraction, as a number, and the largest printable values below it."""
    possible = bound is not None and bound.allows(0)
    return {
        **_number(f"{name}_bound", bound),
        f"{name}_bound_allowed": bound.closed if bound else None,
        **{
            f"{name}_largest_{d}_decimals": _largest(bound, d) if bound and possible else None
            for d in decimals
        },
    }


def _largest(bound: Bound, decimals: int) -> float | int:
    largest = bound.largest(decimals)
    return float(largest) if decimals else int(largest)


def _number(name: str, bound: Bound | None) -> dict[str, Any]:
    """The bound as a decimal, cut to six digits where it has no end; the fraction stands beside it,
    with a word in front: a spreadsheet takes `73/2` for a day."""
    if bound is None:
        return {name: None, f"{name}_exact": None}
    decimal = float(bound.value)
    if Fraction(repr(decimal)) != bound.value:
        decimal = float(f"{decimal:.6g}")
    return {name: decimal, f"{name}_exact": f"exactly {bound.value}"}


def _percentile(
    values: pl.Series, remaining: int, percentile: int, within: Bound
) -> list[dict[str, Any]]:
    """How many days to come may be above the target, however high, one row per number of days
    that will not be valid."""
    above = sum(not within.allows(value) for value in values)
    known = values.len()
    rows = []
    for lost in range(remaining + 1):
        left = rules_of_budget.exceedance_days_left(known + remaining - lost, above, percentile)
        rows.append(
            {
                "days_known": known,
                "above_so_far": above,
                "days_left": remaining - lost,
                "days_lost": lost,
                "may_be_above": min(left, remaining - lost) if left >= 0 else None,
                "reachable": left >= 0,
            }
        )
    return rows


def _good(found: GoodDayBudget) -> list[dict[str, Any]]:
    return [
        {
            "good_so_far": found.good,
            "valid_so_far": found.valid,
            "days_left": found.remaining - lost,
            "days_lost": lost,
            "good_needed": found.needed(found.valid + found.remaining - lost),
            "bad_days_left": found.bad_left(lost),
            "reachable": found.bad_left(lost) is not None,
        }
        for lost in range(found.remaining + 1)
    ]


def _composite(sheet: Sheet | None, target: Decimal, edition: str | None) -> list[dict[str, Any]]:
    if sheet is None:
        raise _lacking(["--in"])
    rows = []
    for values in _numbered(sheet, edition).drop_nulls("composite").rows(named=True):
        given = {name: values[column] for name, column in COLUMNS.items()}
        scheme = tables.edition(values["scheme"])
        for room in rules_of_budget.composite_room(given, target, scheme):
            rows.append(
                {
                    **{key: values[key] for key in (*PLACES, "period") if key in values},
                    "scheme": scheme.id,
                    "pollutant": SYMBOLS[room.name],
                    "present": float(room.present),
                    "largest": None if room.largest is None else float(room.largest),
                    "headroom": None if room.headroom is None else float(room.headroom),
                    **_number("bound", room.bound),
                    "bound_allowed": room.bound.closed if room.bound else None,
                }
            )
    return rows


def _numbered(sheet: Sheet, edition: str | None) -> pl.DataFrame:
    """The composites, with the six concentrations as numbers."""
    found = composites(sheet, edition)
    return found.with_columns(sheet.numbers(column) for column in COLUMNS.values())


def whatif(
    source: In,
    target: Out,
    city: Annotated[str, typer.Option(help="哪个城市 | which city of the table")],
    edition: EditionOption = None,
    steps: Annotated[int | None, typer.Option(min=1, help="最多降几步 | at most so many")] = None,
    thresholds: Annotated[
        bool, typer.Option("--thresholds", help="只列名次前进处 | only cuts that gain a rank")
    ] = False,
    after_tie: Annotated[AfterTie, typer.Option(help="skip | dense")] = "skip",
    as_json: Json = False,
) -> None:
    """每降 1 µg/m³ 换来多少综合指数和名次 | what each µg/m³ buys in composite and rank."""
    found = _numbered(read_table(source), edition)
    place = next((column for column in PLACES if column in found.columns), None)
    if place is None:
        raise BadInput(
            "air.place-missing",
            f"没有城市列；请用其中之一作列名：{'、'.join(PLACES)}。",
            f"There is no column of cities; name it one of {', '.join(PLACES)}.",
        )
    here = found.filter(pl.col(place) == city)
    if here.height != 1:
        raise BadInput(
            "air.place-unknown",
            f"表中“{city}”有 {here.height} 行，应恰有一行。",
            f"“{city}” is in {here.height} rows of the table; it must be in one.",
        )
    values: Mapping[str, Any] = here.select(
        pl.col(column).alias(name) for name, column in COLUMNS.items()
    ).row(0, named=True)
    if None in values.values():
        raise BadInput(
            "air.place-incomplete",
            f"“{city}”的六项浓度不全。",
            f"“{city}” lacks one of the six concentrations.",
        )
    others = found.filter(pl.col(place) != city)["composite"]
    scheme = tables.edition(here["scheme"].item())
    result = rules_of_whatif.whatif(values, others, scheme, steps=steps, after_tie=after_tie)
    if thresholds:
        result = rules_of_whatif.thresholds(result)
    write_table(result, target, as_json=as_json)


def _decimal(option: str, text: str) -> Decimal:
    try:
        number = Decimal(text.rstrip("%"))
    except ArithmeticError:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        raise BadInput(
            "air.option-number",
            f"{option} {text} 不是非负数值。",
            f"{option} {text} is not a number from 0 up.",
        )
    return number


def _whole(option: str, number: Decimal) -> int:
    if number != int(number):
        raise BadInput(
            "air.option-number", f"{option} 应为整天数。", f"{option} must be whole days."
        )
    return int(number)


def _given(options: Mapping[str, int | None]) -> list[int]:
    """All of them, or BadInput naming those that are lacking."""
    lacking = [name for name, value in options.items() if value is None]
    if lacking:
        raise _lacking(lacking)
    return [value for value in options.values() if value is not None]


def _lacking(options: list[str]) -> BadInput:
    listed = "、".join(options)
    return BadInput(
        "air.option-missing", f"请给出 {listed}。", f"Please give {', '.join(options)}."
    )
