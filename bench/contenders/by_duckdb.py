"""A DuckDB query written by hand over the resolved rows as plain sorted Parquet: one
form, untuned."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl

from contenders.nation import ITEMS, Nation
from contenders.ranked import ranked

# Hours may lack a row, so a window of O3 is found by hour: 24 columns of a day, 17 sums of eight.
HOURS = ", ".join(f"max(value) filter (where h = {k}) as h{k}" for k in range(24))
WINDOWS = ", ".join(
    "case when {n} >= {{window_hours}} then ({total}) / {n} end".format(
        n="(" + " + ".join(f"(h{k + i} is not null)::int" for i in range(8)) + ")",
        total=" + ".join(f"coalesce(h{k + i}, 0)" for i in range(8)),
    )
    for k in range(17)
)
DAYS = """
create temp table days as
with hours as (
  select series, value, ((epoch_us(start) - {first}) // 3600000000)::int as hour
  from read_parquet('{path}') where value is not null
),
means as (
  select series, hour // 24 as day, avg(value) as value
  from hours where series % {items} <> {o3}
  group by all having count(*) >= {day_hours}
),
wide as (
  select series, hour // 24 as day, HOURS
  from (select *, hour % 24 as h from hours where series % {items} = {o3})
  group by series, hour // 24
),
windows as (select series, day, list_filter([WINDOWS], lambda x: x is not null) as w from wide),
mda8 as (select series, day, len(w) as n, list_max(w) as value from windows)
select series, day, value from means
union all
select series, day, value from mda8 where n >= {day_windows} or value > {limit}
""".replace("HOURS", HOURS).replace("WINDOWS", WINDOWS)


def prepare(folder: Path) -> None:
    Nation.load(folder).method()


def run(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    nation = Nation.load(folder)
    items = nation.method().items
    o3 = [item.property for item in items].index("o3")
    database = duckdb.connect()
    database.sql("set preserve_insertion_order = false")
    database.sql(
        DAYS.format(
            path=folder / "plain.parquet",
            first=int(nation.period.start.timestamp()) * 1_000_000,
            items=ITEMS,
            o3=o3,
            day_hours=items[0].validity.day_hours,
            window_hours=items[o3].validity.window_hours,
            day_windows=items[o3].validity.day_windows,
            limit=items[o3].day_limit,
        )
    )
    years = " union all ".join(
        f"select series, count(value) n, avg(value) mean, "
        f"quantile_cont(value, {item.percent / 100}) percentile "
        f"from days where series % {ITEMS} = {place} group by series"
        for place, item in enumerate(items)
    )
    city_days = database.sql(
        f"select (series // {ITEMS}) * {nation.cities} // {nation.stations} city, "
        f"series % {ITEMS} item, day, avg(value) as value from days group by all"
    ).pl()
    return database.sql(f"select * from ({years}) order by series").pl(), ranked(nation, city_days)
