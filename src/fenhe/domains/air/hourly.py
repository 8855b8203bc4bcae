"""The hourly table of stations: a wide frame as it came from a file -> readings, or every fault.

In: station, time, any of so2 no2 pm10 pm2_5 co o3; text (CSV) or typed (Parquet); or the form the
Beijing data have at UCI, with year, month, day, hour. Time without a zone is civil (UTC+08:00).
Out: unit, property, start (UTC), value in ug/m3 and CO mg/m3, missing values left out. Weather
columns are passed over by name; any other column is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from fenhe.domains.air.rules.tables import SYMBOLS, UNITS
from fenhe.ingest.frames import plain_header
from fenhe.kernel import units
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.period import CIVIL, HOUR
from fenhe.kernel.text import Text
from fenhe.kernel.values import plain_text, read_values

KEYS = ("station", "time")
MISSING = ("NA",)
WEATHER = frozenset({"temp_c", "pres_hpa", "dewp_c", "rain_mm", "wind_dir16", "wind_speed_ms"})
PARTS = ("year", "month", "day", "hour")  # the time in pieces, as the files at UCI have it
ALIASES = {
    **{name: name for name in (*KEYS, *SYMBOLS, *WEATHER)},
    **{"pm2.5": "pm2_5", "pm25": "pm2_5", "temp": "temp_c", "pres": "pres_hpa", "dewp": "dewp_c"},
    **{"rain": "rain_mm", "wd": "wind_dir16", "wspm": "wind_speed_ms"},
}
CO_UNIT = "µg/m³"  # as the table of Beijing has it, where nothing else is said
LEAST_CO = 50.0  # µg/m³; a median below it is no CO of ambient air, but one written in mg/m³
SHOWN = 1000  # problems listed; more of the same helps nobody, but all are counted

_STAMP = (
    r"^(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"
    r"(?:[T ]+(?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?)?)?"
    r" ?(?P<zone>Z|[+-]\d{2}:?\d{2})?$"
)
_MESSAGES: Mapping[str, Text] = {
    "air.column-unknown": Text(
        "不认识的列；请删去，或改为 station、time、so2、no2、pm10、pm2_5、co、o3 之一",
        "unknown column; remove it, or name it station, time, so2, no2, pm10, pm2_5, co or o3",
    ),
    "air.column-missing": Text("缺少此列", "this column is missing"),
    "air.no-pollutant": Text(
        "没有任何污染物列；至少要有 so2、no2、pm10、pm2_5、co、o3 之一",
        "no pollutant column; at least one of so2, no2, pm10, pm2_5, co, o3 is needed",
    ),
    "air.station-blank": Text("站点为空", "the station is blank"),
    "air.time-unreadable": Text(
        "时间读不懂；请写成 2015-01-31 08:00",
        "the time cannot be read; write it as 2015-01-31 08:00",
    ),
    "air.time-not-hour": Text(
        "时间不是整点；小时值的时间应为整点", "the time is not on the hour; hourly values must be"
    ),
    "air.time-future": Text(
        "时间在未来；请检查时钟与时区",
        "the time lies in the future; check the clock and the time zone",
    ),
    "air.duplicate-hour": Text(
        "同一站点同一小时出现多次；请只保留一行",
        "one station has this hour more than once; keep one row",
    ),
    "air.not-a-number": Text(
        "不是半角数字；缺测请留空或写 NA",
        "not a number in plain digits; leave a missing value empty or write NA",
    ),
    "air.co-unit-doubtful": Text(
        f"CO 的中位数低于 {LEAST_CO:g} µg/m³，不可能是 µg/m³；若为 mg/m³，请加 --co-unit mg/m³；"
        "若确为 µg/m³，请加 --co-unit µg/m³",
        f"the median of CO is below {LEAST_CO:g} µg/m³, which cannot be µg/m³; if it is mg/m³, "
        "give --co-unit mg/m³; if it truly is µg/m³, give --co-unit µg/m³",
    ),
    "air.negative": Text(
        "浓度为负；请改正，或作为缺测留空",
        "a negative concentration; mend it, or leave it empty as missing",
    ),
}


@dataclass(frozen=True, slots=True)
class Hourly:
    readings: pl.DataFrame  # unit, property, start, value
    stations: list[str]
    ignored: list[str]  # columns passed over


def hourly(
    table: pl.DataFrame,
    file: str,
    first_row: int,
    now: datetime,
    co_unit: str | None = None,
    stamps_end: bool = False,
) -> Hourly:
    """Raises BadInput with all that is wrong, at the row a person sees: the first row of the
    table is `first_row`. `co_unit` is believed; without it CO is in µg/m³, and values that cannot
    be are refused. `stamps_end`: the times mark the end of the hour."""
    table = _plainly_named(table)
    present = [name for name in SYMBOLS if name in table.columns]
    factors = {name: _factor(name, co_unit or CO_UNIT) for name in present}
    problems = list(_header_problems(table.columns, present))
    if problems:
        raise _refused(problems, file)
    rows = table.select(*KEYS, *present).with_row_index("row", first_row)
    rows = rows.filter(~pl.all_horizontal(_blank(pl.col(name)) for name in (*KEYS, *present)))
    rows = rows.with_columns(
        plain_text(pl.col("station")).alias("station"),
        _instant(rows["time"], stamps_end).alias("start"),
    )
    problems, total = _row_problems(rows, now)
    readings = []
    for name in present:
        read = rows.select("row", unit="station", start="start", text=name).hstack(
            read_values(rows[name], MISSING)
        )
        wrong, count = _value_problems(read, name)
        problems, total = problems + wrong, total + count
        if name == "co" and co_unit is None:
            doubts = _unit_problems(read)
            problems, total = problems + doubts, total + len(doubts)
        value = pl.col("value") * factors[name]
        readings.append(
            read.drop_nulls("value").select("unit", pl.lit(name).alias("property"), "start", value)
        )
    if problems:
        raise _refused(problems, file, total)
    return Hourly(
        pl.concat(readings),
        rows["station"].unique().sort().to_list(),
        [name for name in table.columns if name in WEATHER],
    )


def _plainly_named(table: pl.DataFrame) -> pl.DataFrame:
    """Known columns by their plain names, whatever their case; the time in one piece."""
    names = {column: plain_header(column) for column in table.columns}
    if KEYS[1] not in names.values() and set(PARTS) <= set(names.values()):
        part = {plain: pl.col(column).cast(pl.String) for column, plain in names.items()}
        stamp = pl.format("{}-{}-{} {}:00", *(part[name].fill_null("") for name in PARTS))
        gone = [column for column, plain in names.items() if plain in (*PARTS, "no")]
        table = table.with_columns(stamp.alias(KEYS[1])).drop(gone)  # `No` numbers the rows
    known = {column: ALIASES[plain] for column, plain in names.items() if plain in ALIASES}
    counts = Counter(known.values())
    return table.rename({old: new for old, new in known.items() if counts[new] == 1})


def _factor(name: str, co_unit: str) -> float:
    """From the unit of the column to that of the platform, which only CO leaves open."""
    return float(units.factor(co_unit, UNITS[name])) if name == "co" else 1.0


def _header_problems(columns: Iterable[str], present: list[str]) -> Iterable[Problem]:
    for name in columns:
        if name not in WEATHER and name not in KEYS and name not in SYMBOLS:
            yield _problem("air.column-unknown", 1, name)
    for name in KEYS:
        if name not in columns:
            yield _problem("air.column-missing", 1, name)
    if not present:
        yield _problem("air.no-pollutant", 1, "")


def _row_problems(rows: pl.DataFrame, now: datetime) -> tuple[list[Problem], int]:
    """The first of them, and how many there are."""
    start, station = pl.col("start"), pl.col("station")
    stamp = pl.col("time").cast(pl.String)
    known = start.is_not_null() & station.is_not_null() & (station != "")
    checks: dict[str, tuple[pl.Expr, str, pl.Expr]] = {
        "air.station-blank": (station.is_null() | (station == ""), "station", pl.lit("")),
        "air.time-unreadable": (start.is_null(), "time", stamp),
        "air.time-not-hour": (start != start.dt.truncate("1h"), "time", stamp),
        "air.time-future": (start > now, "time", stamp),
        "air.duplicate-hour": (
            known & (pl.struct("station", "start").is_duplicated()),
            "time",
            pl.format("{} {}", station, stamp),
        ),
    }
    found = {
        code: rows.filter(wrong.fill_null(False)).select("row", shown.fill_null("").alias("shown"))
        for code, (wrong, _, shown) in checks.items()
    }
    return [
        _problem(code, row, checks[code][1], value)
        for code, cells in found.items()
        for row, value in cells.head(SHOWN).iter_rows()
    ], sum(cells.height for cells in found.values())


def _value_problems(read: pl.DataFrame, column: str) -> tuple[list[Problem], int]:
    # A limit of detection says nothing exact enough for a mean of hours: `<2` is refused too.
    unreadable = ~pl.col("ok") | pl.col("qualifier").is_in([1, 2])
    checks = {
        "air.not-a-number": unreadable,
        "air.negative": ~unreadable & (pl.col("value") < 0),
    }
    found = {
        code: read.filter(wrong.fill_null(False)).select(
            "row", pl.col("text").cast(pl.String).fill_null("")
        )
        for code, wrong in checks.items()
    }
    return [
        _problem(code, row, column, value)
        for code, cells in found.items()
        for row, value in cells.head(SHOWN).iter_rows()
    ], sum(cells.height for cells in found.values())


def _unit_problems(read: pl.DataFrame) -> list[Problem]:
    """CO of our own forms is in mg/m³; taken for µg/m³ it would be 1000 times too small."""
    middle = read["value"].median()
    if not isinstance(middle, float) or middle >= LEAST_CO:
        return []
    return [_problem("air.co-unit-doubtful", 1, "co", f"{middle:g}")]


def _blank(column: pl.Expr) -> pl.Expr:
    return column.is_null() | (column.cast(pl.String).str.strip_chars() == "")


def _instant(times: pl.Series, stamps_end: bool) -> pl.Series:
    """The beginning of each hour, UTC; null where the text names no instant."""
    instants = _from_text(times) if times.dtype == pl.String else _from_type(times)
    return instants - HOUR if stamps_end else instants


def instants(times: pl.Series) -> pl.Series:
    """Civil times as text or typed -> UTC; null where there is none."""
    if times.dtype == pl.Date:
        times = times.cast(pl.Datetime("us"))
    return _instant(times, stamps_end=False)


def _from_type(times: pl.Series) -> pl.Series:
    if not isinstance(times.dtype, pl.Datetime):
        return pl.Series([None] * len(times), dtype=pl.Datetime("us", "UTC"))
    if times.dtype.time_zone is not None:
        return times.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    shifted = times.cast(pl.Datetime("us")) - CIVIL.utcoffset(None)
    return shifted.dt.replace_time_zone("UTC")


def _from_text(times: pl.Series) -> pl.Series:
    part = plain_text(pl.col("text")).str.extract_groups(_STAMP)

    def number(name: str, default: int) -> pl.Expr:
        return part.struct.field(name).cast(pl.Int32, strict=False).fill_null(default)

    hour, minute, second = number("hour", 0), number("minute", 0), number("second", 0)
    day = pl.format("{}-{}-{}", *(part.struct.field(name) for name in ("year", "month", "day")))
    # 2015-02-30 names no day and 25:00 no hour: null, not an error for the whole file.
    midnight = day.str.to_datetime("%Y-%m-%d", time_unit="us", time_zone="UTC", strict=False)
    right = ((hour < 24) & (minute < 60) & (second < 60)) | (
        (hour == 24) & (minute == 0) & (second == 0)
    )
    clock = pl.duration(hours=hour, minutes=minute, seconds=second)
    frame = times.alias("text").to_frame()
    return frame.select(
        pl.when(right).then(midnight + clock - _offset(part.struct.field("zone")))
    ).to_series()


def _offset(zone: pl.Expr) -> pl.Expr:
    digits = zone.str.replace(":", "")
    hours = digits.str.slice(1, 2).cast(pl.Int32, strict=False)
    minutes = hours * 60 + digits.str.slice(3, 2).cast(pl.Int32, strict=False)
    signed = pl.when(digits.str.starts_with("-")).then(-minutes).otherwise(minutes)
    civil = int((CIVIL.utcoffset(None)).total_seconds() // 60)
    return pl.duration(minutes=pl.when(zone == "Z").then(0).otherwise(signed).fill_null(civil))


def _problem(code: str, row: int, column: str, value: str = "") -> Problem:
    return Problem(code, _MESSAGES[code], row=row, column=column, value=value)


def _refused(problems: list[Problem], file: str, total: int = 0) -> BadInput:
    placed = [
        Problem(one.code, one.message, file, one.row, one.column, one.value)
        for one in sorted(problems, key=lambda one: (one.row or 0, one.column))
    ][:SHOWN]
    return BadInput(
        placed[0].code if len({one.code for one in placed}) == 1 else "air.hourly-table",
        f"{file} 有误，没有写出任何结果；请按下列各处修改",
        f"{file} has errors and nothing was written; mend the places below",
        placed,
        total=total,
    )
