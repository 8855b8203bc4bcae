"""`fenhe air iaqi|feed|composite|rank IN OUT`: one table in, the same table with results out.

Columns nobody asked about are kept as they came; a column named like a result gives way to it. An
empty concentration gives an empty result; every other cell that is no number is an error with its
row, and then nothing is written.
"""

from __future__ import annotations

from typing import Annotated

import polars as pl
import typer

from fenhe.domains.air.connectors import MISSING
from fenhe.domains.air.rules import composite as rules_of_composite
from fenhe.domains.air.rules import feed as rules_of_feed
from fenhe.domains.air.rules import iaqi as rules_of_iaqi
from fenhe.domains.air.rules import ranking, tables
from fenhe.domains.air.rules.composite import COLUMNS, PREVIOUS
from fenhe.domains.air.rules.ranking import AfterTie
from fenhe.ingest.frames import Sheet, plain_header, read_table, write_table
from fenhe.kernel.errors import BadInput, NotFound
from fenhe.kernel.period import Period
from fenhe.kernel.text import Text
from fenhe.standards.edition import Edition

In = Annotated[str, typer.Argument(metavar="IN", help="CSV、Parquet 或 - | CSV, Parquet or -")]
Out = Annotated[str, typer.Argument(metavar="OUT", help="CSV、Parquet 或 - | CSV, Parquet or -")]
Json = Annotated[bool, typer.Option("--json", help="结果为 JSON | results as JSON")]
EditionOption = Annotated[
    str | None, typer.Option("--edition", help="改用此标准版本 | use this edition")
]
DEFAULT_SCHEME = "composite 2012"  # the only scheme proven on published bulletins


def iaqi(source: In, target: Out, as_json: Json = False) -> None:
    """空气质量分指数：edition,pollutant,averaging,concentration → iaqi | sub-index of each row."""
    sheet = read_table(source)
    wanted = [*rules_of_iaqi.KEYS, "concentration"]
    sheet.rename({name: name for name in wanted})
    sheet.need(wanted)
    known = sheet.frame.select(rules_of_iaqi.KEYS).pipe(_standard_names, sheet)
    numbers = sheet.numbers("concentration")
    sheet.refuse()
    result = rules_of_iaqi.iaqi(known.with_columns(numbers))["iaqi"]
    _tell_empty(sheet, numbers, result)
    write_table(sheet.frame.with_columns(result), target, as_json=as_json)


def _tell_empty(sheet: Sheet, numbers: pl.Series, result: pl.Series) -> None:
    """Why rows have no index: no concentration, or one above the top of its scale."""
    reasons = (
        (numbers.is_null(), "没有浓度，没有 IAQI", "no concentration, no IAQI"),
        (
            numbers.is_not_null() & result.is_null(),
            "浓度高于该标准该平均时间的最高分段点，标准没有规定 IAQI（应改用 24 小时值等）",
            "above the last breakpoint of this averaging time; the edition gives no IAQI there",
        ),
    )
    for where, zh, en in reasons:
        rows = [str(row) for row in sheet.rows.filter(where)]
        if rows:
            listed = ", ".join(rows[:10]) + (" …" if len(rows) > 10 else "")
            count = len(rows)
            typer.echo(f"第 {listed} 行（共 {count} 行）：{zh}。", err=True)
            typer.echo(f"Rows {listed} ({count} in all): {en}.", err=True)


def _standard_names(keys: pl.DataFrame, sheet: Sheet) -> pl.DataFrame:
    """Edition, pollutant and averaging as the standards write them; what they do not have becomes
    a problem of its row."""
    editions = {_key(e.id): e.id for e in tables.editions("HJ 633")}
    names = tables.SYMBOLS | {_key(symbol): symbol for symbol in tables.PROPERTIES}
    known = {
        "edition": editions,
        "pollutant": names,
        "averaging": {"1h": "1h", "8h": "8h", "24h": "24h"},
    }
    for column, spellings in known.items():
        cells = keys[column].cast(pl.String).fill_null("")
        found = {cell: spellings.get(_key(cell)) for cell in cells.unique()}
        named = cells.replace_strict(found, return_dtype=pl.String).alias(column)
        choices = "、".join(dict.fromkeys(spellings.values()))
        text = Text(f"不认识；可用：{choices}", f"not known; there are {choices}")
        sheet.blame(column, named.is_null(), f"air.{column}-unknown", text)
        keys = keys.with_columns(named)
    for combination in keys.drop_nulls().unique().iter_rows():
        if not _has_scale(*combination):
            here = keys.select(
                here=pl.all_horizontal(
                    pl.col(c) == v for c, v in zip(keys.columns, combination, strict=True)
                )
            )["here"]
            text = Text(
                f"：{combination[0]} 没有 {combination[1]} 的此平均时间",
                f"{combination[0]} has no such averaging for {combination[1]}",
            )
            sheet.blame("averaging", here, "air.averaging-unknown", text)
    return keys


