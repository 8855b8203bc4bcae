"""`fenhe sources hours|convert|exceed|effectiveness IN OUT`: one table in, results out."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import polars as pl
import typer

from fenhe.domains.sources import tabular
from fenhe.domains.sources.rules import convert, effectiveness, exceedance, validity
from fenhe.ingest.frames import write_table
from fenhe.kernel.errors import BadInput

In = Annotated[str, typer.Argument(metavar="IN", help="CSV、Parquet 或 - | CSV, Parquet or -")]
Out = Annotated[str, typer.Argument(metavar="OUT", help="CSV、Parquet 或 - | CSV, Parquet or -")]
Json = Annotated[bool, typer.Option("--json", help="结果为 JSON | results as JSON")]


class Span(StrEnum):
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


class Judged(StrEnum):
    HOUR = "hour"
    DAY = "day"


def hours(
    source: In,
    target: Out,
    span: Annotated[
        Span,
        typer.Option(help="hour 由分钟、day 由小时、month 由日 | mean of minutes, hours, days"),
    ] = Span.HOUR,
    as_json: Json = False,
) -> None:
    """均值与有效性：outlet,code,time,value[,flag] → 小时、日、月 | means and validity.

    flag 只有 N 计为有效 | only N counts as valid；day、month 可用 valid 列 | or a column valid。
    写出列 | columns written: outlet, code, time（起始 | start）, value, parts, valid_parts, valid
    （≥45 分钟、≥20 小时、≥25 日，二月 ≥23 | 45 minutes, 20 hours, 25 days, February 23）。
    """
    sheet = tabular.opened(source, ["outlet", "code", "time", "value"])
    frame = pl.DataFrame(
        [
            tabular.words(sheet, "outlet").alias("outlet"),
            tabular.words(sheet, "code").alias("code"),
            tabular.times(sheet, "time").alias("time"),
            tabular.numbers(sheet, "value"),
        ]
    )
    if "valid" in sheet.frame.columns and span is not Span.HOUR:
        frame = frame.with_columns(tabular.flags(sheet, "valid", default=False))
    elif "flag" in sheet.frame.columns:
        frame = frame.with_columns(sheet.frame["flag"])
    sheet.refuse()
    write_table(validity.means(frame, span.value), target, as_json=as_json)


def convert_(source: In, target: Out, as_json: Json = False) -> None:
    """折算到基准氧含量，并与设备上报值比较 | convert to reference oxygen, beside what was sent.

    读取列 | columns read: value（标干实测，mg/m³ | dry, standard state）, o2（%）,
    o2_ref（%，空 = 不折算 | blank: as measured）[, sent（上报折算值 | as sent）]。
    写出列 | columns written: converted, difference, tolerance, follows。
    """
    sheet = tabular.opened(source, ["value", "o2", "o2_ref"])
    rows = pl.DataFrame(
        [
            tabular.numbers(sheet, "value"),
            tabular.numbers(sheet, "o2", 0.0),
            tabular.numbers(sheet, "o2_ref", 0.0),
            tabular.numbers(sheet, "sent"),
        ]
    )
    sheet.refuse()
    found = convert.compared(rows).select("converted", "difference", "tolerance", "follows")
    write_table(sheet.frame.with_columns(found), target, as_json=as_json)


def exceed(
    source: In,
    target: Out,
    limits: Annotated[
        str,
        typer.Option(
            help="排放口执行限值 | limits of outlets: outlet,standard,source_unit,condition"
            "[,o2_ref,code,permit_limit]"
        ),
    ],
    span: Annotated[
        Judged, typer.Option(help="小时或日均值 | means of hours or days")
    ] = Judged.HOUR,
    events: Annotated[
        bool, typer.Option("--events", help="连续超标合并为事件 | runs as events")
    ] = False,
    as_json: Json = False,
) -> None:
    """超标判定：有效均值对标准与许可限值，从严 | exceedances, stricter of standard and permit.

    读取列 | columns read: outlet, code, time, value（有基准氧时为折算值
    | converted where the limit is）[, valid, exempt（有效标记 | covered by a mark that holds）,
    temperature（水温 | of water）]。
    code 可写编码、符号或名称 | a code, a symbol or a name：w01018, COD, NH3-N, SO2, NOx, 颗粒物 …
    限值表列 | columns of --limits: outlet, standard（GB 18918-2002）, source_unit（plant outlet 或
    总排口）, condition（class 1A 或 一级A）[, o2_ref, code, permit_limit]；写错的一格会列出可选的
    写法 | a cell that does not fit is answered with the choices。
    写出列 | columns written: limit, limit_standard, limit_permit, decided_by, standard, clause,
    edition, confidence, limit_firm, firm_by, why_not, times（超标倍数）, verdict: exceeded 超标 ·
    warned 预警（限值未核实或属政策目标，不作认定 | may not accuse）· exempt · kept · not_judged。
    """
    held = tabular.outlets(limits)
    sheet = tabular.opened(source, ["outlet", "code", "time", "value"])
    rows = pl.DataFrame(
        [
            tabular.words(sheet, "outlet").alias("outlet"),
            tabular.coded(sheet),
            tabular.times(sheet, "time").alias("time"),
            tabular.numbers(sheet, "value"),
            tabular.flags(sheet, "valid", default=True),
            tabular.flags(sheet, "exempt", default=False),
            tabular.numbers(sheet, "temperature"),
        ]
    )
    sheet.refuse()
    judged = exceedance.judged(rows, held, span.value)
    _tell_unjudged(judged)
    found = exceedance.events(judged, span.value) if events else judged
    write_table(found, target, as_json=as_json)


def _tell_unjudged(judged: pl.DataFrame) -> None:
    """Known pollutants no limit is known for are told, never passed over."""
    bare = judged.filter(pl.col("why_not").is_in(["no_limit", "outlet_unknown"]))
    for outlet, code, why, count in (
        bare.group_by("outlet", "code", "why_not", maintain_order=True).len().iter_rows()
    ):
        zh, en = {
            "no_limit": ("没有可比的限值", "no limit to compare with"),
            "outlet_unknown": ("不在限值表里", "not in the table of limits"),
        }[why]
        typer.echo(f"{outlet} {code}：{zh}，{count} 行未判定 | {en}: {count} not judged", err=True)


def effectiveness_(
    source: In,
    target: Out,
    begin: Annotated[str, typer.Option(help="起（含）| from, counted")],
    end: Annotated[str, typer.Option(help="止（不含）| to, not counted")],
    league: Annotated[
        bool, typer.Option("--league", help="按 enterprise 排名 | ranked by enterprise")
    ] = False,
    as_json: Json = False,
) -> None:
    """传输有效率 = 传输率 × 有效率 | transmission effectiveness of outlets, or a league.

    读取列 | columns read: outlet, code, time（小时 | hours）, value
    [, valid, outage（备案停产停排 | approved outage）, enterprise]。
    空值、缺行即未传 | blank or absent: not received。
    写出列 | columns written: due, received, valid, transmission, validity, effectiveness（%）。
    """
    sheet = tabular.opened(source, ["outlet", "code", "time", "value"])
    first, last = tabular.instant(begin, "--begin"), tabular.instant(end, "--end")
    if last <= first:
        raise BadInput(
            "sources.period", "--end 应晚于 --begin。", "--end must be later than --begin."
        )
    rows = pl.DataFrame(
        [
            tabular.words(sheet, "outlet").alias("outlet"),
            tabular.words(sheet, "code").alias("code"),
            tabular.times(sheet, "time").alias("time"),
            tabular.numbers(sheet, "value"),
            tabular.flags(sheet, "valid", default=True),
            tabular.flags(sheet, "outage", default=False),
        ]
    ).with_columns(received=pl.col("value").is_not_null())
    if league:
        sheet.need(["enterprise"])
        owners = rows.with_columns(enterprise=tabular.words(sheet, "enterprise"))
    sheet.refuse()
    found = effectiveness.rates(rows, first, last)
    if league:
        whose = owners.select("outlet", "enterprise").unique("outlet", keep="last")
        found = effectiveness.league(found.join(whose, on="outlet"))
    write_table(found, target, as_json=as_json)
