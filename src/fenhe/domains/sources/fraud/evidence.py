"""What stands behind one finding: its inputs hour by hour, its statistic beside the threshold, how
often the test errs, and the same as a sheet to take along.

Hours are those the platform knew when the watch looked, so that a later correction does not change
what was suspected.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import polars as pl

from fenhe.assess.models import Lead
from fenhe.domains.sources.fraud import lake
from fenhe.domains.sources.fraud.finding import DISCLAIMER, declared
from fenhe.domains.sources.fraud.records import PARAMETERS
from fenhe.kernel.period import DAY, Period, civil
from fenhe.kernel.text import Language, Text
from fenhe.publish.documents import pdf
from fenhe.publish.page import Ask, Paper, Table
from fenhe.publish.sheet import Block, Column, Sheet
from fenhe.standards.confidence import Confidence

BEFORE, AFTER, LONGEST = 5 * DAY, 2 * DAY, 45 * DAY
PRINTED = 120  # hours in the sheet
NAMES = {
    "nox": (Text("NOx 实测", "NOx measured"), "mg/m³"),
    "sent": (Text("NOx 折算（上报）", "NOx converted, as sent"), "mg/m³"),
    "so2": (Text("SO2 实测", "SO2 measured"), "mg/m³"),
    "o2": (Text("含氧量", "oxygen"), "%"),
    "temperature": (Text("烟温", "temperature"), "°C"),
    "moisture": (Text("湿度", "moisture"), "%"),
    "flow": (Text("标干流量", "dry flow"), "m³/h"),
    "load": (Text("生产负荷", "load"), "%"),
}
USUAL = ("nox", "sent")
ASIDE = {
    "limit": Text("限值", "limit"),
    "minute noise": Text("分钟波动", "noise of the minutes"),
    "pump": Text("循环泵电流", "pump current"),
    "parameters": Text("仪器参数", "parameters"),
    "maintenance": Text("维护记录", "maintenance records"),
    "span checks": Text("标样核查", "span checks"),
    "gaps": Text("缺数", "gaps"),
    "marks": Text("停运标记", "marks of a stop"),
    "versions": Text("数据版本", "versions of values"),
}
"""Inputs of tests that are no hourly values."""


def inputs(test: str) -> Text:
    words = [_word(word.strip()) for word in str(declared(test)["inputs"]).split(",")]
    return Text("、".join(one.zh for one in words), ", ".join(one.en for one in words))


def _word(word: str) -> Text:
    return NAMES[word][0] if word in NAMES else ASIDE[word]


def of(lead: Lead, ask: Ask) -> dict[str, Any]:
    ids = {name: int(id) for name, id in lead.values["series"].items()}
    period = around(lead)
    frame = lake.hours(ids, period, known_at=lead.run.began_at)
    names = [name for name in _inputs(lead) if name in ids]
    row = declared(lead.test)
    limit = lead.values["limit"]
    return {
        "charts": [_chart(lead, frame, name, ask) for name in names],
        "hours": _hours(lead, frame, names, ids),
        "columns": [
            {"name": NAMES[name][0][ask.language], "unit": NAMES[name][1]} for name in names
        ],
        "inputs": inputs(lead.test)[ask.language],
        "statistic_name": row.text("statistic")[ask.language],
        "statistic": figure(lead.values["statistic"]),
        "threshold": figure(lead.values["threshold"]),
        "p": figure(lead.values["p"]),
        "confidence": row.confidence,
        "edition": lead.run.edition,
        "limit": limit if limit.get("limit") is not None else None,
        "limit_confidence": Confidence(limit["confidence"]) if limit.get("confidence") else None,
        "from_flow": lead.values["load_from"] == "flow",
        "changes": _changes(lead, ask.language) if lead.test == "parameter" else [],
        "run": lead.run,
        "strength": f"{lead.strength:.2f}",
    }


def _changes(lead: Lead, tongue: Language) -> list[list[Any]]:
    return [
        [at, PARAMETERS[name][tongue] if name in PARAMETERS else name, old, new]
        for at, name, old, new in lead.values["changes"]
    ]


def around(lead: Lead) -> Period:
    """The finding with some days before and after; of a long one its beginning."""
    begin = lead.start - BEFORE
    return Period(begin, min(lead.end + AFTER, begin + LONGEST))


def _inputs(lead: Lead) -> list[str]:
    words = [word.strip() for word in str(declared(lead.test)["inputs"]).split(",")]
    names = [word for word in words if word in NAMES]
    if lead.values["load_from"] == "flow":
        names = ["flow" if name == "load" else name for name in names]
    return list(dict.fromkeys(names if {*names} - {"load", "flow"} else [*USUAL, *names]))


def figure(value: float | None) -> str:
    if value is None:
        return "—"
    return f"{value:.1e}" if value and abs(value) < 1e-3 else f"{value:.4g}"


def _chart(lead: Lead, frame: pl.DataFrame, name: str, ask: Ask) -> dict[str, Any]:
    about, unit = NAMES[name]
    title = f"{about[ask.language]} {unit}"
    values = frame[name].to_list()
    inside = [
        value if lead.start <= start < lead.end else None
        for start, value in zip(frame["start"], values, strict=True)
    ]
    labels = [f"{civil(start):%m-%d %H:%M}" for start in frame["start"]]
    within = Text("线索时段", "the interval")[ask.language]
    limit = lead.values["limit"].get("limit") if name == "sent" else None
    word = Text("限值", "limit")[ask.language]
    return {
        "id": f"hours-{name}",
        "script": f"hours-{name}-spec",
        "finding": title,
        "spec": {
            "unit": unit,
            "x": labels,
            "lines": [
                {"name": about[ask.language], "values": values},
                {"name": within, "values": inside},
            ],
            "limits": [{"value": limit, "label": f"{word} {limit:g}"}] if limit else [],
            "decimals": 2,
        },
    }


def _hours(
    lead: Lead, frame: pl.DataFrame, names: list[str], ids: dict[str, int]
) -> list[dict[str, Any]]:
    """The hours of the finding, each with the way down to the bytes that carried it."""
    first = next(iter(names), "nox")
    inside = frame.filter((pl.col("start") >= lead.start) & (pl.col("start") < lead.end))
    return [
        {
            "at": row["start"],
            "civil": f"{civil(row['start']):%Y-%m-%d %H:%M}",
            "cells": [figure(row[name]) for name in names],
            "frames": f"/frames?series={ids.get(first, 0)}&start={quote(row['start'].isoformat())}",
        }
        for row in inside.iter_rows(named=True)
    ]


def table(lead: Lead, data: dict[str, Any]) -> Table:
    columns = ["time", *(f"{one['name']} {one['unit']}" for one in data["columns"])]
    cells = [[row["civil"], *row["cells"]] for row in data["hours"]]
    return Table(f"lead-{lead.pk}", columns, cells)


def paper(lead: Lead, told: dict[str, Any], data: dict[str, Any], tongue: Language) -> Paper:
    made = sheet(lead, told, data)
    content = pdf.render(made.as_dict(), tongue)
    return Paper(f"{made.title[tongue]}.pdf", "application/pdf", content)


def sheet(lead: Lead, told: dict[str, Any], data: dict[str, Any]) -> Sheet:
    """To be taken along: what is suspected and on what numbers, with room for what is found."""
    row, thing = declared(lead.test), lead.subject
    reason = lead.values["reason"]
    rate = told["rate"]
    pairs: list[tuple[Text, Text | str]] = [
        (Text("排放口", "outlet"), Text(f"{thing.name('zh')}（{thing.code}）",
                                     f"{thing.name('en')} ({thing.code})")),
        (Text("时段（北京时间）", "interval (civil time)"), told["interval"]),
        (Text("检验", "test"), row.text("name")),
        (Text("输入", "inputs"), inputs(lead.test)),
        (Text("统计量", "statistic"), Text(f"{row.text('statistic').zh}：{data['statistic']}",
                                        f"{row.text('statistic').en}: {data['statistic']}")),
        (Text("阈值", "threshold"), data["threshold"]),
        (Text("p 值", "p"), data["p"]),
        (Text("模拟误报率（次/口·年）", "false alarms a simulated outlet-year"),
         Text(f"平稳 {rate['ordinary']:.2f}，含诚实异常 {rate['rough']:.2f}",
              f"ordinary {rate['ordinary']:.2f}, rough {rate['rough']:.2f}")),
    ]  # fmt: skip
    names = [
        Text(NAMES[n][0].zh, NAMES[n][0].en) for n in _inputs(lead) if n in lead.values["series"]
    ]
    hours = data["hours"][:PRINTED]
    blocks = [
        Block("paragraph", DISCLAIMER),
        Block("heading", Text("线索", "The lead")),
        Block("paragraph", Text(reason["zh"], reason["en"])),
        Block(
            "table",
            Text("依据", "Grounds"),
            columns=(Column(Text("项目", "item"), "left"), Column(Text("内容", "content"), "left")),
            rows=pairs,
        ),
        Block("heading", Text("小时数据", "Hours")),
        Block(
            "table",
            _extent(len(hours), len(data["hours"])),
            columns=(Column(Text("时间", "time"), "left"), *(Column(name) for name in names)),
            rows=[(row["civil"], *row["cells"]) for row in hours],
        ),
        Block("heading", Text("现场核查", "On site")),
        Block("notes", items=(
            Text("核查情况：____________________________________________",
                 "Found: ____________________________________________"),
            Text("核查人（两人）：__________  __________   日期：__________",
                 "Inspectors (two): __________  __________   date: __________"),
        )),
    ]  # fmt: skip
    return Sheet(
        title=Text(f"线索 {lead.pk} 核查单", f"Lead {lead.pk}, evidence"),
        subtitle=Text(f"{thing.name('zh')} · {row.text('name').zh}",
                      f"{thing.name('en')} · {row.text('name').en}"),
        blocks=blocks,
        data_up_to=f"{civil(lead.run.end or lead.end) - timedelta(hours=1):%Y-%m-%d %H:%M}",
        computed_at=f"{civil(lead.run.began_at):%Y-%m-%d %H:%M}",
    )  # fmt: skip


def _extent(shown: int, all: int) -> Text:
    if shown == all:
        return Text(f"时段内 {shown} 小时", f"{shown} hours of the interval")
    return Text(
        f"时段内前 {shown} 小时，另有 {all - shown} 小时见系统",
        f"the first {shown} hours of the interval, {all - shown} more in the system",
    )
