"""`fenhe sources fraud IN OUT`: hours of outlets in, suspicions with their numbers out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import numpy as np
import polars as pl
import typer

from fenhe.domains.sources import tabular
from fenhe.domains.sources.commands_judge import In, Json, Out
from fenhe.domains.sources.fraud import watch as watching
from fenhe.domains.sources.fraud.finding import DISCLAIMER
from fenhe.domains.sources.fraud.series import DAY, Change, Floats, Rewrite, Series, Span
from fenhe.ingest.frames import Sheet, write_table
from fenhe.kernel.errors import BadInput
from fenhe.kernel.text import Text

VALUES = (
    "load", "o2", "temperature", "moisture", "flow", "pump", "so2", "nox", "sent", "noise",
)  # fmt: skip
KINDS = ("change", "rewrite", "maintenance", "stop", "check")
LONGEST = 3 * 366
SCHEMA = {
    "outlet": pl.String, "rank": pl.Int64, "suspicion": pl.Float64, "test": pl.String,
    "name_zh": pl.String, "name_en": pl.String, "begin": pl.Datetime, "end": pl.Datetime,
    "statistic": pl.Float64, "threshold": pl.Float64, "p": pl.Float64, "reason_zh": pl.String,
    "reason_en": pl.String,
}  # fmt: skip


def fraud(
    source: In,
    target: Out,
    limit: Annotated[float, typer.Option(help="NOx 限值 mg/m³ | limit of NOx", min=0.001)],
    o2_ref: Annotated[float, typer.Option(help="基准氧含量 % | oxygen reference", min=0, max=20)],
    events: Annotated[
        str | None,
        typer.Option(
            help="参数、改报、维护、停运、核查 | outlet,time,kind[,end,parameter,old,new]; "
            "kind: " + ", ".join(KINDS)
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """造假线索：逐排放口小时数据 → 排序的线索与理由 | fraud watch: ranked suspicions with reasons.

    读取列 | columns read: outlet, time, load（0～1）, nox；可有 | may have o2,
    temperature（脱硫后烟温）, moisture, flow, pump（循环泵电流）, so2,
    sent（上报折算值）, noise（分钟标准差）。
    缺少的列相应检验不做 | tests of absent columns stay silent。
    多数检验需 30 天以往数据 | most tests need 30 days of past。
    线索不是认定 | suspicion, never proof。
    """
    sheet = tabular.opened(source, ["outlet", "time", "load", "nox"])
    frame = pl.DataFrame(
        [
            tabular.words(sheet, "outlet").alias("outlet"),
            tabular.times(sheet, "time").alias("time"),
            *(tabular.numbers(sheet, name) for name in VALUES),
        ]
    )
    sheet.refuse()
    outlets = [
        _series(str(name), some, limit, o2_ref)
        for (name,), some in frame.sort("outlet", "time").group_by("outlet", maintain_order=True)
    ]
    if events is not None:
        _events(events, {series.outlet: series for series in outlets})
    typer.echo(f"{DISCLAIMER.zh} | {DISCLAIMER.en}", err=True)
    rows = []
    for rank, suspect in enumerate(watching.ranked(watching.watch(outlets)), 1):
        rows += [
            (suspect.outlet, rank, round(suspect.suspicion, 3), one.test, one.name.zh, one.name.en,
             one.begin, one.end, one.statistic, one.threshold, one.p, one.reason.zh, one.reason.en)
            for one in suspect.findings
        ]  # fmt: skip
    write_table(pl.DataFrame(rows, SCHEMA, orient="row"), target, as_json=as_json)


def _series(name: str, frame: pl.DataFrame, limit: float, o2_ref: float) -> Series:
    times = frame["time"].dt.truncate("1h")
    first, last = times.min(), times.max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        raise TypeError("times were read as times")
    begin = datetime(first.year, first.month, first.day)  # noqa: DTZ001  # civil and naive
    days = (last - begin) // timedelta(days=1) + 1
    if days > LONGEST:
        raise BadInput(
            "sources.too-long",
            f"{name} 跨 {days} 天，最多 {LONGEST} 天，请分年。",
            f"{name} spans {days} days, at most {LONGEST}; take it year by year.",
        )
    place = ((times - begin).dt.total_hours()).to_numpy()
    arrays: dict[str, Floats] = {}
    for column in VALUES:
        cells = np.full(days * DAY, np.nan)
        cells[place] = frame[column].to_numpy()
        arrays[column] = cells
    return Series(
        outlet=name,
        begin=begin,
        limit=limit,
        o2_ref=o2_ref,
        load=arrays["load"],
        o2=arrays["o2"],
        temperature=arrays["temperature"],
        moisture=arrays["moisture"],
        flow=arrays["flow"],
        pump=arrays["pump"],
        so2=arrays["so2"],
        nox=arrays["nox"],
        sent=arrays["sent"],
        noise=arrays["noise"],
        recovery=np.full(days, np.nan),
    )


def _events(source: str, known: dict[str, Series]) -> None:
    sheet = tabular.opened(source, ["outlet", "time", "kind"])
    names, kinds = tabular.words(sheet, "outlet"), tabular.words(sheet, "kind")
    begins = tabular.times(sheet, "time")
    ends = _ends(sheet, begins)
    old, new = tabular.numbers(sheet, "old"), tabular.numbers(sheet, "new")
    sheet.blame(
        "kind", ~kinds.is_in(list(KINDS)), "sources.kind", Text("不是其中之一", "is none of them")
    )
    sheet.blame("outlet", ~names.is_in(list(known)), "sources.outlet-unknown",
                Text("小时数据里没有这个排放口", "has no hours"))  # fmt: skip
    short = kinds.is_in(["change", "rewrite", "check"]) & new.is_null()
    sheet.blame("kind", short, "sources.event", Text("需要 new 列的数值", "needs a number in new"))
    sheet.refuse()
    said = sheet.frame["parameter"] if "parameter" in sheet.frame.columns else [""] * len(names)
    for name, kind, begin, end, parameter, was, now in zip(
        names, kinds, begins, ends, said, old, new, strict=True
    ):
        series = known[name]
        hour = int((begin - series.begin) / timedelta(hours=1))
        until = int((end - series.begin) / timedelta(hours=1))
        before = float("nan") if was is None else was
        if kind == "change":
            series.changes.append(Change(hour, parameter or "", before, now))
        elif kind == "rewrite":
            series.rewrites.append(Rewrite(hour, before, now))
        elif kind == "check":
            if 0 <= hour < series.n:
                series.recovery[hour // DAY] = now
        elif kind == "maintenance":
            series.maintenance.append(Span(hour, until, kind))
        else:
            series.marks.append(Span(max(hour, 0), min(until, series.n), kind))


def _ends(sheet: Sheet, begins: pl.Series) -> pl.Series:
    """`end` where it is given; else the hour itself."""
    plus = begins.dt.offset_by("1h")
    if "end" not in sheet.frame.columns:
        return plus
    cells = sheet.frame["end"]
    given = cells.is_not_null() & (cells.cast(pl.String) != "")
    part = Sheet(sheet.name, sheet.frame.filter(given), sheet.rows.filter(given))
    read = tabular.times(part, "end")
    sheet.problems += part.problems
    out = plus.to_list()
    for place, value in zip(given.arg_true(), read, strict=True):
        out[place] = value or out[place]
    return pl.Series("end", out, dtype=pl.Datetime("us"))
