"""`fenhe water compensation IN OUT`: results of boundary sections in, districts' statements out."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from fenhe.domains.water import tabular
from fenhe.domains.water.commands_class import In, Json, Out
from fenhe.domains.water.rules import compensation as rules
from fenhe.domains.water.rules import tables
from fenhe.domains.water.rules.compensation import Result, Statement
from fenhe.ingest.frames import PIPE, Sheet, read_table, write_table
from fenhe.kernel.errors import BadInput
from fenhe.kernel.period import Period
from fenhe.kernel.text import Text
from fenhe.standards.edition import Edition

COLUMNS = ("district", "section", "period", "item", "value")
OPTIONAL = ("target", "last_year", "upstream", "class", "inflow", "waterbody")
YES, NO = ("true", "yes", "1", "是", "有"), ("false", "no", "0", "否", "无")


def compensation(
    source: In,
    target: Out,
    scheme: Annotated[
        str | None,
        typer.Option(
            help="方案，如 shanxi-2013；list 列出全部 | which scheme; list names them all"
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """流域断面补偿：按方案计算各区县月度账单 | compensation statements of districts by a scheme.

    读取列 | columns read: district, section, period（2026-11）, item（cod、氨氮 …）, value（mg/L）,
    target（浓度，或类别如 Ⅲ 由 GB 3838 换算 | a concentration, or a class taken from GB 3838）,
    可选 | optional: last_year, upstream, class, waterbody, inflow（有入境河流 | river enters）。

    写出 | written: 每行一条明细或合计 | a line or a total a row: district, period, kind（item,
    class, netting, reward, total）, section, item, value, base, measure（超标倍数或变化 % |
    multiple or change in %）, amount, low, high（万元，正为缴、负为得；方案金额未知时只有范围 |
    10⁴ yuan, positive is paid; a range where the amount is not known）, clause, confidence,
    note_zh, note_en。
    OUT 以 .json 结尾或 --json 时按区县嵌套 | nested by district with .json or --json。
    """
    if scheme == "list":
        for one in rules.schemes():
            typer.echo(f"{one.aliases[0]}\t{one.id}\t{one.title.zh} | {one.title.en}")
        return
    chosen = _scheme(scheme)
    results = _results(read_table(source))
    found = rules.statements(results, chosen)
    _tell(found, chosen)
    if as_json or target.endswith(".json"):
        _write_json(found, chosen, target)
    else:
        write_table(_rows(found), target)


def _scheme(named: str | None) -> Edition:
    known = {name: one for one in rules.schemes() for name in (*one.aliases, one.id)}
    close = {one.id: one for name, one in known.items() if named and named in name}
    if named in known:
        return known[named]
    if len(close) == 1:
        return next(iter(close.values()))
    listed = "、".join(alias for one in rules.schemes() for alias in one.aliases)
    raise BadInput(
        "water.scheme-unknown",
        f"请用 --scheme 指明方案；可用：{listed}。",
        f"Name a scheme with --scheme; there are {listed.replace('、', ', ')}.",
    )


def _results(sheet: Sheet) -> list[Result]:
    sheet.rename({name: name for name in (*COLUMNS, *OPTIONAL)} | {"month": "period"})
    sheet.need(COLUMNS)
    spelled = tabular.spellings()
    items = [spelled.get(tabular.key(str(cell))) for cell in sheet.frame["item"]]
    unknown = pl.Series([item is None for item in items], dtype=pl.Boolean)
    sheet.blame("item", unknown, "water.item-unknown", Text("不是认识的项目", "is no known item"))
    bad = pl.Series([not _is_period(cell) for cell in sheet.frame["period"]], dtype=pl.Boolean)
    said = Text("不是时段，应如 2026-11 或 2026", "is no period; write 2026-11 or 2026")
    sheet.blame("period", bad, "water.period-unreadable", said)
    for column in ("district", "section", "value"):
        blank = sheet.frame[column].is_null()
        sheet.blame(column, blank, "water.blank", Text("不能为空", "must not be empty"))
    values, below = tabular.amounts(sheet, "value")
    body = tabular.waterbodies(sheet)
    targets = _targets(sheet, items, body)
    past, upstream = (_optional(sheet, name) for name in ("last_year", "upstream"))
    levels = tabular.classes(sheet, "class") if "class" in sheet.frame.columns else None
    inflows = _yes_no(sheet)
    sheet.refuse()
    tabular.tell(sheet, below, "未检出，取检出限一半", "below detection, taken at half the limit")
    return [
        Result(
            district=str(sheet.frame["district"][row]),
            section=str(sheet.frame["section"][row]),
            period=str(sheet.frame["period"][row]).strip(),
            item=str(items[row]),
            value=float(values[row]),
            target=targets[row],
            last_year=past[row],
            upstream=upstream[row],
            level=None if levels is None else levels[row],
            inflow=inflows[row],
        )
        for row in range(sheet.frame.height)
    ]


def _is_period(cell: object) -> bool:
    text = str(cell).strip()
    try:
        Period.parse(text)
    except ValueError:
        return False
    return len(text) in (4, 7)


def _targets(sheet: Sheet, items: list[str | None], body: pl.Series) -> list[float | None]:
    """A concentration as it is; a class as the limit of GB 3838 for the item."""
    if "target" not in sheet.frame.columns:
        return [None] * sheet.frame.height
    cells = sheet.frame["target"].cast(pl.String).fill_null("").str.strip_chars().to_list()
    edition = tables.surface()
    found: list[float | None] = []
    wrong = []
    for cell, item, kind in zip(cells, items, body, strict=True):
        limit = _target(cell, item, kind or tables.RIVER, edition)
        wrong.append(bool(cell) and limit is None and item is not None)
        found.append(limit)
    said = Text("不是浓度也不是类别", "is neither a concentration nor a class")
    sheet.blame("target", pl.Series(wrong, dtype=pl.Boolean), "water.target-unreadable", said)
    return found


def _target(cell: str, item: str | None, kind: str, edition: Edition) -> float | None:
    try:
        number = float(cell)
    except ValueError:
        number = 0.0
    roman = cell in tables.ROMAN or cell.strip("类").upper() in ("I", "II", "III", "IV", "V")
    known = tables.items(edition.id, kind).get(item or "")
    if (roman or cell.endswith("类")) and known is not None and known.rule == "at_most":
        level = tables.level_of(cell)
        return known.limit(level) if level is not None and level < tables.WORST else None
    return number if number > 0 else None


def _optional(sheet: Sheet, column: str) -> list[float | None]:
    if column not in sheet.frame.columns:
        return [None] * sheet.frame.height
    values, _ = tabular.amounts(sheet, column)
    return values.to_list()


def _yes_no(sheet: Sheet) -> list[bool | None]:
    if "inflow" not in sheet.frame.columns:
        return [None] * sheet.frame.height
    cells = sheet.frame["inflow"].cast(pl.String).str.strip_chars().str.to_lowercase().fill_null("")
    known = {"": None, **dict.fromkeys(YES, True), **dict.fromkeys(NO, False)}
    odd = ~cells.is_in(list(known))
    sheet.blame("inflow", odd, "water.yes-no", Text("请写 是 或 否", "write yes or no"))
    return [known.get(cell) for cell in cells]


def _tell(found: list[Statement], scheme: Edition) -> None:
    if scheme.note:
        typer.echo(f"{scheme.note.zh}\n{scheme.note.en}", err=True)
    if any(one.amount is None for one in found):
        typer.echo(
            "有的金额在方案中未知或数据不足，只给出范围，不能作为账单。\n"
            "Some amounts are unknown to the scheme or lack data; only ranges are given: no bill.",
            err=True,
        )


def _rows(found: list[Statement]) -> pl.DataFrame:
    rows = []
    for one in found:
        for line in one.lines:
            cells = asdict(line)
            rows.append({**cells, "note_zh": cells.pop("zh"), "note_en": cells.pop("en")})
        rows.append(
            {
                "district": one.district, "period": one.period, "kind": "total", "section": "",
                "item": "", "amount": one.amount, "low": one.low, "high": one.high,
                "note_zh": f"合计 {len(one.lines)} 条", "note_en": f"{len(one.lines)} lines",
            }
        )  # fmt: skip
    numbers = ("value", "base", "measure", "amount", "low", "high")
    names = (
        "district", "period", "kind", "section", "item", *numbers,
        "clause", "confidence", "note_zh", "note_en",
    )  # fmt: skip
    schema = {name: pl.Float64 if name in numbers else pl.String for name in names}
    found_rows = [{name: row.get(name) for name in names} for row in rows]
    return pl.DataFrame(tabular.unsaid(pl.DataFrame(found_rows, schema)))


def _write_json(found: list[Statement], scheme: Edition, target: str) -> None:
    content = {
        "scheme": scheme.id,
        "title": scheme.title.as_dict(),
        "unit": rules.term(scheme, "unit"),
        "statements": [asdict(one) for one in found],
    }
    text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    if target == PIPE:
        typer.echo(text, nl=False)
        return
    path = Path(target)
    if not path.parent.is_dir():
        raise BadInput(
            "table.no-folder",
            f"没有文件夹 {path.parent}，请先建立。",
            f"There is no folder {path.parent}; make it first.",
        )
    path.write_text(text, encoding="utf-8")
