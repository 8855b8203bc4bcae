"""Which heavy-pollution alert level a city's observed days amount to (the plans of 2018 and 2024).

In: the day judged and the days before it. Out: `alert_level` 1 (red) to 3 (yellow), null for none.
A plan issues an alert from the forecast; this says what has happened. Conditions of one alternative
hold together, about the unbroken run of days that ends with the day judged; colours are for the
pollutants the edition names, and only while one of them is primary.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from fenhe.assess.rule import KEYS, Assessment, Step
from fenhe.domains.air.rules import aqi
from fenhe.domains.air.rules.daily import DAILY
from fenhe.kernel.text import Text
from fenhe.standards.edition import Edition, Row

STANDARD = "heavy pollution alert"
DAYS_BACK = 3  # the longest condition is 96 hours

Day = tuple[int | None, bool]  # AQI, and whether a pollutant that has colours is primary


def alert_day(readings: pl.DataFrame, ask: Assessment) -> pl.DataFrame:
    """The level of each city-day asked about."""
    plan = ask.edition(STANDARD)
    coloured = set(plan.table("rules").one(rule="colour_pollutants")["value"])
    judged = aqi.aqi(_wide(readings), ask.edition("HJ 633"), "day")
    runs: dict[tuple[Any, ...], list[Day]] = defaultdict(list)
    for subject, period, value, primary in (
        judged.sort(*KEYS, "start")
        .select(*KEYS, "aqi", pl.col("primary").cast(pl.String))
        .iter_rows()
    ):
        runs[subject, period].append((value, bool(coloured & set((primary or "").split(",")))))
    rows = [(*key, level_of(days, plan), days[-1][0], len(days)) for key, days in runs.items()]
    return pl.DataFrame(
        rows,
        {
            "subject": pl.Int64,
            "period": judged.schema["period"],
            "alert_level": pl.Int64,
            "aqi": pl.Int64,
            "observed": pl.Int64,
        },
        orient="row",
    ).with_columns(
        expected=pl.lit(DAYS_BACK + 1, pl.Int64),
        category=pl.col("alert_level").cast(pl.String).fill_null(""),
    )


def level_of(days: Sequence[Day], plan: Edition) -> int | None:
    """The gravest level whose conditions hold on the last of these consecutive days."""
    run: list[int] = []
    for value, coloured in reversed(days):
        if value is None or not coloured:
            break
        run.append(value)
    alternatives: dict[tuple[int, int], list[Row]] = defaultdict(list)
    for row in plan.table("start"):
        alternatives[row["level"], row["alternative"]].append(row)
    holding = [
        level
        for (level, _), rows in alternatives.items()
        if all(_holds(row, run, max(rows, key=_hours)) for row in rows)
    ]
    return min(holding, default=None)


def explain(row: Mapping[str, Any], ask: Assessment) -> list[Step]:
    plan = ask.edition(STANDARD)
    level = row.get("alert_level")
    source = next((one for one in plan.table("start") if one["level"] == level), None)
    if source is None:
        words = Text("未达到任何启动条件", "no condition of start holds")
        source = plan.table("start").rows[0]
    else:
        words = Text(
            f"截至当日的连续重污染过程达到{source['response']['zh']}启动条件",
            f"the episode up to this day meets the conditions of level {source['response']['en']}",
        )
    step = Step(
        "alert_level", level, words.zh, words.en, source.clause, plan.id, source.confidence.value
    )
    return [step]


def _holds(row: Row, run: Sequence[int], longest: Row) -> bool:
    """The longest condition must hold up to the last day; shorter ones beside it anywhere in it."""
    needed = _hours(row) // 24
    above = [value > row["aqi_above"] for value in run]
    if row is longest:
        return len(run) >= needed and all(above[:needed])
    window = above[: _hours(longest) // 24]
    return any(
        all(window[first : first + needed]) and len(window[first:]) >= needed
        for first in range(len(window))
    )


def _hours(row: Row) -> int:
    return int(row["hours"])


def _wide(readings: pl.DataFrame) -> pl.DataFrame:
    """One row per day asked about and day looked back on, a column per daily statistic."""
    return readings.group_by(*KEYS, "start").agg(
        pl.col("value")
        .filter((pl.col("property") == item.property) & (pl.col("statistic") == item.statistic))
        .first()
        .alias(name)
        for name, item in DAILY.items()
    )
