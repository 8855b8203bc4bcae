"""Reads the public national feed: bytes as published → readings and the published AQI.

JSON, CSV and the archive's XML spell missing values differently (em dash, `&mdash;`, `-;`, empty).
Field trap: `O3_24h` is the current hour's ozone and `O3` the 24 h maximum; `O3_8h_24h` is the
current 8 h mean (reproduces 11,462 of 11,462 published AQIs; taken at face value 60 %).
Stamps are hour-ending; `start` here is the beginning of the hour, UTC.
"""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta

import polars as pl

from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.period import CIVIL, HOUR
from fenhe.kernel.text import Text
from fenhe.kernel.values import DASHES, read_values

MISSING = (*DASHES, "NA")
# Column of the reading → field of the feed that truly holds it.
HOURLY = {
    "so2": "so2", "no2": "no2", "pm10": "pm10", "pm2_5": "pm2_5", "co": "co", "o3": "o3_24h",
}  # fmt: skip
_COLUMNS = {"code": "stationcode", "quality": "quality", "primary": "primarypollutant"}
_NO_PRIMARY = ("", "-", "—", "-;", "&mdash;", "NA", "无")


def read_feed(content: bytes) -> pl.DataFrame:
    """One row a station and hour: code, start, so2 no2 pm10 pm2_5 o3 (µg/m³), co (mg/m³), and as
    published aqi (null if none), quality, primary (null if none). Raises BadInput with rows."""
    raw = _table(content)
    wanted = ["timepoint", *_COLUMNS.values(), "aqi", *HOURLY.values()]
    absent = [name for name in wanted if name not in raw.columns]
    if absent:
        raise BadInput(
            "air.feed-columns",
            f"不是全国空气质量实时发布的数据：缺少 {'、'.join(absent)}",
            f"not the national air quality feed: {', '.join(absent)} missing",
        )
    problems: list[Problem] = []
    start = _start(raw["timepoint"])
    problems += _problems("timepoint", raw["timepoint"], start.is_not_null())
    numbers = {}
    for column, field in [*HOURLY.items(), ("aqi", "aqi")]:
        read = read_values(raw[field], MISSING)
        numbers[column] = read["value"]
        problems += _problems(field, raw[field], read["ok"])
    if problems:
        raise BadInput(
            "air.feed-values",
            f"数据有 {len(problems)} 处读不懂",
            f"{len(problems)} cells of the feed cannot be read",
            sorted(problems, key=lambda problem: problem.row or 0),
        )
    return raw.select(
        pl.col("stationcode").str.strip_chars().alias("code"),
        start.alias("start"),
        *(numbers[column].alias(column) for column in HOURLY),
        numbers["aqi"].cast(pl.Int16).alias("aqi"),
        _published("quality"),
        _published("primarypollutant").alias("primary"),
    )


def _table(content: bytes) -> pl.DataFrame:
    """JSON (a list of stations, bare or inside an object) or CSV, as lower-case text columns."""
    try:
        return _parsed(content.decode("utf-8-sig").strip())
    except (ValueError, pl.exceptions.PolarsError) as error:
        raise BadInput(
            "air.feed-unreadable",
            f"读不懂收到的数据，既非 JSON 也非 CSV：{error}",
            f"what came is neither JSON nor CSV: {error}",
        ) from error


def _parsed(text: str) -> pl.DataFrame:
    if text.startswith(("[", "{")):
        rows = _rows(json.loads(text))
        names = list(dict.fromkeys(key for row in rows for key in row))
        frame = pl.DataFrame(
            {name.lower(): [_text(row.get(name)) for row in rows] for name in names},
            {name.lower(): pl.String() for name in names},
        )
    else:
        frame = pl.read_csv(io.StringIO(text), infer_schema=False)
    return frame.rename({name: name.strip().lower() for name in frame.columns})


def _rows(parsed: object) -> list[dict[str, object]]:
    if isinstance(parsed, dict):
        parsed = next((value for value in parsed.values() if isinstance(value, list)), [parsed])
    return [row for row in parsed if isinstance(row, dict)] if isinstance(parsed, list) else []


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _start(stamps: pl.Series) -> pl.Series:
    """`2017-07-07T16:00:00`, hour-ending civil time → 07:00 UTC; also `/Date(1499414400000)/`."""
    milliseconds = stamps.str.extract(r"^/Date\((\d+)", 1).cast(pl.Int64)
    instant = (milliseconds * 1000).cast(pl.Datetime("us", "UTC"))
    plain = stamps.str.replace("T", " ").str.slice(0, 16)
    civil = plain.str.to_datetime("%Y-%m-%d %H:%M", time_unit="us", strict=False)
    offset = CIVIL.utcoffset(None) or timedelta()
    return pl.select(
        pl.coalesce(instant, (civil - offset).dt.replace_time_zone("UTC")) - HOUR
    ).to_series()  # fmt: skip


def _published(field: str) -> pl.Expr:
    text = pl.col(field).str.strip_chars()
    return pl.when(~text.is_in(_NO_PRIMARY)).then(text).alias(field)


def _problems(column: str, texts: pl.Series, ok: pl.Series) -> list[Problem]:
    wrong = texts.to_frame("value").with_row_index("row", offset=2).filter(~ok)
    return [
        Problem(
            "air.feed-value",
            Text(f"读不懂“{value}”", f"cannot read “{value}”"),
            row=row,
            column=column,
            value=re.sub(r"\s+", " ", str(value)),
        )
        for row, value in wrong.iter_rows()
    ]
