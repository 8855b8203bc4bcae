"""`fenhe water responsibility IN OUT`: sections of a month in, balances of districts out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
import typer

from fenhe.domains.water import tabular
from fenhe.domains.water.commands_class import In, Json, Out
from fenhe.domains.water.rules import responsibility as rules
from fenhe.domains.water.rules.responsibility import Mean
from fenhe.ingest.frames import Sheet, read_table, write_table

COLUMNS = ("section", "day", "item", "value")
OPTIONAL = ("flow", "district", "inflows", "limit")
SEPARATORS = r"[;；、]"


@dataclass(frozen=True)
class Section:
    district: str
    inflows: tuple[str, ...]
    limits: Mapping[str, float]


def responsibility(source: In, target: Out, as_json: Json = False) -> None:
    """出入境断面责任分担：逐日浓度（和流量）→ 各区县净增负荷 | in- and out-sections: own share.

    读取列 | columns read: section, day, item（cod、nh3n、tp …）, value（mg/L）; 可选 | optional:
    flow（同日流量 m³/s | discharge of the day）, district（出境断面填 | of out-sections）, inflows
    （入境断面名，; 分隔 | names of the inflow sections）, limit（目标限值 | target limit, mg/L）。

    写出 | written: 每个出境断面和项目一行 | a row an out-section and item: entering, leaving,
    change, change_sure（是否超出不确定度 | beyond uncertainty）, origin（met, within, entered,
    both, open）, load_in, load_out, own, own_low, own_high（kg/d，95%）, own_share（%）, cannot
    （不能说的 | what cannot be said: loads, mixing, no_inflow, inflow_missing）。
    没有流量只比浓度 | without flow only concentrations are compared。
    """
    sheet = read_table(source)
    sheet.rename({name: name for name in (*COLUMNS, *OPTIONAL)})
    sheet.need(COLUMNS)
    values, _ = tabular.amounts(sheet, "value")
    flows = _optional(sheet, "flow")
    limits = _optional(sheet, "limit")
    sheet.refuse()
    frame = pl.DataFrame(
        {
            "section": _texts(sheet, "section"),
            "day": _texts(sheet, "day"),
            "item": _items(sheet),
            "district": _texts(sheet, "district"),
            "inflows": _texts(sheet, "inflows"),
            "value": values,
            "flow": flows,
            "limit": limits,
        }
    )
    results = _results(frame)
    if results.is_empty():
        typer.echo(
            "没有出境断面：请在 district 列写明哪些断面是哪个区县的出境断面。\n"
            "No out-section: name in the column district whose out-section a section is.",
            err=True,
        )
    write_table(results, target, as_json=as_json)


def _texts(sheet: Sheet, column: str) -> pl.Series:
    if column not in sheet.frame.columns:
        return pl.Series(column, [""] * sheet.frame.height, dtype=pl.String)
    return sheet.frame[column].cast(pl.String).fill_null("").str.strip_chars()


def _items(sheet: Sheet) -> pl.Series:
    """Items by their ids, whatever they are called: 氨氮, NH3-N, nh3n."""
    known = tabular.spellings()
    cells = _texts(sheet, "item")
    return pl.Series("item", [known.get(tabular.key(cell), cell) for cell in cells])


def _optional(sheet: Sheet, column: str) -> pl.Series:
    if column not in sheet.frame.columns:
        return pl.Series(column, [None] * sheet.frame.height, dtype=pl.Float64)
    return tabular.amounts(sheet, column)[0]


def _results(frame: pl.DataFrame) -> pl.DataFrame:
    means = _means(frame)
    rows = []
    for name, about in _sections(frame).items():
        for item in frame.filter(pl.col("section") == name)["item"].unique(maintain_order=True):
            out = means.get((name, item))
            if out is None:
                continue
            entering = [means[one, item] for one in about.inflows if (one, item) in means]
            made = rules.balance(
                item,
                out,
                entering,
                about.limits.get(item),
                complete=len(entering) == len(about.inflows),
            )
            rows.append(
                {
                    "district": about.district, "section": name, "inflows": ";".join(about.inflows),
                    "item": item, "days": out.days, "entering": made.entering,
                    "leaving": out.value, "limit": made.limit, "change": made.change,
                    "change_sure": made.sure, "origin": made.origin,
                    "load_in": sum(x.load or 0.0 for x in made.inflows) if made.own is not None
                    else None,
                    "load_out": out.load, "own": made.own, "own_low": made.low,
                    "own_high": made.high, "own_share": made.share,
                    "cannot": ";".join(made.cannot) or None,
                }
            )  # fmt: skip
    texts = ("district", "section", "inflows", "item", "origin", "cannot")
    names = (
        "district", "section", "inflows", "item", "days", "entering", "leaving", "limit", "change",
        "change_sure", "origin", "load_in", "load_out", "own", "own_low", "own_high", "own_share",
        "cannot",
    )  # fmt: skip
    kinds: dict[str, type[pl.DataType]] = dict.fromkeys(names, pl.Float64)
    kinds |= dict.fromkeys(texts, pl.String) | {"days": pl.Int64, "change_sure": pl.Boolean}
    return pl.DataFrame(rows, kinds)


def _means(frame: pl.DataFrame) -> dict[tuple[str, str], Mean]:
    found: dict[tuple[str, str], Mean] = {}
    known = frame.filter(pl.col("value").is_not_null()).sort("day", maintain_order=True)
    for (section, item), part in known.group_by("section", "item", maintain_order=True):
        made = rules.mean_of(str(section), part["value"].to_list(), part["flow"].to_list())
        if made is not None:
            found[str(section), str(item)] = made
    return found


def _sections(frame: pl.DataFrame) -> dict[str, Section]:
    """The out-sections: those whose district is named."""
    found = {}
    for (name,), part in frame.group_by("section", maintain_order=True):
        district = next((one for one in part["district"] if one), "")
        if not district:
            continue
        named = next((one for one in part["inflows"] if one), "")
        inflows = pl.Series([named]).str.replace_all(SEPARATORS, ";").str.split(";")[0]
        limits = {
            str(row["item"]): float(row["limit"])
            for row in part.iter_rows(named=True)
            if row["limit"] is not None
        }
        found[str(name)] = Section(
            district, tuple(one.strip() for one in inflows if one.strip()), limits
        )
    return found
