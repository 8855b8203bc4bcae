"""`fenhe water classify|round|feed IN OUT`: one table in, the same table with results out.

Columns nobody asked about are kept as they came; a column named like a result gives way to it.
Every cell that cannot be read is an error with its row, and then nothing is written.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import polars as pl
import typer

from fenhe.domains.water import tabular
from fenhe.domains.water.rules import classes, pollutants, rounding, tables
from fenhe.ingest.frames import Sheet, read_table, write_table
from fenhe.kernel.errors import BadInput
from fenhe.kernel.text import Text
from fenhe.standards.edition import Edition

In = Annotated[str, typer.Argument(metavar="IN", help="CSV、Parquet 或 - | CSV, Parquet or -")]
Out = Annotated[str, typer.Argument(metavar="OUT", help="CSV、Parquet 或 - | CSV, Parquet or -")]
Json = Annotated[bool, typer.Option("--json", help="结果为 JSON | results as JSON")]
EditionOption = Annotated[
    str | None, typer.Option("--edition", help="改用此标准版本 | use this edition")
]


def classify(source: In, target: Out, edition: EditionOption = None, as_json: Json = False) -> None:
    """断面水质类别 GB 3838：ph,do,codmn,nh3n,tp[,…],waterbody → class | classes by GB 3838.

    读取列 | columns read: ph, do, codmn, nh3n, tp（至少一项 | at least one）; cod, bod5, cu, zn,
    f, se, as, hg, cd, cr6, pb, cn, phenol, oil, las, s2; tn, fc（单列，不定类 | told apart）;
    waterbody = river | lake（缺省 river | default river）。单位 mg/L，fc 个/L；中文列名、w 编码
    可用 | Chinese names and w codes will do。未检出 | below detection: <0.01, 0.01L。

    写出列 | columns written: class（Ⅰ Ⅱ Ⅲ Ⅳ Ⅴ 劣Ⅴ）, class_<item>, main_pollutants（Ⅳ类及更差时，
    如 氨氮(1.12)、总磷(0.5)，对Ⅲ类的超标倍数 | times over class III）, main_items（nh3n,tp）,
    missing_items（五项缺项 | of the five）, censored（按检出限一半参加 | at half the limit）。
    """
    chosen = tabular.edition_named(tables.SURFACE, edition)
    sheet = read_table(source)
    tabular.name_columns(sheet, tables.every(chosen.id), ["waterbody"])
    names = tabular.some(sheet, tables.every(chosen.id))
    values, censored = tabular.items(sheet, names)
    body = tabular.waterbodies(sheet)
    sheet.refuse()
    judged = classed(values.with_columns(body), chosen, names)
    nothing = judged["class"].is_null()
    tabular.tell(sheet, nothing, "没有参评数据，没有类别", "no values to class, so no class")
    lacking = judged["missing_items"].str.len_chars() > 0
    tabular.tell(
        sheet, lacking & ~nothing, "缺项，按其余项目评价", "items are missing; the others decide"
    )
    _tell_limits(sheet, values, censored, chosen, body)
    results = tabular.unsaid(judged.with_columns(censored))
    write_table(sheet.frame.with_columns(results), target, as_json=as_json)


def classed(values: pl.DataFrame, edition: Edition, names: list[str]) -> pl.DataFrame:
    """class, class_<item>, main_pollutants, main_items, missing_items as they are printed."""
    judged = classes.classify(values, edition)
    deciding = [name for name in names if name in tables.assessed(edition.id)]
    judged = pollutants.main(judged, edition, deciding)
    five = [name for name in tables.feed_items() if name in values.columns]
    lacking = tabular.listed(values.select(pl.col(name).is_null() for name in five), five)
    absent = [name for name in tables.feed_items() if name not in values.columns]
    missing = pl.concat_str(
        [pl.lit(",".join(absent) or None, pl.String), pl.when(lacking != "").then(lacking)],
        separator=",",
        ignore_nulls=True,
    )
    return judged.select(
        tables.roman(pl.col("level")).alias("class"),
        *(tables.roman(pl.col(f"level_{name}")).alias(f"class_{name}") for name in names),
        "main_pollutants",
        "main_items",
        missing_items=missing.fill_null(""),
    )


def _tell_limits(
    sheet: Sheet, values: pl.DataFrame, censored: pl.Series, edition: Edition, body: pl.Series
) -> None:
    """A detection limit above the limit of class III cannot show that class III is kept."""
    over = pl.Series([False] * values.height, dtype=pl.Boolean)
    for kind in (tables.RIVER, tables.LAKE):
        known = tables.items(edition.id, kind)
        for name in values.columns:
            if name in known and known[name].rule == "at_most":
                here = censored.str.split(",").list.contains(name) & (body == kind)
                # the value stands for half the detection limit
                over = over | (
                    here & (values[name] * 2 > known[name].limit(3)).fill_null(value=False)
                )
    tabular.tell(
        sheet,
        over,
        "检出限高于Ⅲ类限值，不足以判定",
        "the detection limit is above the limit of class III and cannot show the class",
    )


class Purpose(StrEnum):
    HOURLY = "hourly"
    ASSESSMENT = "assessment"


def round_(
    source: In,
    target: Out,
    purpose: Annotated[
        Purpose,
        typer.Option("--for", help="hourly 小时发布、assessment 评价 | decimals of which purpose"),
    ] = Purpose.HOURLY,
    as_json: Json = False,
) -> None:
    """修约 GB/T 8170：item,value → rounded，或各项目列 → <item>_rounded | rounding by item.

    长表 | long: 列 | columns item, value[, purpose] → rounded。宽表 | wide: 项目列 | item columns
    wt, ph, do, ec, turb, codmn, nh3n, tp, tn, cod, bod5, … → <item>_rounded。四舍六入五成双；
    修约后为 0 的非零值保留一位有效数字 | half to even; a non-zero value that would become 0 keeps
    one significant digit。结果保留末尾的 0 | trailing zeros are kept。
    """
    sheet = read_table(source)
    known = sorted({name for p in rounding.PURPOSES for name in rounding.decimals(p)})
    tabular.name_columns(
        sheet, [*known, *tables.every(tables.surface().id)], ["item", "value", "purpose"]
    )
    if {"item", "value"} <= set(sheet.frame.columns):
        found = _round_long(sheet, purpose.value)
    else:
        found = _round_wide(sheet, known, purpose.value)
    write_table(found, target, as_json=as_json)


def _round_long(sheet: Sheet, purpose: str) -> pl.DataFrame:
    values, below = tabular.amounts(sheet, "value")
    spelled = tabular.spellings()
    items = [spelled.get(tabular.key(str(cell)), "") for cell in sheet.frame["item"]]
    wanted = (
        sheet.frame["purpose"].cast(pl.String).fill_null(purpose).to_list()
        if "purpose" in sheet.frame.columns
        else [purpose] * sheet.frame.height
    )
    kept = [
        rounding.decimals(why).get(item) if why in rounding.PURPOSES else None
        for item, why in zip(items, wanted, strict=True)
    ]
    text = Text("没有该项目（该用途）的修约位数", "has no decimals for this purpose")
    sheet.blame(
        "item",
        pl.Series([places is None for places in kept], dtype=pl.Boolean),
        "water.item-unknown",
        text,
    )
    sheet.refuse()
    said = [
        None if value is None or places is None else format(rounding.one(value, places), "f")
        for value, places in zip(values, kept, strict=True)
    ]
    _tell_halves(sheet, below)
    return sheet.frame.with_columns(pl.Series("rounded", said, pl.String))


def _round_wide(sheet: Sheet, known: list[str], purpose: str) -> pl.DataFrame:
    kept = rounding.decimals(Purpose(purpose).value)
    names = [name for name in tabular.some(sheet, known) if name in kept]
    if not names:
        raise BadInput(
            "water.no-items",
            f"{sheet.name} 的项目没有用途 {purpose} 的修约位数。",
            f"no item of {sheet.name} has decimals for {purpose}.",
        )
    read = {name: tabular.amounts(sheet, name) for name in names}
    sheet.refuse()
    for _, below in read.values():
        _tell_halves(sheet, below)
    return sheet.frame.with_columns(
        rounding.text(value, kept[name]).alias(f"{name}_rounded")
        for name, (value, _) in read.items()
    )


def _tell_halves(sheet: Sheet, below: pl.Series) -> None:
    tabular.tell(
        sheet, below, f"{below.name} 未检出，取检出限一半", f"{below.name} at half its limit"
    )


def feed(source: In, target: Out, edition: EditionOption = None, as_json: Json = False) -> None:
    """全国自动站实时数据：重算类别，与公布对照 | the national feed: class beside the published one.

    读取列 | columns read: ph, do, codmn, nh3n, tp（有 <item>_raw 时用原值 | raw values first）;
    class（公布类别 | as published）, province, section, time（MM-DD HH:MM 也可 | too）, status,
    waterbody（缺省由公布类别反推 | else inferred from the classes）。缺测 | missing: 空, *, --, -。

    写出列 | columns written: class_computed, class_<item>, class_differs（true/false，无公布为空）,
    difference, difference_zh, difference_en（原因 | the reason）, waterbody, waterbody_from
    （given | inferred | default）, half_limits（0.025、0.005 等半检出限 | half detection limits）。
    """
    from fenhe.domains.water.feed_file import compared

    chosen = tabular.edition_named(tables.SURFACE, edition)
    write_table(compared(read_table(source), chosen), target, as_json=as_json)