def _has_scale(edition_id: str, pollutant: str, averaging: str) -> bool:
    try:
        rules_of_iaqi.scale(tables.edition(edition_id), pollutant, averaging)
    except NotFound:
        return False
    return True


def _key(text: str) -> str:
    return plain_header(text).replace(" ", "")


def feed(source: In, target: Out, edition: EditionOption = None, as_json: Json = False) -> None:
    """全国实时发布数据 → aqi_computed,category_computed,primary_computed | the national feed."""
    chosen = edition_named("HJ 633", edition) if edition else None
    sheet = read_table(source)
    fields = rules_of_feed.fields()
    sheet.rename({name: name for name in [*fields, "timepoint"]} | {"pm2.5": "pm2_5"})
    sheet.need([*fields, *([] if edition else ["timepoint"])])
    read = [sheet.numbers(name, missing=MISSING) for name in fields]
    if not edition:
        read.append(_instants(sheet, "timepoint"))
    sheet.refuse()
    found = rules_of_feed.feed(pl.DataFrame(read), chosen)
    results = found.select(rules_of_feed.COMPUTED)
    write_table(sheet.frame.with_columns(results.get_columns()), target, as_json=as_json)


def _instants(sheet: Sheet, column: str) -> pl.Series:
    """Civil times without zone: `2019-07-18T12:00:00`, `2019-07-18 12:00`, `2019/7/18 12:00`."""
    cells = sheet.frame[column]
    if cells.dtype.is_temporal():
        times = cells.cast(pl.Datetime("us"))
    else:
        text = pl.col(column).str.strip_chars().str.replace_all("/", "-").str.replace("T", " ")
        formats = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M")
        tries = [text.str.to_datetime(form, strict=False, time_unit="us") for form in formats]
        times = cells.cast(pl.String).to_frame().select(pl.coalesce(tries))[column]
    sheet.blame(
        column,
        times.is_null(),
        "air.time-unreadable",
        Text("不是时间，应如 2019-07-18T12:00:00", "not a time such as 2019-07-18T12:00:00"),
    )
    first = min(e.valid_from for e in tables.editions("HJ 633"))
    why = Text(f"早于 {first}，没有 AQI 标准", f"before {first} there is no AQI standard")
    # The stamp ends the hour: midnight of the first day is still the day before.
    early = times.dt.offset_by("-1h").dt.date() < first
    sheet.blame(column, early, "air.time-early", why)
    return times.alias(column)


def composite(
    source: In, target: Out, edition: EditionOption = None, as_json: Json = False
) -> None:
    """综合指数、单项指数、负荷占比、首要污染物、同比 | composite index, loads, change."""
    sheet = read_table(source)
    found = composites(sheet, edition)
    write_table(found, target, as_json=as_json)


def composites(sheet: Sheet, edition: str | None) -> pl.DataFrame:
    """The table with composites, each row by the scheme of its `period`, or by the one named."""
    _rename_concentrations(sheet)
    sheet.need(COLUMNS.values())
    previous = [c for c in (*PREVIOUS.values(), "prev_composite") if c in sheet.frame.columns]
    read = [sheet.numbers(column) for column in (*COLUMNS.values(), *previous)]
    schemes = _schemes(sheet, edition)
    sheet.refuse()
    numbers = _printed(pl.DataFrame(read)).with_columns(schemes).with_row_index("_row")
    _tell_gaps(sheet, numbers)
    parts = [
        rules_of_composite.composite(part, tables.edition(part["scheme"][0]))
        for part in numbers.partition_by("scheme")
    ]
    empty = rules_of_composite.composite(numbers.clear(), tables.edition(DEFAULT_SCHEME))
    results = pl.concat([empty, *parts]).sort("_row")
    new = [c for c in results.columns if c not in (*COLUMNS.values(), *previous, "_row")]
    return sheet.frame.with_columns(results.select(new).get_columns())


def _printed(numbers: pl.DataFrame) -> pl.DataFrame:
    """What is given counts as printed; only values with more digits than any bulletin prints are
    rounded first, as the rule takes the printed concentrations. Said on stderr."""
    rounded = numbers.with_columns(
        rules_of_composite.as_printed(pl.col(column), name)
        for columns in (COLUMNS, PREVIOUS)
        for name, column in columns.items()
        if column in numbers.columns
    )
    if not rounded.equals(numbers):
        typer.echo(
            "有的浓度位数多于公布的位数，已先按 GB/T 8170 修约到公布位数。\n"
            "Some concentrations have more digits than are published; they were rounded first.",
            err=True,
        )
    return rounded


def _tell_gaps(sheet: Sheet, numbers: pl.DataFrame) -> None:
    lacking = numbers.select(gap=pl.any_horizontal(pl.col(COLUMNS.values()).is_null()))["gap"]
    rows = [str(row) for row in sheet.rows.filter(lacking)]
    if rows:
        listed = ", ".join(rows[:10]) + (" …" if len(rows) > 10 else "")
        typer.echo(
            f"第 {listed} 行六项不全，没有综合指数。\n"
            f"Rows {listed} lack a pollutant and get no composite index.",
            err=True,
        )


