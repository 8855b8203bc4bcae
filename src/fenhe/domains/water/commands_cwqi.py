"""`fenhe water cwqi IN OUT`: sections in, cities with index and rank out."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import polars as pl
import typer

from fenhe.domains.water import tabular
from fenhe.domains.water.commands_class import EditionOption, In, Json, Out
from fenhe.domains.water.rules import cwqi as rules
from fenhe.domains.water.rules import tables
from fenhe.ingest.frames import Sheet, read_table, write_table
from fenhe.kernel.errors import BadInput
from fenhe.kernel.text import Text


class Weighting(StrEnum):
    POINTS = "points"
    RIVER = "river"


def cwqi(
    source: In,
    target: Out,
    weighting: Annotated[
        Weighting,
        typer.Option(
            help="河湖合并：points 按点位数、river 只用河流；合并条款未经证实 | "
            "how rivers and lakes are joined; the clause is unconfirmed"
        ),
    ] = Weighting.POINTS,
    base: Annotated[
        str | None,
        typer.Option(help="变化排名的基期（period 列的值） | the period changes are counted from"),
    ] = None,
    edition: EditionOption = None,
    as_json: Json = False,
) -> None:
    """城市水质指数与排名：city, waterbody, 21 项 → cwqi, rank | city index and ranking (CWQI).

    读取列 | columns read: city（必需 | needed）; 每行一个断面或点位的均值 | one section or point a
    row, its means: ph, do, codmn, cod, bod5, nh3n, tp, cu, zn, f, se, as, hg, cd, cr6, pb, cn,
    phenol, oil, las, s2（21 项，至少一项 | of 21 at least one）; waterbody = river | lake; period
    （每个时段各排一榜 | each period is a list of its own）。

    写出列 | columns written, 每城一行 | one row a city: city[, period], cwqi_river, cwqi_lake, cwqi
    （4 位小数，越小越好 | 4 decimals, smaller is better）, rank, river_points, lake_points, items
    （参加求和的项目数 | items in the sum）, lacking, missing_items（21 项中缺项）, weighting；
    --base: base_cwqi, change_percent（2 位，负为好转 | negative is better）, change_rank。
    """
    chosen = tabular.edition_named(tables.SURFACE, edition)
    sheet = read_table(source)
    names = rules.items(chosen)
    tabular.name_columns(sheet, names, ["city", "waterbody", "period", "section"])
    sheet.need(["city"])
    there = tabular.some(sheet, names)
    values, censored = tabular.items(sheet, there)
    body = tabular.waterbodies(sheet)
    blank = sheet.frame["city"].is_null()
    sheet.blame("city", blank, "water.city-blank", Text("缺城市名", "has no city"))
    if "do" in there:
        zero = values["do"] == 0
        said = Text("为 0 时指数无穷大", "zero makes the index infinite")
        sheet.blame("do", zero, "water.do-zero", said)
    sheet.refuse()
    lists = ["period"] if "period" in sheet.frame.columns else []
    rows = values.with_columns(body, *(sheet.frame[c].cast(pl.String) for c in ("city", *lists)))
    found = rules.cities(rows, chosen, ["city", *lists], weighting.value)
    found = rules.ranked(found, lists)
    absent = [name for name in names if name not in there]
    found = found.with_columns(missing_items=pl.lit(",".join(absent)))
    if base is not None:
        found = _changes(found, base, sheet)
    _remarks(found, absent, censored)
    order = [*lists, "rank"]
    columns = ["city", *lists, "cwqi_river", "cwqi_lake", "cwqi", "rank"]
    rest = [c for c in found.columns if c not in (*columns, "_exact")]
    result = found.select(*columns, *rest).sort(order, nulls_last=True, maintain_order=True)
    write_table(pl.DataFrame(tabular.unsaid(result)), target, as_json=as_json)


def _changes(found: pl.DataFrame, base: str, sheet: Sheet) -> pl.DataFrame:
    """Each period against the base period, from exact indices; the base itself has none."""
    if "period" not in found.columns or base not in found["period"].to_list():
        raise BadInput(
            "water.base-unknown",
            f"--base {base} 不在 {sheet.name} 的 period 列中。",
            f"--base {base} is not among the periods of {sheet.name}.",
        )
    before = found.filter(pl.col("period") == base).select(
        "city", base_cwqi="cwqi", _base="_exact", _base_items="items"
    )
    joined = found.join(before, on="city", how="left", maintain_order="left")
    alike = (pl.col("period") != base) & (pl.col("items") == pl.col("_base_items"))
    change = pl.when(alike).then(rules.change(pl.col("_exact"), pl.col("_base")))
    return (
        joined.with_columns(change_percent=change)
        .with_columns(
            change_rank=pl.col("change_percent").rank("min").over("period").cast(pl.Int32)
        )
        .drop("_base", "_base_items")
    )


def _remarks(found: pl.DataFrame, absent: list[str], censored: pl.Series) -> None:
    if absent:
        typer.echo(
            f"21 项中缺 {len(absent)} 项（{'、'.join(absent)}），指数偏小，"
            "不能与公布的 CWQI 比较。\n"
            f"{len(absent)} of the 21 items are missing ({', '.join(absent)}): the index is too "
            "small to be compared with published ones.",
            err=True,
        )
    unranked = found.filter(pl.col("rank").is_null())["city"].to_list()
    if unranked:
        typer.echo(
            f"{'、'.join(unranked)} 的项目少于同榜其他城市，不排名。\n"
            f"{', '.join(unranked)}: fewer items than the others, not ranked.",
            err=True,
        )
    if (found["lake_points"] > 0).any():
        typer.echo(
            "河湖合并方式未经证实，见 weighting 列。\n"
            "How rivers and lakes are joined is unconfirmed; see the column weighting.",
            err=True,
        )
    halves = int((censored != "").sum())
    if halves:
        typer.echo(
            f"{halves} 行有未检出值，按检出限一半参加。\n"
            f"{halves} rows have values below detection, taken at half the limit.",
            err=True,
        )
