"""Groundwater as the platform judges it: the samples of a well in a month → its class by
GB/T 14848-2017, item by item, the worst decides.

A result below its detection limit takes part at half of it (0 where the standard asks for "not
detectable") and is told in `censored`. Where the limit itself would give the well a worse class,
the laboratory could not see well enough: the item is told in `unsure`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from fenhe.assess.rule import KEYS, Assessment, Input, Rule, Step
from fenhe.domains.water.rules import groundwater, tables
from fenhe.domains.water.rules.statistics import settled
from fenhe.kernel.text import Text
from fenhe.kernel.values import Qualifier
from fenhe.standards.edition import Row

WELL, RULE = "water_well", "water.well-month"
BELOW = int(Qualifier.BELOW)
Values = Mapping[str, Any]


def month(readings: pl.DataFrame, ask: Assessment) -> pl.DataFrame:
    """One row per well and month: each item's mean, `levels`, `level`, `deciding`, `censored`,
    `unsure` (items, comma-joined), how many of the 93 were `observed`."""
    edition = ask.edition(groundwater.STANDARD)
    rows = {row["item"]: row for row in edition.table("limits")}
    found = _means(readings, rows)
    classed = pl.concat([_classed(row, found) for row in rows.values()])
    levels = classed.pivot("property", index=KEYS, values="level")
    lacking = [item for item in rows if item not in levels.columns]
    levels = levels.with_columns(pl.lit(None, pl.Int64).alias(item) for item in lacking)
    means = found.pivot("property", index=KEYS, values="value")
    own = classed.group_by(KEYS).agg(
        level=pl.col("level").max(),
        deciding=_named(pl.col("level") == pl.col("level").max()),
        censored=_named(pl.col("below")),
        unsure=_named(pl.col("worst_case") > pl.col("level").max()),
        observed=pl.len().cast(pl.Int64),
        samples=pl.col("samples").max(),
    )
    return (
        ask.periods.select(KEYS)
        .join(own, on=KEYS, how="left", maintain_order="left")
        .join(levels.select(*KEYS, levels=pl.struct(list(rows))), on=KEYS, how="left")
        .join(means, on=KEYS, how="left")
        .with_columns(
            category=pl.col("level").cast(pl.String).fill_null(""),
            expected=pl.lit(len(rows)),
            observed=pl.col("observed").fill_null(0),
        )
    )


def _named(condition: pl.Expr) -> pl.Expr:
    return pl.col("property").filter(condition).str.join(",")


def _means(readings: pl.DataFrame, rows: Mapping[str, Row]) -> pl.DataFrame:
    """subject, period, property, value, whole (non-detects at their limit), below, samples; in the
    order of the standard."""
    order = {item: place for place, item in enumerate(rows)}
    strict = [item for item, row in rows.items() if groundwater.asks_absence(row)]
    below = pl.col("qualifier") == BELOW
    absent = below & pl.col("property").is_in(strict)
    share = pl.when(absent).then(0.0).when(below).then(0.5).otherwise(1.0)
    known = readings.filter(pl.col("value").is_not_null() & pl.col("property").is_in(list(rows)))
    return (
        known.with_columns(
            value=_ions(pl.col("value") * share),
            whole=_ions(pl.when(absent).then(0.0).otherwise(pl.col("value"))),
        )
        .group_by(*KEYS, "property")
        .agg(
            pl.col("value").mean(),
            pl.col("whole").mean(),
            below=below.any(),
            samples=pl.len().cast(pl.Int64),
        )
        .with_columns(value=_back("value"), whole=_back("whole"))
        .sort(*KEYS, pl.col("property").replace_strict(order, return_dtype=pl.Int32))
    )


def _ions(value: pl.Expr) -> pl.Expr:
    return pl.when(pl.col("property") == "ph").then(pl.lit(10.0) ** -value).otherwise(value)


def _back(name: str) -> pl.Expr:
    ph = pl.col("property") == "ph"
    return settled(pl.when(ph).then(-pl.col(name).log(10)).otherwise(pl.col(name)))


def _classed(row: Row, found: pl.DataFrame) -> pl.DataFrame:
    return found.filter(pl.col("property") == row["item"]).with_columns(
        level=groundwater.class_of(row, pl.col("value")).cast(pl.Int64),
        worst_case=groundwater.class_of(row, pl.col("whole")).cast(pl.Int64),
    )


def explain(row: Values, ask: Assessment) -> list[Step]:
    edition = ask.edition(groundwater.STANDARD)
    censored = named(row.get("censored"))
    levels = row.get("levels") or {}
    found = [
        _item(one, row[one["item"]], levels.get(one["item"]), one["item"] in censored, edition.id)
        for one in edition.table("limits")
        if row.get(one["item"]) is not None
    ]
    if row.get("level") is None:
        return found
    names = "、".join(item_name(item).zh for item in named(row.get("deciding")))
    plain = ", ".join(item_name(item).en for item in named(row.get("deciding")))
    decided = Step(
        metric="level",
        value=tables.ROMAN[row["level"] - 1],
        zh=f"单指标评价，最差的指标定类：{names}",
        en=f"single item: the worst decides, {plain}",
        clause="6.1",
        edition=edition.id,
        confidence="from_memory",
    )
    return [*found, decided]


def _item(row: Row, value: float, level: int | None, below: bool, edition: str) -> Step:
    half = ("，未检出，按检出限一半参加", ", below detection, half the limit takes part")
    if groundwater.asks_absence(row):
        half = ("，未检出", ", not detected")
    told = half if below else ("", "")
    word = tables.ROMAN[level - 1] if level else "—"
    name = item_name(row["item"])
    unit = f" {row['unit']}" if row["unit"] else ""
    return Step(
        metric=row["item"],
        value=value,
        zh=f"{name.zh} {value:g}{unit}{told[0]}；{bounds(row).zh} → {word}类",
        en=f"{name.en} {value:g}{unit}{told[1]}; {bounds(row).en} → class {word}",
        clause=row.clause,
        edition=edition,
        confidence=str(row.confidence),
    )


def bounds(row: Row) -> Text:
    """The limits of an item in words."""
    if row["rule"] == "absent":
        return Text("Ⅰ～Ⅳ类为无", "classes Ⅰ to Ⅳ: none")
    if row["rule"] == "range":
        (low, high), (lowest, highest) = row["limits"]
        return Text(
            f"Ⅰ～Ⅲ类 {low:g}～{high:g}，Ⅳ类 {lowest:g}～{highest:g}",
            f"classes Ⅰ to Ⅲ {low:g} to {high:g}, Ⅳ {lowest:g} to {highest:g}",
        )
    listed = " / ".join("—" if one is None else f"{one}" for one in row["limits"])
    return Text(f"Ⅰ～Ⅳ类限值 ≤ {listed}", f"limits of Ⅰ to Ⅳ ≤ {listed}")


def short(row: Row) -> str:
    """The limits of Ⅰ to Ⅳ as a table cell shows them."""
    if row["rule"] == "range":
        return ", ".join(f"{low:g}–{high:g}" for low, high in row["limits"])
    return " / ".join("—" if one is None else f"{one}" for one in row["limits"]) or "—"


def item_name(item: str) -> Text:
    row = groundwater.by_id()[item]
    return Text(row["name"], row["en"])


def named(said: object) -> list[str]:
    """The items of a comma-joined value of a verdict."""
    return [item for item in str(said or "").split(",") if item]


RULES = (
    Rule(
        id=RULE,
        name=Text("地下水井月评价", "month of a groundwater well"),
        kinds=(WELL,),
        inputs=tuple(Input(item) for item in groundwater.by_id()),
        evaluate=month,
        explain=explain,
        span="month",
        resolution="day",
        standards=(groundwater.STANDARD,),
    ),
)
