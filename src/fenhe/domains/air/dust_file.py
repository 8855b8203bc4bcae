"""The table of sand-dust processes somebody hands in: which hours, of which stations.

Columns: `date` (a whole civil day) or `from` and `to` (hours, the end not counted); `station` is
optional, an empty cell means all. Out: unit (null for all), start (UTC), one row per hour.
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from fenhe.domains.air.hourly import instants
from fenhe.ingest.frames import read_table
from fenhe.kernel.text import Text

ALIASES = {
    **dict.fromkeys(("station", "unit", "站点", "点位"), "station"),
    **dict.fromkeys(("date", "day", "日期"), "date"),
    **dict.fromkeys(("from", "start", "开始"), "from"),
    **dict.fromkeys(("to", "end", "结束"), "to"),
}
UNREAD = Text("不是时间，应如 2026-04-13 08:00", "not a time such as 2026-04-13 08:00")


def read_dust(source: str, stations: Collection[str], everywhere: Collection[str]) -> pl.DataFrame:
    """Raises BadInput with every fault. `everywhere`: names that stand for all stations."""
    sheet = read_table(source)
    sheet.rename(ALIASES)
    if "date" in sheet.frame.columns:
        begin = instants(sheet.frame["date"])
        end = begin.dt.offset_by("24h")
        sheet.blame("date", begin.is_null(), "air.time-unreadable", UNREAD)
    else:
        sheet.need(["from", "to"])
        begin, end = (instants(sheet.frame[name]) for name in ("from", "to"))
        for name, found in (("from", begin), ("to", end)):
            sheet.blame(name, found.is_null(), "air.time-unreadable", UNREAD)
        backwards = Text("不晚于开始时间", "is not after the beginning")
        sheet.blame("to", end <= begin, "air.period-empty", backwards)
    names = pl.Series("unit", [None] * sheet.frame.height, pl.String)
    if "station" in sheet.frame.columns:
        names = sheet.frame["station"].cast(pl.String).str.strip_chars().alias("unit")
        names = names.to_frame().select(
            pl.when(~pl.col("unit").is_in([*everywhere, ""])).then(pl.col("unit"))
        )["unit"]
        unknown = Text("数据中没有这个站点", "no such station in the data")
        strange = names.is_not_null() & ~names.is_in(list(stations))
        sheet.blame("station", strange, "air.station-unknown", unknown)
    sheet.refuse()
    hours = pl.datetime_ranges("begin", "end", "1h", closed="left").alias("start")
    spans = pl.DataFrame({"unit": names, "begin": begin, "end": end})
    return spans.select("unit", hours).explode("start").drop_nulls("start").unique()
