"""The data of one object: its series as charts to zoom and compare, with flags, gaps and limits
visible, and the same numbers as a table.

Series of one unit share a chart. What is missing stays a gap in the line and is listed with its
reason; another object of the kind can be laid beside it as dashed lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from fenhe.app.dossier import File
from fenhe.app.text import said, say
from fenhe.app.views import dossier_view, function
from fenhe.kernel.period import DAY, Period, civil
from fenhe.observe import coverage, readings
from fenhe.observe.flags import Flag
from fenhe.observe.models import Latest
from fenhe.publish.page import Table
from fenhe.registry import vocabulary
from fenhe.registry.models import Object, Relation, Series

SPANS = (2, 7, 31, 366)
MOST_SERIES, MOST_TABLE, MOST_GAPS, MOST_BESIDE = 6, 400, 30, 40
DOUBTED = {int(Flag.SUSPECT), int(Flag.FAIL)}
EARLIEST, LAST = 1970, 9000


def fill(file: File) -> dict[str, Any]:
    """Charts of the series chosen, or of the first; `rows` is the list to choose from."""
    rows = _listed(file)
    if not rows:
        return {"rows": []}
    wanted = {int(n) for n in file.params.get("series", "").split(",") if _is_number(n)}
    chosen = [row for row in rows if row["series"].pk in wanted][:MOST_SERIES] or _first(rows)
    resolution = chosen[0]["series"].resolution
    chosen = [row for row in chosen if row["series"].resolution == resolution]
    period, span = _period(file, chosen, resolution)
    beside = _beside(file)
    other = next((one for one in beside if str(one.pk) == file.params.get("with")), None)
    lines = [*chosen, *(_same_of(other, chosen, file.language) if other else [])]
    found = readings.current([row["series"].pk for row in lines], period, resolution)
    charts = [
        _chart(file, number, group, found, period, resolution)
        for number, group in enumerate(_by_unit(lines))
    ]
    for row in rows:
        row["chosen"] = row in chosen
    return {
        "rows": rows,
        "charts": charts,
        "span": span,
        "spans": SPANS,
        "until": period.last_day,
        "beside": beside,
        "other": other,
        "gaps": _gaps(chosen, period, resolution),
        "chosen": ",".join(str(row["series"].pk) for row in chosen),
        "query": f"series={','.join(str(r['series'].pk) for r in chosen)}&span={span}"
        f"&date={period.last_day}" + (f"&with={other.pk}" if other else ""),
        "tables": {chart["id"]: chart["table"] for chart in charts},
    }


def _listed(file: File) -> list[dict[str, Any]]:
    """All series with what they are of and their newest reading; the measured ones first."""
    order = {id: n for n, id in enumerate(file.kind.series if file.kind else ())}
    series = list(file.visible(Series.objects.filter(object=file.thing)))
    series.sort(key=lambda s: (s.statistic != "value", order.get(s.property, 99), s.pk))
    newest = Latest.objects.in_bulk([one.pk for one in series])
    return [_row(one, newest.get(one.pk), file.language) for one in series]


def _row(one: Series, newest: Latest | None, language: str, name: str = "") -> dict[str, Any]:
    about = vocabulary.shown(one.property)
    statistic = "" if one.statistic == "value" else f" {said('cell', one.statistic, language)}"
    label = f"{name + ' ' if name else ''}{about.symbol}{statistic}"
    return {
        "series": one,
        "about": about,
        "label": label,
        "newest": newest,
        "resolution": say(f"dossier.every.{one.resolution}", language),
        "value": "—"
        if newest is None or newest.value is None
        else f"{newest.value:.{about.decimals}f}",
        "dashed": bool(name),
    }


def _first(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    there = [row for row in rows if row["newest"]]
    return (there or rows)[:1]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _period(file: File, chosen: list[dict[str, Any]], resolution: str) -> tuple[Period, int]:
    newest = [row["newest"].start for row in chosen if row["newest"]]
    until = civil(max(newest)).date() if newest else civil(file.now).date()
    try:
        asked = date.fromisoformat(file.params.get("date", ""))
        until = asked if EARLIEST <= asked.year <= LAST else until
    except ValueError:
        pass
    wanted = file.params.get("span", "")
    usual = 366 if resolution == "day" else 7
    span = int(wanted) if _is_number(wanted) and int(wanted) in SPANS else usual
    if resolution == "minute":
        span = min(span, 2)
    return Period.days(until - (span - 1) * DAY, until), span


def _beside(file: File) -> list[Object]:
    """Objects it can be compared with: those related to the same things, else of its kind."""
    ends = Relation.objects.filter(subject=file.thing, valid_to=None).values("object")
    things = file.visible(Object.objects.filter(kind=file.thing.kind)).exclude(pk=file.thing.pk)
    near = things.filter(relations_out__object__in=ends, relations_out__valid_to=None)
    return list(near.distinct().order_by("code")[:MOST_BESIDE])


def _same_of(other: Object, chosen: list[dict[str, Any]], language: str) -> list[dict[str, Any]]:
    """The other object's series of the same properties."""
    wanted = {(r["series"].property, r["series"].resolution, r["series"].statistic) for r in chosen}
    return [
        _row(one, None, language, other.name(language))
        for one in other.series.all()
        if (one.property, one.resolution, one.statistic) in wanted
    ]


