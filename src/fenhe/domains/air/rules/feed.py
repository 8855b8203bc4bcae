"""The AQI, category and primary pollutant the national real-time feed prints, from its own fields.

The feed's field names lie: `o3_24h` is the current 1 h mean and `o3` the maximum of 24 h (edition
"CNEMC feed", table `fields`). Stamps are hour-ending: 00:00 belongs to the day before.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from fenhe.domains.air.rules import aqi, tables
from fenhe.standards.edition import Edition, Row

COMPUTED = ("aqi_computed", "category_computed", "primary_computed")


def fields() -> dict[str, str]:
    """Field that holds the current 1 h mean → column of the index it feeds."""
    rows = tables.edition("CNEMC feed").table("fields").find(statistic="1h")
    return {row["field"]: tables.PROPERTIES[row["pollutant"]] for row in rows}


def feed(frame: pl.DataFrame, edition: Edition | None = None) -> pl.DataFrame:
    """Adds `aqi_computed`, `category_computed`, `primary_computed`, empty where there is no AQI.

    Columns: the concentration fields (`fields`; numbers), and `timepoint` (civil, hour-ending)
    unless an edition is given. Raises BadInput `air.columns-missing`, NotFound for a date before
    the first edition.
    """
    holding = fields()
    aqi.require(frame, [*holding, *([] if edition else ["timepoint"])])
    by_edition = frame.select(list(holding)).rename(holding)
    if edition is not None:
        return frame.hstack(_computed(by_edition, edition))
    day = pl.col("timepoint").dt.offset_by("-1h").dt.date()
    by_edition = by_edition.with_row_index("_row").with_columns(frame.select(_day=day)["_day"])
    parts = [
        part.select("_row").hstack(_computed(part, tables.edition(id)))
        for id, part in _by_edition(by_edition)
    ]
    if not parts:
        return frame.hstack(_computed(by_edition, tables.in_force("HJ 633", date(2016, 1, 1))))
    return frame.hstack(pl.concat(parts).sort("_row").drop("_row"))


def _by_edition(rows: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    ids = {day: tables.in_force("HJ 633", day).id for day in rows["_day"].unique()}
    marked = rows.with_columns(pl.col("_day").replace_strict(ids).alias("_edition"))
    return [
        (part["_edition"][0], part.drop("_day", "_edition"))
        for part in marked.partition_by("_edition")
    ]


def _computed(rows: pl.DataFrame, edition: Edition) -> pl.DataFrame:
    judged = aqi.aqi(rows, edition, "feed")
    categories = {row["level"]: row["category"]["zh"] for row in edition.table("categories")}
    names = {row["pollutant"]: row["name"] for row in _primary_names()}
    # Longest first: PM2.5 must not be read out of another name.
    symbols = sorted(names, key=len, reverse=True)
    primary = (
        pl.col("primary").cast(pl.String).str.replace_many(symbols, [names[s] for s in symbols])
    )
    return judged.select(
        aqi_computed="aqi",
        category_computed=pl.col("aqi_level").replace_strict(categories, return_dtype=pl.String),
        primary_computed=pl.when(primary != "").then(primary),
    )


def _primary_names() -> tuple[Row, ...]:
    return tables.edition("CNEMC feed").table("primary_names").rows
