"""目标任务：亮灯与催办、目标进度 | targets and tasks: lights, reminders, progress of targets."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import polars as pl
import typer

from fenhe.act import notices
from fenhe.domains.planning.rules import lights as rules
from fenhe.domains.planning.rules.targets import standing
from fenhe.ingest.frames import Sheet, read_table, write_table
from fenhe.kernel.errors import BadInput
from fenhe.kernel.period import civil, utc_now
from fenhe.kernel.text import Text

app = typer.Typer(no_args_is_help=True, help=__doc__)

In = Annotated[str, typer.Argument(metavar="IN", help="CSV、Parquet 或 - | CSV, Parquet or -")]
Out = Annotated[str, typer.Argument(metavar="OUT", help="CSV、Parquet 或 - | CSV, Parquet or -")]
Json = Annotated[bool, typer.Option("--json", help="结果为 JSON | results as JSON")]
YES = ("1", "yes", "true", "是", "已办结", "办结", "y")


@app.command()
def lights(
    source: In,
    target: Out,
    on: Annotated[
        str | None, typer.Option(help="截至日期，缺省今天 | as of, default today")
    ] = None,
    as_json: Json = False,
) -> None:
    """任务亮灯与催办 | the light of each task, and whom to remind.

    读取列 | columns read: start, due, progress（%）[, closed]。写出 | columns added: light（green,
    yellow, red, done）, planned, days_left, working_days_left, remind_zh, remind_en, provisional。
    """
    sheet = read_table(source)
    sheet.rename({})
    sheet.need(["start", "due", "progress"])
    starts, dues = _days(sheet, "start"), _days(sheet, "due")
    progress = sheet.numbers("progress")
    for name in ("start", "due", "progress"):
        lacking = sheet.frame[name].is_null()
        sheet.blame(name, lacking, "planning.blank", Text("不能为空", "must not be blank"))
    sheet.blame("due", dues < starts, "planning.task-dates",
                Text("早于开始日期", "is before the start"))  # fmt: skip
    sheet.refuse()
    closed = (
        sheet.frame["closed"].cast(pl.String).str.to_lowercase().is_in(YES).fill_null(False)
        if "closed" in sheet.frame.columns
        else pl.repeat(False, sheet.frame.height, eager=True)
    )
    today, calendar = _day(on) if on else civil(utc_now()).date(), notices.current()
    found = [
        rules.seen(start, due, value, today, calendar, done)
        for start, due, value, done in zip(starts, dues, progress, closed, strict=True)
    ]
    added = pl.DataFrame(
        {
            "light": [one.light.value for one in found],
            "planned": [one.planned for one in found],
            "days_left": [one.days_left for one in found],
            "working_days_left": [one.working_days_left for one in found],
            "remind_zh": [one.remind.zh if one.remind else None for one in found],
            "remind_en": [one.remind.en if one.remind else None for one in found],
            "provisional": [one.provisional for one in found],
        },
        schema_overrides={"remind_zh": pl.String, "remind_en": pl.String},
    )
    write_table(sheet.frame.with_columns(added), target, as_json=as_json)


@app.command()
def targets(source: In, target: Out, as_json: Json = False) -> None:
    """年度目标：完成进度、余量、全年预测 | targets: progress, room left, forecast to year end.

    读取列 | columns read: value（已过天数的均值 | mean so far）, days, year_days, target;
    可有 | may have: baseline, direction（lower 越低越好，缺省 | higher）, last_year_rest, most。
    写出 | columns added: progress_pct, rest, reachable, forecast, met。
    """
    sheet = read_table(source)
    sheet.rename({})
    needed = ["value", "days", "year_days", "target"]
    sheet.need(needed)
    names = [*needed, *(n for n in ("baseline", "last_year_rest", "most")
                        if n in sheet.frame.columns)]  # fmt: skip
    numbers = {name: sheet.numbers(name) for name in names}
    for name in needed:
        lacking = numbers[name].is_null()
        sheet.blame(name, lacking, "planning.blank", Text("不能为空", "must not be blank"))
    wrong = (numbers["days"] < 1) | (numbers["days"] > numbers["year_days"])
    sheet.blame("days", wrong, "planning.days", Text("应在 1 与全年天数之间", "is out of range"))
    sheet.refuse()
    ways = (
        sheet.frame["direction"].cast(pl.String).fill_null("lower").str.to_lowercase()
        if "direction" in sheet.frame.columns
        else pl.repeat("lower", sheet.frame.height, eager=True)
    )
    found = []
    for k, way in enumerate(ways):
        row = {name: numbers[name][k] for name in names}
        found.append(
            standing(
                row["value"], int(row["days"]), int(row["year_days"]), row["target"],
                baseline=row.get("baseline"), lower=way != "higher",
                last_year_rest=row.get("last_year_rest"), most=row.get("most"),
            )
        )  # fmt: skip
    added = pl.DataFrame(
        {
            "progress_pct": [one.progress for one in found],
            "rest": [one.rest for one in found],
            "reachable": [one.reachable for one in found],
            "forecast": [one.forecast for one in found],
            "met": [one.met for one in found],
        },
        schema_overrides=dict.fromkeys(("progress_pct", "rest", "forecast"), pl.Float64),
    )
    write_table(sheet.frame.with_columns(added), target, as_json=as_json)


def _days(sheet: Sheet, column: str) -> pl.Series:
    cells = sheet.frame[column]
    if cells.dtype == pl.Date:
        return cells
    text = cells.cast(pl.String).str.strip_chars().str.replace_all("/", "-")
    found = text.str.to_date("%Y-%m-%d", strict=False).alias(column)
    unread = found.is_null() & cells.is_not_null()
    sheet.blame(column, unread, "planning.day", Text("不是日期", "is no date"))
    return found


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(
            "planning.day", f"“{text}”不是日期，请写成 2026-05-01", f"“{text}” is no date"
        ) from error