def _by_unit(lines: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        groups.setdefault(line["about"].unit, []).append(line)
    return list(groups.values())


def _chart(
    file: File,
    number: int,
    group: list[dict[str, Any]],
    found: pl.DataFrame,
    period: Period,
    resolution: str,
) -> dict[str, Any]:
    tongue, about = file.language, group[0]["about"]
    own = found.filter(pl.col("series").is_in([row["series"].pk for row in group]))
    starts = _starts(own, period, resolution)
    form = "%Y-%m-%d" if resolution == "day" else "%Y-%m-%d %H:%M"
    labels = [f"{civil(start):{form}}" for start in starts]
    lines = []
    for row in group:
        line = starts.to_frame().join(
            own.filter(pl.col("series") == row["series"].pk), on="start", how="left",
            maintain_order="left",
        )  # fmt: skip
        flags = [
            say(f"flag.{flag}", tongue) if flag in DOUBTED else ""
            for flag in line["flag"].fill_null(int(Flag.MISSING))
        ]
        values = line["value"].round(about.decimals).to_list()
        lines.append(
            {"name": row["label"], "values": values, "dashed": row["dashed"]}
            | ({"flags": flags} if any(flags) else {})
        )
    id = f"chart-{number}"
    limits = _limits(file, group[0]["series"], period)
    return {
        "id": id,
        "script": f"{id}-spec",
        "finding": _finding(lines[0], labels, about, tongue),
        "axis": f"{about.unit} · {group[0]['resolution']}",
        "spec": {
            "unit": about.unit,
            "x": labels,
            "lines": lines,
            "limits": limits,
            "zoom": True,
            "decimals": about.decimals,
        },
        "shown": _shown(labels, lines),
        "cut": len(labels) > MOST_TABLE,
        "table": Table(
            f"{file.thing.code}-{about.id}-{period}",
            ["time", *(line["name"] for line in lines)],
            list(zip(labels, *(line["values"] for line in lines), strict=True)),
        ),
    }


def _starts(found: pl.DataFrame, period: Period, resolution: str) -> pl.Series:
    """Every time there should be a reading; of samples, every time there is one."""
    step = coverage.STEP.get(resolution)
    if step is None:
        return found["start"].unique().sort()
    return pl.datetime_range(
        period.start, period.end, step, closed="left", time_unit="us", eager=True
    ).alias("start")


def _limits(file: File, series: Series, period: Period) -> list[dict[str, Any]]:
    domain, said = dossier_view(file.thing.kind)
    if not said.limits:
        return []
    found = function(domain, said.limits)(
        series.property, series.resolution, file.thing, period.last_day
    )
    return [{"value": value, "label": text[file.language]} for value, text in found]


def _finding(line: dict[str, Any], labels: Sequence[str], about: Any, tongue: str) -> str:
    known = [
        (value, label)
        for value, label in zip(line["values"], labels, strict=True)
        if value is not None
    ]
    if not known:
        return say("dossier.finding_none", tongue, name=line["name"])
    top, when = max(known)
    return say(
        "dossier.finding", tongue, name=line["name"], value=f"{top:.{about.decimals}f}",
        unit=about.unit, when=when, missing=len(labels) - len(known), expected=len(labels),
    )  # fmt: skip


def _shown(labels: list[str], lines: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """The newest rows, newest first: all of a year of hours belong into the file."""
    rows = list(zip(labels, *(line["values"] for line in lines), strict=True))
    return rows[-MOST_TABLE:][::-1]


def _gaps(chosen: list[dict[str, Any]], period: Period, resolution: str) -> list[dict[str, Any]]:
    if resolution not in coverage.STEP or resolution == "minute":
        return []
    names = {row["series"].pk: row["label"] for row in chosen}
    found = coverage.gaps(list(names), period, resolution)
    return [
        {**row, "name": names[row["series"]], "hours": f"{row['hours']:g}"}
        for row in found.sort("hours", descending=True).head(MOST_GAPS).iter_rows(named=True)
    ]
