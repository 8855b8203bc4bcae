"""`fenhe air statistics IN OUTDIR`: from an hourly table to daily.csv, annual.csv and city.csv.

IN is CSV, Parquet or `-`. All files are complete or absent: they are written beside their place
and then renamed. Their columns: `rules/report.py`, `rules/unit_table.py`. With `--dust` both series
are kept: what is computed without dust stands in files of its own, and in city.csv as a second row.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer
from typer.core import TyperCommand

from fenhe.domains.air.dust_file import read_dust
from fenhe.domains.air.hourly import Hourly, hourly
from fenhe.domains.air.rules.compliance import city_complies
from fenhe.domains.air.rules.dust import strike
from fenhe.domains.air.rules.report import Rules, daily_table, period_table, printed
from fenhe.domains.air.rules.unit_table import sliding_table, unit_table
from fenhe.ingest.opening import why_not
from fenhe.kernel.errors import BadInput
from fenhe.kernel.period import utc_now

FILES = {"year": "annual", "half": "half", "quarter": "quarter", "month": "month"}


class ManyStations(TyperCommand):
    """`--stations A B C` means what it looks like: the words after it, up to the next option or
    the two names of files that a command line may end with."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, spread(args, ("--stations", "--exclude")))


def spread(args: list[str], options: tuple[str, ...], positional: int = 2) -> list[str]:
    """`--x A B` -> `--x A --x B`. Where nothing follows, the last words are left to the
    positional arguments that are still missing."""
    result: list[str] = []
    option, free = "", 0
    for place, word in enumerate(args):
        is_name = word.startswith("-") and word != "-"
        last_words = not any(rest.startswith("--") for rest in args[place:])
        if is_name:
            option = word if word in options else ""
        elif option and not (last_words and len(args) - place <= positional - free):
            if result[-1] != option:
                result.append(option)
        elif not (result and result[-1].startswith("--")):
            option, free = "", free + 1
        result.append(word)
    return result


def statistics(
    source: Annotated[str, typer.Argument(metavar="IN", help="小时数据 | hourly table, or -")],
    outdir: Annotated[Path, typer.Argument(metavar="OUTDIR", help="输出目录 | folder to write")],
    stations: Annotated[
        list[str] | None, typer.Option(help="只用这些站点 | only these stations")
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(help="不计入城市的站点（对照点）| left out of the city: control points"),
    ] = None,
    edition: Annotated[
        str | None,
        typer.Option(help="改用此标准版本 | use this edition instead of the one of the day"),
    ] = None,
    city: Annotated[str, typer.Option(help="城市的名称 | what to call the city")] = "city",
    by: Annotated[
        str, typer.Option(help="另按 month、quarter、half 统计 | periods besides the year")
    ] = "year",
    co_unit: Annotated[
        str | None,
        typer.Option(
            help="CO 的单位，不给则为 µg/m³，并核对量级 | unit of CO; else µg/m³ if plausible"
        ),
    ] = None,
    stamps: Annotated[
        str, typer.Option(help="时间标记 begin 或 end | what the times mark: begin or end")
    ] = "begin",
    city_share: Annotated[
        bool,
        typer.Option(help="城市日均须 75% 站点有效（未证实）| ask for 75 % of stations a day"),
    ] = False,
    round_days: Annotated[
        bool, typer.Option(help="先修约日均值（未定）| round daily values first (unsettled)")
    ] = False,
    dust: Annotated[
        str | None,
        typer.Option(help="沙尘时段表：date 或 from,to，可有 station | table of dust periods"),
    ] = None,
    sliding_years: Annotated[
        int, typer.Option(min=0, help="另算几年滑动平均（未证实）| sliding mean over years")
    ] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="结果摘要为 JSON | summary as JSON")
    ] = False,
) -> None:
    """日均、百分位、有效性与达标 | daily and annual statistics of stations and of the city."""
    _check_choice("--by", by, FILES)
    _check_choice("--stamps", stamps, ("begin", "end"))
    table, first_row = read_table(source)
    name = "stdin" if source == "-" else Path(source).name
    found = hourly(table, name, first_row, utc_now(), co_unit, stamps == "end")
    chosen = _chosen(found, stations or [], exclude or [])
    readings = found.readings.filter(pl.col("unit").is_in(chosen))
    rules = Rules(edition, city_share, round_days)
    outputs = _tables(readings, rules, city, exclude or [], by)
    if dust is not None:
        hours = read_dust(dust, found.stations, [city])
        without = _tables(strike(readings, hours), rules, city, exclude or [], by, outputs)
        for name in [name for name in without if name.startswith("city")]:
            outputs[name] = pl.concat([outputs[name], without.pop(name)])
        outputs |= {f"{name}_without_dust": table for name, table in without.items()}
    if sliding_years:
        outputs["sliding"] = sliding_table(outputs["annual"], rules, sliding_years)
    written = write_all(outdir, outputs)
    notes = {
        "written": [str(path) for path in written],
        "stations": chosen,
        "stations_in_city": sorted(set(chosen) - set(exclude or [])),
        "left_out_of_city": sorted(exclude or []),
        "columns_ignored": found.ignored,
        "editions": outputs["annual"]["edition"].unique().sort().to_list(),
        "city_complies": city_complies(outputs["annual"].rename({"year": "period"}))
        .filter(pl.col("unit") == city)
        .to_dicts(),
    }
    _tell(notes, as_json)