def _rename_concentrations(sheet: Sheet) -> None:
    spelled = {column: column for column in (*COLUMNS.values(), *PREVIOUS.values())}
    short = {f"prev_{name}": column for name, column in PREVIOUS.items()}
    sheet.rename(
        {
            **short,
            **spelled,
            "pm2.5": "pm2_5",
            "prev_pm2.5": "prev_pm2_5",
            "prev_composite": "prev_composite",
            "composite": "composite",
            "period": "period",
        }
    )


def _schemes(sheet: Sheet, edition: str | None) -> pl.Series:
    """The scheme in force on the last day of each row's period; said on stderr when assumed."""
    if edition or "period" not in sheet.frame.columns:
        chosen = scheme_named(edition or DEFAULT_SCHEME)
        if not edition:
            typer.echo(
                f"没有 period 列，按 {chosen.id} 计算；可用 --edition 指定。\n"
                f"No column period: computed by {chosen.id}; --edition names another.",
                err=True,
            )
        return pl.Series("scheme", [chosen.id] * sheet.frame.height, dtype=pl.String)
    cells = sheet.frame["period"].cast(pl.String).fill_null("")
    found = {cell: _scheme_of(cell) for cell in cells.unique()}
    schemes = cells.replace_strict(found, return_dtype=pl.String).alias("scheme")
    text = Text("不是时段，应如 2023-09", "not a period with a scheme, such as 2023-09")
    sheet.blame("period", schemes.is_null(), "air.period-unreadable", text)
    return schemes


def _scheme_of(period: str) -> str | None:
    try:
        return tables.in_force("composite", Period.parse(period).last_day).id
    except (ValueError, NotFound):
        return None


def scheme_named(id: str) -> Edition:
    """By its id, or short: `2026-B`."""
    short = f"composite {id}"
    known = {e.id for e in tables.editions("composite")}
    return edition_named("composite", short if short in known else id)


def edition_named(standard: str, id: str) -> Edition:
    """An edition given on the command line. Raises BadInput `air.edition-unknown`."""
    known = {e.id: e for e in tables.editions(standard)}
    if id not in known:
        raise BadInput(
            "air.edition-unknown",
            f"--edition {id} 不认识；可用：{'、'.join(known)}。",
            f"--edition {id} is not known; there are {', '.join(known)}.",
        )
    return known[id]


def rank(
    source: In,
    target: Out,
    edition: EditionOption = None,
    after_tie: Annotated[
        AfterTie, typer.Option(help="并列之后：skip 跳过或 dense 连续 | after a tie: skip or dense")
    ] = "skip",
    as_json: Json = False,
) -> None:
    """排名与变化排名：composite 列或六项浓度 → rank | ranking by composite or concentrations."""
    sheet = read_table(source)
    _rename_concentrations(sheet)
    six = all(column in sheet.frame.columns for column in COLUMNS.values())
    _refuse_twins(sheet)
    if "composite" not in sheet.frame.columns:
        sheet.frame = composites(sheet, edition)
    wanted = [*COLUMNS.values()] if six else []
    wanted += [c for c in ("composite", "prev_composite") if c in sheet.frame.columns]
    numbers = pl.DataFrame([sheet.numbers(column) for column in wanted])
    sheet.refuse()
    scheme = scheme_named(edition or DEFAULT_SCHEME)
    limits = tables.in_force("GB 3095", scheme.valid_from) if six else None
    lists = _periods(sheet)
    ranked = pl.concat(
        part.select("_row").hstack(
            ranking.rank(part.select(wanted), after_tie, limits).drop(wanted)
        )
        for part in numbers.with_columns(lists).with_row_index("_row").partition_by("_list")
    ).sort("_row").drop("_row")  # fmt: skip
    if ranked["tied"].any():
        said = ranking.ASSUMPTION[after_tie]
        typer.echo(f"{said.zh}\n{said.en}", err=True)
    found = sheet.frame.with_columns(ranked.get_columns()).with_columns(lists)
    order = found.sort("_list", "rank", nulls_last=True, maintain_order=True).drop("_list")
    write_table(order, target, as_json=as_json)


def _periods(sheet: Sheet) -> pl.Series:
    """Each period is a list of its own."""
    if "period" in sheet.frame.columns:
        return sheet.frame["period"].cast(pl.String).fill_null("").alias("_list")
    return pl.Series("_list", [""] * sheet.frame.height, dtype=pl.String)


PLACES = ("city", "city_zh", "place", "name", "area", "城市", "station")


def _refuse_twins(sheet: Sheet) -> None:
    place = next((column for column in PLACES if column in sheet.frame.columns), None)
    if place is None:
        return
    pairs = sheet.frame.select(pl.col(place), _periods(sheet))
    twice = pairs.is_duplicated() & sheet.frame[place].is_not_null()
    sheet.blame(place, twice, "air.place-twice", Text("出现多次", "is there more than once"))
    sheet.refuse()
