"""`fenhe air alert FORECAST OUT`: alert levels from a forecast (or past) run of daily AQI.

Columns: `date`, `aqi`; optional `primary` ("PM2.5,O3"; days that only O3 causes get no colour but
another response) and a column of cities. A day that is not in the table is a day without a value.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any

import polars as pl
import typer

from fenhe.domains.air.commands_index import PLACES, In, Json
from fenhe.domains.air.rules import alert_levels, tables
from fenhe.ingest.frames import PIPE, Sheet, read_table, write_table
from fenhe.kernel.errors import BadInput
from fenhe.kernel.period import DAY
from fenhe.kernel.text import Text
from fenhe.standards.edition import Edition

STANDARD = "heavy pollution alert"
SCHEMA = {
    "city": pl.String,
    "first_day": pl.Date,
    "last_day": pl.Date,
    "level": pl.Int64,
    "colour": pl.String,
    "response": pl.String,
    "released": pl.Date,
    "condition": pl.String,
    "regime": pl.String,
    "clause": pl.String,
    "confidence": pl.String,
}


def alert(
    source: In,
    target: Annotated[str, typer.Argument(metavar="OUT", help="CSV、Parquet 或 -")] = PIPE,
    regime: Annotated[
        str | None, typer.Option(help="2018 或 2024；默认按首日 | by default that of the first day")
    ] = None,
    as_json: Json = False,
) -> None:
    """重污染天气预警等级：date,aqi[,primary] → 级别、启动与解除 | alert levels of a forecast."""
    sheet = read_table(source)
    sheet.rename({name: name for name in ("date", "aqi", "primary", *PLACES)})
    sheet.need(["date", "aqi"])
    days, aqi = _days(sheet), sheet.numbers("aqi")
    whole = Text("不是整数", "is not a whole number")
    sheet.blame("aqi", aqi != aqi.round(), "air.aqi-not-whole", whole)
    place = next((name for name in PLACES if name in sheet.frame.columns), None)
    city = sheet.frame[place].cast(pl.String) if place else pl.Series([""] * sheet.frame.height)
    given = pl.DataFrame({"city": city, "date": days, "aqi": aqi.cast(pl.Int64, strict=False)})
    twice = given.select("city", "date").is_duplicated() & days.is_not_null()
    sheet.blame("date", twice, "air.date-twice", Text("重复", "is there twice"))
    sheet.refuse()
    primary = sheet.frame["primary"] if "primary" in sheet.frame.columns else None
    if primary is not None:
        given = given.with_columns(primary.cast(pl.String).alias("primary"))
    rows = [row for part in given.partition_by("city") for row in _rows(part, regime)]
    write_table(pl.DataFrame(rows, SCHEMA), target, as_json=as_json)


def _days(sheet: Sheet) -> pl.Series:
    text = sheet.frame["date"].cast(pl.String).str.strip_chars().str.slice(0, 10)
    days = text.str.replace_all("/", "-").str.to_date("%Y-%m-%d", strict=False)
    unread = Text("不是日期，应如 2026-12-01", "not a date such as 2026-12-01")
    sheet.blame("date", days.is_null(), "air.date-unreadable", unread)
    return days


def _rows(given: pl.DataFrame, regime: str | None) -> Iterator[dict[str, Any]]:
    """The coloured episodes of one city, then the days that call for another response."""
    rules = _regime(regime, given["date"].sort()[0])
    calendar = given.select(pl.date_range(pl.col("date").min(), pl.col("date").max(), "1d"))
    run = calendar.join(given, on="date", how="left").sort("date")
    aqi = run["aqi"].to_list()
    primary = run["primary"].to_list() if "primary" in run.columns else None
    city = given["city"][0]
    for one in alert_levels.episodes(aqi, rules, primary):
        yield {
            "city": city,
            "first_day": run["date"][one.first],
            "last_day": run["date"][one.last],
            "level": one.level,
            "colour": one.colour,
            "response": one.met[0].text("response").zh,
            "released": None if one.released is None else run["date"][one.released] + DAY,
            "condition": "; ".join(
                f"AQI > {row['aqi_above']}: {row['hours']} h" for row in one.met
            ),
            "regime": rules.id,
            "clause": one.met[0].clause,
            "confidence": one.met[0].confidence.value,
        }
    for place in alert_levels.other_response(aqi, primary, rules) if primary else []:
        source = rules.table("rules").one(rule="colour_pollutants")
        yield {
            "city": city,
            "first_day": run["date"][place],
            "last_day": run["date"][place],
            "response": "其他应对",
            "condition": f"AQI {aqi[place]}, {(primary or [])[place]}",
            "regime": rules.id,
            "clause": source.clause,
            "confidence": source.confidence.value,
        }


def _regime(name: str | None, first: date) -> Edition:
    known = {edition.id.split()[-1]: edition for edition in tables.editions(STANDARD)}
    if name is None:
        return tables.nearest(STANDARD, first)
    if name not in known:
        raise BadInput(
            "air.edition-unknown",
            f"--regime {name} 不认识；可用：{'、'.join(known)}。",
            f"--regime {name} is not known; there are {', '.join(known)}.",
        )
    return known[name]
