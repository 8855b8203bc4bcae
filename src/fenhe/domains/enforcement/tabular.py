"""Tables that people give to the tools of enforcement, read for the rules: rolls and inspectors of
a draw, reports and qualifications of laboratories."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from fenhe.domains.enforcement.rules.draw import Entry, Inspector
from fenhe.ingest.frames import Sheet
from fenhe.kernel.errors import BadInput
from fenhe.kernel.text import Text


def roll(sheet: Sheet) -> tuple[list[Entry], dict[str, str]]:
    """code[, class (general where it is left out)][, excluded (why it is left out)]."""
    sheet.rename({})
    sheet.need(["code"])
    blank = sheet.frame["code"].is_null()
    sheet.blame("code", blank, "enforcement.code", Text("缺编号", "has no code"))
    sheet.refuse()
    entries, excluded = [], {}
    for cells in sheet.frame.iter_rows(named=True):
        code = str(cells["code"])
        entries.append(Entry(code, str(cells.get("class") or "general")))
        if cells.get("excluded"):
            excluded[code] = str(cells["excluded"])
    return entries, excluded


def people(sheet: Sheet) -> list[Inspector]:
    """code[, recused (objects, with ;)]."""
    sheet.rename({})
    sheet.need(["code"])
    return [
        Inspector(
            str(cells["code"]),
            frozenset(part.strip() for part in str(cells.get("recused") or "").split(";") if part),
        )
        for cells in sheet.frame.iter_rows(named=True)
    ]


def shares(given: Iterable[str]) -> dict[str, float]:
    """class=share, such as key=0.25."""
    found = {}
    for text in given:
        name, _, share = text.partition("=")
        try:
            found[name.strip()] = float(share)
        except ValueError as error:
            raise BadInput(
                "enforcement.share",
                f"抽查比例“{text}”应写成 类别=比例，如 key=0.25",
                f"the share “{text}” should be class=share, such as key=0.25",
            ) from error
    return found


_TIMES = ("start", "end", "run_start", "run_end", "record_time", "report_time")
_NUMBERS = (
    "longitude", "latitude", "held_h", "holding_h", "value_a", "value_b", "repeatability_pct",
)  # fmt: skip


def lab_rows(sheet: Sheet) -> pl.DataFrame:
    """A report of a laboratory as `rules.laboratory` reads it."""
    there = sheet.frame.columns
    numbers = [sheet.numbers(name, least=None) for name in _NUMBERS if name in there]
    times = [_times(sheet, name) for name in _TIMES if name in there]
    sheet.refuse()
    texts = [
        sheet.frame[name].cast(pl.String)
        for name in ("sample", "sampler", "instrument", "chromatogram", "peak_area", "item")
        if name in there
    ]
    agency = (
        sheet.frame["agency"].cast(pl.String).fill_null("")
        if "agency" in there
        else pl.Series("agency", [""] * sheet.frame.height)
    )
    return pl.DataFrame([sheet.rows.alias("row"), agency, *texts, *numbers, *times])


def scope(sheet: Sheet) -> pl.DataFrame:
    """agency, item[, valid_from, valid_to]: what each is qualified for."""
    sheet.rename({})
    sheet.need(["agency", "item"])
    times = [_times(sheet, n) for n in ("valid_from", "valid_to") if n in sheet.frame.columns]
    sheet.refuse()
    return sheet.frame.select(pl.col("agency", "item").cast(pl.String)).with_columns(times)


def _times(sheet: Sheet, column: str) -> pl.Series:
    cells = sheet.frame[column]
    if cells.dtype.is_temporal():
        return cells.cast(pl.Datetime("us"))
    text = pl.col(column).cast(pl.String).str.strip_chars().str.replace("T", " ")
    forms = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M")
    tries = [text.str.to_datetime(form, strict=False, time_unit="us") for form in forms]
    day = text.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
    found = cells.to_frame().select(pl.coalesce([*tries, day]).alias(column))[column]
    unread = found.is_null() & cells.is_not_null()
    sheet.blame(column, unread, "enforcement.time", Text("不是时间", "is no time"))
    return found
