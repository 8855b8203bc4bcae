"""What air adds to lists, dossiers and the map: its levels, the limits drawn in
charts, the level of every station hour by hour."""

from __future__ import annotations

from datetime import date

import polars as pl

from fenhe.domains.air.pages import charts, facts, levels, words
from fenhe.domains.air.rules import tables
from fenhe.kernel.period import Period
from fenhe.kernel.text import Text
from fenhe.publish.page import Class
from fenhe.registry.models import Object, Series


def classes() -> list[Class]:
    """The levels of the AQI, from the newest edition (the words are the same in all)."""
    newest = tables.editions("HJ 633")[-1]
    return [
        Class(str(row["level"]), row.text("category"), f"air-{row['level']}")
        for row in newest.table("categories")
    ]


def limits(name: str, resolution: str, thing: Object, day: date) -> list[tuple[float, Text]]:
    """The limit of GB 3095 in force on the day: hourly for hours where there is one, else daily."""
    if name not in facts.PROPERTIES:
        return []
    if resolution == "hour":
        drawn = {language: charts.hourly_limit(name, day, language) for language in ("zh", "en")}
        return [(drawn["zh"]["value"], Text(drawn["zh"]["label"], drawn["en"]["label"]))]
    edition = tables.in_force("GB 3095", day)
    averaging = "MDA8" if name == "o3" else "24h"
    value = tables.limit(edition, name, averaging)
    averaged = words.AVERAGING[averaging]
    return [
        (
            value,
            Text(
                f"{averaged.zh}{words.LIMIT.zh} {value:g} · {edition.id}",
                f"{averaged.en}{words.LIMIT.en} {value:g} · {edition.id}",
            ),
        )
    ]


def map_hours(period: Period) -> pl.DataFrame:
    """object, start, class (the level), value (the AQI) of every station's hours of the period."""
    rows = Series.objects.filter(
        object__kind="air_station",
        resolution="hour",
        statistic="value",
        property__in=facts.PROPERTIES,
    ).values_list("id", "object_id", "property")
    schema = {"series": pl.Int32, "object": pl.Int64, "property": pl.String}
    found = facts.hours(pl.DataFrame(list(rows), schema, orient="row"), period)
    wide = found.pivot(
        "property", index=["object", "start"], values="usable", aggregate_function="mean"
    )
    lacking = [name for name in facts.PROPERTIES if name not in wide.columns]
    wide = wide.with_columns(pl.lit(None, pl.Float64).alias(name) for name in lacking)
    day = period.last_day
    ends = levels.edition(day).table("categories")
    judged = facts.hourly_aqi(wide, day)
    level = pl.lit(None, pl.String)
    for row in ends:
        within = pl.col("aqi").is_between(float(row["aqi_from"]), float(row["aqi_to"] or 10**6))
        level = pl.when(within).then(pl.lit(str(row["level"]))).otherwise(level)
    return judged.select(
        "object", "start", value=pl.col("aqi").cast(pl.Float64), **{"class": level}
    )
