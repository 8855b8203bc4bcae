"""The air quality index (AQI) of HJ 633, hourly and daily, for whole frames of stations or cities.

In: one row per place and hour or day, a column per index of the report (`columns(edition, report)`;
µg/m³, CO mg/m³; null or NaN = missing). Out: `iaqi_<column>`, `aqi`, `aqi_level`, `primary`.
A city's AQI comes from the city's own concentrations, never from the AQI of its stations.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from fenhe.domains.air.rules import tables
from fenhe.domains.air.rules.iaqi import NONE, Indices, Scale, look_up, scale, to_array, to_series
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.text import Text
from fenhe.standards.edition import Edition, Row

Report = Literal["day", "hour", "feed"]
Codes = npt.NDArray[np.uint8]
SLICE = 1 << 15  # rows a thread takes at a time: all their columns stay in its cache


@dataclass(frozen=True)
class Index:
    """One sub-index of a report: where its concentration stands and how it is judged."""

    column: str
    pollutant: str
    averaging: str
    scale: Scale


@cache
def _indices(edition_id: str, report: str) -> tuple[Index, ...]:
    edition = tables.edition(edition_id)
    rows = edition.table("indices").find(report=report)
    return tuple(
        Index(
            row["column"],
            row["pollutant"],
            row["averaging"],
            scale(edition, row["pollutant"], row["breakpoints"]),
        )
        for row in rows
    )


def indices(edition: Edition, report: Report) -> tuple[Index, ...]:
    """The sub-indices of a report: seven by day and by hour in 2012, six in 2026."""
    return _indices(edition.id, report)


def columns(edition: Edition, report: Report) -> list[str]:
    return [index.column for index in indices(edition, report)]


def aqi(
    frame: pl.DataFrame,
    edition: Edition,
    report: Report = "day",
    *,
    not_planned: Collection[str] = (),
) -> pl.DataFrame:
    """Adds, for every row:

    - `iaqi_<column>` Int16, null where missing;
    - `aqi_of_present` Int16: the largest sub-index there is;
    - `complete`: no index is missing (those `not_planned` here, marked "/", do not count);
    - `aqi` Int16: as it may be published. HJ 633-2026 5.3: with an index missing only if > 100;
    - `aqi_level` UInt8 1-6 of `aqi`;
    - `primary` Enum: pollutants with the largest IAQI, joined by a comma, empty up to AQI 50.

    Raises BadInput `air.columns-missing`; the columns of indices not planned may be absent.
    """
    wanted = indices(edition, report)
    require(frame, [index.column for index in wanted if index.column not in not_planned])
    present = [index for index in wanted if index.column in frame.columns]
    values = [to_array(frame[index.column]) for index in present]
    found = _compute(present, values, frame.height, not_planned)
    threshold = _rule(edition, "publish_incomplete_above")
    published, ties = found.aqi, found.ties
    if threshold is not None:
        held_back = ~found.complete & (found.aqi <= threshold)
        published, ties = np.where(held_back, NONE, published), np.where(held_back, 0, ties)
    primary = _names(tuple(index.pollutant for index in present))
    return frame.with_columns(
        *(to_series(f"iaqi_{i.column}", s) for i, s in zip(present, found.sub, strict=True)),
        to_series("aqi_of_present", found.aqi),
        pl.Series("complete", found.complete),
        to_series("aqi", published),
        level(to_series("aqi", published), edition).alias("aqi_level"),
        primary.gather(pl.Series(ties)).alias("primary"),
    )


@dataclass(frozen=True)
class _Found:
    sub: list[Indices]  # per index
    aqi: Indices
    ties: Codes  # bit i set: index i is the largest, and above 50
    complete: npt.NDArray[np.bool_]


def _compute(
    present: list[Index],
    values: list[npt.NDArray[np.float64]],
    height: int,
    not_planned: Collection[str],
) -> _Found:
    found = _Found(
        [np.empty(height, np.int16) for _ in present],
        np.full(height, NONE, np.int16),
        np.zeros(height, np.uint8),
        np.ones(height, np.bool_),
    )
    if not present:
        return found
    above = _rule(present[0].scale.edition, "primary_above") or 0

    def work(part: slice) -> None:
        largest = found.aqi[part]
        for index, sub, value in zip(present, found.sub, values, strict=True):
            look_up(index.scale, value[part], sub[part])
            np.maximum(largest, sub[part], out=largest)
            if index.column not in not_planned:
                found.complete[part] &= sub[part] != NONE
        shown = np.maximum(largest, above + 1)  # equal to a sub-index only above the threshold
        for bit, sub in enumerate(found.sub):
            found.ties[part] |= (sub[part] == shown).view(np.uint8) << np.uint8(bit)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(work, _slices(height)))
    return found


def _slices(height: int) -> Iterator[slice]:
    return (slice(begin, begin + SLICE) for begin in range(0, height, SLICE))


@cache
def _names(pollutants: tuple[str, ...]) -> pl.Series:
    """[set of tied indices] is its pollutants, once each, joined by a comma."""
    names = pl.Series(
        [
            ",".join(dict.fromkeys(p for bit, p in enumerate(pollutants) if ties >> bit & 1))
            for ties in range(1 << len(pollutants))
        ]
    )
    return names.cast(pl.Enum(names.unique(maintain_order=True)))


@cache
def _rule_value(edition_id: str, rule: str) -> int | None:
    value = tables.edition(edition_id).table("rules").one(rule=rule)["value"]
    return None if value is None else int(value)


def _rule(edition: Edition, rule: str) -> int | None:
    return _rule_value(edition.id, rule)


def require(frame: pl.DataFrame, wanted: Collection[str]) -> None:
    """Raises BadInput `air.columns-missing` naming every column that is not there."""
    absent = [column for column in wanted if column not in frame.columns]
    if absent:
        raise BadInput(
            "air.columns-missing",
            f"缺少列：{'、'.join(absent)}。",
            f"Columns are missing: {', '.join(absent)}.",
            problems=[
                Problem("air.column-missing", Text("没有这一列", "no such column"), column=column)
                for column in absent
            ],
        )


def level(aqi: pl.Series, edition: Edition) -> pl.Series:
    """Level 1-6 (UInt8) of an AQI by HJ 633-2012 Table 2, HJ 633-2026 Table 1; null stays null."""
    return _levels(edition.id).gather(aqi.cast(pl.UInt32).rename("aqi_level"))


@cache
def _levels(edition_id: str) -> pl.Series:
    """[AQI] is the level; an AQI ends at 500."""
    rows = tables.edition(edition_id).table("categories").rows
    ends = [row["aqi_to"] for row in rows]
    numbers = np.searchsorted(ends, np.arange(ends[-1] + 1)) + 1
    return pl.Series("aqi_level", numbers, dtype=pl.UInt8)


def category(edition: Edition, aqi: int) -> Row:
    """The row of the level an AQI falls in: names, colours, advice, clause."""
    rows = edition.table("categories").rows
    return next((row for row in rows if aqi <= row["aqi_to"]), rows[-1])


def exceeding(frame: pl.DataFrame, edition: Edition, report: Report = "day") -> pl.Series:
    """HJ 633-2012 3.4, 4.4.2: pollutants with IAQI > 100 per row of `aqi`'s result, as a list;
    null throughout under an edition that knows no exceeding pollutant (2026)."""
    threshold = _rule(edition, "exceeding_above")
    if threshold is None:
        return pl.Series("exceeding", [None] * frame.height, dtype=pl.List(pl.String))
    over = [
        pl.when(pl.col(f"iaqi_{index.column}") > threshold).then(pl.lit(index.pollutant))
        for index in indices(edition, report)
        if f"iaqi_{index.column}" in frame.columns
    ]
    listed = pl.concat_list(over).list.drop_nulls().list.unique(maintain_order=True)
    return frame.select(exceeding=listed)["exceeding"]


@dataclass(frozen=True)
class Advice:
    """What to tell people: for all, and for the groups that suffer from a pollutant first."""

    text: Text
    clause: str
    groups: dict[str, Text]


def advice(edition: Edition, aqi: int, sub_indices: dict[str, int | None]) -> Advice:
    """Health advice of the level; with HJ 633-2026 Table 2 the sensitive groups of every pollutant
    (symbol → IAQI) above 100."""
    row = category(edition, aqi)
    groups = {
        item["pollutant"]: item.text("groups")
        for item in edition.table("sensitive_groups")
        if (sub_indices.get(item["pollutant"]) or 0) > 100
    }
    return Advice(row.text("advice"), row.clause, groups)
