"""What the verbs of sources share: reading outlets, times, numbers and yes/no out of a table, every
cell that cannot be read told with its row."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from fenhe.domains.sources import named
from fenhe.domains.sources.rules import exceedance
from fenhe.domains.sources.rules.exceedance import Outlet
from fenhe.ingest.frames import Sheet, read_table
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.text import Text

STAMPS = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y/%m/%d %H:%M",
    "%Y%m%d%H%M%S", "%Y-%m-%d",
)  # fmt: skip
ALIASES = {
    "排放口": "outlet", "排口": "outlet", "mn": "outlet", "因子": "code", "因子编码": "code",
    "时间": "time", "datatime": "time", "数值": "value", "实测值": "value", "标记": "flag",
    "含氧量": "o2", "基准氧含量": "o2_ref", "折算值": "sent", "zsavg": "sent", "企业": "enterprise",
    "有效": "valid", "停产": "outage", "负荷": "load", "流量": "flow", "烟温": "temperature",
    "湿度": "moisture", "标准": "standard", "排放源": "source_unit", "条件": "condition",
    "许可限值": "permit_limit",
}  # fmt: skip


def opened(source: str, need: list[str]) -> Sheet:
    sheet = read_table(source)
    names = {head.lower(): head for head in need}
    sheet.rename(ALIASES | names)
    sheet.need(need)
    return sheet


def words(sheet: Sheet, column: str) -> pl.Series:
    """Text that must be there."""
    cells = sheet.frame[column].cast(pl.String).str.strip_chars()
    sheet.blame(
        column, cells.is_null() | (cells == ""), "sources.blank", Text("不能为空", "must be filled")
    )
    return cells


def times(sheet: Sheet, column: str) -> pl.Series:
    """Civil times as devices and people write them; a time that cannot be read is a problem."""
    cells = sheet.frame[column]
    if cells.dtype.is_temporal():
        return cells.cast(pl.Datetime("us"))
    text = cells.cast(pl.String).str.strip_chars()
    read = pl.select(
        pl.coalesce(text.str.to_datetime(form, strict=False, time_unit="us") for form in STAMPS)
    ).to_series()
    sheet.blame(
        column, read.is_null(), "sources.time", Text("不是时间，如 2026-05-04 08:00", "is no time")
    )
    return read.alias(column)


def instant(text: str, option: str) -> datetime:
    for form in STAMPS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007  # civil and naive throughout
        except ValueError:
            continue
    raise BadInput(
        "sources.time",
        f"{option} 的“{text}”不是时间，如 2026-05-04 08:00。",
        f"“{text}” of {option} is no time; write 2026-05-04 08:00.",
    )


YES = {"true": True, "1": True, "yes": True, "是": True, "y": True,
       "false": False, "0": False, "no": False, "否": False, "n": False}  # fmt: skip


def flags(sheet: Sheet, column: str, default: bool) -> pl.Series:
    """Yes or no; the default where the column or the cell is absent."""
    if column not in sheet.frame.columns:
        return pl.Series(column, [default] * sheet.frame.height, dtype=pl.Boolean)
    cells = sheet.frame[column]
    if cells.dtype == pl.Boolean:
        return cells.fill_null(default)
    text = cells.cast(pl.String).str.strip_chars().str.to_lowercase()
    read = pl.Series(
        column, [default if not cell else YES.get(cell) for cell in text], dtype=pl.Boolean
    )
    sheet.blame(column, read.is_null(), "sources.yes-or-no", Text("请写是或否", "write yes or no"))
    return read


def numbers(sheet: Sheet, column: str, least: float | None = None) -> pl.Series:
    """Numbers, null where the column is absent."""
    if column not in sheet.frame.columns:
        return pl.Series(column, [None] * sheet.frame.height, dtype=pl.Float64)
    return sheet.numbers(column, least=least)


def outlets(source: str) -> dict[str, Outlet]:
    """`outlet, standard, source_unit, condition[, o2_ref, code, permit_limit]`: one row an outlet,
    or one for each code that has a permit limit. Everything the standards do not know is refused
    with its row."""
    sheet = opened(source, ["outlet", "standard", "source_unit", "condition"])
    names = words(sheet, "outlet")
    reference = numbers(sheet, "o2_ref", 0.0)
    permits = numbers(sheet, "permit_limit", 0.0)
    held = _places(sheet)
    own = pollutants(sheet) if "code" in sheet.frame.columns else permits.cast(pl.String)
    sheet.refuse()
    found: dict[str, Outlet] = {}
    for place, name in enumerate(names):
        known = found.get(name)
        permit = dict(known.permit or {}) if known else {}
        if permits[place] is not None and own[place]:
            permit[own[place]] = permits[place]
        found[name] = exceedance.Outlet(name, *held[place], reference[place], permit)
    return found


def _places(sheet: Sheet) -> list[named.Place]:
    """Standard, source unit and condition of every row in the standards' own words."""
    cells = [
        sheet.frame[column].cast(pl.String).fill_null("").str.strip_chars()
        for column in named.COLUMNS
    ]
    found = [named.place(*written) for written in zip(*cells, strict=True)]
    for row, place, written in zip(sheet.rows, found, zip(*cells, strict=True), strict=True):
        wrong = named.wrong(*place) if any(place) else None
        if wrong is not None:
            column, text = wrong
            cell = written[named.COLUMNS.index(column)]
            said = Text(f"“{cell}”{text.zh}", f"“{cell}” {text.en}")
            sheet.problems.append(
                Problem("sources.limit-unknown", said, sheet.name, row, column, cell)
            )
    return found


def coded(sheet: Sheet) -> pl.Series:
    """The codes of HJ 212 that must be there."""
    words(sheet, "code")
    return pollutants(sheet)


def pollutants(sheet: Sheet) -> pl.Series:
    """The codes of HJ 212, written as codes, symbols or names; a blank cell stays blank."""
    cells = sheet.frame["code"].cast(pl.String).str.strip_chars()
    known = {cell: named.code(cell) for cell in cells.unique() if cell}
    read = pl.Series("code", [known.get(cell) if cell else None for cell in cells], dtype=pl.String)
    unknown = cells.is_not_null() & (cells != "") & read.is_null()
    sheet.blame("code", unknown, "sources.code-unknown", named.code_unknown())
    return read
