"""`fenhe water black-odorous IN OUT`: measured points in, the grade of each point and of the water
out."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import polars as pl
import typer

from fenhe.domains.water import tabular
from fenhe.domains.water.commands_class import In, Json, Out
from fenhe.domains.water.rules import black_odorous as rules
from fenhe.domains.water.rules import tables
from fenhe.ingest.frames import read_table, write_table

ITEMS = ("sd", "do", "orp", "nh3n")
WORDS = {rules.NONE: "none", rules.LIGHT: "light", rules.HEAVY: "heavy"}


class Scope(StrEnum):
    urban = "urban"
    rural = "rural"


def black_odorous(
    source: In,
    target: Out,
    scope: Annotated[
        Scope, typer.Option(help="城市或农村（农村阈值未证实） | rural is unconfirmed")
    ] = Scope.urban,
    as_json: Json = False,
) -> None:
    """黑臭水体按点位分级（2015 指南）：sd,do,orp,nh3n → grade | black-odorous grades from points.

    读取列 | columns read: point（自上而下 | downstream）; sd（透明度 cm）, do, orp（mV）,
    nh3n（mg/L）至少一项 | at least one; 可选 | optional: water（水体名）, depth（水深 cm）。每点
    每次一行 | a row a point and round。

    写出 | written: 每点一行，再每水体一行 | a row a point, then one a water: water, point, rounds,
    grade（none, light, heavy）, enough（点位 ≥3、每点 ≥3 次 | points and rounds suffice）,
    heavy_share, heavy_reaches（连续三点以上重度 | three heavy points in a row）。
    """
    sheet = read_table(source)
    sheet.rename({name: name for name in ("water", "point", "depth", *ITEMS)})
    sheet.need(["point"])
    names = tabular.some(sheet, list(ITEMS))
    read = [*names, *(["depth"] if "depth" in sheet.frame.columns else [])]
    values = pl.DataFrame([tabular.amounts(sheet, name)[0] for name in read])
    sheet.refuse()
    texts = sheet.frame.select(pl.col("point").cast(pl.String))
    water = (
        sheet.frame["water"].cast(pl.String).fill_null("")
        if "water" in sheet.frame.columns
        else pl.Series("water", [""] * sheet.frame.height, dtype=pl.String)
    )
    graded = rules.grades(pl.concat([texts, values], how="horizontal"), scope.value)
    rows = []
    for (name,), part in graded.with_columns(water.alias("water")).group_by(
        "water", maintain_order=True
    ):
        rows += _rows(str(name), part)
    if scope is Scope.rural:
        confidence = tables.latest(rules.STANDARD).table("grades").find(scope="rural")[0].confidence
        typer.echo(
            f"农村黑臭阈值{confidence.label.zh}，不能作为认定依据。\n"
            f"Rural thresholds are {confidence.label.en}: no finding rests on them.",
            err=True,
        )
    schema = {
        "water": pl.String, "point": pl.String, "rounds": pl.Int64, "grade": pl.String,
        "enough": pl.Boolean, "heavy_share": pl.Float64, "heavy_reaches": pl.String,
    }  # fmt: skip
    write_table(pl.DataFrame(rows, schema), target, as_json=as_json)


def _rows(name: str, part: pl.DataFrame) -> list[dict[str, object]]:
    points = rules.points(part)
    whole = rules.water(points)
    rows: list[dict[str, object]] = [
        {
            "water": name,
            "point": row["point"],
            "rounds": row["rounds"],
            "grade": WORDS[row["grade"]],
            "enough": row["enough"],
        }
        for row in points.iter_rows(named=True)
    ]
    reaches = ";".join(f"{first}-{last}" for first, last in whole.reaches)
    rows.append(
        {
            "water": name,
            "point": None,
            "rounds": None,
            "grade": WORDS[whole.grade],
            "enough": whole.enough,
            "heavy_share": round(whole.heavy_share, 4),
            "heavy_reaches": reaches or None,
        }
    )
    return rows
