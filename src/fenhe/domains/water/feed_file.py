"""A file of the national feed, read and compared: class computed again beside the one published."""

from __future__ import annotations

import polars as pl

from fenhe.domains.water import tabular
from fenhe.domains.water.rules import feed as rules
from fenhe.domains.water.rules import tables
from fenhe.ingest.frames import Sheet
from fenhe.kernel.text import Text
from fenhe.standards.edition import Edition

YEARLESS = "2000-"
"""The feed's stamps have no year; any leap year keeps their order."""


def missing_marks() -> list[str]:
    return [row["mark"] for row in tables.latest("water checks").table("missing")]


def compared(sheet: Sheet, edition: Edition) -> pl.DataFrame:
    """The table with the computed class and, row by row, why it differs from the published one."""
    five = tables.feed_items()
    tabular.name_columns(sheet, five, ["waterbody", "section", "class"])
    raw = [name for name in five if f"{name}_raw" in sheet.frame.columns]
    names = raw or tabular.some(sheet, five)
    values = _values(sheet, names, raw=bool(raw))
    published = (
        tabular.classes(sheet, "class", missing_marks())
        if "class" in sheet.frame.columns
        else pl.Series("class", [None] * sheet.frame.height, dtype=pl.Int8)
    )
    given = tabular.waterbodies(sheet) if "waterbody" in sheet.frame.columns else None
    stamps = times(sheet)
    sheet.refuse()
    rows = values.with_columns(
        published.alias("published"), stamps.alias("time"), _station=station(sheet)
    ).with_row_index("_row")
    if given is not None:
        rows = rows.with_columns(given, waterbody_from=pl.lit("given"))
    else:
        inferred = rules.infer_waterbody(rows, edition, names)
        known = rows["published"].is_not_null().any()
        rows = rows.join(
            inferred, on="_station", how="left", nulls_equal=True, maintain_order="left"
        )
        rows = rows.with_columns(waterbody_from=pl.lit("inferred" if known else "default"))
    judged = rules.compare(rows, edition, shown=not raw)
    zh = {name: text.zh for name, text in rules.REASONS.items()}
    en = {name: text.en for name, text in rules.REASONS.items()}
    results = judged.select(
        "waterbody",
        "waterbody_from",
        tables.roman(pl.col("level")).alias("class_computed"),
        *(tables.roman(pl.col(f"level_{name}")).alias(f"class_{name}") for name in names),
        class_differs=pl.col("level") != pl.col("published"),
        difference="difference",
        difference_zh=pl.col("difference").replace_strict(zh),
        difference_en=pl.col("difference").replace_strict(en),
        half_limits=rules.half_limits(values),
    )
    return sheet.frame.with_columns(tabular.unsaid(results))


def _values(sheet: Sheet, names: list[str], *, raw: bool) -> pl.DataFrame:
    marks = missing_marks()
    found = []
    for name in names:
        column = f"{name}_raw" if raw else name
        value, _ = tabular.amounts(sheet, column, marks)
        found.append(value.alias(name))
    return pl.DataFrame(found)


def station(sheet: Sheet) -> pl.Series:
    """Names repeat across provinces: the station is province and section."""
    parts = [c for c in ("province", "basin", "section") if c in sheet.frame.columns]
    if not parts:
        return pl.int_range(sheet.frame.height, eager=True).cast(pl.String)
    return sheet.frame.select(
        station=pl.concat_str(
            [pl.col(c).cast(pl.String).fill_null("") for c in parts], separator="/"
        )
    )["station"]


def times(sheet: Sheet, column: str = "time") -> pl.Series:
    """Civil times; the feed's own stamps have no year. What is no time leaves the row without."""
    if column not in sheet.frame.columns:
        return pl.Series(column, [None] * sheet.frame.height, dtype=pl.Datetime("us"))
    cells = sheet.frame[column]
    if cells.dtype.is_temporal():
        return cells.cast(pl.Datetime("us"))
    text = (
        pl.col(column)
        .cast(pl.String)
        .str.strip_chars()
        .str.replace_all("/", "-")
        .str.replace("T", " ")
    )
    tries = [
        text.str.to_datetime(form, strict=False, time_unit="us")
        for form in ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M")
    ]
    yearless = (YEARLESS + text).str.to_datetime("%Y-%m-%d %H:%M", strict=False, time_unit="us")
    found = cells.to_frame().select(pl.coalesce([*tries, yearless]).alias(column))[column]
    # a missing stamp is a mark too, alone or behind a year: "--", "2021-*"
    marked = cells.cast(pl.String).str.strip_chars().str.contains(r"[*-]$")
    unread = found.is_null() & cells.is_not_null() & ~marked
    sheet.blame(column, unread, "water.time-unreadable", Text("不是时间", "is no time"))
    return found
