"""What the verbs of water share: reading items out of a table, with detection limits, and telling
on standard error what a reader of the result should know.

A concentration is a plain number, or stands below its detection limit: `<0.01` or `0.01L` (HJ
notation). Half the limit then takes part (环办监测函〔2020〕82号), and the row says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl
import typer

from fenhe.domains.water.rules import columns, tables
from fenhe.ingest.frames import Sheet, plain_header
from fenhe.kernel.errors import BadInput
from fenhe.kernel.text import Text
from fenhe.kernel.values import Qualifier, read_values
from fenhe.standards.edition import Edition

HALF = 0.5
LISTED = 10  # rows named in a remark


def name_columns(sheet: Sheet, wanted: Iterable[str], others: Iterable[str] = ()) -> None:
    """Known spellings of the wanted columns get their plain names."""
    keep = {*wanted, *others}
    spelled = columns.other_aliases() | columns.aliases()
    found = {}
    for column in sheet.frame.columns:
        name = spelled.get(columns.key(column))
        if name in keep:
            found[plain_header(column)] = name
    # A column with the plain name wins over a mere alias of it.
    exact = {plain_header(column) for column in sheet.frame.columns} & keep
    for name in exact:
        found = {head: meant for head, meant in found.items() if meant != name or head == name}
    sheet.rename(found)


def amounts(sheet: Sheet, column: str, missing: Iterable[str] = ()) -> tuple[pl.Series, pl.Series]:
    """The column as numbers with half detection limits, and which rows were below a limit.
    pH must lie in 0 to 14. `>` of a range's end has no class and is a problem of its row."""
    cells = sheet.frame[column]
    read = read_values(cells, missing)
    kind = pl.col("qualifier")
    below = kind == int(Qualifier.BELOW)
    judged = read.select(
        below=below,
        value=pl.when(below).then(pl.col("value") * HALF).otherwise(pl.col("value")),
        bad=~pl.col("ok") | (kind == int(Qualifier.ABOVE)),
        small=pl.col("value") < 0,
        high=pl.lit(column == "ph") & (pl.col("value") > 14),
    )
    said = Text(
        "不是半角数值（未检出写作 <0.01 或 0.01L）",
        "this is not a plain number (below a detection limit: <0.01 or 0.01L)",
    )
    sheet.blame(column, judged["bad"], "water.not-a-number", said)
    sheet.blame(column, judged["small"], "water.negative", Text("不能为负", "is below zero"))
    sheet.blame(column, judged["high"], "water.ph-range", Text("pH 在 0～14 之间", "pH is 0 to 14"))
    return judged["value"].alias(column), judged["below"].fill_null(value=False).alias(column)


def items(
    sheet: Sheet, names: Sequence[str], missing: Iterable[str] = ()
) -> tuple[pl.DataFrame, pl.Series]:
    """The items as numbers, and per row the items taken at half their detection limit."""
    read = {name: amounts(sheet, name, missing) for name in names}
    values = pl.DataFrame([value for value, _ in read.values()])
    below = pl.DataFrame([mark for _, mark in read.values()])
    return values, listed(below, names).alias("censored")


def listed(marks: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """Per row the names marked true, comma-joined."""
    if not names:
        return pl.Series("listed", [""] * marks.height, dtype=pl.String)
    words = [pl.when(pl.col(name)).then(pl.lit(name)) for name in names]
    return marks.select(listed=pl.concat_str(words, separator=",", ignore_nulls=True))["listed"]


def waterbodies(sheet: Sheet) -> pl.Series:
    """river or lake per row; without the column every row is a river."""
    if "waterbody" not in sheet.frame.columns:
        return pl.Series("waterbody", [tables.RIVER] * sheet.frame.height, dtype=pl.String)
    cells = sheet.frame["waterbody"].cast(pl.String)
    known = {cell: columns.waterbody(cell) for cell in cells.unique()}
    found = pl.Series("waterbody", [known[cell] for cell in cells], dtype=pl.String)
    sheet.blame(
        "waterbody",
        found.is_null(),
        "water.waterbody-unknown",
        Text("应为 river（河流）或 lake（湖库）", "write river or lake"),
    )
    return found


def classes(sheet: Sheet, column: str, missing: Iterable[str] = ()) -> pl.Series:
    """A column of printed classes as levels 1 to 6; blank is null."""
    cells = sheet.frame[column].cast(pl.String).fill_null("").str.strip_chars()
    none = {"", *missing}
    known = {cell: None if cell in none else tables.level_of(cell) for cell in cells.unique()}
    found = pl.Series(column, [known[cell] for cell in cells], dtype=pl.Int8)
    text = Text("不是水质类别，应如 Ⅲ、III、3、劣Ⅴ", "no class; write Ⅲ, III, 3 or 劣Ⅴ")
    sheet.blame(column, found.is_null() & ~cells.is_in(list(none)), "water.class-unknown", text)
    return found


def unsaid(results: pl.DataFrame) -> list[pl.Series]:
    """The columns with empty texts as nothing: an empty cell, null in JSON."""
    return results.with_columns(pl.selectors.string().replace({"": None})).get_columns()


def some(sheet: Sheet, names: Sequence[str]) -> list[str]:
    """Those of the names the table has; a table with none is refused."""
    found = [name for name in names if name in sheet.frame.columns]
    if not found:
        listed_names = "、".join(names)
        raise BadInput(
            "water.no-items",
            f"{sheet.name} 没有任何评价项目列；可用：{listed_names}。",
            f"{sheet.name} has no column of an item; there are {', '.join(names)}.",
        )
    return found


def tell(sheet: Sheet, where: pl.Series, zh: str, en: str) -> None:
    """A remark on standard error with the rows it concerns."""
    rows = [str(row) for row in sheet.rows.filter(where.fill_null(value=False))]
    if rows:
        shown = ", ".join(rows[:LISTED]) + (" …" if len(rows) > LISTED else "")
        typer.echo(f"第 {shown} 行（共 {len(rows)} 行）：{zh}。", err=True)
        typer.echo(f"Rows {shown} ({len(rows)} in all): {en}.", err=True)


def edition_named(standard: str, id: str | None) -> Edition:
    """An edition given on the command line, or the newest. Raises BadInput
    `water.edition-unknown`."""
    known = {e.id: e for e in tables.editions(standard)}
    if id is None:
        return tables.latest(standard)
    if id not in known:
        raise BadInput(
            "water.edition-unknown",
            f"--edition {id} 不认识；可用：{'、'.join(known)}。",
            f"--edition {id} is not known; there are {', '.join(known)}.",
        )
    return known[id]


def spellings() -> dict[str, str]:
    """Plain spelling of an item → its id, every item with decimals included."""
    own = {columns.key(name): name for name in _rounded_items()}
    table = tables.latest(tables.STATISTICS).table("decimals")
    return own | {columns.key(row["name"]): row["item"] for row in table} | columns.aliases()


def key(text: str) -> str:
    return columns.key(text)


def _rounded_items() -> list[str]:
    return [row["item"] for row in tables.latest(tables.STATISTICS).table("decimals")]