def _tables(
    readings: pl.DataFrame,
    rules: Rules,
    city: str,
    exclude: list[str],
    by: str,
    dusty: Mapping[str, pl.DataFrame] | None = None,
) -> dict[str, pl.DataFrame]:
    """Days, every span asked for, and the table of units. `dusty`: the same with dust, where the
    readings are without: its days are those the index is judged by."""
    days = daily_table(readings, rules, city, exclude)
    spans = dict.fromkeys(("year", by))
    outputs = {"daily": days} | {FILES[span]: period_table(days, rules, span) for span in spans}
    judged, series = (days, "with_dust") if dusty is None else (dusty["daily"], "without_dust")
    for span in spans:
        name = "city" if span == "year" else f"city_{span}"
        outputs[name] = unit_table(judged, outputs[FILES[span]], rules, span, series)
    return outputs


def read_table(source: str) -> tuple[pl.DataFrame, int]:
    """The table and the number its first row has for a person: a CSV's header is row 1."""
    try:
        raw = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        why = why_not(source, error)
        raise BadInput(
            "air.file-unreadable", f"打不开 {source}：{why.zh}", f"cannot open {source}: {why.en}"
        ) from error
    try:
        if raw.startswith(b"PAR1"):
            return pl.read_parquet(io.BytesIO(raw)), 1
        table = pl.read_csv(_utf8(raw, source), infer_schema=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BadInput(
            "air.file-broken",
            f"{source} 不是完整的 CSV 或 Parquet：{error}",
            f"{source} is not a whole CSV or Parquet file: {error}",
        ) from error
    return table.rename(str.strip), 2


def _utf8(raw: bytes, source: str) -> bytes:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding).encode()
        except UnicodeDecodeError:
            continue
    raise BadInput(
        "air.file-encoding",
        f"{source} 的文字编码不是 UTF-8 或 GB18030；请另存为 UTF-8",
        f"{source} is neither UTF-8 nor GB18030; save it as UTF-8",
    )


def _chosen(found: Hourly, stations: Iterable[str], exclude: Iterable[str]) -> list[str]:
    unknown = sorted({*stations, *exclude} - set(found.stations))
    if unknown:
        there = "、".join(found.stations[:20])
        raise BadInput(
            "air.station-unknown",
            f"数据中没有站点 {'、'.join(unknown)}；有：{there}",
            f"no station {', '.join(unknown)} in the data; there are {there}",
        )
    return sorted(stations) or found.stations


def write_all(folder: Path, tables: Mapping[str, pl.DataFrame]) -> list[Path]:
    """Every table as a CSV in the folder, or none: an interrupted run leaves the old files."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as aside:
            for name, table in tables.items():
                printed(table).write_csv(Path(aside, f"{name}.csv"))
            paths = [folder / f"{name}.csv" for name in tables]
            for path in paths:
                Path(aside, path.name).replace(path)
    except OSError as error:
        raise BadInput(
            "air.folder-unwritable",
            f"写不进 {folder}：{error.strerror}",
            f"cannot write to {folder}: {error.strerror}",
        ) from error
    return paths


def _check_choice(option: str, value: str, choices: Iterable[str]) -> None:
    if value not in choices:
        known = ", ".join(choices)
        raise BadInput("air.option", f"{option} 只能是 {known}", f"{option} must be one of {known}")


def _tell(notes: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(notes, ensure_ascii=False))
        return
    for path in notes["written"]:
        typer.echo(path)
    counted = notes["stations_in_city"]
    typer.echo(
        f"计入城市 {len(counted)} 个站点：{'、'.join(counted)}；"
        f"未计入：{'、'.join(notes['left_out_of_city']) or '无（对照点请用 --exclude）'}\n"
        f"{len(counted)} stations count for the city: {', '.join(counted)}; left out: "
        f"{', '.join(notes['left_out_of_city']) or 'none (name control points with --exclude)'}",
        err=True,
    )
    if notes["columns_ignored"]:
        names = "、".join(notes["columns_ignored"])
        typer.echo(f"未使用的气象列 | weather columns not used: {names}", err=True)
