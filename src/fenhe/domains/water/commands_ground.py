"""`fenhe water groundwater IN OUT`: wells in, classes by GB/T 14848-2017 out."""

from __future__ import annotations

import polars as pl

from fenhe.domains.water import tabular
from fenhe.domains.water.commands_class import In, Json, Out
from fenhe.domains.water.rules import groundwater as rules
from fenhe.domains.water.rules import tables
from fenhe.ingest.frames import Sheet, read_table, write_table
from fenhe.kernel.text import Text

WORDS = ("无", "有")


def groundwater(source: In, target: Out, as_json: Json = False) -> None:
    """地下水质量类别 GB/T 14848-2017：铁, 总硬度, … → class | groundwater classes, 93 items.

    读取列 | columns read: 标准中的项目名 | items as the standard names them（pH、铁、总硬度、
    耗氧量、氨氮、三氯甲烷 …，至少一项 | at least one）。单位如标准：有机物 µg/L | units as in
    the standard, organics µg/L。嗅和味、肉眼可见物写 无 或 有。未检出 | below detection: <0.01,
    0.01L，按一半参加（要求“不得检出”的按 0）| half the
    limit takes part, 0 where the standard asks for "not detectable".

    写出列 | columns written: class（Ⅰ～Ⅴ）, class_<项目>, worst_items（定类项目 | what decides）。
    """
    sheet = read_table(source)
    known = rules.items()
    sheet.rename({tabular.key(name): name for name in known})
    names = tabular.some(sheet, list(known))
    read = [_column(sheet, name) for name in names]
    sheet.refuse()
    judged = rules.classify(pl.DataFrame(read))
    deciding = [
        pl.when(pl.col(f"level_{name}") == pl.col("level")).then(pl.lit(name)) for name in names
    ]
    results = judged.select(
        tables.roman(pl.col("level")).alias("class"),
        *(tables.roman(pl.col(f"level_{name}")).alias(f"class_{name}") for name in names),
        worst_items=pl.concat_str(deciding, separator="、", ignore_nulls=True),
    )
    nothing = results["class"].is_null()
    tabular.tell(sheet, nothing, "没有数据，没有类别", "no values, so no class")
    write_table(sheet.frame.with_columns(tabular.unsaid(results)), target, as_json=as_json)


def _column(sheet: Sheet, name: str) -> pl.Series:
    if rules.items()[name]["rule"] == "absent":
        cells = sheet.frame[name].cast(pl.String).str.strip_chars()
        odd = cells.is_not_null() & ~cells.is_in(list(WORDS))
        sheet.blame(name, odd, "water.yes-no", Text("请写 无 或 有", "write 无 or 有"))
        return cells
    values, below = tabular.amounts(sheet, name)
    if not rules.asks_absence(rules.items()[name]):
        return values
    return pl.select(pl.when(below).then(0.0).otherwise(values)).to_series().alias(name)
